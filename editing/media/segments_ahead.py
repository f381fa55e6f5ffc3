"""Whole segments, read, checked and prepared by a thread while the one before is worked on."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import BinaryIO, Generic, TypeVar

from isal.isal_zlib import crc32

from editing.errors import UnreadableMedia
from editing.media.layout import Bytes
from editing.media.reader import OpenSegment
from editing.timeline.coverage import Segment

_PATIENCE = 0.1
Prepared = TypeVar("Prepared")
Memories = SimpleQueue[Bytes | None]


class SegmentsAhead(Generic[Prepared]):
    """Gives segments one after the other, each with what `prepare` makes of its bytes and of memory for it.

    The memory comes from `free`, where whoever gets it puts it back; nothing of it is missing after leaving.
    """

    def __init__(
        self,
        segments: Sequence[Segment],
        open_segment: OpenSegment,
        free: Memories,
        prepare: Callable[[Segment, memoryview, Bytes], Prepared],
    ) -> None:
        self._segments, self._open, self._free, self._prepare = segments, open_segment, free, prepare
        self._ready: SimpleQueue[tuple[Segment, Prepared, Bytes] | Exception] = SimpleQueue()
        self._thread = Thread(target=self._run, name="segments ahead", daemon=True)
        self._ended = False

    def __enter__(self) -> SegmentsAhead[Prepared]:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._free.put(None)
        self._thread.join()
        while not self._ready.empty():
            item = self._ready.get()
            if not isinstance(item, Exception):
                self._free.put(item[2])

    def segments(self, waits: Callable[[], None]) -> Generator[tuple[Segment, Prepared, Bytes], None, None]:
        """Each segment; `waits` is called every now and then until the next one is there.

        Raises UnreadableMedia for a segment that cannot be read or is not the one that was indexed, and what `prepare`
        raises.
        """
        for _ in self._segments:
            item = self._next(waits)
            if isinstance(item, Exception):
                raise item
            yield item

    def _next(self, waits: Callable[[], None]) -> tuple[Segment, Prepared, Bytes] | Exception:
        while True:
            try:
                return self._ready.get(timeout=_PATIENCE)
            except Empty:
                waits()

    def _run(self) -> None:
        buffer = memoryview(bytearray(max(segment.size for segment in self._segments)))
        for segment in self._segments:
            memory = self._free.get()
            if memory is None:
                return
            try:
                data = self._whole(segment, buffer)
                self._ready.put((segment, self._prepare(segment, data, memory), memory))
            except Exception as error:  # whatever it is, whoever waits for the segment must hear of it
                self._free.put(memory)
                self._ready.put(error)
                break
        self._await_end()

    def _await_end(self) -> None:
        """Take the word that there shall be an end: in the queue nobody else may find it."""
        spare = []
        while (memory := self._free.get()) is not None:
            spare.append(memory)
        for memory in spare:
            self._free.put(memory)

    def _whole(self, segment: Segment, buffer: memoryview) -> memoryview:
        """In few large steps: after each this thread has to wait for another one that computes."""
        try:
            with self._open(segment) as file:
                size = self._fill(file, buffer[: segment.size])
                longer = bool(file.read(1))
        except OSError as error:
            raise UnreadableMedia(f"Segment {segment.key} cannot be read: {error.strerror}.") from error
        if longer or size != segment.size or crc32(buffer[:size]) != segment.checksum:
            raise UnreadableMedia(f"Segment {segment.key} has changed since it was indexed.")
        return buffer[:size]

    def _fill(self, file: BinaryIO, buffer: memoryview) -> int:
        """How many bytes were there."""
        at = 0
        while at < len(buffer) and not self._ended:
            size = _read_into(file, buffer[at:])
            if not size:
                break
            at += size
        return at


def _read_into(file: BinaryIO, buffer: memoryview) -> int:
    if readinto := getattr(file, "readinto", None):
        return int(readinto(buffer))
    data = file.read(len(buffer))
    buffer[: len(data)] = data
    return len(data)
