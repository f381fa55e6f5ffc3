"""One output file: its tracks, its clock, its container's habits."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from editing.errors import MediaError, NoSpace, UnsupportedMedia
from editing.timeline.parameters import AudioParameters, VideoParameters
from editing.timeline.ticks import TICKS_PER_SECOND

TICK = Fraction(1, TICKS_PER_SECOND)
FORMATS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska", ".ts": "mpegts", ".flv": "flv"}
_NO_SPACE = 28
_INDEX_FIRST = {".mp4", ".mov"}


class Muxer:
    """Writes packets whose times are already right. Tracks first, then `start`, then packets, then `close`."""

    def __init__(self, path: Path) -> None:
        suffix = path.suffix.lower()
        if suffix not in FORMATS:
            raise UnsupportedMedia(f"“{suffix}” is not a container we write; use one of {', '.join(FORMATS)}.")
        options = {"movflags": "faststart"} if suffix in _INDEX_FIRST else {}
        self.container: Any = av.open(str(path), "w", format=FORMATS[suffix], options=options)
        self.video: Any = None
        self.audio: Any = None
        self.audio_tick = TICK
        self._open = True

    def add_video(self, template: Any, parameters: VideoParameters) -> None:
        """A track like `template`, described by `parameters`: a segment need not repeat its parameter sets."""
        self.video = described(self.container.add_stream_from_template(template), parameters)
        self.video.time_base = TICK

    def add_copied_audio(self, template: Any, parameters: AudioParameters) -> None:
        """A track for packets that were encoded elsewhere and carry no headers of their own."""
        self.audio = self.container.add_stream_from_template(template)
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
        self.container.start_encoding()

    def write_video(self, packet: Any, pts: int, dts: int, duration: int) -> None:
        """All times in ticks of the output."""
        packet.pts, packet.dts, packet.duration, packet.time_base = pts, dts, duration, TICK
        packet.stream = self.video
        self._write(packet)

    def write_audio(self, packet: Any) -> None:
        packet.stream = self.audio
        self._write(packet)

    def close(self) -> None:
        """Write the index. Raises NoSpace or MediaError where that fails."""
        if self._open:
            self._open = False
            try:
                self.container.close()
            except FFmpegError as error:
                raise _fault(error) from error

    def _write(self, packet: Any) -> None:
        try:
            self.container.mux_one(packet)
        except FFmpegError as error:
            raise _fault(error) from error


def described(stream: Any, parameters: VideoParameters) -> Any:
    """Put size and parameter sets (Annex B) into a new track."""
    stream.codec_context.width, stream.codec_context.height = parameters.width, parameters.height
    if parameters.extradata:
        stream.codec_context.extradata = bytes.fromhex(parameters.extradata)
    return stream


def _fault(error: FFmpegError) -> Exception:
    if error.errno == _NO_SPACE:
        return NoSpace("The disk for scratch files is full.")
    return MediaError(f"The output could not be written: {error.strerror}.")
