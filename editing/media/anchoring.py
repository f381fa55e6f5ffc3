"""How the clock of a live epoch lies in UTC, by when its packets arrive.

The first packet of the leading track is there when its time has come. That ties the clock to UTC, and it stays tied:
that packets come later, or sooner, is believed when it has lasted half a minute, for a network may stumble, a server
may hand out the last seconds at once when we connect, and an encoder that ends flushes what it still holds.
"""

from __future__ import annotations

from collections import deque

from editing.media.source_clock import Timed
from editing.timeline.instant import SECOND, Instant
from editing.timeline.ticks import TICKS_PER_SECOND, Anchor, microseconds

LASTING = 30 * TICKS_PER_SECOND
DRIFT = SECOND // 10


class Anchoring:
    """Hears when packets arrive; `anchor` ends a slice."""

    def __init__(self) -> None:
        self._lead: int | None = None
        self._offsets: list[int] = []
        self._estimates: deque[tuple[int, int]] = deque()
        self._offset: int | None = None

    @property
    def empty(self) -> bool:
        return self._offset is None and not self._offsets

    def arrived(self, timed: Timed, at: Instant, *, leading: bool) -> None:
        if leading and self._lead is None:
            self._lead = timed.pts - timed.dts
        self._offsets.append(at - microseconds(timed.dts))

    def anchor(self, dts: int) -> Anchor:
        """The anchor by now, at the time of a slice's first packet."""
        offset = self._believed(dts)
        if self._offset is None or abs(offset - self._offset) > DRIFT:
            self._offset = offset
        return Anchor(offset + microseconds(dts), dts + (self._lead or 0))

    def _believed(self, dts: int) -> int:
        offsets, self._offsets = sorted(self._offsets), []
        # Most packets may have come late and some too soon: neither moves the quarter that came first by much.
        estimate = offsets[len(offsets) // 4]
        self._estimates.append((dts, estimate))
        while len(self._estimates) > 1 and self._estimates[1][0] <= dts - LASTING:
            self._estimates.popleft()
        known = self._offset
        if known is None:
            return estimate
        if self._estimates[0][0] > dts - LASTING:
            return known
        return min((each for _, each in self._estimates), key=lambda each: abs(each - known))
