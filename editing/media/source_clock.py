"""The clock of a live source: milliseconds that wrap, stop, step back and jump, made into ticks of epochs.

Within an epoch times only rise, and nothing is rewritten to make them do so. The picture leads (the sound, where there
is none): where its clock steps back or jumps, an epoch ends. Sound that does not fit is kept aside until the picture
follows it, as it does when another publisher takes over, and is left out if the picture does not.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from editing.media.puller import UNITS, Arrived
from editing.timeline.instant import SECOND, Instant
from editing.timeline.ticks import TICKS_PER_SECOND

JUMP = 10 * UNITS
"""So far the clock may go forward at once; a publisher that drops frames for a while still has the same clock."""

_WRAP = 1 << 31
"""ffmpeg's FLV wraps at 31 bits, others at 32; unwrapping by the smaller holds for both."""

_STRAYS = 500
_TICKS = TICKS_PER_SECOND // UNITS


@dataclass(frozen=True, slots=True)
class Timed:
    """A packet with its times in ticks."""

    packet: Arrived
    pts: int
    dts: int


class SourceClock:
    """`take` every packet in its order; `damaged` counts those that had no place on the clock."""

    def __init__(self, leading: int) -> None:
        """`leading` is the track whose clock decides; it may be another one later."""
        self.leading = leading
        self._last: dict[int, int] = {}
        self._last_ticks: dict[int, int] = {}
        self._near: int | None = None
        self._led_at: Instant = 0
        self._strays: deque[Arrived] = deque()
        self.damaged = 0

    def take(self, packet: Arrived) -> tuple[bool, list[Timed]]:
        """Whether an epoch begins, and what is to be written now."""
        if packet.track == self.leading or self._near is None:
            return self._lead(packet)
        if self._fits(packet):
            return False, [self._timed(packet)]
        if packet.at - self._led_at > JUMP * SECOND // UNITS:
            return True, self._begin(packet)
        self._strays.append(packet)
        while len(self._strays) > _STRAYS:
            self._strays.popleft()
            self.damaged += 1
        return False, []

    def _lead(self, packet: Arrived) -> tuple[bool, list[Timed]]:
        self._led_at = packet.at
        if self._fits(packet):
            return False, [self._timed(packet)]
        return True, self._begin(packet)

    def _fits(self, packet: Arrived) -> bool:
        if self._near is None:
            return False
        last = self._last.get(packet.track)
        now = self._unwrapped(packet.dts)
        if last is None:
            return abs(now - self._near) <= JUMP
        return 0 <= now - last <= JUMP or (now > last and abs(now - self._near) <= UNITS)

    def _begin(self, packet: Arrived) -> list[Timed]:
        """A new epoch, with the sound that came before its first picture."""
        self._last, self._last_ticks, self._near = {}, {}, packet.dts
        strays, self._strays = self._strays, deque()
        timed = [self._timed(stray) for stray in strays if self._fits(stray)]
        self.damaged += len(strays) - len(timed)
        return [*timed, self._timed(packet)]

    def _timed(self, packet: Arrived) -> Timed:
        """Two packets of one millisecond are a tick apart: MPEG-TS wants times that rise, and that is less than the
        source's own clock can tell."""
        dts = self._unwrapped(packet.dts)
        ticks = max(dts * _TICKS, self._last_ticks.get(packet.track, dts * _TICKS - 1) + 1)
        self._last[packet.track], self._last_ticks[packet.track] = dts, ticks
        self._near = dts
        return Timed(packet, ticks + (packet.pts - packet.dts) * _TICKS, ticks)

    def _unwrapped(self, raw: int) -> int:
        assert self._near is not None
        return self._near + (raw - self._near + _WRAP // 2) % _WRAP - _WRAP // 2
