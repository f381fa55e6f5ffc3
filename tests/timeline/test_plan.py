import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from editing.errors import InvalidClips, NothingRecorded
from editing.timeline.clips import Clip, HolePolicy, Mode
from editing.timeline.coverage import Coverage, Gap, Segment
from editing.timeline.describe import describe
from editing.timeline.instant import Range
from editing.timeline.plan import Action
from editing.timeline.ticks import Anchor
from tests.timeline.made import (
    FRAME,
    HOLED,
    OTHER,
    SMALLER,
    START,
    STREAM,
    B,
    I,
    P,
    at,
    clip,
    instants,
    numbers,
    plan,
    segment,
    span,
)


@pytest.mark.parametrize(
    ("wanted", "first", "count"),
    [
        ((1, 3), 25, 50),
        ((1.001, 3.001), 26, 50),
        ((0, 12), 0, 300),
        ((2, 2.04), 50, 1),
        ((2, 2.040001), 50, 2),
        ((1.96, 2), 49, 1),
        ((-5, 0.04), 0, 1),
        ((11.96, 100), 299, 1),
    ],
)
def test_accurate_takes_the_frames_whose_instant_lies_in_the_range(
    wanted: tuple[float, float], first: int, count: int
) -> None:
    found = plan([clip(*wanted)])

    assert instants(found) == [START + number * 40_000 for number in range(first, first + count)]
    assert (found.frames, found.ticks) == (count, count * FRAME)
    assert found.clips[0].achieved == Range(START + first * 40_000, START + (first + count) * 40_000)


def test_accurate_makes_one_piece_of_a_stretch_without_holes() -> None:
    (piece,) = plan([clip(1, 5)]).pieces

    assert (piece.action, numbers(piece.segments), piece.lead, piece.frames) == (Action.ENCODE, [0, 1, 2], (), 100)


def test_clips_keep_their_order_even_if_they_go_back_or_repeat() -> None:
    found = plan([clip(5, 6), clip(1, 2), clip(5, 6)])

    assert [part.achieved for part in found.clips] == [span(5, 6), span(1, 2), span(5, 6)]
    assert (found.frames, found.ticks) == (75, 75 * FRAME)


def test_touching_ranges_share_no_frame() -> None:
    found = instants(plan([clip(1, 2.5), clip(2.5, 4)]))

    assert found == [START + number * 40_000 for number in range(25, 100)]


def test_frames_that_are_reordered_are_counted_as_they_are_shown() -> None:
    order = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8]
    coverage = Coverage([segment(0, [I, P, B, B, P, B, B, P, B, B], order=order)])

    (piece,) = plan([clip(0.04, 0.24)], coverage).pieces

    assert (piece.first_pts, piece.end_pts, piece.frames) == (FRAME, 6 * FRAME, 5)


def test_a_hole_divides_a_clip_and_is_told() -> None:
    found = plan([clip(1, 9)], HOLED)

    assert [piece.start for piece in found.pieces] == [at(1), at(6)]
    assert found.frames == 75 + 75
    assert found.clips[0].holes == (Gap(span(4, 6), "the server sent nothing"),)
    assert found.warnings == (
        "Clip 1 misses 2.000 s from 2026-11-20T10:00:04.000Z (the server sent nothing); the hole is closed.",
    )


def test_a_range_that_begins_and_ends_beside_the_recording_misses_its_ends() -> None:
    assert plan([clip(-3, 20)]).clips[0].holes == (
        Gap(span(-3, 0), "not recorded"),
        Gap(span(12, 20), "not recorded"),
    )


def test_a_hole_can_be_a_reason_to_refuse() -> None:
    with pytest.raises(NothingRecorded, match=r"2\.000 s from .*the server sent nothing") as refusal:
        plan([clip(1, 2), clip(1, 9)], HOLED, holes=HolePolicy.FAIL)

    assert refusal.value.field == "clips[1]"
    assert plan([clip(1, 2)], HOLED, holes=HolePolicy.FAIL).frames == 25


