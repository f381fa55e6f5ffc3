import pytest

from editing.errors import InvalidClips, NothingRecorded
from editing.timeline.clips import Mode
from editing.timeline.coverage import Coverage
from editing.timeline.frames import DISPOSABLE, FrameKind
from editing.timeline.plan import Action
from tests.timeline.made import (
    FRAME,
    SMALLER,
    SOUND,
    START,
    STEADY,
    I,
    P,
    at,
    clip,
    numbers,
    plan,
    segment,
    silent,
    span,
)

CRA, RASL = FrameKind.CRA, FrameKind.RASL


def test_rough_fast_takes_all_segments_that_touch_the_range() -> None:
    found = plan([clip(3.9, 4.1), clip(2, 4)], STEADY, Mode.ROUGH_FAST)

    assert [(piece.action, numbers(piece.segments), piece.frames) for piece in found.pieces] == [
        (Action.COPY, [1, 2], 100),
        (Action.COPY, [1], 50),
    ]
    assert [part.achieved for part in found.clips] == [span(2, 6), span(2, 4)]
    assert found.warnings == ("Clip 1 becomes 3.800 s longer: RoughFast takes whole segments.",)


def test_rough_fast_goes_back_to_the_segment_with_a_keyframe() -> None:
    coverage = Coverage([segment(0), segment(1, [P] * 50), segment(2, [P] * 50), segment(3)])

    (piece,) = plan([clip(5, 6.5)], coverage, Mode.ROUGH_FAST).pieces

    assert (numbers(piece.segments), piece.start) == ([0, 1, 2, 3], START)


def test_rough_fast_does_not_go_back_for_hours() -> None:
    coverage = Coverage([segment(0), *(segment(number, [P] * 50) for number in range(1, 60))])

    with pytest.raises(NothingRecorded, match="RoughFast cannot copy"):
        plan([clip(100, 104)], coverage, Mode.ROUGH_FAST)
    assert plan([clip(100, 104)], coverage).frames == 100


def test_rough_fast_leaves_out_leading_pictures_whose_references_are_not_copied() -> None:
    kinds = [CRA, RASL | DISPOSABLE, RASL | DISPOSABLE, *[P] * 47]
    order = [2, 0, 1, *range(3, 50)]
    coverage = Coverage([segment(0, kinds, order=order), segment(1, kinds, order=order)])

    (piece,) = plan([clip(0, 4)], coverage, Mode.ROUGH_FAST).pieces

    assert (piece.first_pts, piece.frames, piece.ticks) == (2 * FRAME, 98, 98 * FRAME)


def test_rough_fast_keeps_leading_pictures_that_can_be_decoded() -> None:
    radl = FrameKind.RADL | DISPOSABLE
    coverage = Coverage([segment(0, [I, radl, radl, *[P] * 47], order=[2, 0, 1, *range(3, 50)])])

    (piece,) = plan([clip(0, 2)], coverage, Mode.ROUGH_FAST).pieces

    assert (piece.first_pts, piece.frames) == (0, 50)


def test_rough_fast_copies_each_run_by_itself() -> None:
    restarted = [segment(0), segment(1), segment(3), segment(4, first=7, epoch=1, start=at(8))]

    found = plan([clip(0, 12)], Coverage(restarted), Mode.ROUGH_FAST)

    assert [numbers(piece.segments) for piece in found.pieces] == [[0, 1], [3], [4]]
    assert (found.frames, found.ticks) == (200, 200 * FRAME)


def test_rough_fast_refuses_to_copy_what_does_not_fit_and_says_where() -> None:
    coverage = Coverage([segment(0), segment(1), segment(2, parameters=SMALLER)])

    with pytest.raises(InvalidClips) as refusal:
        plan([clip(0, 1), clip(1, 6)], coverage, Mode.ROUGH_FAST)

    assert refusal.value.field == "clips[1]"
    assert refusal.value.message == (
        "From 2026-11-20T10:00:04.000Z on this clip is h264 640×360 (High) with aac 48000 Hz, 2 channels; most of the "
        "merge is h264 1280×720 (High) with aac 48000 Hz, 2 channels. RoughFast copies and cannot join them; "
        "Accurate can."
    )


def test_rough_fast_copies_silent_segments_between_others() -> None:
    coverage = Coverage([segment(0), silent(segment(1)), segment(2)])

    found = plan([clip(0, 6)], coverage, Mode.ROUGH_FAST)

    assert [piece.frames for piece in found.pieces] == [50, 50, 50]
    assert found.target.audio == SOUND
