"""Copying of plain recordings without libav: whole segments at once, from their packets straight into an MP4.

Where the samples are, a segment's layout says, which was made with its index; that of an older index is made now. What
is copied is what was laid out, for its CRC-32 is that of the index. Irregular is raised for what is not plain, and
libav copies instead.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from itertools import islice
from pathlib import Path
from queue import SimpleQueue

import numpy as np

from editing.media import clock, layout
from editing.media.audio_copy import CopiedAudio
from editing.media.laying_out import lay_out
from editing.media.layout import MARGIN, Bytes, Irregular, Layout, require
from editing.media.mp4_writer import Mp4Writer
from editing.media.reader import OpenSegment
from editing.media.report import Course, Stage
from editing.media.segments_ahead import Memories, SegmentsAhead
from editing.media.switching import switching
from editing.media.transport_rows import payloads
from editing.media.units import HEVC_BLA_WITHOUT_LEADING, HEVC_CRA
from editing.timeline.coverage import Segment
from editing.timeline.frames import layout_of, unpack
from editing.timeline.pieces import Action, Piece
from editing.timeline.plan import CutPlan

_LARGEST = 1 << 26
"""Bytes of a segment: four of them may be in memory at once, one as it is read."""
_AT_ONCE = 3
_ROOM = 16
"""One part of so many is there for prefixes beside what a segment's packets carry."""


def may_be_plain(plan: CutPlan, output: Path) -> bool:
    """Whether it is worth a try: nothing that is known before reading speaks against it."""
    copied = [piece for piece in plan.pieces if piece.action is Action.COPY]
    target = plan.target
    silent_or_aac = target.audio is None or (target.audio_copied and target.audio.codec == "aac")
    in_band = target.video.codec == "hevc" and len(copied) < len(plan.pieces)
    return (
        output.suffix.lower() == ".mp4"
        and bool(copied)
        and silent_or_aac
        and not in_band
        and all(
            segment.size <= _LARGEST and layout_of(segment.packed) != b"" for piece in copied for segment in piece.files
        )
    )


class PlainCopier:
    """Copies the pieces of one plan, in order, into one file, and reads ahead from entering to leaving."""

    def __init__(
        self, plan: CutPlan, writer: Mp4Writer, open_segment: OpenSegment, count: Callable[[int], None], course: Course
    ) -> None:
        self._writer, self._count, self._course = writer, count, course
        self._codec, self._usual = plan.target.video.codec, plan.target.frame_ticks
        files = [file for piece in plan.pieces if piece.action is Action.COPY for file in piece.files]
        largest = max(segment.size for segment in files)
        self._free: Memories = SimpleQueue()
        for _ in range(_AT_ONCE):
            self._free.put(np.empty(largest + largest // _ROOM + MARGIN, np.uint8))
        self._ahead = SegmentsAhead(files, open_segment, self._free, laid_out)
        self._offset = 0
        self._segments: Generator[tuple[Segment, Layout, Bytes], None, None] = self._ahead.segments(
            lambda: course.step(Stage.READING, self._offset)
        )

    def __enter__(self) -> PlainCopier:
        self._ahead.__enter__()
        switching.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        switching.__exit__()
        self._ahead.__exit__()
        self._segments.close()  # it holds what holds it, and hours of tables with it

    def copy(self, piece: Piece, sound: CopiedAudio | None, offset: int, delay: int) -> int:
        """How many frames were copied; `offset` is where the output shows the first one.

        Raises Irregular, UnreadableMedia, NoSpace, MediaError or Cancelled.
        """
        wanted, self._offset = _Wanted(piece, offset, delay, self._usual), offset
        files = islice(self._segments, len(piece.files))
        for number, (segment, found, memory) in enumerate(files, -len(piece.lead)):
            try:
                self._course.step(Stage.READING, offset + max(segment.first_pts - piece.first_pts, 0))
                self._count(segment.size)
                if 0 <= number < len(piece.segments):
                    wanted.write(self._writer, found, memory, number, breaks=self._codec == "hevc")
                if sound:
                    sound.take_all(segment.first_pts + found.heard, found.ranks, found.sound, memory.data)
            finally:
                self._writer.hand_over(then=partial(self._free.put, memory))
        return wanted.copied


def laid_out(segment: Segment, data: memoryview, memory: Bytes) -> Layout:
    """The layout of a segment, and in `memory` what its packets carry, with all prefixes. Raises Irregular."""
    end, packed = payloads(data, memory), layout_of(segment.packed)
    if packed is None:
        video = unpack(segment.packed).video
        require(video)
        assert video
        found = lay_out(data, memory, video)
    else:
        found = layout.unpack(packed)
    require(found.rows == end and found.size <= len(memory))
    found.prefix(memory)
    return found


class _Wanted:
    """The frames of a piece as the index has them, with their times in the output, and how many are copied."""

    def __init__(self, piece: Piece, offset: int, delay: int, usual: int) -> None:
        frames = clock.frames_of(piece)
        self.copied, self._end, self._usual, self._offset = 0, piece.end_pts, usual, offset
        self._pts, self._spans, self._entries = np.frombuffer(frames.pts, np.int64), frames.spans, frames.entries
        self._shift = offset - piece.first_pts
        self._dts = np.frombuffer(frames.shown, np.int64) + (self._shift - delay)
        self._last = int(self._pts.max())

    def write(self, writer: Mp4Writer, found: Layout, memory: Bytes, number: int, *, breaks: bool) -> None:
        """Those that segment `number` holds. With `breaks` none refers to what is before a splice.

        Raises Irregular.
        """
        span = self._spans[number]
        if span is None:
            raise Irregular("frames in between are not wanted")
        first, end, promised = span
        require(promised == len(found.pictures))
        if first == end:
            return
        if breaks and self.copied == 0 and self._offset > 0:
            _break_link(found, memory, first)
        own = slice(self.copied, self.copied + end - first)
        pts, samples = self._pts[own], found.pictures.part(first, end)
        lasts = self._end - self._last if pts[-1] == self._last else self._usual
        entries = bytes(self._entries[own])
        writer.write_pictures(
            samples.pieces(memory.data), samples, pts + self._shift, self._dts[own], entries, lasts=lasts
        )
        self.copied = own.stop


def _break_link(found: Layout, memory: Bytes, picture: int) -> None:
    """Make a picture of HEVC one that begins anew wherever it stands: a CRA picture becomes a BLA picture."""
    units = found.units(picture)
    units = units[memory[units] >> 1 & 0x3F == HEVC_CRA]
    memory[units] = memory[units] & 0x81 | HEVC_BLA_WITHOUT_LEADING << 1