def test_a_new_anchor_moves_instants_and_loses_no_frame() -> None:
    back = [
        segment(0),
        segment(1, anchor=Anchor(at(1.85), 50 * FRAME)),
        segment(2, anchor=Anchor(at(1.85), 50 * FRAME)),
    ]

    (piece,) = plan([clip(1, 5)], Coverage(back)).pieces

    assert (piece.first_pts, numbers(piece.segments)) == (25 * FRAME, [0, 1, 2])
    assert piece.end_pts - piece.first_pts == piece.frames * FRAME
    assert piece.end == at(5.01)  # the first frame that begins after the end


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("to", [8, 15])
def test_a_clock_that_is_set_loses_no_frame_and_doubles_none(to: float, mode: Mode) -> None:
    after = Anchor(at(to), 5 * 50 * FRAME)
    parts = [*map(segment, range(5)), *(segment(number, anchor=after) for number in range(5, 9))]

    found = plan([clip(9, to + 3)], Coverage(parts), mode)

    first, last = (200, 350) if mode.snaps else (225, 325)
    assert (found.frames, found.pieces[0].first_pts) == (last - first, first * FRAME)
    assert found.ticks == found.frames * FRAME
    assert found.clips[0].holes == ()


def test_where_clocks_overlap_no_instant_is_shown_twice() -> None:
    restarted = [
        segment(0),
        segment(1),
        segment(2, first=90, epoch=1, start=at(3.5)),
        segment(3, first=90 + 50 * FRAME, epoch=1, anchor=Anchor(at(3.5), 90)),
    ]

    found = plan([clip(0, 20)], Coverage(restarted))

    assert instants(found) == sorted(set(instants(found)))
    assert [piece.frames for piece in found.pieces] == [100, 87]


def test_other_parameters_begin_another_piece() -> None:
    coverage = Coverage([segment(0), segment(1, parameters=SMALLER), segment(2)])

    assert [piece.frames for piece in plan([clip(1, 5)], coverage).pieces] == [25, 50, 25]


@pytest.mark.parametrize(
    ("clips", "field"),
    [
        ([], "clips"),
        ([clip(1, 1)], "clips[0].end"),
        ([clip(1, 2), clip(2, 1)], "clips[1].end"),
        ([clip(1, 2, cover=0.9)], "clips[0].cover"),
        ([clip(1, 2, cover=2.1)], "clips[0].cover"),
    ],
)
@pytest.mark.parametrize("mode", Mode)
def test_clips_that_cannot_be_meant_are_refused(mode: Mode, clips: list[Clip], field: str) -> None:
    with pytest.raises(InvalidClips) as refusal:
        plan(clips, mode=mode)

    assert (refusal.value.field, refusal.value.code) == (field, "InvalidClips")


@pytest.mark.parametrize("cover", [1, 1.5, 2])
def test_a_cover_may_lie_in_its_clip_and_at_its_end(cover: float) -> None:
    assert plan([clip(1, 2, cover=cover)]).frames == 25


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("wanted", [(-9, 0), (12, 15), (400, 401)])
def test_a_range_in_which_nothing_is_recorded_is_refused(mode: Mode, wanted: tuple[float, float]) -> None:
    with pytest.raises(NothingRecorded, match=r"Nothing of example\.com/live/main is recorded") as refusal:
        plan([clip(1, 2), clip(*wanted)], mode=mode)

    assert refusal.value.field == "clips[1]"


def test_a_stream_that_was_never_recorded_is_refused() -> None:
    with pytest.raises(NothingRecorded, match=r"example\.com/live/other"):
        plan([clip(1, 2, OTHER)])


def test_holes_can_be_filled_with_black() -> None:
    found = plan([clip(1, 9)], HOLED, holes=HolePolicy.SLATE)

    assert [(piece.action, piece.frames, piece.ticks) for piece in found.pieces] == [
        (Action.ENCODE, 75, 75 * FRAME),
        (Action.SLATE, 50, 50 * FRAME),
        (Action.ENCODE, 75, 75 * FRAME),
    ]
    assert (found.pieces[1].start, found.pieces[1].end) == (at(4), at(6))
    (warning,) = found.warnings
    assert warning.endswith("(the server sent nothing); black and silence take its place.")


def test_a_clip_may_begin_and_end_with_black() -> None:
    found = plan([clip(-1, 13)], mode=Mode.ACCURATE_FAST, holes=HolePolicy.SLATE)

    assert [(piece.action, piece.start) for piece in found.pieces] == [
        (Action.SLATE, at(-1)),
        (Action.COPY, at(0)),
        (Action.SLATE, at(12)),
    ]
    assert found.ticks == 14 * 25 * FRAME


def test_a_plan_predicts_its_size_and_its_time() -> None:
    copied, encoded = plan([clip(0, 4)], mode=Mode.ROUGH_FAST), plan([clip(0, 4)], bitrate=1_000_000)

    assert copied.size == 120_000
    assert encoded.size == (1_000_000 + 160_000) * 4 // 8
    assert 0 < copied.seconds < encoded.seconds


