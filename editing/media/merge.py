"""Pieces copied into one file: one reader per piece, one muxer, nothing decoded.

Most recorders put one frame into one PES packet. Then libav need not look for frames in the bytes: the index knows
their sizes, and says at once where a recorder does otherwise. Such recordings are read again, with libav's parsers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from editing.errors import UnreadableMedia
from editing.media import clock
from editing.media.audio_copy import CopiedAudio, NotFramewise
from editing.media.muxer import Muxer
from editing.media.reader import OpenSegment, PacketReader
from editing.media.report import Course, CutReport, Stage
from editing.timeline.pieces import Piece
from editing.timeline.plan import CutPlan

_INDEX_PER_FRAME = 48
_INDEX_PER_PACKET = 32
_INDEX_HEAD = 1 << 16
_FEWEST_SAMPLES = 960
_MOST_OF_ALL = 100
"""Room for the index in front of the media is kept where it is at most this part of the whole."""


def copy(plan: CutPlan, output: Path, *, open_segment: OpenSegment, course: Course, report: CutReport) -> None:
    """Copy every packet of the plan into `output`. Raises Cancelled, UnreadableMedia, NoSpace or MediaError."""
    framewise = plan.target.audio is None or plan.target.audio.codec == "aac"
    try:
        _Merge(plan, output, open_segment, course, report, parsed=not framewise).run()
    except NotFramewise:
        report.restart()
        _Merge(plan, output, open_segment, course, report, parsed=True).run()


class _Merge:
    def __init__(
        self,
        plan: CutPlan,
        output: Path,
        open_segment: OpenSegment,
        course: Course,
        report: CutReport,
        *,
        parsed: bool,
    ) -> None:
        self.plan, self.open_segment, self.course, self.report = plan, open_segment, course, report
        self.parsed = parsed
        self.muxer = Muxer(output, index=room_for_index(plan))
        self.sound: CopiedAudio | None = None
        self.delay = max(clock.delay(piece) for piece in plan.pieces)
        self.offset = 0

    def run(self) -> None:
        try:
            for piece in self.plan.pieces:
                self._piece(piece)
                self.offset += piece.ticks
            with self.report.timed(Stage.WRITING):
                self.muxer.close()
        finally:
            self.muxer.close()

    def _piece(self, piece: Piece) -> None:
        with self.report.timed(Stage.READING), self._reader(piece) as reader:
            if self.muxer.video is None:
                self._describe(reader)
            if self.sound:
                self.sound.begin(piece, self.offset)
            copied = self._packets(piece, reader)
            if self.sound:
                self.sound.end()
        if copied != piece.frames:
            raise UnreadableMedia(
                f"{piece.frames - copied} frames of {piece.segments[0].key} and what follows are not where the index "
                "has them."
            )
        self.report.frames_copied += copied

    def _reader(self, piece: Piece) -> PacketReader:
        return PacketReader(piece.files, self.open_segment, self._count, parsed=self.parsed)

    def _describe(self, reader: PacketReader) -> None:
        """Open the tracks like those of the first piece that has them."""
        target = self.plan.target
        self.muxer.add_video(reader.video, target.video)
        if target.audio:
            sounding = next(piece for piece in self.plan.pieces if piece.segments[0].parameters.audio)
            with PacketReader(sounding.segments[:1], self.open_segment) as other:
                self.muxer.add_copied_audio(other.audio, target.audio)
            self.sound = CopiedAudio(self.muxer, target.audio, sounding, self.report, parsed=self.parsed)
        self.muxer.start()

    def _packets(self, piece: Piece, reader: PacketReader) -> int:
        """Copies the packets; how many frames it found where the index says they are."""
        frames, sound, write = clock.frames_of(piece), self.sound, self.muxer.write_video
        first, end, count = piece.first_pts, piece.end_pts, len(frames)
        shift, behind, last, copied = self.offset - first, self.offset - first - self.delay, max(frames.shown), 0
        for is_video, pts, packet in reader.packets(audio=sound is not None):
            if not is_video:
                if sound:
                    sound.take(pts, packet)
            elif copied < count and first <= pts < end:
                if not self._is_promised(frames, copied, pts, packet):
                    return copied
                packet.is_keyframe = bool(frames.entries[copied])
                lasts = end - pts if pts == last else packet.duration or 0
                write(packet, pts + shift, frames.shown[copied] + behind, lasts)
                self.course.step(Stage.READING, pts + shift)
                copied += 1
            if copied == count and (sound is None or sound.full):
                break
        return copied

    def _is_promised(self, frames: clock.Frames, number: int, pts: int, packet: Any) -> bool:
        """Whether a packet is the frame that the index has at this place."""
        if pts == frames.pts[number] and packet.size == frames.sizes[number]:
            return True
        if not self.parsed:
            raise NotFramewise
        return False

    def _count(self, size: int) -> None:
        self.report.bytes_read += size


def room_for_index(plan: CutPlan) -> int:
    """The most that the index of an MP4 of this plan can take; 0 where that would be much of the whole file.

    Per frame: its size, its place, its two times and whether it is an entry; a chunk may hold no more than one.
    """
    packets = plan.ticks * plan.target.audio.sample_rate // (90_000 * _FEWEST_SAMPLES) if plan.target.audio else 0
    most = _INDEX_HEAD + _INDEX_PER_FRAME * plan.frames + _INDEX_PER_PACKET * packets
    return most if most * _MOST_OF_ALL <= plan.size else 0
