"""Packets on their way into ffmpeg, on a clock that is made up so that they come back recognisable.

The clock is four times as fine as ours, and on it the packets of a piece never meet those of another; the last two bits
of a packet's time say whether its frame is wanted. So one decoder serves any number of pieces, and a filter drops what
was only there to be referred to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from queue import SimpleQueue
from threading import Thread
from typing import Any

import av
from av.error import FFmpegError

from editing.errors import EditingError
from editing.media import clock
from editing.media.ffmpeg import Ffmpeg
from editing.media.muxer import TICK, described
from editing.media.reader import OpenSegment, PacketReader
from editing.media.report import CutReport
from editing.timeline.pieces import Piece
from editing.timeline.ticks import TICKS_PER_SECOND, unwrap

FINER = 4
"""How much finer than ours the feeding clock is; its last bits carry the mark of a wanted frame."""
PAUSE = 10 * TICKS_PER_SECOND
"""Between pieces on the feeding clock, so that reordered packets of two pieces never meet."""
LONGEST = TICKS_PER_SECOND
"""A longer distance between two frames, like that between pieces, counts as one frame in the encoder's rate control."""


class Feeder(Thread):
    """Reads the pieces, feeds their pictures to ffmpeg and keeps their sound for whoever writes the file.

    The sound comes out of the queue `audio`: (piece, offset) once per piece, then (pts, packet)s. What went wrong while
    reading is in `error`.
    """

    def __init__(
        self,
        pieces: Sequence[Piece],
        offset: int,
        child: Ffmpeg,
        open_segment: OpenSegment,
        report: CutReport,
        *,
        sound: bool,
    ) -> None:
        super().__init__(name="feeder", daemon=True)
        self.pieces, self.offset, self.child = pieces, offset, child
        self.open_segment, self.report = open_segment, report
        self.sound = sound
        self.audio: SimpleQueue[Any] = SimpleQueue()
        self.error: Exception | None = None
        self.bases = list(_bases(pieces))
        self._nut: Any = None

    def run(self) -> None:
        try:
            for piece, base in zip(self.pieces, self.bases, strict=True):
                self._feed(piece, base)
        except EditingError as error:
            self.error = error
        except (FFmpegError, OSError):
            return  # ffmpeg has gone; its own words say why
        except Exception as error:  # whoever waits for packets must hear of it, whatever it is
            self.error = error
        finally:
            self._close()

    def _close(self) -> None:
        try:
            if self._nut:
                self._nut.close()
            self.child.stdin.close()
        except (FFmpegError, OSError):
            return

    def _feed(self, piece: Piece, base: int) -> None:
        open_pictures, entry = set(clock.frames_of(piece).pts), clock.entry(piece)
        entered, first = entry is None, entry[0] if entry else 0
        with PacketReader(piece.files, self.open_segment, self._count) as reader:
            if self._nut is None:
                self._nut = _nut(self.child, reader.video, piece)
            if self.sound:
                self.audio.put((piece, self.offset))
            for is_video, pts, packet in reader.packets(audio=self.sound):
                if not is_video:
                    self.audio.put((pts, packet))
                elif open_pictures and (entered := entered or pts == first):
                    wanted = pts in open_pictures
                    open_pictures.discard(pts)
                    self._picture(packet, pts - piece.first_pts + base, wanted=wanted)
                if not open_pictures and (not self.sound or (not is_video and pts > piece.end_pts)):
                    break
        self.offset += piece.ticks

    def _picture(self, packet: Any, time: int, *, wanted: bool) -> None:
        behind = unwrap(packet.pts - packet.dts, 0) if packet.dts is not None and packet.pts is not None else 0
        packet.pts = time * FINER + wanted
        packet.dts = (time - max(behind, 0)) * FINER
        packet.time_base = TICK / FINER
        packet.stream = self._nut.streams[0]
        self._nut.mux_one(packet)

    def _count(self, size: int) -> None:
        self.report.bytes_read += size


def _bases(pieces: Iterable[Piece]) -> Iterator[int]:
    """Where each piece's first wanted frame lies on the feeding clock."""
    cursor = PAUSE
    for piece in pieces:
        cursor += piece.first_pts - piece.files[0].first_pts
        yield cursor
        cursor += piece.files[-1].end_pts - piece.first_pts + PAUSE


def encoder_clock(pieces: Sequence[Piece], usual: int) -> Iterator[int]:
    """When each wanted frame leaves the encoder, in the order of the screen: the same arithmetic as the filter's."""
    before: int | None = None
    out = PAUSE  # far enough from zero that no decoding time is negative
    for piece, base in zip(pieces, _bases(pieces), strict=True):
        for pts in clock.frames_of(piece).shown:
            time = pts - piece.first_pts + base
            distance = time - before if before is not None else 0
            out += usual if distance > LONGEST else distance
            before = time
            yield out


def _nut(child: Ffmpeg, template: Any, piece: Piece) -> Any:
    container: Any = av.open(_Writable(child), "w", format="nut")
    parameters = piece.segments[0].parameters.video
    stream = container.add_stream_from_template(template)
    if parameters:
        described(stream, parameters)
    stream.time_base = TICK / FINER
    container.start_encoding()
    return container


class _Writable:
    """A child's stdin as libav wants it: no seeking."""

    def __init__(self, child: Ffmpeg) -> None:
        self._pipe = child.stdin

    def write(self, data: bytes) -> int:
        return self._pipe.write(data)
