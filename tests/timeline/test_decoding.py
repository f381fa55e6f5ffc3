"""What is read besides the wanted frames: pictures they depend on, sound that lies beside them."""

from dataclasses import replace

import pytest

from editing.errors import NothingRecorded
from editing.timeline.clips import Mode
from editing.timeline.coverage import Coverage, Gap
from editing.timeline.frames import DISPOSABLE, FrameIndex, FrameKind, pack
from editing.timeline.plan import NO_PICTURES, NOT_DECODABLE
from tests.timeline.made import (
    FRAME,
    B,
    I,
    P,
    clip,
    numbers,
    plan,
    segment,
    span,
)

REFRESH, CRA, RASL = FrameKind.REFRESH, FrameKind.CRA, FrameKind.RASL


def test_decoding_starts_in_the_segment_that_holds_the_last_keyframe_before() -> None:
    coverage = Coverage([segment(0), segment(1, [P] * 50), segment(2, [P] * 50), segment(3)])

    found = plan([clip(5, 5.5), clip(6, 6.5), clip(1, 1.5)], coverage)

    assert [(numbers(piece.lead), numbers(piece.segments)) for piece in found.pieces] == [
        ([0, 1], [2]),
        ([], [3]),
        ([], [0]),
    ]


def test_a_keyframe_later_in_the_segment_leads_to_nothing_before_it() -> None:
    coverage = Coverage([segment(0), segment(1, [*[P] * 25, I, *[P] * 24])])

    found = plan([clip(2.5, 2.7), clip(3, 3.2)], coverage)

    assert [numbers(piece.lead) for piece in found.pieces] == [[0], []]


def test_leading_pictures_need_what_is_before_their_keyframe() -> None:
    kinds = [CRA, RASL | DISPOSABLE, RASL | DISPOSABLE, *[P] * 47]
    order = [2, 0, 1, *range(3, 50)]
    coverage = Coverage([segment(0), segment(1, kinds, order=order)])

    found = plan([clip(2, 2.5), clip(2.08, 2.5)], coverage)

    assert [(numbers(piece.lead), piece.frames) for piece in found.pieces] == [([0], 13), ([], 11)]


@pytest.mark.parametrize(
    ("start", "lead"), [(3.0, [0]), (2.36, [0]), (2.4, []), (2.44, [])], ids=["other", "short", "just", "after"]
)
def test_a_gradual_refresh_leads_to_what_comes_after_it_is_complete(start: float, lead: list[int]) -> None:
    coverage = Coverage([segment(0), segment(1, [REFRESH, *[P] * 49], recovery=((0, 10),))])
    if start == 3.0:
        coverage = Coverage([segment(0), segment(1, [P] * 50)])

    (piece,) = plan([clip(start, start + 0.5)], coverage).pieces

    assert numbers(piece.lead) == lead


def test_a_refresh_counts_only_frames_that_others_refer_to() -> None:
    kinds = [REFRESH, *[P, B] * 24, P]
    coverage = Coverage([segment(0), segment(1, kinds, recovery=((0, 10),))])

    found = plan([clip(2.72, 3), clip(2.76, 3)], coverage)

    assert [numbers(piece.lead) for piece in found.pieces] == [[0], []]


def test_a_refresh_may_be_completed_by_the_next_segments() -> None:
    parts = [
        segment(0),
        segment(1, [REFRESH, *[P] * 49], recovery=((0, 110),)),
        *(segment(n, [P] * 50) for n in (2, 3)),
    ]

    found = plan([clip(6.36, 7), clip(6.4, 7)], Coverage(parts))

    assert [numbers(piece.lead) for piece in found.pieces] == [[0, 1, 2], [1, 2]]


@pytest.mark.parametrize("mode", Mode)
def test_what_no_keyframe_leads_to_is_left_out_and_told(mode: Mode) -> None:
    coverage = Coverage([segment(0, [*[P] * 30, I, *[P] * 19]), segment(1)])

    found = plan([clip(0, 4)], coverage, mode)

    assert (found.frames, found.clips[0].achieved) == (70, span(1.2, 4))
    assert found.clips[0].holes == (Gap(span(0, 1.2), NOT_DECODABLE),)


@pytest.mark.parametrize("mode", Mode)
def test_a_range_without_any_keyframe_is_refused(mode: Mode) -> None:
    with pytest.raises(NothingRecorded, match="keyframe") as refusal:
        plan([clip(0, 4)], Coverage([segment(0, [P] * 50), segment(1, [P] * 50)]), mode)

    assert refusal.value.field == "clips[0]"


@pytest.mark.parametrize(
    ("delay", "lead", "tail"), [(0, [], []), (FRAME, [0], []), (-FRAME, [], [2])], ids=["together", "late", "early"]
)
def test_neighbours_are_read_where_they_hold_the_sound_of_the_edges(
    delay: int, lead: list[int], tail: list[int]
) -> None:
    coverage = Coverage([segment(number, sound=delay) for number in range(4)])

    (piece,) = plan([clip(2, 4)], coverage).pieces

    assert (numbers(piece.lead), numbers(piece.segments), numbers(piece.tail)) == (lead, [1], tail)
    assert numbers(piece.files) == [*lead, 1, *tail]


def test_where_only_sound_is_recorded_that_is_the_reason_of_the_hole() -> None:
    parts = [segment(number) for number in range(4)]
    heard = FrameIndex(None, parts[2].index.audio)
    parts[2] = replace(parts[2], frames=0, parameters=replace(parts[2].parameters, video=None), packed=pack(heard))

    found = plan([clip(1, 7)], Coverage(parts))

    assert found.clips[0].holes == (Gap(span(4, 6), NO_PICTURES),)
