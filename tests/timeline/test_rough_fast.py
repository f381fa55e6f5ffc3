from dataclasses import replace

import pytest

from editing.timeline.clips import Mode
from editing.timeline.coverage import Coverage
from editing.timeline.frames import DISPOSABLE, FrameKind
from editing.timeline.plan import Action
from tests.timeline.made import (
    FRAME,
    PARAMETERS,
    SMALLER,
    SOUND,
    STEADY,
    B,
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


def test_rough_takes_the_same_segments_and_encodes_them() -> None:
    found = plan([clip(3.9, 4.1), clip(2, 4)], STEADY, Mode.ROUGH)

    assert [(piece.action, numbers(piece.segments), piece.frames) for piece in found.pieces] == [
        (Action.ENCODE, [1, 2], 100),
        (Action.ENCODE, [1], 50),
    ]
    assert [part.achieved for part in found.clips] == [span(2, 6), span(2, 4)]


def test_rough_fast_encodes_what_comes_before_the_first_keyframe() -> None:
    coverage = Coverage([segment(0), segment(1, [P] * 50), segment(2, [*[P] * 10, I, *[P] * 39]), segment(3)])

    found = plan([clip(3, 6.5)], coverage, Mode.ROUGH_FAST)

    assert [(piece.action, piece.frames, numbers(piece.lead), piece.start) for piece in found.pieces] == [
        (Action.ENCODE, 60, [0], at(2)),
        (Action.COPY, 90, [], at(4.4)),
    ]


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


def test_an_open_group_is_copied_only_where_nothing_comes_before_it() -> None:
    kinds = [FrameKind.RECOVERY, B, B, *[P] * 47]
    order = [2, 0, 1, *range(3, 50)]
    coverage = Coverage([segment(number, kinds, order=order) for number in range(3)])

    found = plan([clip(0, 2), clip(2, 4)], coverage, Mode.ROUGH_FAST)

    assert [(piece.action, piece.start, piece.frames, piece.reason) for piece in found.pieces] == [
        (Action.COPY, at(0.08), 48, ""),
        (Action.ENCODE, at(2), 50, "no closed group of pictures begins in it"),
    ]


@pytest.mark.parametrize("mode", [Mode.ROUGH_FAST, Mode.ACCURATE_FAST])
def test_only_what_does_not_fit_is_encoded_and_the_reason_told(mode: Mode) -> None:
    coverage = Coverage([segment(0), segment(1), segment(2, parameters=SMALLER)])

    found = plan([clip(0, 2), clip(2, 6)], coverage, mode)

    assert [(piece.action, piece.frames, piece.reason) for piece in found.pieces] == [
        (Action.COPY, 50, ""),
        (Action.COPY, 50, ""),
        (Action.ENCODE, 50, "its pictures are 640×360, most of the merge is 1280×720"),
    ]
    assert found.target.audio_copied
    (warning,) = found.warnings
    assert warning.startswith("Clip 2: 2.000 s from 2026-11-20T10:00:04.000Z are encoded, not copied: its pictures are")


def test_sound_that_changes_is_encoded_for_the_whole_output() -> None:
    other = replace(SOUND, sample_rate=44100)
    coverage = Coverage([segment(0), segment(1, parameters=replace(PARAMETERS, audio=(other,))), segment(2)])

    found = plan([clip(0, 6)], coverage, Mode.ROUGH_FAST)

    assert [piece.action for piece in found.pieces] == [Action.COPY] * 3
    assert (found.target.audio, found.target.audio_copied) == (SOUND, False)
    (warning,) = found.warnings
    assert warning.startswith("The sound is encoded, not copied: parts of it are aac LC 44100 Hz stereo, most of it is")


def test_rough_fast_copies_silent_segments_between_others() -> None:
    coverage = Coverage([segment(0), silent(segment(1)), segment(2)])

    found = plan([clip(0, 6)], coverage, Mode.ROUGH_FAST)

    assert [piece.frames for piece in found.pieces] == [50, 50, 50]
    assert found.target.audio == SOUND
