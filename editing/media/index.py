"""A segment's bytes become its index: one pass over the packets, nothing decoded."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median_low
from typing import Any, BinaryIO

import av
from av.error import FFmpegError
from isal.isal_zlib import crc32

from editing.errors import UnreadableMedia, UnsupportedMedia
from editing.media.fields import Fields
from editing.media.instants import spread
from editing.media.laying_out import packed_layout
from editing.media.parameters import HEAD, audio_parameters, configuration, video_parameters
from editing.media.sound_rows import SoundRows
from editing.media.transport import PACKET, Break, breaks, ends_whole
from editing.media.units import FrameFacts, h264_facts, hevc_facts
from editing.media.video_rows import VideoRows, spacing
from editing.timeline.frames import FrameIndex
from editing.timeline.parameters import Parameters
from editing.timeline.ticks import TICKS_PER_SECOND, unwrap

DEMUX_OPTIONS = {"correct_ts_overflow": "0"}
"""libav must not touch the 33-bit clock: it would guess from one file what we know from the epoch."""

_TAIL = 4096 * PACKET
_DEEPEST_REORDER = 16
_LONGEST = 3600 * TICKS_PER_SECOND
_READERS: dict[str, Callable[[bytes], FrameFacts | None]] = {"h264": h264_facts, "hevc": hevc_facts}


@dataclass(frozen=True)
class SegmentIndex:
    """What one segment holds. `checksum` is the CRC-32 of its bytes; `flaw` "truncated" where its end is missing."""

    parameters: Parameters
    index: FrameIndex
    checksum: int
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
    is how many ticks the segment should last: where more than a frame and a half is missing the segment counts as
    truncated (half a second, where it is a whole number of seconds: it may be rounded). A last frame that is cut off
    is left out. `known` are the parameters before it, for a segment that carries none itself.
    Raises UnreadableMedia for bytes without a readable frame, UnsupportedMedia for codecs that we do not cut.
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with av.open(file, format="mpegts", options=DEMUX_OPTIONS) as container:
            reading = _Reading(container, near, known)
            reading.read()
            data = _whole(file)
            if reading.video_stream:
                reading.video.damage(breaks(data, reading.video_stream.id))
            for stream in reading.audio_streams:
                reading.sound[stream.index].damage(breaks(data, stream.id))
            found = reading.result(known, crc32(data), lambda pid, frames: _end(file, pid, frames, declared))
            return replace(found, index=replace(found.index, layout=packed_layout(data, found.index.video)))
    except (FFmpegError, OSError) as error:  # an empty file makes libav seek before its beginning
        raise UnreadableMedia(f"The segment cannot be read as MPEG-TS: {error.strerror}.") from error


def _whole(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()


@dataclass(frozen=True, slots=True)
class _End:
    """How a segment ends: whether its last frame is `whole`, and whether all of it is there."""

    whole: bool
    complete: bool


def _end(file: BinaryIO, pid: int, times: Sequence[int], declared: int | None) -> _End:
    usual = spacing(times)
    missing = (declared or 0) - (max(times) + usual - min(times))
    rounded = declared is not None and declared % TICKS_PER_SECOND == 0
    short = missing > (TICKS_PER_SECOND // 2 if rounded else usual * 3 // 2)
    size = file.seek(0, io.SEEK_END)
    cut = size % PACKET != 0
    file.seek(max(size // PACKET * PACKET - _TAIL, 0))
    # A whole frame may fill its last transport packet by chance: without another reason it is not doubted.
    whole = not (cut or short) or ends_whole(file.read(), pid)
    return _End(whole, complete=not (cut or short))


class _Reading:
    """One pass over a container."""

    def __init__(self, container: Any, near: int | None, known: Parameters | None) -> None:
        self.container = container
        self.near = near
        self.video_stream = container.streams.video[0] if container.streams.video else None
        self.audio_streams = [stream for stream in container.streams.audio if stream.codec_context]
        self.video = VideoRows()
        self.sound = {stream.index: SoundRows() for stream in self.audio_streams}
        self.ends_in_headers = False
        self.codec = _codec(self.video_stream) if self.video_stream else ""
        self.fields = Fields(sets_of(known) if self.codec == "h264" else b"")
        if self.codec and self.codec not in _READERS:
            raise UnsupportedMedia(f"Video is {self.codec}; H.264 and HEVC can be cut.")

    def read(self) -> None:
        streams = [stream for stream in (self.video_stream, *self.audio_streams) if stream]
        if not streams:
            raise UnreadableMedia("The segment holds neither video nor audio.")
        facts_of = _READERS.get(self.codec)
        for packet in packets_of(self.container, streams):
            if facts_of and packet.stream is self.video_stream:
                self._take_video(packet, facts_of)
            elif packet.dts is not None or packet.pts is not None:
                self._take_audio(packet)

    def _take_video(self, packet: Any, facts_of: Callable[[bytes], FrameFacts | None]) -> None:
        timed = packet.dts is not None or packet.pts is not None
        if not timed and not self.fields.open:
            return
        facts = facts_of(bytes(packet))
        self.ends_in_headers = facts is None
        if facts is None or self._completes(packet, facts) or not timed:
            return
        pts = self._unwrapped(packet.pts if packet.pts is not None else packet.dts)
        dts = unwrap(packet.dts, pts) if packet.dts is not None else pts
        self.video.add(pts, min(dts, pts), packet.size, facts, packet.pos)

    def _completes(self, packet: Any, facts: FrameFacts) -> bool:
        """Whether it was the second field of the frame that is there already. One that lacks it is damaged."""
        if self.codec != "h264":
            return False
        self.fields.learn(facts.sets)
        lone = self.fields.open
        if self.fields.completes(bytes(packet)):
            self.video.complete(packet.size, packet.pos)
            return True
        if lone and self.video.places:
            self.video.damage([Break(self.video.places[-1], begins=False, clean=False)])
        return False

    def _take_audio(self, packet: Any) -> None:
        raw = packet.pts if packet.pts is not None else packet.dts
        head = bytes(memoryview(packet)[:HEAD])
        found = configuration(packet.stream.codec_context.name, head)
        self.sound[packet.stream.index].add(self._unwrapped(raw), packet.duration or 0, packet.pos, found)

    def _unwrapped(self, raw: int) -> int:
        if self.near is None:
            self.near = raw
        return unwrap(raw, self.near)

    def result(
        self, known: Parameters | None, checksum: int, end_of: Callable[[int, Sequence[int]], _End]
    ) -> SegmentIndex:
        self._drop_strays()
        tracks = [stream for stream in self.audio_streams if self.sound[stream.index].times]
        if not self.video.pts and not tracks:
            raise UnreadableMedia("The segment holds no whole frame.")
        flaw = self._drop_cut_off(tracks, end_of)
        self.video.pts = spread(self.video.pts, spacing(self.video.pts))
        audio = tuple(self.sound[stream.index].index() for stream in tracks)
        parameters = Parameters(
            video_parameters(self.video_stream, self.video.sets, known) if self.video.pts else None,
            tuple(
                audio_parameters(stream, [*self.sound[stream.index].configurations], known, position)
                for position, stream in enumerate(tracks)
            ),
        )
        index = FrameIndex(self.video.index() if self.video.pts else None, audio)
        return SegmentIndex(parameters, index, checksum, flaw)

    def _drop_strays(self) -> None:
        """Leave out what a damaged clock puts far away from its neighbours: one bit can be hours."""
        steady = _steady(self.video.pts)
        strays = sorted(set(range(len(self.video.pts))) - set(steady))
        lost = [Break(self.video.places[at], begins=True, clean=False) for at in strays]
        self.video = self.video.keep(steady)
        self.video.damage(lost)
        for track, rows in self.sound.items():
            self.sound[track] = rows.keep(_steady(rows.times))

    def _drop_cut_off(self, tracks: Sequence[Any], end_of: Callable[[int, Sequence[int]], _End]) -> str:
        """Leave out a last frame whose end is missing: decoding it would show a picture that was never sent."""
        if self.video_stream is None or not self.video.pts:
            times = self.sound[tracks[0].index].times
            return "" if end_of(tracks[0].id, times).complete else "truncated"
        end = end_of(self.video_stream.id, self.video.pts)
        if (not end.whole and not self.ends_in_headers) or (self.fields.open and self.video.seconds):
            self.video = self.video.keep(range(len(self.video.pts) - 1))
            if not self.video.pts:
                raise UnreadableMedia("The segment ends before its first frame is whole.")
        return "" if end.complete else "truncated"


def packets_of(container: Any, streams: Sequence[Any]) -> Iterator[Any]:
    """All packets of some streams, of damaged files, too."""
    try:
        yield from container.demux(streams)
    except IndexError:  # where damage pretends a new stream PyAV stumbles, after the last packet, over its end
        return


def sets_of(parameters: Parameters | None) -> bytes:
    """The parameter sets of the pictures, in Annex B."""
    return bytes.fromhex(parameters.video.extradata) if parameters and parameters.video else b""


def _codec(stream: Any) -> str:
    return stream.codec_context.name if stream.codec_context else "of an unknown kind"


def _steady(times: Sequence[int]) -> list[int]:
    """The positions, in decoding order, of the times that fit their neighbours and the bulk of the segment."""
    reach = TICKS_PER_SECOND + _DEEPEST_REORDER * spacing(times)
    calm = [at for at, time in enumerate(times) if abs(time - median_low(times[max(at - 2, 0) : at + 3])) <= reach]
    middle = median_low(times[at] for at in calm) if calm else 0
    return [at for at in calm if abs(times[at] - middle) <= _LONGEST]