def test_a_plan_is_described_in_words_and_numbers() -> None:
    described = describe(plan([clip(1, 9)], HOLED, bitrate=1_000_000))

    assert json.loads(json.dumps(described)) == described
    assert described | {"predicted_seconds": 0} == {
        "mode": "Accurate",
        "duration": 6.0,
        "frames": 150,
        "predicted_size": 870_000,
        "encoded": 150,
        "predicted_seconds": 0,
        "width": 1280,
        "height": 720,
        "video": "h264",
        "audio": "aac",
        "clips": [
            {
                "stream": "example.com/live/main",
                "requested": {"start": "2026-11-20T10:00:01.000Z", "end": "2026-11-20T10:00:09.000Z"},
                "achieved": {"start": "2026-11-20T10:00:01.000Z", "end": "2026-11-20T10:00:09.000Z"},
                "duration": 6.0,
                "frames": 150,
                "pieces": [
                    {
                        "action": "encode",
                        "start": "2026-11-20T10:00:01.000Z",
                        "end": "2026-11-20T10:00:04.000Z",
                        "frames": 75,
                        "segments": 2,
                        "reason": "",
                    },
                    {
                        "action": "encode",
                        "start": "2026-11-20T10:00:06.000Z",
                        "end": "2026-11-20T10:00:09.000Z",
                        "frames": 75,
                        "segments": 2,
                        "reason": "",
                    },
                ],
                "holes": [
                    {
                        "start": "2026-11-20T10:00:04.000Z",
                        "end": "2026-11-20T10:00:06.000Z",
                        "duration": 2.0,
                        "reason": "the server sent nothing",
                    }
                ],
                "damage": [],
                "sound_damage": [],
            }
        ],
        "warnings": [
            "Clip 1 misses 2.000 s from 2026-11-20T10:00:04.000Z (the server sent nothing); the hole is closed."
        ],
    }


@st.composite
def recordings(draw: st.DrawFn) -> list[Segment]:
    """Segments with holes, restarts and overlaps; B frames and an odd clock."""
    parts: list[Segment] = []
    epoch, pts, start = 0, draw(st.integers(0, 1 << 34)), START
    anchor = Anchor(start, pts)
    for number in range(draw(st.integers(1, 8))):
        step = draw(st.sampled_from(["on", "on", "on", "hole", "restart", "back"]))
        if step == "hole":
            pts += draw(st.integers(2, 200)) * FRAME
        elif step != "on" and parts:
            epoch, pts = epoch + 1, draw(st.integers(0, 1 << 34))
            away = draw(st.integers(0, 3_000_000)) * (1 if step == "restart" else -1)
            anchor = Anchor(parts[-1].end + away, pts)
        parts.append(
            segment(number, [I, P, B, B, P, B, B], order=[0, 3, 1, 2, 6, 4, 5], first=pts, epoch=epoch, anchor=anchor)
        )
        pts += 7 * FRAME
    return parts


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(parts=recordings(), start=st.integers(-1_000_000, 6_000_000), length=st.integers(1, 9_000_000))
def test_whatever_is_recorded_the_frames_are_those_of_the_range_each_instant_once(
    parts: list[Segment], start: int, length: int
) -> None:
    wanted = Range(START + start, START + start + length)
    there = {part.anchor.instant(pts) for part in parts for pts in part.index.video.pts}
    coverage = Coverage(parts)
    if not coverage.touching(wanted):
        assert not {instant for instant in there if instant in wanted}
        return
    found = instants_or_none(Clip(STREAM, wanted), coverage)

    assert found == sorted(set(found))
    assert all(instant in wanted for instant in found)
    missing = sorted(instant for instant in there if instant in wanted and instant not in found)
    assert all(any(abs(instant - other) < 40_000 for other in found) for instant in missing)  # shown by an overlap


def instants_or_none(wanted: Clip, coverage: Coverage) -> list[int]:
    try:
        return instants(plan([wanted], coverage))
    except NothingRecorded:
        return []


@pytest.mark.parametrize("mode", Mode)
def test_only_the_edges_of_clips_are_unpacked(mode: Mode) -> None:
    day = Coverage([segment(number) for number in range(1000)])

    found = plan([clip(number * 50 + 0.5, number * 50 + 30.5) for number in range(40)], day, mode)

    assert found.frames == 40 * (800 if mode.snaps else 750)
    assert len([part for part in day.segments if "index" in vars(part)]) <= 3 * 40
