from dataclasses import replace

import pytest

from editing.errors import InvalidOutput
from editing.timeline.clips import Mode
from editing.timeline.coverage import Coverage
from editing.timeline.parameters import Parameters
from editing.timeline.plan import make
from editing.timeline.target import Size
from tests.timeline.made import (
    OTHER,
    SOUND,
    STEADY,
    STREAM,
    VIDEO,
    clip,
    plan,
    segment,
    silent,
)


def test_the_largest_input_gives_the_size_and_the_most_frames_give_the_rest() -> None:
    tall = Parameters(replace(VIDEO, width=1920, height=1080, frame_rate="50"), (SOUND,))
    coverage = Coverage([segment(0), segment(1), segment(2, parameters=tall)])

    target = plan([clip(0, 6)], coverage).target

    assert (target.video.width, target.video.height, target.video.frame_rate) == (1920, 1080, "25")
    assert target.audio == SOUND


@pytest.mark.parametrize(
    ("size", "given"),
    [
        (Size(640, 480), (640, 480)),
        (Size(width=640), (640, 360)),
        (Size(height=480), (854, 480)),
        (Size(width=100), (100, 64)),
        (Size(), (1280, 720)),
        (None, (1280, 720)),
    ],
)
def test_one_side_alone_lets_the_other_follow(size: Size | None, given: tuple[int, int]) -> None:
    video = plan([clip(0, 6)], size=size).target.video

    assert (video.width, video.height) == given


def test_pixels_that_are_not_square_become_square() -> None:
    wide = Parameters(replace(VIDEO, width=720, height=576, aspect="64:45"), (SOUND,))

    video = plan([clip(0, 2)], Coverage([segment(0, parameters=wide)])).target.video

    assert (video.width, video.height, video.aspect) == (1024, 576, "1:1")


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"size": Size(641, 480)}, "output.width"),
        ({"size": Size(640, 10)}, "output.height"),
        ({"size": Size(width=100_000)}, "output.width"),
        ({"bitrate": 10}, "output.bitrate"),
        ({"bitrate": 10**12}, "output.bitrate"),
        ({"size": Size(width=640), "mode": Mode.ROUGH_FAST}, "output.width"),
        ({"bitrate": 1_000_000, "mode": Mode.ROUGH_FAST}, "output.bitrate"),
    ],
)
def test_sizes_and_rates_that_cannot_be_meant_are_refused(options: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidOutput) as refusal:
        plan([clip(0, 2)], **options)

    assert refusal.value.field == field


def test_the_bit_rate_is_that_of_the_richest_input_unless_one_is_given() -> None:
    assert plan([clip(0, 2)]).target.bitrate == 60_000 * 8 // 2
    assert plan([clip(0, 2)], bitrate=3_000_000).target.bitrate == 3_000_000


def test_clips_of_several_streams_are_planned_from_their_own_coverage() -> None:
    other = Coverage([silent(segment(number, recording=7)) for number in range(3)])

    found = make([clip(1, 2), clip(1, 3, OTHER)], {STREAM: STEADY, OTHER: other}, Mode.ACCURATE)

    assert [(part.clip.stream, part.frames) for part in found.clips] == [(STREAM, 25), (OTHER, 50)]
    assert found.target.audio == SOUND


def test_no_sound_anywhere_is_no_sound_track() -> None:
    assert plan([clip(0, 1)], Coverage([silent(segment(0))])).target.audio is None


@pytest.mark.parametrize(
    ("codec", "reason"), [("mp3", "a packet of MP3 keeps"), ("aac_latm", "files do not keep aac_latm")]
)
def test_sound_that_cannot_be_cut_by_packets_is_encoded(codec: str, reason: str) -> None:
    parameters = Parameters(VIDEO, (replace(SOUND, codec=codec),))

    found = plan([clip(0, 2)], Coverage([segment(0, parameters=parameters)]), mode=Mode.ROUGH_FAST)

    assert not found.target.audio_copied
    assert reason in found.warnings[-1]
