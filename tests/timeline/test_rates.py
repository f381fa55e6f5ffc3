from dataclasses import replace
from fractions import Fraction

import pytest

from editing.timeline.coverage import Segment
from editing.timeline.rates import is_steady, rate_of
from editing.timeline.slices import Slice
from tests.timeline.made import VIDEO, segment


def recorded(frames: int, ticks: int, number: int = 0, declared: str = "") -> Segment:
    made = segment(number)
    parameters = replace(made.parameters, video=replace(VIDEO, frame_rate=declared))
    return replace(made, frames=frames, first_pts=0, end_pts=ticks, parameters=parameters)


def rate(*segments: Segment) -> Fraction:
    video = segments[0].parameters.video
    assert video
    return rate_of([[Slice(each, 0, each.end_pts, each.frames) for each in segments]], video)


@pytest.mark.parametrize(
    ("frames", "ticks", "declared", "found"),
    [
        (50, 180_000, "25", Fraction(25)),
        (50, 180_000, "90000", Fraction(25)),
        (50, 180_000, "50", Fraction(25)),
        (60, 180_180, "", Fraction(30000, 1001)),
        (60, 180_180, "30", Fraction(30000, 1001)),
        (180, 540_540, "30000/1001", Fraction(30000, 1001)),
        (180, 540_000 + 60, "", Fraction(30)),
        (60, 90_045, "60000/1001", Fraction(60000, 1001)),
        (144, 540_540, "24", Fraction(24000, 1001)),
        (43, 180_000, "25", Fraction(43, 2)),
        (7, 6_300_000, "25", Fraction(1, 10)),
        (5, 4, "25", Fraction(480)),
    ],
)
def test_a_rate_is_counted_and_named_as_everybody_does(frames: int, ticks: int, declared: str, found: Fraction) -> None:
    assert rate(recorded(frames, ticks, declared=declared)) == found


def test_the_segments_of_most_frames_give_the_rate() -> None:
    assert rate(recorded(60, 180_100), recorded(60, 180_260, 1)) == Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("times", "steady"),
    [
        ([0, 3000, 6000, 9000], True),
        ([0, 2970, 6030, 9000], True),
        ([0, 3000, 9000], False),
        ([0, 3000, 3000, 6000], False),
        ([0], True),
    ],
)
def test_frames_come_evenly_or_not(times: list[int], steady: bool) -> None:
    assert is_steady(times, Fraction(30)) is steady
