"""UTC instants and half-open ranges, in integer microseconds since 1970.

Floats are never used for time: rounding a float second has made false overlaps in other people's recorders.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from editing.errors import InvalidInstant

Instant = int
"""Microseconds since 1970-01-01T00:00:00Z."""

SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS = range(1900, 9000)
_FRACTION = re.compile(r"\.(\d+)")


def parse_instant(text: str, *, field: str | None = None) -> Instant:
    """The instant an ISO-8601 text names. An offset (or Z) is required; digits past the microsecond are cut off.

    Raises InvalidInstant, also outside the years 1900 to 8999: what is computed from it must stay within a calendar.
    """
    cleaned = _FRACTION.sub(lambda m: "." + m[1][:6].ljust(6, "0"), text.strip())
    try:
        moment = datetime.fromisoformat(cleaned)
    except ValueError:
        raise InvalidInstant(
            f"“{text}” is not a date and time; write it like 2026-11-20T10:30:00.250Z.", field=field
        ) from None
    if moment.tzinfo is None:
        raise InvalidInstant(f"“{text}” has no offset; end it with Z for UTC or with +hh:mm.", field=field)
    if moment.year not in _YEARS:
        raise InvalidInstant(f"“{text}” is not within the years 1900 to 8999.", field=field)
    return from_datetime(moment)


def format_instant(instant: Instant) -> str:
    """ISO-8601 in UTC with a Z, three decimals where they say it all and six where they do not."""
    moment = to_datetime(instant).replace(tzinfo=None)
    precision = "milliseconds" if instant % 1000 == 0 else "microseconds"
    return moment.isoformat(timespec=precision) + "Z"


def from_datetime(moment: datetime) -> Instant:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_datetime(instant: Instant) -> datetime:
    return _EPOCH + timedelta(microseconds=instant)


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """The instants from `start` up to, but not including, `end`."""

    start: Instant
    end: Instant

    @property
    def duration(self) -> int:
        return self.end - self.start

    def __contains__(self, instant: Instant) -> bool:
        return self.start <= instant < self.end

    def overlaps(self, other: Range) -> bool:
        return self.start < other.end and other.start < self.end

    def intersection(self, other: Range) -> Range | None:
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Range(start, end) if start < end else None
