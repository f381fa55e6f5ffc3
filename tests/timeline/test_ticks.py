import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from editing.timeline.ticks import WRAP, Anchor, microseconds, unwrap

UTC = 1_795_168_800_000_000


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pts=st.integers(-(1 << 40), 1 << 40), at=st.integers(0, WRAP))
def test_a_frame_lies_in_a_range_that_starts_at_its_instant_and_outside_one_that_ends_there(pts: int, at: int) -> None:
    anchor = Anchor(UTC, at)
    instant = anchor.instant(pts)

    assert anchor.first_pts_at(instant) == pts
    assert anchor.first_pts_at(instant + 1) > pts


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(instant=st.integers(UTC - (1 << 40), UTC + (1 << 40)))
def test_the_first_time_at_an_instant_is_the_smallest_one_not_before_it(instant: int) -> None:
    anchor = Anchor(UTC, 12_345)
    pts = anchor.first_pts_at(instant)

    assert anchor.instant(pts) >= instant > anchor.instant(pts - 1)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(time=st.integers(0, 1 << 50), away=st.integers(-WRAP // 2, WRAP // 2 - 1))
def test_a_wrapped_time_is_found_again_near_a_known_one(time: int, away: int) -> None:
    assert unwrap(time % WRAP, time - away) == time


@pytest.mark.parametrize(("ticks", "us"), [(0, 0), (9, 100), (3003, 33366), (90_000, 1_000_000), (1, 11)])
def test_ticks_become_microseconds_rounded_down(ticks: int, us: int) -> None:
    assert microseconds(ticks) == us
