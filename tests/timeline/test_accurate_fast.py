"""Where AccurateFast copies and where it encodes; i, p, b are the kinds of frames in decoding order."""

from dataclasses import replace

import pytest

from editing.timeline.clips import Mode
from editing.timeline.coverage import Coverage
from editing.timeline.frames import DISPOSABLE, FrameKind
from editing.timeline.parameters import Parameters
from editing.timeline.plan import Action, CutPlan
from tests.timeline.made import (
    FRAME,
    PARAMETERS,
    SOUND,
    STEADY,
    VIDEO,
    B,
    I,
    P,
    at,
    clip,
    instants,
    numbers,
    plan,
    segment,
)

COPY, ENCODE = Action.COPY, Action.ENCODE
HEVC = Parameters(replace(VIDEO, codec="hevc"), (SOUND,))


def cut(found: CutPlan) -> list[tuple[Action, int]]:
    return [(piece.action, piece.frames) for piece in found.pieces]


@pytest.mark.parametrize(
    ("wanted", "pieces"),
    [
        ((0, 12), [(COPY, 300)]),
        ((2, 4), [(COPY, 50)]),
        ((1.96, 4.04), [(ENCODE, 1), (COPY, 51)]),
        ((2.04, 3.96), [(ENCODE, 48)]),
        ((2.5, 5), [(ENCODE, 37), (COPY, 25)]),
        ((2.5, 2.54), [(ENCODE, 1)]),
        ((2, 2.04), [(COPY, 1)]),
        ((-1, 13), [(COPY, 300)]),
    ],
)
def test_only_frames_of_cut_groups_are_encoded(wanted: tuple[float, float], pieces: list[tuple[Action, int]]) -> None:
    found = plan([clip(*wanted)], STEADY, Mode.ACCURATE_FAST)

    assert cut(found) == pieces
    assert instants(found) == instants(plan([clip(*wanted)], STEADY, Mode.ACCURATE))


def test_the_pieces_of_a_clip_follow_each_other() -> None:
    first, second = plan([clip(3, 9)], STEADY, Mode.ACCURATE_FAST).pieces

    assert (first.end_pts, second.end_pts) == (second.first_pts, 225 * FRAME)
    assert (numbers(first.segments), numbers(second.segments)) == ([1], [2, 3, 4])


PYRAMID = [I, P, FrameKind.INTER, B, B, FrameKind.INTER, B, B, I]
"""Shown as I b B b b B b P I: a B frame that others refer to in the middle of each half."""
ORDER = [0, 7, 2, 1, 3, 5, 4, 6, 8]


@pytest.mark.parametrize(
    ("frames", "pieces"),
    [
        (1, [(COPY, 1)]),
        (2, [(COPY, 1), (ENCODE, 1)]),
        (7, [(COPY, 1), (ENCODE, 6)]),
        (8, [(COPY, 8)]),
        (9, [(COPY, 9)]),
    ],
)
def test_at_the_end_as_little_is_encoded_as_the_references_allow(frames: int, pieces: list[tuple[Action, int]]) -> None:
    coverage = Coverage([segment(0, PYRAMID, order=ORDER), segment(1, first=9 * FRAME)])

    assert cut(plan([clip(0, frames * 0.04)], coverage, Mode.ACCURATE_FAST)) == pieces


def test_a_frame_that_nothing_refers_to_is_left_out_rather_than_the_rest_encoded() -> None:
    kinds = [I, *[P, B] * 10]
    order = [0, *[rank for pair in range(10) for rank in (2 * pair + 2, 2 * pair + 1)]]
    coverage = Coverage([segment(0, [I, B, B, P, P], order=[0, 3, 4, 1, 2])])

    assert cut(plan([clip(0, 0.12)], coverage, Mode.ACCURATE_FAST)) == [(COPY, 3)]
    assert cut(plan([clip(0, 0.36)], Coverage([segment(0, kinds, order=order)]), Mode.ACCURATE_FAST)) == [(COPY, 9)]


def test_in_hevc_another_layer_may_refer_to_it() -> None:
    coverage = Coverage([segment(0, [I, B, B, P, P], order=[0, 3, 4, 1, 2], parameters=HEVC)])

    assert cut(plan([clip(0, 0.12)], coverage, Mode.ACCURATE_FAST)) == [(COPY, 1), (ENCODE, 2)]


def test_hevc_is_copied_from_an_open_group_on_without_its_leading_pictures() -> None:
    kinds = [FrameKind.CRA, FrameKind.RASL | DISPOSABLE, FrameKind.RASL | DISPOSABLE, *[P] * 47]
    order = [2, 0, 1, *range(3, 50)]
    coverage = Coverage([segment(number, kinds, order=order, parameters=HEVC) for number in range(3)])

    found = plan([clip(1, 6)], coverage, Mode.ACCURATE_FAST)

    assert [(piece.action, piece.start, piece.frames) for piece in found.pieces] == [
        (ENCODE, at(1), 27),
        (COPY, at(2.08), 98),
    ]


def test_without_a_closed_group_everything_is_encoded_and_the_reason_told() -> None:
    coverage = Coverage([segment(0), *(segment(number, [FrameKind.RECOVERY, *[P] * 49]) for number in (1, 2))])

    (piece,) = plan([clip(3, 6)], coverage, Mode.ACCURATE_FAST).pieces

    assert (piece.action, piece.frames, piece.reason) == (ENCODE, 75, "no closed group of pictures begins in it")


def test_a_recovery_point_begins_an_output_that_has_nothing_before_it() -> None:
    coverage = Coverage([segment(0), *(segment(number, [FrameKind.RECOVERY, *[P] * 49]) for number in (1, 2))])

    assert cut(plan([clip(2, 6), clip(2, 6)], coverage, Mode.ACCURATE_FAST)) == [(COPY, 100), (ENCODE, 100)]


def test_parameter_sets_that_clash_are_a_reason_to_encode() -> None:
    other = replace(PARAMETERS, video=replace(VIDEO, extradata="0000000168"))
    coverage = Coverage([segment(0), segment(1), segment(2, parameters=other)])

    found = plan([clip(0, 6)], coverage, Mode.ACCURATE_FAST)

    assert [(piece.action, piece.reason) for piece in found.pieces] == [
        (COPY, ""),
        (ENCODE, "its parameter sets clash with those of most of the merge"),
    ]
