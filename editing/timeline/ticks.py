"""The media clock: integer ticks of 1/90,000 second, as MPEG-TS counts them, unwrapped into 64 bits.

An anchor ties the ticks of one epoch to UTC. A frame's instant is rounded *down* to the microsecond, so that
an instant read off a frame and used as a range's start includes that frame, and used as its end excludes it.
"""

from dataclasses import dataclass

from editing.timeline.instant import Instant

TICKS_PER_SECOND = 90_000
WRAP = 1 << 33


@dataclass(frozen=True, slots=True)
class Anchor:
    """`pts` ticks of an epoch are the instant `utc`."""

    utc: Instant
    pts: int

    def instant(self, pts: int) -> Instant:
        """The instant of a presentation time."""
        return self.utc + (pts - self.pts) * 100 // 9

    def first_pts_at(self, instant: Instant) -> int:
        """The smallest presentation time whose instant is not before the given one."""
        return self.pts - (self.utc - instant) * 9 // 100


def unwrap(raw: int, near: int) -> int:
    """The 64-bit time that a 33-bit clock shows as `raw` and that lies nearest to `near`."""
    return near + (raw - near + WRAP // 2) % WRAP - WRAP // 2


def microseconds(ticks: int) -> int:
    """Ticks as microseconds, rounded down."""
    return ticks * 100 // 9
