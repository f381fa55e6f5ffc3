"""When a live clock's frames happened, by when they came."""

from __future__ import annotations

from collections.abc import Callable

from editing.media.anchoring import Anchoring
from editing.media.puller import Arrived
from editing.media.source_clock import Timed
from editing.timeline.instant import SECOND

SLICE = 5
NOW = 1_800_000_000 * SECOND


def slices(count: int, late: Callable[[float], float], *, lead: int = 0) -> list[float]:
    """How many seconds each slice's anchor lies after NOW; frames of 1/25 s come so many seconds `late`."""
    anchoring, found = Anchoring(), []
    for number in range(count):
        for frame in range(number * SLICE * 25, (number + 1) * SLICE * 25):
            dts, at = frame * 3600, NOW + int((frame / 25 + late(frame / 25)) * SECOND)
            anchoring.arrived(Timed(Arrived(0, 0, 0, True, b"", at), dts + lead, dts), at, leading=True)
        anchor = anchoring.anchor(number * SLICE * 90000)
        found.append(round((anchor.instant(lead) - NOW) / SECOND, 2))
    return found


def test_the_first_picture_was_there_when_it_came() -> None:
    assert slices(3, lambda second: 0.3) == [0.3, 0.3, 0.3]
    assert slices(3, lambda second: 0.3, lead=7200) == [0.3, 0.3, 0.3]


def test_what_a_server_hands_out_at_once_when_we_connect_was_there_before() -> None:
    assert slices(2, lambda second: max(3 - second, 0)) == [0.0, 0.0]


def test_a_network_that_stumbles_moves_nothing() -> None:
    assert slices(6, lambda second: 4.0 if 5 <= second < 20 else 0.0) == [0.0] * 6


def test_an_encoder_that_flushes_at_its_end_moves_nothing() -> None:
    assert slices(2, lambda second: -0.5 if second > 9 else 0.0) == [0.0, 0.0]


def test_what_lasts_half_a_minute_is_believed() -> None:
    found = slices(16, lambda second: 2.0 if second >= 10 else 0.0)

    assert found == [*[0.0] * 8, *[2.0] * 8]


def test_a_clock_that_runs_wrong_is_followed() -> None:
    found = slices(60, lambda second: second / 1000)

    assert found[0] < 0.01
    assert 0.25 < found[-1] < 0.3
    assert found == sorted(found)
