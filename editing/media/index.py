"""A segment's bytes become its index: one pass over the packets, nothing decoded."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median_low
from typing import Any, BinaryIO

import av
from av.error import FFmpegError

from editing.errors import UnreadableMedia, UnsupportedMedia
from editing.media.parameters import audio_parameters, video_parameters
from editing.media.units import FrameFacts, h264_facts, hevc_facts
from editing.timeline.frames import AudioIndex, FrameIndex, FrameKind, VideoIndex
from editing.timeline.parameters import Parameters
from editing.timeline.ticks import TICKS_PER_SECOND, unwrap

DEMUX_OPTIONS = {"correct_ts_overflow": "0"}
"""libav must not touch the 33-bit clock: it would guess from one file what we know from the epoch."""

_READERS: dict[str, Callable[[bytes], FrameFacts | None]] = {"h264": h264_facts, "hevc": hevc_facts}
_PACKET = 188


@dataclass(frozen=True)
class SegmentIndex:
    """What one segment holds. `flaw` says in words what is damaged, where only a part of it could be read."""

    parameters: Parameters
    index: FrameIndex
    flaw: str = ""

    @property
    def first_pts(self) -> int:
        return self.index.video.start if self.index.video else self.index.audio[0].pts[0]

    @property
    def end_pts(self) -> int:
        return self.index.video.end if self.index.video else self.index.audio[0].end


def index_segment(
    source: bytes | BinaryIO, *, near: int | None = None, declared: int | None = None, known: Parameters | None = None
) -> SegmentIndex:
    """Read an MPEG-TS segment. Times are 90 kHz ticks, unwrapped to lie near `near` (the end of what came before).

    Without `near` the clock begins as it is written; a wrap inside the segment is unwrapped all the same. `declared`
    is how many ticks the segment should last: where more than a frame and a half is missing, the last frame is
    taken for cut off and left out. `known` are the parameters before it, for a segment that carries none itself.
    Raises UnreadableMedia for bytes without a readable frame, UnsupportedMedia for codecs that we do not cut.
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with av.open(file, format="mpegts", options=DEMUX_OPTIONS) as container:
            reading = _Reading(container, near)
            reading.read()
            return reading.result(declared, known, size=file.seek(0, io.SEEK_END))
    except (FFmpegError, OSError) as error:  # an empty file makes libav seek before its beginning
        raise UnreadableMedia(f"The segment cannot be read as MPEG-TS: {error.strerror}.") from error


@dataclass
class _Video:
    pts: list[int] = field(default_factory=list)
    dts: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    marks: bytearray = field(default_factory=bytearray)
    recovery: list[tuple[int, int]] = field(default_factory=list)
    sets: dict[bytes, None] = field(default_factory=dict)  # ordered, each once

    def add(self, pts: int, dts: int, size: int, facts: FrameFacts) -> None:
        if facts.recovery and facts.mark & 0x0F == FrameKind.REFRESH:
            self.recovery.append((len(self.pts), facts.recovery))
        self.pts.append(pts)
        self.dts.append(dts)
        self.sizes.append(size)
        self.marks.append(facts.mark)
        self.sets.update(dict.fromkeys(facts.sets))

    def drop_last(self) -> None:
        for column in (self.pts, self.dts, self.sizes, self.marks):
            column.pop()
        self.recovery = [pair for pair in self.recovery if pair[0] < len(self.pts)]

    def index(self) -> VideoIndex:
        end = max(self.pts) + _spacing(self.pts)
        return VideoIndex(
            tuple(self.pts), tuple(self.dts), tuple(self.sizes), bytes(self.marks), end, tuple(self.recovery)
        )


class _Reading:
    """One pass over a container."""

    def __init__(self, container: Any, near: int | None) -> None:
        self.container = container
        self.near = near
        self.video_stream = container.streams.video[0] if container.streams.video else None
        self.audio_streams = list(container.streams.audio)
        self.video = _Video()
        self.audio: dict[int, list[tuple[int, int]]] = {stream.index: [] for stream in self.audio_streams}
        self.adts: dict[int, bytes] = {}
        self.corrupt = 0
        if self.video_stream and self.video_stream.codec_context.name not in _READERS:
            raise UnsupportedMedia(f"Video is {self.video_stream.codec_context.name}; H.264 and HEVC can be cut.")

    def read(self) -> None:
        streams = [stream for stream in (self.video_stream, *self.audio_streams) if stream]
        if not streams:
            raise UnreadableMedia("The segment holds neither video nor audio.")
        facts_of = _READERS[self.video_stream.codec_context.name] if self.video_stream else None
        for packet in self.container.demux(streams):
            if packet.dts is None and packet.pts is None:
                continue
            if facts_of and packet.stream is self.video_stream:
                self._take_video(packet, facts_of)
            else:
                self._take_audio(packet)

    def _take_video(self, packet: Any, facts_of: Callable[[bytes], FrameFacts | None]) -> None:
        facts = facts_of(bytes(packet))
        if facts is None:
            return
        pts = self._unwrapped(packet.pts if packet.pts is not None else packet.dts)
        dts = unwrap(packet.dts, pts) if packet.dts is not None else pts
        self.video.add(pts, min(dts, pts), packet.size, facts)
        self.corrupt += packet.is_corrupt

    def _take_audio(self, packet: Any) -> None:
        raw = packet.pts if packet.pts is not None else packet.dts
        self.audio[packet.stream.index].append((self._unwrapped(raw), packet.duration or 0))
        if packet.stream.index not in self.adts:
            self.adts[packet.stream.index] = bytes(packet)[:7]

    def _unwrapped(self, raw: int) -> int:
        time = raw if self.near is None else unwrap(raw, self.near)
        self.near = time
        return time

    def result(self, declared: int | None, known: Parameters | None, size: int) -> SegmentIndex:
        tracks = [stream for stream in self.audio_streams if self.audio[stream.index]]
        if not self.video.pts and not tracks:
            raise UnreadableMedia("The segment holds no whole frame.")
        flaw = self._cut_off(declared, size)
        video = self.video.index() if self.video.pts else None
        audio = tuple(_audio_index(self.audio[stream.index]) for stream in tracks)
        parameters = Parameters(
            video_parameters(self.video_stream, list(self.video.sets), known) if video else None,
            tuple(audio_parameters(stream, self.adts[stream.index]) for stream in tracks),
        )
        return SegmentIndex(parameters, FrameIndex(video, audio), flaw)

    def _cut_off(self, declared: int | None, size: int) -> str:
        """Leave out a last frame whose end is missing: decoding it would show a picture that was never sent."""
        if len(self.video.pts) < 2:
            return ""
        spacing = _spacing(self.video.pts)
        missing = (declared or 0) - (max(self.video.pts) + spacing - min(self.video.pts))
        if size % _PACKET == 0 and missing <= spacing * 3 // 2:
            return ""
        self.video.drop_last()
        return "truncated"


def _audio_index(packets: list[tuple[int, int]]) -> AudioIndex:
    packets = sorted(set(packets))
    times = [time for time, _ in packets]
    last = packets[-1][1] or _spacing(times)
    return AudioIndex(tuple(times), times[-1] + last)


def _spacing(times: Iterable[int]) -> int:
    """The usual distance of neighbours on the screen; a thirtieth of a second where there is but one frame."""
    ordered = sorted(times)
    steps = [b - a for a, b in pairwise(ordered) if b > a]
    return median_low(steps) if steps else TICKS_PER_SECOND // 30
