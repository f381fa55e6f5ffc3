"""Pieces encoded into one file. ffmpeg decodes, scales and encodes the pictures; which frame is when stays ours.

Packets are fed to ffmpeg on a made-up clock four times as fine as ours, on which the packets of a piece never meet
those of another; the last two bits of a packet's time say whether its frame is wanted. So one decoder serves any number
of pieces, a filter drops what was only there to be referred to, and whatever the encoder makes of the clock, the n-th
frame that comes back is the n-th frame of the plan. The sound is decoded, cut to the sample and encoded here, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import av
import ffmpeg
from av.error import FFmpegError

from editing.errors import Cancelled, EditingError, FfmpegFailed, UnreadableMedia
from editing.media import clock
from editing.media.audio_encode import EncodedAudio
from editing.media.ffmpeg import Ffmpeg
from editing.media.muxer import TICK, Muxer, described
from editing.media.reader import OpenSegment, PacketReader
from editing.media.report import Course, CutReport, Stage
from editing.timeline.frames import FrameKind
from editing.timeline.parameters import VideoParameters
from editing.timeline.pieces import Piece
from editing.timeline.plan import CutPlan
from editing.timeline.target import Target
from editing.timeline.ticks import TICKS_PER_SECOND

_LAST_WORDS = 2.0
"""Seconds that an ffmpeg whose output broke off has to say why."""
FINER = 4
"""How much finer than ours the feeding clock is; its last bits carry the mark of a wanted frame."""
PRESET = "veryfast"
_PAUSE = 10 * TICKS_PER_SECOND
"""Between pieces on the feeding clock, so that reordered packets of two pieces never meet."""
_MATRICES = {"1": "bt709", "4": "fcc", "5": "bt470", "6": "smpte170m", "7": "smpte240m", "9": "bt2020"}
_FULL_RANGE, _UNKNOWN_RANGE, _UNKNOWN = "2", "0", "2"
"""Colours are numbered as in H.273, ranges as libav does."""
_LONGEST = TICKS_PER_SECOND
"""What the encoder is told a frame lasts at most: the pauses must not weigh in its rate control."""


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
                    self._group(pieces, offset)
                    offset += sum(piece.ticks for piece in pieces)
                if self.sound:
                    self.sound.flush()
            with self.report.timed(Stage.WRITING):
                self.muxer.close()
        finally:
            self.muxer.close()
        self.report.frames_encoded = self.written

    def _group(self, pieces: list[Piece], offset: int) -> None:
        """One ffmpeg for neighbouring pieces with the same codec parameters."""
        first, count = self.written, sum(piece.frames for piece in pieces)
        source = _video_of(pieces[0])
        assert source is not None
        arguments = command(self.plan.target, source)
        with Ffmpeg(arguments, cancelled=self.course.cancelled, pipe_in=True, pipe_out=True) as child:
            feeder = _Feeder(pieces, offset, child, self.open_segment, self.report, sound=self.sound is not None)
            feeder.start()
            try:
                self._collect(child, feeder, first + count)
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

    def _blame(self, child: Ffmpeg, feeder: _Feeder, error: Exception | None) -> None:
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

    def _collect(self, child: Ffmpeg, feeder: _Feeder, end: int) -> None:
        """Take the encoded packets, give them their true times and write them between the sound's."""
        with av.open(_Readable(child), "r", format="nut", buffer_size=1 << 18) as encoded:
            stream = encoded.streams.video[0]
            if self.muxer.video is None:
                self._describe(stream)
            if self.sets != stream.codec_context.extradata:
                raise FfmpegFailed("The encoder changed its parameters from one source to the next.")
            first = self.written
            order: dict[int, int] = {}
            for packet in encoded.demux(stream):
                if packet.pts is None or not packet.size or self.written >= end:
                    continue
                rank = self._rank(packet, stream, feeder, order, first)
                pts, dts = self.times[rank], self.times[self.written] - self.delay
                packet.time_base = TICK
                self.muxer.write_video(packet, pts, dts, self._duration(rank))
                self.written += 1
                child.alive()
                self._drain(feeder)
                self.course.step(Stage.ENCODING, self.times[self.written - 1])

    def _rank(self, packet: Any, stream: Any, feeder: _Feeder, order: dict[int, int], first: int) -> int:
        """Which frame of the plan a packet holds."""
        if not order:
            order.update({time: first + number for number, time in enumerate(feeder.clock)})
        return order[round(packet.pts * stream.time_base / TICK)]

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

    def _drain(self, feeder: _Feeder) -> None:
        while self.sound:
            try:
                item = feeder.audio.get_nowait()
            except Empty:
                return
            self.sound.take(item)


