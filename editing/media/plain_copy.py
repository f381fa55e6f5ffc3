"""Copying of plain recordings without libav: whole segments at once, from their packets straight into an MP4.

Plain is MPEG-TS with one programme of H.264 or HEVC, one picture to a PES packet, and ADTS AAC or no sound. Everything
that is read must prove to be so, and to be what the index says: else Irregular is raised, and libav copies instead.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from queue import SimpleQueue

import numpy as np

from editing.media import clock
from editing.media.adts import SoundFrames
from editing.media.audio_copy import CopiedAudio
from editing.media.mp4_writer import Mp4Writer
from editing.media.packetized import Bytes, Integers, Irregular
from editing.media.plain_segment import PlainSegment, memory_for, take_apart
from editing.media.reader import OpenSegment
from editing.media.report import Course, Stage
from editing.media.segments_ahead import SegmentsAhead
from editing.media.start_codes import Pictures
from editing.timeline.pieces import Action, Piece
from editing.timeline.plan import CutPlan
from editing.timeline.ticks import TICKS_PER_SECOND

_LARGEST = 1 << 26
"""Bytes of a segment: five of them may be in memory at once."""
_READ_AHEAD, _WRITTEN_BEHIND = 2, 3
_CHUNK = TICKS_PER_SECOND
"""Pictures of about so long follow each other in the file; then comes their sound."""


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
        and all(segment.size <= _LARGEST for piece in copied for segment in piece.files)
    )


class PlainCopier:
    """Copies the pieces of one plan into one file. `offset` of each is where the output shows its first frame."""

    def __init__(
        self, plan: CutPlan, writer: Mp4Writer, open_segment: OpenSegment, count: Callable[[int], None], course: Course
    ) -> None:
        self._writer, self._open, self._count, self._course = writer, open_segment, count, course
        self._codec, self._usual = plan.target.video.codec, plan.target.frame_ticks
        pieces = [piece for piece in plan.pieces if piece.action is Action.COPY]
        largest = max(segment.size for piece in pieces for segment in piece.files)
        self._free: SimpleQueue[Bytes] = SimpleQueue()
        self._read = [memoryview(bytearray(largest)) for _ in range(_READ_AHEAD)]
        for _ in range(_WRITTEN_BEHIND):
            self._free.put(memory_for(largest))

    def copy(self, piece: Piece, sound: CopiedAudio | None, offset: int, delay: int) -> int:
        """How many frames were copied. Raises Irregular, UnreadableMedia, NoSpace, MediaError or Cancelled."""
        wanted = _Wanted(piece, offset, delay, self._usual)
        holding = set(piece.segments)
        with SegmentsAhead(piece.files, self._open, self._read) as ahead:
            for segment, data in ahead.segments(lambda: self._course.step(Stage.READING, offset)):
                self._course.step(Stage.READING, offset + max(segment.first_pts - piece.first_pts, 0))
                self._count(segment.size)
                memory = self._free.get()
                try:
                    plain = take_apart(segment, data, memory, sound=sound is not None)
                    self._write(plain, wanted if segment in holding else None, sound)
                finally:
                    self._writer.hand_over(then=partial(self._free.put, memory))
                if wanted.complete and (sound is None or sound.full):
                    break
        return wanted.copied

    def _write(self, plain: PlainSegment, wanted: _Wanted | None, sound: CopiedAudio | None) -> None:
        heard = _Heard(sound, plain.sound, plain.heard) if sound and plain.sound else None
        if wanted:
            for begin, stop, last in self._chunks(plain, wanted):
                wanted.write(self._writer, plain.pictures, begin, stop)
                if heard and not last:
                    heard.until(int(plain.shown[stop]))
        if heard:
            heard.rest()

    def _chunks(self, plain: PlainSegment, wanted: _Wanted) -> list[tuple[int, int, bool]]:
        """Stretches of the wanted pictures, each of about _CHUNK ticks, and whether it is the last one."""
        if plain.codec != self._codec:
            raise Irregular("codec")
        first, end = wanted.check(plain.shown, plain.sizes)
        if first == end:
            return []
        if self._codec == "hevc" and wanted.spliced:
            plain.break_link(first)
        times = plain.shown[first:end]
        number = min(int(times.max() - times.min()) // _CHUNK + 1, end - first)
        bounds = np.linspace(first, end, number + 1).astype(int).tolist()
        return [(begin, stop, stop == end) for begin, stop in pairwise(bounds)]


class _Wanted:
    """The frames of a piece as the index has them, with their times in the output, and how many are copied."""

    def __init__(self, piece: Piece, offset: int, delay: int, usual: int) -> None:
        frames = clock.frames_of(piece)
        self.copied, self._first, self._end, self._usual = 0, piece.first_pts, piece.end_pts, usual
        self._pts, self._sizes = np.frombuffer(frames.pts, np.int64), np.frombuffer(frames.sizes, np.uint32)
        self._entries, self._shift = bytes(frames.entries), offset - piece.first_pts
        self._dts = np.frombuffer(frames.shown, np.int64) + (self._shift - delay)
        self._last = int(self._pts.max())
        self._offset = offset

    @property
    def complete(self) -> bool:
        return self.copied == len(self._pts)

    @property
    def spliced(self) -> bool:
        """Whether what comes next follows something else in the output."""
        return self.copied == 0 and self._offset > 0

    def check(self, times: Integers, sizes: Integers) -> tuple[int, int]:
        """Which of a segment's pictures are wanted, first ≤ n < end; they must be those that come next.

        Raises Irregular.
        """
        inside = np.flatnonzero((self._first <= times) & (times < self._end))
        if not len(inside):
            return 0, 0
        first, end = int(inside[0]), int(inside[-1]) + 1
        promised = slice(self.copied, self.copied + len(inside))
        if (
            end - first != len(inside)
            or not np.array_equal(times[first:end], self._pts[promised])
            or not np.array_equal(sizes[first:end], self._sizes[promised])
        ):
            raise Irregular("the index has other frames")
        return first, end

    def write(self, writer: Mp4Writer, pictures: Pictures, begin: int, stop: int) -> None:
        own = slice(self.copied, self.copied + stop - begin)
        pts = self._pts[own]
        lasts = self._end - self._last if pts[-1] == self._last else self._usual
        pieces, sizes = list(pictures.pieces(begin, stop)), pictures.sizes[begin:stop]
        writer.write_pictures(pieces, pts + self._shift, self._dts[own], sizes, self._entries[own], lasts=lasts)
        self.copied = own.stop


class _Heard:
    """The sound of a segment, handed on little by little."""

    def __init__(self, sound: CopiedAudio, frames: SoundFrames, times: Integers) -> None:
        self._sound, self._frames, self._times, self._taken = sound, frames, times, 0

    def until(self, time: int) -> None:
        """Hand on what comes before a time, in ticks."""
        self._take(int(np.searchsorted(self._times, time)))

    def rest(self) -> None:
        self._take(len(self._frames))

    def _take(self, end: int) -> None:
        if end > self._taken:
            self._sound.take_all(self._times, self._frames, self._taken, end)
            self._taken = end
