"""Whole segments, read and checked by a thread while the one before is worked on."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import BinaryIO

from editing.errors import EditingError, UnreadableMedia
from editing.media.reader import OpenSegment
from editing.timeline.coverage import Segment

_PATIENCE = 0.1
Buffers = SimpleQueue[memoryview | None]


class SegmentsAhead:
    """Gives segments one after the other, each in memory that it may keep until the next one is asked for.

    `buffers` holds the memory, each large enough for any segment; all of it is there again after leaving.
    """

    def __init__(self, segments: Sequence[Segment], open_segment: OpenSegment, buffers: Sequence[memoryview]) -> None:
        self._segments, self._open = segments, open_segment
        self._free: Buffers = SimpleQueue()
        for buffer in buffers:
            self._free.put(buffer)
        self._read: SimpleQueue[tuple[Segment, memoryview, memoryview] | EditingError] = SimpleQueue()
        self._thread = Thread(target=self._run, name="segments ahead", daemon=True)
        self._ended = False

    def __enter__(self) -> SegmentsAhead:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._free.put(None)
        self._thread.join()

    def segments(self, waits: Callable[[], None]) -> Iterator[tuple[Segment, memoryview]]:
        """Each segment with its bytes; `waits` is called every now and then until the next one is there.

        Raises UnreadableMedia for a segment that cannot be read or is not the one that was indexed.
        """
        for _ in self._segments:
            item = self._next(waits)
            if isinstance(item, EditingError):
                raise item
            segment, data, buffer = item
            yield segment, data
            self._free.put(buffer)

    def _next(self, waits: Callable[[], None]) -> tuple[Segment, memoryview, memoryview] | EditingError:
        while True:
            try:
                return self._read.get(timeout=_PATIENCE)
            except Empty:
                waits()

    def _run(self) -> None:
        for segment in self._segments:
            buffer = self._free.get()
            if buffer is None or self._ended:
                return
            try:
                self._read.put((segment, self._whole(segment, buffer), buffer))
            except EditingError as error:
                self._read.put(error)
                return

    def _whole(self, segment: Segment, buffer: memoryview) -> memoryview:
        try:
            with self._open(segment) as file:
                size, checksum = self._fill(file, buffer[: segment.size])
                longer = bool(file.read(1))
        except OSError as error:
            raise UnreadableMedia(f"Segment {segment.key} cannot be read: {error.strerror}.") from error
        if longer or size != segment.size or checksum != segment.checksum:
            raise UnreadableMedia(f"Segment {segment.key} has changed since it was indexed.")
        return buffer[:size]

    def _fill(self, file: BinaryIO, buffer: memoryview) -> tuple[int, int]:
        """How many bytes were there, and their checksum.

        Few large steps: with each a thread that computes has to let this one in.
        """
        at = checksum = 0
        while at < len(buffer) and not self._ended:
            size = _read_into(file, buffer[at:])
            if not size:
                break
            checksum = zlib.crc32(buffer[at : at + size], checksum)
            at += size
        return at, checksum


def _read_into(file: BinaryIO, buffer: memoryview) -> int:
    if readinto := getattr(file, "readinto", None):
        return int(readinto(buffer))
    data = file.read(len(buffer))
    buffer[: len(data)] = data
    return len(data)
