"""The segments of a piece as one continuous packet stream.

The bytes of the files are handed to one demuxer one after the other, so that only the first of them is probed. libav
then marks the first packets of each file as corrupt, for its continuity counters jump; they are good.

Every file that is read is read to its end and must be, bit for bit, the one that was indexed: where its CRC-32 is
another, nothing of what the index says of it need be true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

import av
from av.error import FFmpegError
from isal.isal_zlib import crc32

from editing.errors import UnreadableMedia
from editing.media.fields import Fields, whole_frames
from editing.media.index import DEMUX_OPTIONS, packets_of, sets_of
from editing.media.instants import Instants
from editing.media.transport import fullest_tables
from editing.timeline.coverage import Segment
from editing.timeline.ticks import unwrap

OpenSegment = Callable[[Segment], BinaryIO]
"""Gives a segment's bytes; the reader closes what it opened."""

_BUFFER = 1 << 18
_UNPARSED = {"fflags": "+noparse+nofillin"}
_UNDESCRIBED = {"codec_whitelist": "none", "probesize": str(1 << 16), "analyzeduration": "0"}
"""The index knows what the tracks are: libav need not decode a picture to find out, which takes it 20 ms."""


class _Joined:
    """The files one after the other, each checked at its end. It cannot seek, and so libav does not try to."""

    def __init__(
        self, segments: Sequence[Segment], open_segment: OpenSegment, count: Callable[[int], None], ahead: bytes
    ) -> None:
        self._ahead = ahead
        self._waiting = list(reversed(segments))
        self._open = open_segment
        self._count = count
        self._file: BinaryIO | None = None
        self._checksum = 0

    def read(self, size: int) -> bytes:
        if ahead := self._ahead[:size]:
            self._ahead = self._ahead[size:]
            return ahead
        while self._file or self._waiting:
            if data := self._read(size):
                return data
            self._check()
            self.close()
        return b""

    def finish(self) -> None:
        """Read on to the end of the file that is open, for only then it is known to be the one that was indexed."""
        if self._file:
            while self._read(_BUFFER):
                pass
            self._check()

    def _read(self, size: int) -> bytes:
        try:
            if self._file is None:
                self._segment, self._checksum = self._waiting.pop(), 0
                self._file = self._open(self._segment)
            data = self._file.read(size)
        except OSError as error:
            raise UnreadableMedia(f"Segment {self._segment.key} cannot be read: {error.strerror}.") from error
        self._checksum = crc32(data, self._checksum)
        self._count(len(data))
        return data

    def _check(self) -> None:
        if self._checksum != self._segment.checksum:
            raise UnreadableMedia(f"Segment {self._segment.key} has changed since it was indexed.")

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None


class PacketReader:
    """Packets of the first video and the first audio track of some segments, on the clock of their epoch.

    `packets` yields (is video, pts, packet), pts unwrapped to 64 bits and as the index has it; flush packets and empty
    ones are left out.
    `parsed=False` leaves libav's parsers out, which is a third faster: what comes is then what the recorder put into
    one PES packet, usually one frame of the picture and several of the sound, and nothing says what is a keyframe.
    `described` lets libav find out all it can about the tracks, for others that shall be like them.
    Raises UnreadableMedia where libav gives up and, on leaving at the latest, where a file that was read has changed
    since it was indexed.
    """

    def __init__(
        self,
        segments: Sequence[Segment],
        open_segment: OpenSegment,
        count: Callable[[int], None] = lambda size: None,
        *,
        parsed: bool = True,
        described: bool = False,
    ) -> None:
        self._near, self._instants = segments[0].first_pts, Instants(segments)
        self._fields = Fields(sets_of(segments[0].parameters) if parsed else b"")
        options = {**DEMUX_OPTIONS, **({} if parsed else _UNPARSED)}
        self._open(segments, open_segment, count, options if described else {**options, **_UNDESCRIBED})
        wanted = segments[0].parameters
        late = (wanted.video and not self.container.streams.video) or (
            wanted.audio and not self.container.streams.audio
        )
        if late and not described:
            self.close()
            ahead = _announcement(segments[0], open_segment)
            self._open(segments, open_segment, count, {**options, **_UNDESCRIBED}, ahead)
        self.video = next(iter(self.container.streams.video), None)
        self.audio = next(iter(self.container.streams.audio), None)

    def _open(
        self,
        segments: Sequence[Segment],
        open_segment: OpenSegment,
        count: Callable[[int], None],
        options: dict[str, str],
        ahead: bytes = b"",
    ) -> None:
        self._file = _Joined(segments, open_segment, count, ahead)
        try:
            self.container: Any = av.open(self._file, format="mpegts", options=options, buffer_size=_BUFFER)
        except FFmpegError as error:
            self._file.close()
            raise UnreadableMedia(f"Segment {segments[0].key} cannot be read: {error.strerror}.") from error
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> PacketReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        try:
            if kind is None:
                self._file.finish()
        finally:
            self.close()

    def close(self) -> None:
        self.container.close()
        self._file.close()

    def packets(self, *, audio: bool = True) -> Iterator[tuple[bool, int, Any]]:
        video, near, instants = self.video, self._near, self._instants
        streams = [stream for stream in (video, self.audio if audio else None) if stream]
        try:
            found = packets_of(self.container, streams)
            for packet in whole_frames(found, video, self._fields) if self._fields.possible else found:
                raw = packet.pts if packet.pts is not None else packet.dts
                if raw is not None and packet.size:
                    near = unwrap(raw, near)
                    is_video = packet.stream is video
                    yield is_video, instants.of(near) if is_video else near, packet
        except FFmpegError as error:
            raise UnreadableMedia(f"The recording cannot be read any further: {error.strerror}.") from error


def _announcement(segment: Segment, open_segment: OpenSegment) -> bytes:
    """What a segment says of its tracks when it names most of them, for a reader that would hear of them too late.

    Tracks that appear after the first packets are unknown to PyAV.
    """
    try:
        with open_segment(segment) as file:
            return fullest_tables(file.read())
    except OSError as error:
        raise UnreadableMedia(f"Segment {segment.key} cannot be read: {error.strerror}.") from error
