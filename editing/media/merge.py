"""Pieces copied into one file, and between them those that must be encoded: one muxer, times from the plan.

Most recorders put one frame into one PES packet. Then libav need not look for frames in the bytes: the index knows
their sizes, and says at once where a recorder does otherwise. Such recordings are read again, with libav's parsers.
"""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from av import Packet

from editing.errors import UnreadableMedia
from editing.media import clock
from editing.media.audio_copy import CopiedAudio, NotFramewise
from editing.media.audio_encode import EncodedAudio
from editing.media.edges import Edges
from editing.media.layout import Irregular
from editing.media.matching import Effort, MatchingEncoder, effort, settings
from editing.media.mp4_writer import Mp4Writer
from editing.media.muxer import Muxer
from editing.media.parameter_sets import brings_sets, with_sets
from editing.media.plain_copy import PlainCopier, may_be_plain
from editing.media.reader import OpenSegment, PacketReader
from editing.media.report import Course, CutReport, Stage
from editing.media.room import likely_index, room_for_index
from editing.media.sequence_sets import without_fixed_rate
from editing.media.units import as_broken_link
from editing.timeline.coverage import follows
from editing.timeline.pieces import Action, Piece
from editing.timeline.plan import CutPlan
from editing.timeline.rates import is_steady


def copy(plan: CutPlan, output: Path, *, open_segment: OpenSegment, course: Course, report: CutReport) -> None:
    """Copy the packets of the plan into `output`, and encode the pieces that it says must be.

    Raises Cancelled, UnreadableMedia, UnsupportedMedia, NoSpace or MediaError.
    """
    audio = plan.target.audio
    framewise = audio is None or (audio.codec == "aac" and plan.target.audio_copied)
    merge = partial(_Merge, plan, output, open_segment, course, report)
    if may_be_plain(plan, output):
        try:
            return merge(parsed=False, plain=True).run()
        except Irregular:
            report.restart()
    try:
        merge(parsed=not framewise).run()
    except NotFramewise:
        report.restart()
        merge(parsed=True).run()


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
        plain: bool = False,
    ) -> None:
        self.plan, self.open_segment, self.course, self.report = plan, open_segment, course, report
        self.parsed = parsed
        self.plain: PlainCopier | None = None
        self.muxer: Muxer | Mp4Writer = Muxer(output, index=room_for_index(plan)) if not plain else self._plain(output)
        self.sound: CopiedAudio | EncodedAudio | None = None
        self.delay = 0
        self.offset = 0
        self.counting = Lock()
        self.codec = plan.target.video.codec
        self.sets = bytes.fromhex(plan.target.video.extradata)
        self.encodes = any(piece.action is not Action.COPY for piece in plan.pieces)
        self.effort = effort(max((piece.frames for piece in plan.pieces if piece.action is not Action.COPY), default=0))
        self.own_sets = _own_sets(plan, self.effort) if self.encodes else b""
        self.in_band = self.muxer.kind.in_band or (self.encodes and self.codec == "hevc")
        self.marks_entries = self.in_band or self.codec == "hevc"
        if self.encodes:
            report.encoder = settings(plan.target, self.effort)

    def _plain(self, output: Path) -> Mp4Writer:
        writer = Mp4Writer(output, room=likely_index(self.plan))
        self.plain = PlainCopier(self.plan, writer, self.open_segment, self._count, self.course)
        return writer

    def run(self) -> None:
        pieces = self.plan.pieces
        try:
            with (
                self.plain or nullcontext(),
                Edges(
                    pieces, self.plan.target, self.effort, self.open_segment, self._count, self.report.warnings.append
                ) as edges,
            ):
                self._describe()
                self.delay = max((clock.delay(each) for each in pieces if each.action is Action.COPY), default=0)
                for before, piece in zip((None, *pieces), pieces, strict=False):
                    if piece.action is Action.COPY:
                        self._copy(piece, continues=_continues(before, piece))
                    else:
                        self._encode(piece, edges, continues=_continues(before, piece))
                    self.offset += piece.ticks
                if self.sound:
                    self.sound.flush()
            with self.report.timed(Stage.WRITING):
                self.course.tell(Stage.WRITING, self.plan.ticks)
                self.muxer.finish(partial(self.course.step, Stage.WRITING, self.plan.ticks))
        finally:
            self.muxer.close()
            self.plain = None  # it holds this merge, which holds it

    def _copy(self, piece: Piece, *, continues: bool) -> None:
        with self.report.timed(Stage.READING):
            if self.sound:
                self.sound.begin(piece, self.offset, continues=continues)
            if self.plain:
                sound = self.sound if isinstance(self.sound, CopiedAudio) else None
                copied = self.plain.copy(piece, sound, self.offset, self.delay)
            else:
                with self._reader(piece) as reader:
                    copied = self._packets(piece, reader)
            if self.sound:
                self.sound.end()
        if copied != piece.frames:
            raise UnreadableMedia(
                f"{piece.frames - copied} frames of {piece.segments[0].key} and what follows are not where the index "
                "has them."
            )
        self.report.frames_copied += copied

    def _encode(self, piece: Piece, edges: Edges, *, continues: bool) -> None:
        """Write the packets of an encoded piece, which come in the order of the screen, as they get ready."""
        with self.report.timed(Stage.ENCODING):
            if self.sound:
                self.sound.begin(piece, self.offset, continues=continues)
            times = [*clock.frames_of(piece).shown, piece.end_pts]
            written, shift = 0, self.offset - piece.first_pts
            for is_video, pts, packet in edges.packets(self._waits):
                if not is_video:
                    if self.sound:
                        self.sound.take(pts, packet)
                    continue
                shown, lasts = times[written] + shift, times[written + 1] - times[written]
                written += 1
                self.muxer.write_video(self._entered(packet, self.own_sets), shown, shown - self.delay, lasts)
                self.course.step(Stage.ENCODING, shown)
            if self.sound:
                self.sound.end()
        self.report.frames_encoded += written

    def _waits(self) -> None:
        self.course.step(Stage.ENCODING, self.offset)

    def _reader(self, piece: Piece) -> PacketReader:
        return PacketReader(piece.files, self.open_segment, self._count, parsed=self.parsed)

    def _describe(self) -> None:
        """Open the tracks, like those of the first pieces that have what the target has."""
        target, known = self.plan.target, [piece for piece in self.plan.pieces if piece.parameters]
        copies = any(piece.action is Action.COPY for piece in known)
        sets = (self.sets if copies else b"") + self.own_sets
        like = next(piece for piece in known if piece.segments[0].parameters.video == target.video)
        with self._described(like) as reader:
            self.muxer.add_video(reader.video, target.video, sets=sets or self.sets, in_band=self.in_band)
            if target.audio and target.audio_copied:
                sounding = next(piece for piece in known if piece.segments[0].parameters.audio)
                with nullcontext(reader) if sounding is like else self._described(sounding) as other:
                    self.muxer.add_copied_audio(other.audio, target.audio)
                self.sound = CopiedAudio(self.muxer, target.audio, sounding, self.report, parsed=self.parsed)
            elif target.audio:
                assert isinstance(self.muxer, Muxer)
                self.sound = EncodedAudio(self.muxer, target, self.report)
                self.sound.open()
        self.muxer.start()

    def _described(self, piece: Piece) -> PacketReader:
        return PacketReader(piece.segments[:1], self.open_segment, described=self.plain is None)

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
                if frames.entries[copied] and self.marks_entries:
                    packet = self._entered(packet, self.sets, spliced=copied == 0 and self.offset > 0)
                lasts = end - pts if pts == last else packet.duration or 0
                write(packet, pts + shift, frames.shown[copied] + behind, lasts)
                self.course.step(Stage.READING, pts + shift)
                copied += 1
            if copied == count and (sound is None or sound.full):
                break
        return copied

    def _entered(self, packet: Any, sets: bytes, *, spliced: bool = False) -> Any:
        """A packet at which a decoder may begin, with the parameter sets for which the container has no place.

        `spliced` says that something else comes before it.
        """
        data = bytes(packet)
        if spliced and self.codec == "hevc":
            data = as_broken_link(data)
        if self.in_band and packet.is_keyframe and not brings_sets(data, self.codec):
            data = with_sets(data, sets, self.codec)
        if data == bytes(packet):
            return packet
        whole = Packet(data)
        whole.time_base, whole.duration, whole.is_keyframe = packet.time_base, packet.duration, packet.is_keyframe
        return whole

    def _is_promised(self, frames: clock.Frames, number: int, pts: int, packet: Any) -> bool:
        """Whether a packet is the frame that the index has at this place."""
        if pts == frames.pts[number] and packet.size == frames.sizes[number]:
            return True
        if not self.parsed:
            raise NotFramewise
        return False

    def _count(self, size: int) -> None:
        with self.counting:  # the edges read, too
            self.report.bytes_read += size


def _own_sets(plan: CutPlan, effort: Effort) -> bytes:
    """The parameter sets of encoded pieces, which are alike in all of them."""
    sets = MatchingEncoder(plan.target, effort).sets
    return sets if is_steady(clock.promised(plan.pieces), plan.target.rate) else without_fixed_rate(sets)


def _continues(before: Piece | None, piece: Piece) -> bool:
    """Whether a piece goes on in the recording where the one before ended."""
    if before is None or not before.segments or not piece.segments or before.end_pts != piece.first_pts:
        return False
    last, first = before.segments[-1], piece.segments[0]
    return last == first or follows(last, first)
