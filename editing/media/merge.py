"""Pieces copied into one file: one reader per piece, one muxer, nothing decoded."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from editing.errors import UnreadableMedia
from editing.media import clock
from editing.media.audio_copy import CopiedAudio
from editing.media.muxer import Muxer
from editing.media.reader import OpenSegment, PacketReader
from editing.media.report import Course, CutReport, Stage
from editing.timeline.pieces import Piece
from editing.timeline.plan import CutPlan


def copy(plan: CutPlan, output: Path, *, open_segment: OpenSegment, course: Course, report: CutReport) -> None:
    """Copy every packet of the plan into `output`. Raises Cancelled, UnreadableMedia, NoSpace or MediaError."""
    _Merge(plan, output, open_segment, course, report).run()


class _Merge:
    def __init__(
        self, plan: CutPlan, output: Path, open_segment: OpenSegment, course: Course, report: CutReport
    ) -> None:
        self.plan, self.open_segment, self.course, self.report = plan, open_segment, course, report
        self.muxer = Muxer(output)
        self.delay = max(clock.delay(piece) for piece in plan.pieces)
        self.sound: CopiedAudio | None = None
        self.offset = 0

    def run(self) -> None:
        try:
            self._describe()
            for piece in self.plan.pieces:
                self._piece(piece)
                self.offset += piece.ticks
            with self.report.timed(Stage.WRITING):
                self.muxer.close()
        finally:
            self.muxer.close()

    def _describe(self) -> None:
        """Open the tracks like those of the first piece that has them."""
        target = self.plan.target
        with ExitStack() as templates:
            first = self.plan.pieces[0]
            reader = templates.enter_context(PacketReader(first.segments[:1], self.open_segment))
            self.muxer.add_video(reader.video, target.video)
            if target.audio:
                piece = next(piece for piece in self.plan.pieces if piece.segments[0].parameters.audio)
                sounding = templates.enter_context(PacketReader(piece.segments[:1], self.open_segment))
                self.muxer.add_copied_audio(sounding.audio, target.audio)
                self.sound = CopiedAudio(self.muxer, target.audio, self.report)
            self.muxer.start()

    def _piece(self, piece: Piece) -> None:
        with self.report.timed(Stage.READING), PacketReader(piece.files, self.open_segment, self._count) as reader:
            if self.sound:
                self.sound.begin(piece, self.offset)
            copied = self._packets(piece, reader)
            if self.sound:
                self.sound.end()
        if copied != piece.frames:
            raise UnreadableMedia(
                f"{piece.frames - copied} frames are missing from {piece.segments[0].key} and what follows; "
                "the files have changed since they were indexed."
            )
        self.report.frames_copied += copied

    def _packets(self, piece: Piece, reader: PacketReader) -> int:
        """Copies the packets; how many frames it found where the index says they are."""
        shift, copied = self.offset - piece.first_pts, 0
        expected, ranks = clock.wanted(piece), clock.shown(piece)
        for is_video, pts, packet in reader.packets():
            if not is_video:
                if self.sound:
                    self.sound.take(pts, packet)
            elif piece.first_pts <= pts < piece.end_pts and copied < piece.frames:
                if pts != next(expected, None):
                    return copied
                lasts = piece.end_pts - pts if pts == ranks[-1] else packet.duration or 0
                self.muxer.write_video(packet, pts + shift, ranks[copied] + shift - self.delay, lasts)
                self.course.step(Stage.READING, pts + shift)
                copied += 1
            if copied == piece.frames and (self.sound is None or self.sound.full):
                break
        return copied

    def _count(self, size: int) -> None:
        self.report.bytes_read += size
