"""A live HLS playlist becomes slices: its segments, byte for byte."""

from __future__ import annotations

import time
from collections.abc import Iterator

from editing.errors import MediaError
from editing.media.index import SegmentIndex, index_segment
from editing.media.recorder import TOO_LITTLE_ROOM, Event, OnAir, Recorder, Silent
from editing.media.spool import Slice, SliceFacts
from editing.timeline.instant import SECOND, Instant
from editing.timeline.ticks import TICKS_PER_SECOND, Anchor, microseconds
from editing.worker.hls_puller import ENDED, Fetched, HlsPuller, Over, Trouble

_POLL = 0.1
_JUMP = 10 * TICKS_PER_SECOND
_BACK = TICKS_PER_SECOND
_TOLERANCE = SECOND // 2


class _Known(Exception):
    """The segment is recorded already."""


class HlsRecorder(Recorder):
    """As its base, of another source. A segment's date is its EXT-X-PROGRAM-DATE-TIME; without one its clock is tied to
    when it was listed, once per epoch."""

    since: Instant | None = None
    """What ends before that is recorded already, by a worker before this one."""
    _near: int | None = None
    _anchor: Anchor | None = None
    _after: int | None = None

    def _connect(self) -> Iterator[Event]:
        puller = HlsPuller(self._url, self._spool.folder, retry=self._rules.retry, after=self._after)
        try:
            while not self._stopped():
                match puller.next(_POLL):
                    case Fetched() as fetched:
                        yield from self._take(fetched)
                    case Trouble(reason, segment):
                        self.vitals.reason = reason
                        self.vitals.dropped += segment
                    case Over():
                        yield from self._end()
                        return
                yield from self._patience()
                puller.retry = self._rules.probe if self._told else self._rules.retry
                if reason := self._rules.refusal():
                    self.vitals.reason, self._before = reason, TOO_LITTLE_ROOM
                    return
        finally:
            puller.give_up()

    def _end(self) -> Iterator[Silent]:
        """Nobody needs to wait for more."""
        self._lost(ENDED)
        self._near = self._after = None
        if not self._told:
            self._told = True
            yield Silent(ENDED)

    def _take(self, fetched: Fetched) -> Iterator[Event]:
        try:
            kept = self._keep(fetched)
        except (MediaError, OSError) as error:
            kept, self.vitals.fault = None, f"a segment could not be read: {getattr(error, 'message', error)}"
        except _Known:
            return
        finally:
            fetched.path.unlink(missing_ok=True)
            self._after = fetched.entry.sequence + 1
            self._silent_since = time.monotonic()
        if kept is None:
            self.vitals.dropped += 1
            self._before = self._before or self.vitals.fault
            return
        if self._told or not self.vitals.connections:
            self._told = False
            self.vitals.connections += 1
            yield OnAir()
        yield kept

    def _keep(self, fetched: Fetched) -> Slice | None:
        declared = fetched.entry.duration * TICKS_PER_SECOND // SECOND
        near = None if fetched.begins else self._near
        with fetched.path.open("rb") as file:
            index = index_segment(file, near=near, declared=declared)
        begins = near is None or not -_BACK <= index.first_pts - near <= _JUMP + declared
        facts = SliceFacts(
            epoch=self._epoch + begins,
            anchor=self._tied(fetched, index, begins=begins),
            near=index.first_pts,
            begins=begins,
            before=fetched.missed or self._before,
            damaged=self.vitals.damaged,
        )
        if self.since is not None and facts.anchor.instant(index.end_pts) <= self.since + _TOLERANCE:
            raise _Known
        self.since = None
        size = fetched.path.stat().st_size
        draft = self._spool.draft()
        fetched.path.rename(draft)
        kept = self._spool.keep(draft, facts, index)
        if kept is None:
            self.vitals.fault = "there was no more room for what waits to be stored"
            return None
        self._saw(index, size, fetched)
        self._epoch, self._anchor, self._near = facts.epoch, facts.anchor, index.end_pts
        self._before = self.vitals.fault = ""
        return kept

    def _tied(self, fetched: Fetched, index: SegmentIndex, *, begins: bool) -> Anchor:
        if fetched.entry.date is not None:
            return Anchor(fetched.entry.date, index.first_pts)
        if begins or self._anchor is None:
            return Anchor(fetched.listed, index.first_pts)
        return self._anchor

    def _saw(self, index: SegmentIndex, size: int, fetched: Fetched) -> None:
        lasted = max(microseconds(index.end_pts - index.first_pts), 1)
        pictures = len(index.index.video) if index.index.video else 0
        self.vitals.last_packet = fetched.listed + lasted
        self.vitals.received += size
        self.vitals.damaged += bool(index.flaw)
        self.vitals.measured = size * 8 * SECOND // lasted, round(pictures * SECOND / lasted, 1)
