import pytest

from editing.errors import InvalidInstant
from editing.timeline.instant import Range, format_instant, from_datetime, parse_instant, to_datetime

TEN = 1_795_168_800_000_000
"""2026-11-20T10:00:00Z in microseconds."""


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-20T10:00:00Z", TEN),
        ("2026-11-20T18:00:00+0800", TEN),
        ("2026-11-20T18:00:00.000+08:00", TEN),
        ("2026-11-20T18:00:00+08", TEN),
        ("2026-11-20 05:30:00-04:30", TEN),
        ("  2026-11-20T10:00:00Z ", TEN),
        ("2026-11-20T10:00:00.25Z", TEN + 250_000),
        ("2026-11-20T10:00:00.1234567899Z", TEN + 123_456),
        ("2026-11-20T10:00:00.999999999+00:00", TEN + 999_999),
    ],
)
def test_instants_are_read_in_every_iso_form(text: str, instant: int) -> None:
    assert parse_instant(text) == instant


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-11-20T10:00:00", "no offset"),
        ("2026-11-20", "no offset"),
        ("yesterday", "not a date and time"),
        ("2026-13-20T10:00:00Z", "not a date and time"),
        ("", "not a date and time"),
        ("0001-01-01T00:00:00+14:00", "not within the years"),
        ("9999-12-31T23:59:59-14:00", "not within the years"),
    ],
)
def test_what_is_no_instant_is_refused_with_the_field(text: str, says: str) -> None:
    with pytest.raises(InvalidInstant, match=says) as refusal:
        parse_instant(text, field="clips[0].start")

    assert refusal.value.field == "clips[0].start"


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (TEN, "2026-11-20T10:00:00.000Z"),
        (TEN + 40_000, "2026-11-20T10:00:00.040Z"),
        (TEN + 33_366, "2026-11-20T10:00:00.033366Z"),
    ],
)
def test_instants_are_written_exactly_and_read_back(instant: int, text: str) -> None:
    assert format_instant(instant) == text
    assert parse_instant(text) == instant


def test_datetimes_keep_every_microsecond() -> None:
    assert from_datetime(to_datetime(TEN + 1)) == TEN + 1


def test_ranges_are_half_open() -> None:
    span = Range(10, 20)

    assert (10 in span, 19 in span, 20 in span, span.duration) == (True, True, False, 10)
    assert not span.overlaps(Range(20, 30))
    assert span.overlaps(Range(19, 30))
    assert span.intersection(Range(15, 30)) == Range(15, 20)
    assert span.intersection(Range(20, 30)) is None
