"""One output file: its tracks, its clock, its container's habits."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
from av import Packet
from av.error import FFmpegError

from editing.errors import MediaError, NoSpace, UnsupportedMedia
from editing.media.containers import TICK, container_of
from editing.media.faststart import index_first
from editing.timeline.parameters import AudioParameters, VideoParameters

__all__ = ["TICK", "Muxer", "described"]

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


class Muxer:
    """Writes packets whose times are already right. Tracks first, then `start`, then packets, then `close`."""

    def __init__(self, path: Path, *, index: int = 0, into: BinaryIO | None = None) -> None:
        """`index` bytes are kept free for an MP4's index; without, `finish` moves all media back to make room for it.

        `into` takes the bytes instead of a file at `path`.
        """
        self.kind = container_of(path)
        self._behind = path if self.kind.indexed and not index else None
        room = {"moov_size": str(index)} if self.kind.indexed and index else {}
        options = {**self.kind.options, **room}
        self.container: Any = av.open(into or str(path), "w", format=self.kind.format, options=options)
        self.video: Any = None
        self.audio: Any = None
        self.audio_tick = TICK
        self._open = True

    def add_video(
        self, template: Any, parameters: VideoParameters, *, sets: bytes | None = None, in_band: bool = False
    ) -> None:
        """A track like `template`, described by `parameters`: a segment need not repeat its parameter sets.

        `sets` (Annex B) take the place of those in `parameters`; `in_band` says that packets bring others with them.
        """
        self.video = described(self._copy_of(template), parameters)
        self.video.time_base = TICK
        if sets is not None:
            self.video.codec_context.extradata = sets
        if template.codec_context.name == "hevc" and self.kind.indexed:
            self.video.codec_context.codec_tag = "hev1" if in_band else "hvc1"  # Apple's players like hvc1 best

    def add_copied_audio(self, template: Any, parameters: AudioParameters) -> None:
        """A track for packets that were encoded elsewhere and carry no headers of their own."""
        self.audio = self._copy_of(template)
        if parameters.extradata:
            self.audio.codec_context.extradata = bytes.fromhex(parameters.extradata)
        self.audio_tick = Fraction(1, parameters.sample_rate)
        self.audio.time_base = self.audio_tick

    def add_encoded_audio(self, parameters: AudioParameters, bitrate: int) -> None:
        """A track with its own AAC encoder, `audio.codec_context`."""
        self.audio = self.container.add_stream("aac", rate=parameters.sample_rate, layout=parameters.layout)
        self.audio.codec_context.bit_rate = bitrate
        self.audio_tick = Fraction(1, parameters.sample_rate)

    def start(self) -> None:
        """Write the header. Raises UnsupportedMedia for tracks that the container cannot hold."""
        try:
            self.container.start_encoding()
        except (FFmpegError, ValueError) as error:
            if isinstance(error, FFmpegError) and error.errno in _NO_SPACE:
                raise _fault(error) from error
            raise UnsupportedMedia(f"A .{self.kind.extension} file cannot hold these tracks: {error}") from error

    def _copy_of(self, template: Any) -> Any:
        try:
            return self.container.add_stream_from_template(template)
        except (FFmpegError, ValueError) as error:
            codec = template.codec_context.name
            raise UnsupportedMedia(f"A .{self.kind.extension} file cannot hold {codec}: {error}") from error

    def write_video(self, packet: Any, pts: int, dts: int, duration: int) -> None:
        """All times in ticks of the output, as the packet's own time base already says."""
        packet.pts, packet.dts, packet.duration = pts, dts, duration
        packet.stream = self.video
        try:
            self.container.mux_one(packet)
        except FFmpegError as error:
            raise _fault(error) from error

    def write_audio(self, packet: Any) -> None:
        packet.stream = self.audio
        try:
            self.container.mux_one(packet)
        except FFmpegError as error:
            raise _fault(error) from error

    def write_frames(self, frames: Iterable[bytes | memoryview], pts: int, samples: int) -> None:
        """Frames of copied sound that follow each other, of so many samples each; `pts` counts samples."""
        for number, frame in enumerate(frames):
            packet = Packet(bytes(frame))
            packet.pts = packet.dts = pts + number * samples
            packet.duration, packet.time_base, packet.is_keyframe = samples, self.audio_tick, True
            self.write_audio(packet)

    def finish(self, alive: Callable[[], None]) -> None:
        """Write the index and bring it to the front. `alive` is called again and again, and may raise to end it.

        Raises NoSpace or MediaError where that fails.
        """
        self.close()
        if self._behind:
            index_first(self._behind, alive)

    def close(self) -> None:
        """End, whatever has been written. Raises NoSpace or MediaError where that fails."""
        if self._open:
            self._open = False
            try:
                self.container.close()
            except FFmpegError as error:
                raise _fault(error) from error


def described(stream: Any, parameters: VideoParameters) -> Any:
    """Put size and parameter sets (Annex B) into a new track."""
    stream.codec_context.width, stream.codec_context.height = parameters.width, parameters.height
    if parameters.extradata:
        stream.codec_context.extradata = bytes.fromhex(parameters.extradata)
    return stream


def _fault(error: FFmpegError) -> Exception:
    if error.errno in _NO_SPACE:
        return NoSpace("The disk for scratch files is full.")
    return MediaError(f"The output could not be written: {error.strerror}.")
