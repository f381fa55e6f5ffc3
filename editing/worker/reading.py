"""Segments on their way from a storage into the engine: local files as they are, others a few ahead of whoever reads.

What is elsewhere comes in whole objects, or in ranges where an object is large, each asked for once while somebody may
want it: the cut reads the same segment for what it copies, for what it encodes, and to look at its tracks.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Condition, Lock, Thread, local
from typing import Any, BinaryIO, Self, cast

from editing import storage
from editing.errors import Cancelled, EditingError
from editing.models import Bucket
from editing.timeline.coverage import Segment
from editing.timeline.plan import CutPlan

MOST_AHEAD = 4
"""Parts, each a whole segment unless that is large."""
MOST_HELD = 64 << 20
LARGEST_PART = 16 << 20
_PATIENCE = 0.1


@dataclass(frozen=True, slots=True)
class _Part:
    """`count` bytes of a file from `first` on; None where it is the whole file."""

    bucket: str
    key: str
    first: int
    size: int
    count: int | None


class Reading:
    """Opens the segments of a plan, from any thread; a context manager, after which nothing is fetched any more.

    `stopped` is asked while a reader waits, which then raises Cancelled. Readers raise NotFound and StorageFailure.
    """

    def __init__(self, plan: CutPlan, *, stopped: Callable[[], bool]) -> None:
        files = [segment for piece in plan.pieces for segment in piece.files]
        found = Bucket.objects.filter(name__in={segment.bucket for segment in files})
        self.buckets = {bucket.name: bucket for bucket in found}  # threads of the engine have no database
        self.stopped = stopped
        self._parts = [part for segment in files for part in _parts_of(segment)]
        self._places: dict[tuple[str, str], list[int]] = {}
        for place, part in enumerate(self._parts):
            if part.first == 0:
                self._places.setdefault((part.bucket, part.key), []).append(place)
        self._fetches: OrderedDict[_Part, _Fetch] = OrderedDict()
        self._lock = Lock()
        self._thread = local()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        with self._lock:
            for fetch in self._fetches.values():
                fetch.abandoned = True
            self._fetches.clear()

    def open(self, segment: Segment) -> BinaryIO:
        bucket = self.buckets[segment.bucket]
        if storage.local_path(bucket, segment.key) is not None:
            return storage.open_file(bucket, segment.key)
        return cast("BinaryIO", io.BufferedReader(_Reader(self, self._place(segment), len(_parts_of(segment)))))

    def fetch(self, place: int) -> _Fetch:
        """The part at a place of the plan, and those behind it if the thread that asks reads one after the other."""
        ahead = MOST_AHEAD if place == self._last + 1 else 1
        self._thread.last = place
        with self._lock:
            found = self._fetches.get(self._parts[place]) or self._begin(self._parts[place])
            found.readers += 1
            found.taken = True
            self._fetches.move_to_end(self._parts[place])
            for part in self._parts[place + 1 : place + 1 + ahead]:
                if part not in self._fetches and self._make_room(part.size):
                    self._begin(part)
        return found

    def leave(self, fetch: _Fetch) -> None:
        """A reader has done with it."""
        with self._lock:
            fetch.readers -= 1

    @property
    def _last(self) -> int:
        return int(getattr(self._thread, "last", -2))

    def _place(self, segment: Segment) -> int:
        """Where the plan reads a segment next, as far as this thread is."""
        places = self._places[segment.bucket, segment.key]
        return next((place for place in places if place > self._last), places[0])

    def _begin(self, part: _Part) -> _Fetch:
        self._make_room(part.size)
        fetch = self._fetches[part] = _Fetch(self.buckets[part.bucket], part)
        fetch.start()
        return fetch

    def _make_room(self, size: int) -> bool:
        """Whether so many bytes fit; what was read and is not being read makes way for them, the oldest first."""
        held = sum(part.size for part in self._fetches)
        for part, fetch in list(self._fetches.items()):
            if held + size <= MOST_HELD:
                break
            if fetch.taken and not fetch.readers:
                held -= part.size
                del self._fetches[part]
        return held + size <= MOST_HELD


def _parts_of(segment: Segment) -> list[_Part]:
    if segment.size <= LARGEST_PART:
        return [_Part(segment.bucket, segment.key, 0, segment.size, None)]
    return list(_ranges(segment))


def _ranges(segment: Segment) -> Iterator[_Part]:
    for first in range(0, segment.size, LARGEST_PART):
        size = min(LARGEST_PART, segment.size - first)
        yield _Part(segment.bucket, segment.key, first, size, size)


class _Fetch(Thread):
    """A part as it comes; `readers` counts who reads it, `taken` says whether anybody ever did."""

    def __init__(self, bucket: Bucket, part: _Part) -> None:
        super().__init__(name="fetch", daemon=True)
        self.readers, self.taken, self.abandoned = 0, False, False
        self._bucket, self._part = bucket, part
        self._data = bytearray()
        self._news = Condition()
        self._error: EditingError | None = None
        self._over = False

    def run(self) -> None:
        try:
            for block in storage.read(self._bucket, self._part.key, first=self._part.first, count=self._part.count):
                with self._news:
                    self._data += block
                    self._news.notify_all()
                if self.abandoned:
                    return
        except EditingError as error:
            self._error = error
        finally:
            with self._news:
                self._over = True
                self._news.notify_all()

    def read(self, position: int, size: int, stopped: Callable[[], bool]) -> bytearray:
        """Up to so many bytes as soon as there are some, none at the end. Raises what kept it from being fetched."""
        with self._news:
            while len(self._data) <= position and not self._over:
                self._news.wait(_PATIENCE)
                if stopped():
                    raise Cancelled("The cut was cancelled.")
            found = self._data[position : position + size]
        if not found and self._error:
            raise self._error
        return found


class _Reader(io.RawIOBase):
    """A segment from its beginning to its end."""

    def __init__(self, reading: Reading, place: int, parts: int) -> None:
        self._reading = reading
        self._waiting = list(range(place + parts - 1, place - 1, -1))
        self._fetch: _Fetch | None = None
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while self._fetch or self._waiting:
            if self._fetch is None:
                self._fetch, self._position = self._reading.fetch(self._waiting.pop()), 0
            if found := self._fetch.read(self._position, len(buffer), self._reading.stopped):
                buffer[: len(found)] = found
                self._position += len(found)
                return len(found)
            self._leave()
        return 0

    def close(self) -> None:
        self._waiting.clear()
        self._leave()
        super().close()

    def _leave(self) -> None:
        if self._fetch:
            self._reading.leave(self._fetch)
            self._fetch = None