def _groups(pieces: Iterable[Piece]) -> list[list[Piece]]:
    """Neighbours that one decoder can take: equal parameters, and an IDR picture to begin each anew."""
    groups: list[list[Piece]] = []
    for piece in pieces:
        if groups and _video_of(groups[-1][0]) == _video_of(piece) and _begins_anew(piece):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups


def _video_of(piece: Piece) -> VideoParameters | None:
    return piece.segments[0].parameters.video


def _begins_anew(piece: Piece) -> bool:
    """Whether an IDR picture comes before the first wanted frame, so that nothing decoded earlier can matter."""
    return any(
        video.kind(position) is FrameKind.IDR and pts <= piece.first_pts
        for segment in piece.files
        if (video := segment.index.video)
        for position, pts in enumerate(video.pts)
    )


def command(target: Target, source: VideoParameters) -> list[str]:
    """The arguments of one ffmpeg: NUT in on stdin, wanted frames encoded, NUT out on stdout."""
    pictures = ffmpeg.input("pipe:0", format="nut", copyts=None).video
    pictures = pictures.filter("select", f"eq(mod(pts,{FINER}),1)")
    pictures = pictures.filter(
        "setpts",
        f"if(isnan(PREV_INPTS),{_PAUSE * FINER},PREV_OUTPTS+min(PTS-PREV_INPTS,{_LONGEST * FINER}))",
    )
    pictures = _coloured(_fitted(pictures, target.video, source), target.video, source)
    output = ffmpeg.output(pictures, "pipe:1", **_encoding(target))
    return [str(argument) for argument in output.compile()[1:]]


def _fitted(pictures: Any, target: VideoParameters, source: VideoParameters) -> Any:
    """The whole picture in the middle of the target's, nothing stretched, bars where it does not fill it."""
    square = source.aspect in ("1:1", "0:1")
    if square and (source.width, source.height) == (target.width, target.height):
        return pictures
    if not square:
        pictures = pictures.filter("scale", "trunc(iw*sar/2)*2", "ih").filter("setsar", "1")
    pictures = pictures.filter("scale", target.width, target.height, force_original_aspect_ratio="decrease")
    return pictures.filter("pad", target.width, target.height, "(ow-iw)/2", "(oh-ih)/2")


def _coloured(pictures: Any, target: VideoParameters, source: VideoParameters) -> Any:
    """Every frame says the same of its colours: what an encoder writes into its parameter sets must not change."""
    if target.color_space in _MATRICES and source.color_space in _MATRICES and target.color_space != source.color_space:
        pictures = pictures.filter(
            "scale", in_color_matrix=_MATRICES[source.color_space], out_color_matrix=_MATRICES[target.color_space]
        )
    full = target.color_range == _FULL_RANGE
    if full != (source.color_range == _FULL_RANGE):
        pictures = pictures.filter("scale", out_range="pc" if full else "tv")
    return pictures.filter("setsar", "1").filter(
        "setparams",
        range=target.color_range or _UNKNOWN_RANGE,
        color_primaries=target.color_primaries or _UNKNOWN,
        color_trc=target.color_transfer or _UNKNOWN,
        colorspace=target.color_space or _UNKNOWN,
    )


