from dataclasses import replace

import pytest

from editing.timeline.coverage import NOT_RECORDED, ClockStep, Coverage, Gap, Segment, adjoins, follows, runs
from editing.timeline.parameters import Parameters
from editing.timeline.ticks import Anchor
from tests.timeline.made import FRAME, PARAMETERS, START, VIDEO, at, segment, span

SMALLER = Parameters(replace(VIDEO, width=640, height=360), PARAMETERS.audio)


def keys(segments: object) -> list[str]:
    return [each.key for each in segments]


def test_nothing_recorded_is_no_range() -> None:
    coverage = Coverage(())

    assert (coverage.range, coverage.covered(), coverage.gaps(), coverage.touching(span(0, 9))) == (None, (), (), ())
    assert coverage.gaps(span(0, 9)) == (Gap(span(0, 9), NOT_RECORDED),)


def test_segments_of_a_steady_stream_are_one_range() -> None:
    coverage = Coverage([segment(2), segment(0), segment(1)])

    assert (coverage.range, coverage.covered(), coverage.gaps()) == (span(0, 6), (span(0, 6),), ())
    assert keys(coverage.segments) == ["1/0.ts", "1/1.ts", "1/2.ts"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ((0, 0.001), [0]),
        ((1.999, 2.001), [0, 1]),
        ((2, 4), [1]),
        ((3.9, 100), [1, 2]),
        ((-5, 0), []),
        ((6, 9), []),
        ((-5, 100), [0, 1, 2]),
    ],
)
def test_a_range_touches_the_segments_that_hold_its_instants(wanted: tuple[float, float], found: list[int]) -> None:
    coverage = Coverage([segment(number) for number in range(3)])

    assert keys(coverage.touching(span(*wanted))) == [f"1/{number}.ts" for number in found]


@pytest.mark.parametrize(("missing", "hole"), [(0, False), (1800, False), (1801, True), (3600, True)])
def test_a_hole_is_more_than_one_and_a_half_frames_from_start_to_start(missing: int, *, hole: bool) -> None:
    before, after = segment(0), segment(1, first=50 * FRAME + missing)

    assert adjoins(before, after) is not hole
    assert len(Coverage([before, after]).covered()) == (2 if hole else 1)


def test_within_an_epoch_media_times_decide_and_not_the_dates() -> None:
    late = segment(1, anchor=Anchor(at(2.15), 50 * FRAME))
    early = segment(1, anchor=Anchor(at(1.85), 50 * FRAME))

    assert Coverage([segment(0), late]).covered() == (span(0, 4.15),)
    assert Coverage([segment(0), early]).covered() == (span(0, 3.85),)


def test_between_epochs_only_instants_can_decide() -> None:
    near = segment(1, first=777, epoch=1, start=at(2.019))
    far = segment(1, first=777, epoch=1, start=at(2.021))

    assert Coverage([segment(0), near]).gaps() == ()
    assert Coverage([segment(0), far]).gaps() == (Gap(span(2, 2.021), NOT_RECORDED),)


def test_gaps_have_the_reason_that_is_known() -> None:
    coverage = Coverage([segment(0), segment(2), segment(4)], [Gap(span(2, 4), "truncated")])

    assert coverage.gaps() == (Gap(span(2, 4), "truncated"), Gap(span(6, 8), NOT_RECORDED))
    assert coverage.gaps(span(3, 7)) == (Gap(span(3, 4), "truncated"), Gap(span(6, 7), NOT_RECORDED))
    assert coverage.gaps(span(4, 6)) == ()


def test_gaps_before_the_first_and_after_the_last_segment_count() -> None:
    coverage = Coverage([segment(1)], [Gap(span(0, 2), "unreadable"), Gap(span(4, 6), "unreadable")])

    assert coverage.gaps() == (Gap(span(0, 2), "unreadable"), Gap(span(4, 6), "unreadable"))


def test_a_known_gap_that_media_covers_after_all_is_none() -> None:
    assert Coverage([segment(0), segment(1)], [Gap(span(1, 3), "truncated")]).gaps() == ()


def test_a_repeated_segment_is_left_out() -> None:
    again = replace(segment(1), sequence=9, key="again")

    assert keys(Coverage([segment(0), segment(1), again, segment(2)]).segments) == ["1/0.ts", "1/1.ts", "1/2.ts"]


def test_of_two_recordings_at_once_the_one_that_runs_goes_on() -> None:
    first = [segment(number) for number in range(3)]
    second = [segment(number, recording=2, start=at(1 + 2 * number)) for number in range(4)]

    coverage = Coverage([*first, *second])

    assert keys(coverage.segments) == ["1/0.ts", "1/1.ts", "1/2.ts", "2/2.ts", "2/3.ts"]
    assert coverage.covered() == (span(0, 9),)
    assert keys(coverage.touching(span(5.5, 6.5))) == ["1/2.ts", "2/2.ts"]
    assert keys(coverage.before(second[2])) == ["2/1.ts", "2/0.ts"]


