"""Pieces encoded into one file. ffmpeg decodes, scales and encodes the pictures; which frame is when stays ours.

Whatever the encoder makes of the feeding clock, each frame that comes back is found by its time there, and gets the
time the plan promised. The sound is decoded, cut to the sample and encoded here, once.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import partial
from itertools import accumulate
from pathlib import Path
from queue import Empty
from typing import Any

import av
from av.error import FFmpegError

from editing.errors import Cancelled, EditingError, FfmpegFailed, UnreadableMedia
from editing.media import clock
from editing.media.audio_encode import EncodedAudio
from editing.media.command import PRESET, command, slate
from editing.media.feeding import PAUSE, Feeder, encoder_clock
from editing.media.ffmpeg import Ffmpeg
from editing.media.muxer import TICK, Muxer
from editing.media.reader import OpenSegment
from editing.media.report import Course, CutReport, Stage
from editing.timeline.frames import FrameKind
from editing.timeline.parameters import VideoParameters
from editing.timeline.pieces import Piece
from editing.timeline.plan import CutPlan
from editing.timeline.rates import is_steady

_LAST_WORDS = 2.0
"""Seconds that an ffmpeg whose output broke off has to say why."""


def encode(plan: CutPlan, output: Path, *, open_segment: OpenSegment, course: Course, report: CutReport) -> None:
    """Encode the frames of the plan, and no others, into `output`.

    Raises Cancelled, FfmpegFailed, UnreadableMedia, NoSpace or MediaError.
    """
    _Encode(plan, output, open_segment, course, report).run()


class _Encode:
    def __init__(
        self, plan: CutPlan, output: Path, open_segment: OpenSegment, course: Course, report: CutReport
    ) -> None:
        self.plan, self.open_segment, self.course, self.report = plan, open_segment, course, report
        self.muxer = Muxer(output)
        self.times = clock.promised(plan.pieces)
        self.steady = is_steady(self.times, plan.target.rate)
        self.sound = EncodedAudio(self.muxer, plan.target, report) if plan.target.audio else None
        self.written = 0
        self.delay = 0
        self.sets: bytes | None = None
        report.encoder = {"video": f"libx264 {PRESET}", "bitrate": str(plan.target.bitrate)}

    def run(self) -> None:
        try:
            with self.report.timed(Stage.ENCODING):
                offset = 0
                for pieces in _groups(self.plan.pieces):
                    self._slate(pieces[0], offset) if pieces[0].gap else self._group(pieces, offset)
                    offset += sum(piece.ticks for piece in pieces)
                if self.sound:
                    self.sound.flush()
            with self.report.timed(Stage.WRITING):
                self.course.tell(Stage.WRITING, self.plan.ticks)
                self.muxer.finish(partial(self.course.step, Stage.WRITING, self.plan.ticks))
        finally:
            self.muxer.close()
        self.report.frames_encoded = self.written

    def _group(self, pieces: list[Piece], offset: int) -> None:
        """One ffmpeg for neighbouring pieces with the same codec parameters."""
        first, count = self.written, sum(piece.frames for piece in pieces)
        source = _video_of(pieces[0])
        assert source is not None  # for pieces hold frames
        times = array("q", encoder_clock(pieces, self.plan.target.frame_ticks))
        begin = [times[number] for number in accumulate((piece.frames for piece in pieces[:-1]), initial=0)]
        arguments = command(self.plan.target, source, begin, steady=self.steady)
        with Ffmpeg(arguments, cancelled=self.course.cancelled, pipe_in=True, pipe_out=True) as child:
            feeder = Feeder(pieces, offset, child, self.open_segment, self.report, sound=self.sound is not None)
            feeder.start()
            try:
                self._collect(child, times, lambda: self._drain(feeder))
            except (FFmpegError, EditingError) as error:
                self._blame(child, feeder, error)
            except BaseException:
                child.kill()
                raise
            finally:
                feeder.join()
            self._drain(feeder)
            self._blame(child, feeder, None)
            child.finish()
        if self.written != first + count:
            raise UnreadableMedia(f"{first + count - self.written} frames could not be decoded.")

    def _slate(self, piece: Piece, offset: int) -> None:
        usual = self.plan.target.frame_ticks
        times = array("q", (PAUSE + number * usual for number in range(piece.frames)))
        arguments = slate(self.plan.target, piece.frames, steady=self.steady)
        with Ffmpeg(arguments, cancelled=self.course.cancelled, pipe_in=False, pipe_out=True) as child:
            try:
                self._collect(child, times, lambda: None)
            except FFmpegError as error:
                child.finish()
                raise FfmpegFailed(f"ffmpeg's output broke off: {error}") from error
            child.finish()
        if self.sound:
            self.sound.begin(piece, offset, continues=False)
            self.sound.end()

    def _blame(self, child: Ffmpeg, feeder: Feeder, error: Exception | None) -> None:
        """Of several things that went wrong at once, raise the one that came first."""
        if isinstance(error, FFmpegError):
            child.wait(_LAST_WORDS)
        if error:
            child.kill()
            feeder.join()
        if child.was_cancelled or isinstance(error, Cancelled):
            raise Cancelled("The cut was cancelled.")
        if feeder.error:
            raise feeder.error
        if error and child.process.wait() > 0:
            child.finish()
        if error:
            raise error if isinstance(error, EditingError) else FfmpegFailed(f"ffmpeg's output broke off: {error}")

    def _collect(self, child: Ffmpeg, times: array[int], drain: Callable[[], None]) -> None:
        """Take the encoded packets, give them their true times and write them between the sound's, which `drain` does.

        `times` is when each frame leaves the encoder on its own clock, in the order of the screen.
        """
        first, end = self.written, self.written + len(times)
        with av.open(_Readable(child), "r", format="nut", buffer_size=1 << 18) as encoded:
            stream = encoded.streams.video[0]
            scale = Fraction(stream.time_base or 0) / TICK
            if self.muxer.video is None:
                self._describe(stream)
            if self.sets != stream.codec_context.extradata:
                raise FfmpegFailed("The encoder changed its parameters from one source to the next.")
            for packet in encoded.demux(stream):
                if packet.pts is None or not packet.size or self.written >= end:
                    continue
                rank = first + bisect_left(times, round(packet.pts * scale))
                packet.time_base = TICK
                dts = self.times[self.written] - self.delay
                self.muxer.write_video(packet, self.times[rank], dts, self._duration(rank))
                self.written += 1
                child.alive()
                drain()
                self.course.step(Stage.ENCODING, self.times[self.written - 1])

    def _duration(self, rank: int) -> int:
        following = self.times[rank + 1] if rank + 1 < len(self.times) else self.plan.ticks
        return following - self.times[rank]

    def _describe(self, stream: Any) -> None:
        self.sets = stream.codec_context.extradata
        self.muxer.add_video(stream, self.plan.target.video)  # whose sets are the encoder's own
        if self.sound:
            self.sound.open()
        self.muxer.start()
        reorder = max(stream.codec_context.has_b_frames, 2)
        pairs = zip(self.times, self.times[reorder:], strict=False)
        self.delay = max((later - earlier for earlier, later in pairs), default=0) or self.plan.ticks

    def _drain(self, feeder: Feeder) -> None:
        while self.sound:
            try:
                what, which = feeder.audio.get_nowait()
            except Empty:
                return
            if isinstance(what, Piece):
                self.sound.begin(what, which, continues=False)
            else:
                self.sound.take(what, which)


def _groups(pieces: Iterable[Piece]) -> list[list[Piece]]:
    """Neighbours that one decoder can take: equal parameters, and an IDR picture to begin each anew."""
    groups: list[list[Piece]] = []
    for piece in pieces:
        if groups and piece.segments and _video_of(groups[-1][0]) == _video_of(piece) and _begins_anew(piece):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups


def _video_of(piece: Piece) -> VideoParameters | None:
    return piece.parameters.video if piece.parameters else None


def _begins_anew(piece: Piece) -> bool:
    """Whether an IDR picture comes before the first wanted frame, so that nothing decoded earlier can matter."""
    return any(
        video.kind(position) is FrameKind.IDR and pts <= piece.first_pts
        for segment in piece.files
        if (video := segment.index.video)
        for position, pts in enumerate(video.pts)
    )


class _Readable:
    def __init__(self, child: Ffmpeg) -> None:
        self._pipe = child.stdout

    def read(self, size: int) -> bytes:
        return self._pipe.read1(size)  # type: ignore[attr-defined, no-any-return]
