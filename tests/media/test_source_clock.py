"""A live source's clock: what goes on, what begins anew, what has no place."""

from __future__ import annotations

from editing.media.puller import Arrived
from editing.media.source_clock import SourceClock

VIDEO, AUDIO = 0, 1


def packet(track: int, dts: int, *, at: int = 0, pts: int | None = None) -> Arrived:
    return Arrived(track, dts if pts is None else pts, dts, keyframe=True, data=b"x", at=at * 1000)


def heard(*packets: Arrived) -> list[list[tuple[int, int]]]:
    """(track, ticks) of each epoch."""
    clock = SourceClock(VIDEO)
    epochs: list[list[tuple[int, int]]] = []
    for each in packets:
        begins, timed = clock.take(each)
        if begins:
            epochs.append([])
        epochs[-1].extend((one.packet.track, one.dts) for one in timed)
    return epochs


def test_milliseconds_become_ticks() -> None:
    clock = SourceClock(VIDEO)

    _, (timed,) = clock.take(packet(VIDEO, 40, pts=120))

    assert (timed.dts, timed.pts) == (3600, 10800)


def test_a_clock_that_wraps_at_31_or_32_bits_goes_on() -> None:
    for bits in (31, 32):
        last = (1 << bits) - 20
        assert heard(packet(VIDEO, last), packet(VIDEO, 20)) == [[(VIDEO, last * 90), (VIDEO, (last + 40) * 90)]]


def test_a_clock_that_steps_back_begins_anew() -> None:
    assert heard(packet(VIDEO, 1000), packet(VIDEO, 1040), packet(VIDEO, 999)) == [
        [(VIDEO, 90000), (VIDEO, 93600)],
        [(VIDEO, 89910)],
    ]


def test_a_clock_that_jumps_begins_anew_and_one_that_pauses_does_not() -> None:
    assert len(heard(packet(VIDEO, 0), packet(VIDEO, 10_000))) == 1
    assert len(heard(packet(VIDEO, 0), packet(VIDEO, 10_001))) == 2


def test_two_pictures_of_one_millisecond_are_a_tick_apart() -> None:
    assert heard(packet(VIDEO, 1), packet(VIDEO, 1), packet(VIDEO, 1), packet(VIDEO, 2)) == [
        [(VIDEO, 90), (VIDEO, 91), (VIDEO, 92), (VIDEO, 180)]
    ]


def test_sound_that_comes_before_the_first_picture_of_the_next_publisher_is_kept_for_it() -> None:
    assert heard(packet(VIDEO, 5000), packet(AUDIO, 5010), packet(AUDIO, 3), packet(AUDIO, 24), packet(VIDEO, 0)) == [
        [(VIDEO, 450000), (AUDIO, 450900)],
        [(AUDIO, 270), (AUDIO, 2160), (VIDEO, 0)],
    ]


def test_sound_whose_clock_leaves_the_pictures_clock_is_left_out_and_counted() -> None:
    clock = SourceClock(VIDEO)
    written = []
    for number in range(700):
        for each in (packet(VIDEO, 40 * number, at=40 * number), packet(AUDIO, 900_000 + 40 * number, at=40 * number)):
            begins, timed = clock.take(each)
            assert begins == (number == 0 and each.track == VIDEO)
            written.extend(one.packet.track for one in timed)

    assert written == [VIDEO] * 700
    assert clock.damaged == 200  # the others still wait for a picture of theirs


def test_sound_goes_on_alone_where_the_picture_stands_still() -> None:
    said = heard(packet(VIDEO, 0), *(packet(AUDIO, 1000 * second, at=1000 * second) for second in range(30)))

    assert said == [[(VIDEO, 0), *((AUDIO, 90000 * second) for second in range(30))]]


def test_sound_that_begins_anew_while_there_is_no_picture_is_believed() -> None:
    said = heard(
        packet(VIDEO, 500_000),
        packet(AUDIO, 500_000),
        packet(AUDIO, 0, at=9_000),
        packet(AUDIO, 1_010, at=10_010),
    )

    assert said == [[(VIDEO, 45_000_000), (AUDIO, 45_000_000)], [(AUDIO, 0), (AUDIO, 90_900)]]