def test_a_recording_steps_in_where_another_has_a_hole() -> None:
    first = [segment(0), segment(3)]
    second = [segment(number, recording=2, start=at(1 + 2 * number)) for number in range(4)]

    coverage = Coverage([*first, *second])

    assert keys(coverage.segments) == ["1/0.ts", "2/0.ts", "2/1.ts", "2/2.ts", "2/3.ts"]
    assert coverage.gaps() == ()


def test_one_long_segment_fills_what_shorter_ones_leave() -> None:
    long = replace(segment(0, recording=2, start=at(1)), end=at(20), end_pts=19 * 90_000)

    coverage = Coverage([segment(0), segment(1), segment(2), long])

    assert keys(coverage.segments) == ["1/0.ts", "1/1.ts", "1/2.ts", "2/0.ts"]
    assert keys(coverage.touching(span(3, 3.5))) == ["1/1.ts"]
    assert keys(coverage.touching(span(5, 7))) == ["1/2.ts", "2/0.ts"]
    assert coverage.covered() == (span(0, 20),)


def test_runs_end_at_holes_other_clocks_and_other_parameters() -> None:
    segments = [
        segment(0),
        segment(1),
        segment(3),
        segment(4, parameters=SMALLER),
        segment(5, first=5, epoch=1, start=at(10), parameters=SMALLER),
        segment(6, first=5 + 50 * FRAME, epoch=1, start=at(12), parameters=SMALLER),
    ]

    found = runs(segments)

    assert [keys(run.segments) for run in found] == [
        ["1/0.ts", "1/1.ts"],
        ["1/3.ts"],
        ["1/4.ts"],
        ["1/5.ts", "1/6.ts"],
    ]
    assert [run.parameters for run in found] == [PARAMETERS, PARAMETERS, SMALLER, SMALLER]


def test_a_clock_that_steps_back_is_not_followed() -> None:
    assert not follows(segment(1), segment(2, first=0))


def test_neighbours_are_found_on_the_same_clock_only() -> None:
    first, second, third, fourth = segment(0), segment(1), segment(2), segment(4)
    coverage = Coverage([first, second, third, fourth])

    assert list(coverage.before(third)) == [second, first]
    assert list(coverage.before(fourth)) == []
    assert coverage.after(second) == third
    assert coverage.after(third) is None
    assert coverage.after(fourth) is None


def test_segments_know_how_long_their_frames_last() -> None:
    assert (segment(0).frame_ticks, segment(0).frame_microseconds) == (FRAME, 40_000)
    assert segment(0).start == START


def test_a_last_picture_ends_where_the_next_segment_begins() -> None:
    first, second = segment(0), segment(1)
    guessed = replace(first, end_pts=first.end_pts + 2 * FRAME, end=first.end + 80_000)

    found = Coverage([guessed, second])

    assert [(each.end_pts, each.end) for each in found.segments] == [
        (each.end_pts, each.end) for each in (first, second)
    ]
    assert len(runs(found.segments)) == 1


def test_a_segment_that_shows_the_same_pictures_again_is_no_last_picture_that_lasts() -> None:
    again = segment(1, first=98 * FRAME // 2)

    assert Coverage([segment(0), again]).segments[0].end_pts == segment(0).end_pts


def stepped(to: float) -> list[Segment]:
    """Five segments, and four more after the clock was set to that second in the midst."""
    after = Anchor(at(to), 5 * 50 * FRAME)
    return [*map(segment, range(5)), *(segment(number, anchor=after) for number in range(5, 9))]


@pytest.mark.parametrize("to", [5, 9.9, 10.1, 3610, -3590])
def test_where_the_clock_is_set_the_recording_goes_on(to: float) -> None:
    coverage = Coverage(reversed(stepped(to)))

    assert set(keys(coverage.segments)) == {f"1/{number}.ts" for number in range(9)}
    assert coverage.clock_steps() == (ClockStep(at(10), at(to)),)
    if to > 0:
        assert keys(coverage.segments) == [f"1/{number}.ts" for number in range(9)]
        assert coverage.covered() == (span(0, max(10, to + 8)),)
    assert coverage.gaps() == (() if to > 0 else (Gap(span(-3582, 0), NOT_RECORDED),))


def test_instants_that_the_clock_shows_again_are_those_of_their_first_time() -> None:
    coverage = Coverage(stepped(5))

    assert keys(coverage.touching(span(6, 8))) == ["1/3.ts"]
    assert keys(coverage.touching(span(6, 8.5))) == ["1/3.ts", "1/4.ts"]
    assert keys(coverage.touching(span(9, 12))) == [f"1/{number}.ts" for number in range(4, 9)]
    assert keys(coverage.touching(span(10.5, 12))) == ["1/7.ts", "1/8.ts"]


def test_what_a_clock_skipped_is_not_shown_as_recorded() -> None:
    assert Coverage(stepped(12)).shown() == (span(0, 10), span(12, 20))
    assert Coverage(stepped(5)).shown() == (span(0, 13),)


def test_only_a_clock_that_is_set_forward_skips_instants() -> None:
    assert [step.skipped for step in Coverage(stepped(12)).clock_steps()] == [span(10, 12)]
    assert [step.skipped for step in Coverage(stepped(5)).clock_steps()] == [None]
