"""Pieces that are encoded inside a copied output, most of them the cut GOPs at the edges of clips.

Each has a thread of its own that reads, decodes and encodes; two run at once, ahead of whoever writes the file.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any

import av
from av.error import FFmpegError

from editing.errors import EditingError, UnreadableMedia
from editing.media import clock
from editing.media.matching import Effort, MatchingEncoder
from editing.media.muxer import TICK
from editing.media.pictures import Fitter, black
from editing.media.reader import OpenSegment, PacketReader
from editing.timeline.damage import damage_in
from editing.timeline.frames import FrameKind
from editing.timeline.instant import format_instant
from editing.timeline.pieces import Action, Piece
from editing.timeline.target import Target

SIDE_BY_SIDE = max(os.cpu_count() or 1, 2)
_MOST_WAITING = 400
"""Packets that wait for the writer: a few seconds."""
_PATIENCE = 0.1
_CHECKED = 6
"""A key frame so many frames before the end of a piece: who checks the seam behind it need not decode the rest."""


class Edges:
    """All encoded pieces of a plan, encoded in their order, a few at a time."""

    def __init__(
        self,
        pieces: Sequence[Piece],
        target: Target,
        effort: Effort,
        open_segment: OpenSegment,
        count: Callable[[int], None],
        warn: Callable[[str], None],
    ) -> None:
        """`warn` is told, from any thread, what decoders complain of."""
        encoded = [piece for piece in pieces if piece.action is not Action.COPY]
        self._waiting = [_Edge(piece, target, effort, open_segment, count, warn) for piece in encoded]
        self._running: list[_Edge] = []

    def __enter__(self) -> Edges:
        self._start()
        return self

    def __exit__(self, *_: Any) -> None:
        for edge in self._running:
            edge.stop()

    def packets(self, waits: Callable[[], None]) -> Iterator[tuple[bool, int, Any]]:
        """Those of the next piece: (is video, pts, packet); the pictures' pts say nothing. `waits` is called meanwhile.

        Raises what went wrong in its thread.
        """
        yield from self._running[0].packets(waits)
        self._running.pop(0)
        self._start()

    def _start(self) -> None:
        while self._waiting and len(self._running) < SIDE_BY_SIDE:
            edge = self._waiting.pop(0)
            self._running.append(edge)
            edge.start()


class _Stopped(Exception):
    pass


class _Edge(Thread):
    def __init__(
        self,
        piece: Piece,
        target: Target,
        effort: Effort,
        open_segment: OpenSegment,
        count: Callable[[int], None],
        warn: Callable[[str], None],
    ) -> None:
        super().__init__(name="edge", daemon=True)
        self._piece, self._target, self._effort = piece, target, effort
        self._open_segment, self._count, self._warn = open_segment, count, warn
        self._made_up = self._flawed = 0
        self._spoilt = bool(damage_in(piece))
        self._source = (piece.parameters and piece.parameters.video) or target.video
        self._queue: Queue[tuple[bool, int, Any] | None] = Queue(_MOST_WAITING)
        self._ended = Event()
        self._error: Exception | None = None

    def stop(self) -> None:
        self._ended.set()
        self.join()

    def packets(self, waits: Callable[[], None]) -> Iterator[tuple[bool, int, Any]]:
        while True:
            waits()
            try:
                item = self._queue.get(timeout=_PATIENCE)
            except Empty:
                continue
            if item is None:
                break
            yield item
        if self._error:
            raise self._error

    def run(self) -> None:
        try:
            self._encode()
        except _Stopped:
            return
        except EditingError as error:
            self._error = error
        except FFmpegError as error:
            key = self._piece.segments[0].key if self._piece.segments else "black"
            self._error = UnreadableMedia(f"The pictures of {key} cannot be encoded: {error.strerror}.")
        except Exception as error:  # whoever waits for packets must hear of it, whatever it is
            self._error = error
        self._put(None)

    def _put(self, item: tuple[bool, int, Any] | None) -> None:
        while not self._ended.is_set():
            try:
                self._queue.put(item, timeout=_PATIENCE)
            except Full:
                continue
            return
        if item is not None:
            raise _Stopped

    def _encode(self) -> None:
        encoder, last = MatchingEncoder(self._target, self._effort), self._piece.frames - _CHECKED
        for number, frame in enumerate(self._frames()):
            frame.pts, frame.time_base = number * self._target.frame_ticks, TICK
            self._send(encoder.encode(frame, anew=number == last))
        self._send(encoder.encode(None))
        self._complain(self._made_up, "of them could not be decoded; the picture before stands in for each")
        self._complain(self._flawed, "of them, or that they refer to, were found damaged when they were decoded")

    def _complain(self, pictures: int, what: str) -> None:
        if pictures:
            start = format_instant(self._piece.start)
            self._warn(f"{self._piece.frames} pictures are encoded from {start} on; {pictures} {what}.")

    def _send(self, packets: Iterator[Any]) -> None:
        for packet in packets:
            self._put((True, packet.pts, packet))

    def _frames(self) -> Iterator[Any]:
        if self._piece.action is Action.SLATE:
            for _ in range(self._piece.frames):
                yield black(self._target.video)
            return
        fitter = Fitter(self._target.video, self._source)
        waiting = deque(clock.frames_of(self._piece).shown)
        last: Any = None
        for frame in self._decoded():
            self._flawed += frame.is_corrupt
            while waiting and frame.pts is not None and waiting[0] <= frame.pts:
                lost = waiting.popleft() < frame.pts
                if lost:
                    self._check_lost(1)
                last = frame if last is None or not lost else last
                yield fitter.fit(last)
        if waiting:
            self._check_lost(len(waiting), shown=last is not None)
            for _ in waiting:
                yield fitter.fit(last)

    def _check_lost(self, number: int, *, shown: bool = True) -> None:
        """A picture that cannot be decoded is made up for by the one before, where the plan says that it is damaged."""
        if not (self._spoilt and shown):
            raise UnreadableMedia(f"{number} frames of {self._piece.segments[0].key} cannot be decoded.")
        self._made_up += number

    def _decoded(self) -> Iterator[Any]:
        """The pictures from the entry on, until all that are wanted are there; sound goes on its way meanwhile."""
        piece = self._piece
        wanted, entry = frozenset(clock.frames_of(piece).pts), clock.entry(piece)
        waiting = set(wanted)
        entered, first, sound = entry is None, entry[0] if entry else 0, self._target.audio is not None
        with PacketReader(piece.files, self._open_segment, self._count) as reader:
            decoder = self._decoder(closed=entry is not None and entry[1] is FrameKind.IDR)
            for is_video, pts, packet in reader.packets(audio=sound):
                if self._ended.is_set():
                    raise _Stopped
                if not is_video:
                    self._put((False, pts, packet))
                elif waiting and (entered := entered or pts == first):
                    waiting.discard(pts)
                    packet.pts, packet.dts, packet.time_base = pts, None, TICK
                    packet.is_corrupt = False  # libav thinks so where files meet
                    decoder.skip_frame = "DEFAULT" if pts in wanted else "NONREF"
                    yield from self._pictures(decoder, packet)
                    if not waiting:
                        yield from decoder.decode(None)
                if not waiting and (not sound or (not is_video and pts > piece.end_pts)):
                    return
        if waiting:
            yield from decoder.decode(None)

    def _pictures(self, decoder: Any, packet: Any) -> list[Any]:
        try:
            found: list[Any] = decoder.decode(packet)
        except FFmpegError:
            if not self._spoilt:
                raise
            return []
        return found

    def _decoder(self, *, closed: bool) -> Any:
        """Where decoding begins in the middle of things, one thread does it: several might show other pictures."""
        decoder: Any = av.CodecContext.create(self._source.codec, "r")
        decoder.extradata = bytes.fromhex(self._source.extradata) or None
        decoder.thread_type, decoder.thread_count = "FRAME", SIDE_BY_SIDE if closed else 1
        return decoder
