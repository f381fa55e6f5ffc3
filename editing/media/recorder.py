"""A live stream becomes slices, for as long as it is wanted.

The recorder connects, tries again while nothing comes, tells when that has lasted too long and goes on trying. What
it hands over are whole files in a spool folder, as values; storing them is somebody else's part, and neither side
waits for the other. Rules:

- Two seconds without a packet end the slice and the connection: a server (nginx-rtmp) may keep our connection when
  the publisher leaves, and send the next publisher's clock on it.
- Every connection begins a new epoch, and so does a clock that steps back or jumps. No timestamp is rewritten.
- New codec parameters begin a new slice.
- A slice ends with the first keyframe after its time, and without one half a minute later.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from editing.media.flv import VIDEO
from editing.media.puller import Arrived, Lost, Puller, Track
from editing.media.slicer import Slicer
from editing.media.spool import Slice, Spool
from editing.timeline.instant import SECOND, Instant
from editing.timeline.ticks import TICKS_PER_SECOND

_POLL = 0.1
TOO_LITTLE_ROOM = "too little room on the disk"
_LATELY = 5 * SECOND


@dataclass(frozen=True, slots=True)
class OnAir:
    """The stream is there, for the first time or again."""


@dataclass(frozen=True, slots=True)
class Silent:
    """Nothing has come for as long as we were to wait; `reason` is what the last try met with."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoRoom:
    """Nothing is recorded for now, because there is no room for it."""

    reason: str


@dataclass(frozen=True)
class Rules:
    """Seconds all: how long a slice is, how long silence is borne, and how far apart the tries are before and after.
    `refusal` says why nothing may be recorded now."""

    slice: int
    patience: float = 180.0
    retry: float = 1.0
    probe: float = 30.0
    quiet: float = 2.0
    refusal: Callable[[], str] = str


@dataclass
class Vitals:
    """What is going on now; read by other threads. `reason` is why the last connection ended, `fault` why slices
    cannot be kept, `dropped` how many could not."""

    last_packet: Instant | None = None
    received: int = 0
    damaged: int = 0
    dropped: int = 0
    connections: int = 0
    reason: str = ""
    fault: str = ""
    measured: tuple[int, float] | None = None
    """Bits and pictures per second, where the source itself tells."""
    _lately: deque[tuple[Instant, int, int]] = field(default_factory=deque)

    def saw(self, packet: Arrived) -> None:
        self.last_packet = packet.at
        self.received += len(packet.data)
        self._lately.append((packet.at, len(packet.data), int(packet.track == VIDEO)))
        while abs(packet.at - self._lately[0][0]) > _LATELY:  # the clock may have been set back
            self._lately.popleft()

    def rates(self, now: Instant) -> tuple[int, float]:
        """Bits and pictures per second, lately; nothing where nothing came."""
        if self.measured is not None:
            return self.measured
        came = [each for each in list(self._lately) if abs(now - each[0]) <= _LATELY]
        lasted = max(now - came[0][0], SECOND) if came else SECOND
        bits, pictures = sum(each[1] for each in came) * 8, sum(each[2] for each in came)
        return bits * SECOND // lasted, round(pictures * SECOND / lasted, 1)


Event = OnAir | Silent | NoRoom | Slice


class Recorder:
    """`run` yields events until `stopped` says so; then the slice that is open comes last, within two seconds."""

    def __init__(self, url: str, spool: Spool, rules: Rules, *, stopped: Callable[[], bool]) -> None:
        self._url, self._spool, self._rules, self._stopped = url, spool, rules, stopped
        self._epoch = 0
        self._before = ""
        self._silent_since = time.monotonic()
        self._told = False
        self.vitals = Vitals()

    def run(self) -> Iterator[Event]:
        while not self._stopped():
            yield from self._room()
            tried = time.monotonic()
            yield from self._connect()
            yield from self._patience()
            pause = self._rules.probe if self._told else self._rules.retry
            while time.monotonic() - tried < pause and not self._stopped():
                time.sleep(min(_POLL, pause))
                yield from self._patience()

    def _connect(self) -> Iterator[Event]:
        puller = Puller(self._url, quiet=self._rules.quiet)
        try:
            while not self._stopped():
                match puller.next(_POLL):
                    case Lost(reason):
                        self._lost(reason)
                        return
                    case Track() as track:
                        self.vitals.connections += 1
                        self._told = False
                        yield OnAir()
                        yield from self._slices(puller, track)
                        return
                    case _:
                        yield from self._patience()
        finally:
            puller.give_up()

    def _slices(self, puller: Puller, track: Track) -> Iterator[Slice]:
        target = self._rules.slice * TICKS_PER_SECOND
        slicer = Slicer(self._spool, target=target, epoch=self._epoch, before=self._before)
        yield from slicer.add(track)
        damaged, dropped = self.vitals.damaged, self.vitals.dropped
        heard = time.monotonic()
        while not self._stopped():
            came = puller.next(_POLL)
            if isinstance(came, Track):
                yield from slicer.add(came)
            elif isinstance(came, Arrived):
                heard = time.monotonic()
                self.vitals.saw(came)
                yield from slicer.take(came)
                self.vitals.fault = slicer.fault
                self.vitals.damaged, self.vitals.dropped = damaged + slicer.damaged, dropped + slicer.dropped
            elif isinstance(came, Lost):
                self._lost(came.reason)
                break
            elif time.monotonic() - heard > self._rules.quiet:
                self._lost("nothing came")
                break
            if reason := self._rules.refusal():
                self.vitals.reason, self._before = reason, TOO_LITTLE_ROOM
                break
        yield from slicer.close()
        self._epoch = slicer.epoch + 1
        self._silent_since = heard

    def _room(self) -> Iterator[NoRoom]:
        """Wait until there is room. What nobody may record is no silence."""
        if reason := self._rules.refusal():
            yield NoRoom(reason)
            while self._rules.refusal() and not self._stopped():
                time.sleep(_POLL)
            self._told, self._silent_since = False, time.monotonic()

    def _lost(self, reason: str) -> None:
        self.vitals.reason = reason
        self._before = f"the stream was interrupted: {reason}"

    def _patience(self) -> Iterator[Silent]:
        if not self._told and time.monotonic() - self._silent_since > self._rules.patience:
            self._told = True
            yield Silent(self.vitals.reason or "nobody publishes")