def _encoding(target: Target) -> dict[str, object]:
    rate = target.video.rate or 30
    return {
        "format": "nut",
        "vcodec": "libx264",
        "preset": PRESET,
        "pix_fmt": "yuv420p",
        "video_bitrate": target.bitrate,
        "maxrate": target.bitrate * 3 // 2,
        "bufsize": target.bitrate * 2,
        "g": round(rate * 2),
        "flags": "+global_header",
        "fps_mode": "passthrough",
        "enc_time_base": "demux",
        "x264-params": f"fps={rate}",
        "flush_packets": 1,
        "copyts": None,
    }


class _Feeder(Thread):
    """Reads the pieces, feeds their pictures to ffmpeg and keeps their sound for whoever writes the file.

    `clock` says at which time of the encoder each wanted frame comes out, in the order in which they are shown.
    """

    def __init__(
        self,
        pieces: list[Piece],
        offset: int,
        child: Ffmpeg,
        open_segment: OpenSegment,
        report: CutReport,
        *,
        sound: bool,
    ) -> None:
        super().__init__(name="feeder", daemon=True)
        self.pieces, self.offset, self.child, self.open_segment, self.report = (
            pieces,
            offset,
            child,
            open_segment,
            report,
        )
        self.sound = sound
        self.audio: SimpleQueue[Any] = SimpleQueue()
        self.error: EditingError | None = None
        self.bases = list(_bases(pieces))
        self.clock = list(_encoder_clock(pieces, self.bases))
        self._nut: Any = None

    def run(self) -> None:
        try:
            for piece, base in zip(self.pieces, self.bases, strict=True):
                self._feed(piece, base)
        except EditingError as error:
            self.error = error
        except (FFmpegError, OSError):
            return  # ffmpeg has gone; its own words say why
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
        entered = entry is None
        with PacketReader(piece.files, self.open_segment, self._count) as reader:
            if self._nut is None:
                self._nut = _nut(self.child, reader.video, piece)
            if self.sound:
                self.audio.put((piece, self.offset, reader.audio))
            for is_video, pts, packet in reader.packets(audio=self.sound):
                if not is_video:
                    self.audio.put((pts, packet))
                elif open_pictures and (entered := entered or pts == entry):
                    wanted = pts in open_pictures
                    open_pictures.discard(pts)
                    self._picture(packet, pts - piece.first_pts + base, wanted=wanted)
                if not open_pictures and (not self.sound or (not is_video and pts > piece.end_pts)):
                    break
        self.offset += piece.ticks

    def _picture(self, packet: Any, time: int, *, wanted: bool) -> None:
        behind = packet.pts - packet.dts if packet.dts is not None and packet.pts is not None else 0
        packet.pts = time * FINER + wanted
        packet.dts = (time - max(behind, 0)) * FINER
        packet.time_base = TICK / FINER
        packet.stream = self._nut.streams[0]
        self._nut.mux_one(packet)

    def _count(self, size: int) -> None:
        self.report.bytes_read += size


def _bases(pieces: Iterable[Piece]) -> Iterator[int]:
    """Where each piece's first wanted frame lies on the feeding clock."""
    cursor = _PAUSE
    for piece in pieces:
        cursor += piece.first_pts - piece.files[0].first_pts
        yield cursor
        cursor += piece.files[-1].end_pts - piece.first_pts + _PAUSE


def _encoder_clock(pieces: Iterable[Piece], bases: Iterable[int]) -> Iterator[int]:
    """The same arithmetic as the filter: distances as they are, but none longer than the longest allowed."""
    before: int | None = None
    out = _PAUSE  # far enough from zero that no decoding time is negative
    for piece, base in zip(pieces, bases, strict=True):
        for pts in clock.frames_of(piece).shown:
            time = pts - piece.first_pts + base
            out += min(time - before, _LONGEST) if before is not None else 0
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


class _Readable:
    def __init__(self, child: Ffmpeg) -> None:
        self._pipe = child.stdout

    def read(self, size: int) -> bytes:
        return self._pipe.read1(size)  # type: ignore[attr-defined, no-any-return]
