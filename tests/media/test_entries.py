"""Plans on recordings that are awkward to enter, cut for real: a wrong entry shows as ruined or missing pictures."""

from dataclasses import replace
from pathlib import Path

import pytest

from editing.timeline.clips import Mode
from editing.timeline.coverage import Coverage
from editing.timeline.instant import SECOND
from editing.timeline.plan import CutPlan
from editing.timeline.ticks import Anchor
from tests.media.cutting import clip, plan_of, run
from tests.samples import BASIC, START, Kind, Seen, segments_of, watch

REFRESH = "-x264-params intra-refresh=1:keyint=50"
KINDS = {
    "gradual refresh": Kind(bframes=0, gop=50, options=REFRESH),
    "gradual refresh with B-frames": Kind(gop=50, options=REFRESH),
    "HEVC with RASL pictures": Kind(
        codec="libx265", bframes=4, options="-x265-params log-level=none:open-gop=1:keyint=25:b-adapt=0"
    ),
    "open GOP and pyramid": Kind(
        bframes=5, options="-x264-params b-pyramid=normal:open-gop=1:keyint=40:b-adapt=0:scenecut=0"
    ),
    "keyframes in every other segment": Kind(gop=100, options="-hls_flags split_by_time -sc_threshold 0"),
}


def seen_in(plan: CutPlan, folder: Path) -> Seen:
    run(plan, folder / "out.mp4")
    return watch(folder / "out.mp4")


def numbers(start: float, end: float) -> list[int]:
    """The frames of a range, at 25 a second."""
    return [number for number in range(300) if start * 25 <= number < end * 25]


@pytest.mark.parametrize("name", KINDS)
def test_accurate_decodes_every_frame_right_wherever_the_range_begins(name: str, tmp_path: Path) -> None:
    ranges = [(7.1, 7.6), (2.5, 3.5), (5.0, 5.04), (4.0, 4.2)]

    seen = seen_in(plan_of(KINDS[name], Mode.ACCURATE, *(clip(*each) for each in ranges)), tmp_path)

    assert seen.numbers == [number for each in ranges for number in numbers(*each)]
    assert seen.psnr > 30


@pytest.mark.parametrize("name", KINDS)
def test_rough_fast_begins_where_decoding_can_begin(name: str, tmp_path: Path) -> None:
    plan = plan_of(KINDS[name], Mode.ROUGH_FAST, clip(6.5, 7), clip(3, 3.5))

    seen = seen_in(plan, tmp_path)

    assert len(seen.numbers) == plan.frames
    assert set(numbers(6.5, 7)) <= set(seen.numbers)
    assert set(numbers(3, 3.5)) <= set(seen.numbers)
    assert seen.psnr > 25


def test_a_second_recording_goes_on_where_the_first_one_ends(tmp_path: Path) -> None:
    other = segments_of(Kind(first=1000), start=START + SECOND, recording=2)
    coverage = Coverage([*segments_of(BASIC)[:3], *other])

    seen = seen_in(plan_of(coverage, Mode.ACCURATE, clip(1, 12)), tmp_path)

    assert seen.numbers == [*range(25, 150), *range(1125, 1275)]


@pytest.mark.parametrize("mode", Mode)
def test_a_clock_that_was_set_back_costs_no_picture(mode: Mode, tmp_path: Path) -> None:
    back = SECOND * 3 // 20
    first, second, *rest = segments_of(BASIC)
    moved = [
        replace(
            part, anchor=Anchor(part.anchor.utc - back, part.anchor.pts), start=part.start - back, end=part.end - back
        )
        for part in rest
    ]

    seen = seen_in(plan_of(Coverage([first, second, *moved]), mode, clip(1, 6)), tmp_path)

    assert seen.numbers == list(range(25, 154) if not mode.snaps else range(200))


@pytest.mark.parametrize("mode", Mode)
def test_what_follows_a_lost_keyframe_is_left_out_until_the_next_one(mode: Mode, tmp_path: Path) -> None:
    kind = KINDS["keyframes in every other segment"]

    plan = plan_of(Coverage(segments_of(kind)[1:]), mode, clip(0, 9))
    seen = seen_in(plan, tmp_path)

    assert (seen.numbers[0], len(seen.numbers)) == (100, plan.frames)
    assert [hole.reason for hole in plan.clips[0].holes] == [
        "not recorded",
        "cannot be decoded without what came before",
    ]
    assert seen.psnr > 25
