"""The rule of time, applied to one segment after the other.

A program date is the instant of a segment's first picture. The first date of an epoch ties its clock to UTC; later
dates only measure drift, and more than 100 ms of it begins a new anchor without touching the media. Between the
segments of an epoch the media's own clock decides. A new epoch begins where the playlist says so, or where the clock
jumps and neither the dates nor what is known to be missing explain it.
"""

from __future__ import annotations

from dataclasses import dataclass

from editing.media.index import SegmentIndex
from editing.timeline.instant import SECOND, Instant, Range
from editing.timeline.ticks import TICKS_PER_SECOND, Anchor, microseconds

DRIFT = SECOND // 10
_EXPLAINED = SECOND
"""How far dates (often whole seconds) and clocks may be apart and still tell of the same hole."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a segment lies. `anchor_reason` is set where a new anchor begins; `gap` is what is missing before it."""

    epoch: int
    anchor: Anchor
    range: Range
    drift: int = 0
    anchor_reason: str = ""
    gap: Range | None = None
    gap_reason: str = ""
    repeated: bool = False


@dataclass
class Timekeeper:
    """What is known after the last segment; `near` is the end of its clock, None before the first."""

    start: Instant | None
    epoch: int = -1
    anchor: Anchor | None = None
    near: int | None = None
    end: Instant | None = None
    missing: int = 0
    missing_reason: str = ""

    def skip(self, duration: int, reason: str) -> None:
        """A segment of so many µs is known to be missing."""
        self.missing += duration
        self.missing_reason = self.missing_reason or reason

    def expected(self) -> Instant | None:
        """When the next segment should begin, if nothing else is said."""
        before = self.start if self.end is None else self.end
        return None if before is None else before + self.missing

    def place(self, segment: SegmentIndex, date: Instant | None, *, discontinuity: bool) -> Placed:
        """Decide where the segment lies and remember it."""
        if reason := self._new_epoch(segment, date, discontinuity=discontinuity):
            placed = self._begin(segment, date, reason)
        else:
            placed = self._go_on(segment, date)
        if not placed.repeated:
            self.epoch, self.anchor = placed.epoch, placed.anchor
            self.near, self.end = segment.end_pts, placed.range.end
            self.missing, self.missing_reason = 0, ""
        return placed

    def _new_epoch(self, segment: SegmentIndex, date: Instant | None, *, discontinuity: bool) -> str:
        if self.anchor is None or self.near is None:
            return "start"
        if discontinuity:
            return "discontinuity"
        jump = microseconds(segment.first_pts - self.near)
        told = date - self.end if date is not None and self.end is not None else self.missing
        return "" if abs(jump - told) <= _EXPLAINED or abs(jump - self.missing) <= _EXPLAINED else "clock"

    def _begin(self, segment: SegmentIndex, date: Instant | None, reason: str) -> Placed:
        begins = date if date is not None else self.expected()
        if begins is None:
            raise ValueError("The first segment has no date.")
        anchor = Anchor(begins, segment.first_pts)
        hole = begins - self.end if self.end is not None else 0
        gap = Range(begins - hole, begins) if hole > _half_frame(segment) else None
        return Placed(
            self.epoch + 1,
            anchor,
            _range(anchor, segment),
            anchor_reason=reason,
            gap=gap,
            gap_reason=self.missing_reason or "the stream was interrupted",
        )

    def _go_on(self, segment: SegmentIndex, date: Instant | None) -> Placed:
        anchor, near, end = self.anchor, self.near, self.end
        if anchor is None or near is None or end is None:
            raise ValueError("There is no epoch to go on with.")
        if segment.end_pts <= near:
            return Placed(self.epoch, anchor, _range(anchor, segment), repeated=True)
        drift = date - anchor.instant(segment.first_pts) if date is not None else 0
        reason = "drift" if abs(drift) > DRIFT else ""
        if reason and date is not None:
            anchor = Anchor(date, segment.first_pts)
        hole = microseconds(segment.first_pts - near)
        gap = Range(min(end, anchor.instant(segment.first_pts) - 1), anchor.instant(segment.first_pts))
        missing = hole > _half_frame(segment)
        return Placed(
            self.epoch,
            anchor,
            _range(anchor, segment),
            drift=drift,
            anchor_reason=reason,
            gap=gap if missing else None,
            gap_reason=self.missing_reason or "missing from the stream",
        )


def _range(anchor: Anchor, segment: SegmentIndex) -> Range:
    return Range(anchor.instant(segment.first_pts), anchor.instant(segment.end_pts))


def _half_frame(segment: SegmentIndex) -> int:
    """Half a frame in µs: with the frame before it, a hole of one and a half."""
    frames = len(segment.index.video) if segment.index.video else 1
    ticks = segment.end_pts - segment.first_pts if segment.index.video else TICKS_PER_SECOND // 30
    return microseconds(ticks // max(frames, 1) // 2)
