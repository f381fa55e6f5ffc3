"""What a finished media file is: container and tracks, by PyAV (the wheel's ffmpeg comes without ffprobe)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import av
from av.error import FFmpegError

from editing.errors import UnreadableMedia

_KINDS = ("video", "audio")


@dataclass(frozen=True, slots=True)
class Track:
    """One track. Fields that do not fit its kind are zero or empty; `frame_rate` as a fraction, "30000/1001"."""

    kind: str
    codec: str
    profile: str
    bit_rate: int
    duration: int
    frames: int
    width: int = 0
    height: int = 0
    pixel_format: str = ""
    frame_rate: str = ""
    sample_rate: int = 0
    channels: int = 0
    layout: str = ""


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """`duration` in µs, `bit_rate` in bits per second, `size` in bytes."""

    container: str
    duration: int
    bit_rate: int
    size: int
    tracks: tuple[Track, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def probe(source: Path | BinaryIO) -> MediaFacts:
    """Of a file, or of a reader that can seek. Raises UnreadableMedia."""
    try:
        opened = str(source) if isinstance(source, Path) else source
        with av.open(opened, "r", metadata_errors="replace") as container:
            return MediaFacts(
                container=container.format.name,
                duration=container.duration or 0,
                bit_rate=container.bit_rate or 0,
                size=container.size,
                tracks=tuple(_track(stream) for stream in container.streams if stream.type in _KINDS),
            )
    except FFmpegError as error:
        name = source.name if isinstance(source, Path) else "The file"
        raise UnreadableMedia(f"{name} cannot be read: {error.strerror}.") from error


def _track(stream: Any) -> Track:
    context = stream.codec_context
    if context is None:
        return Track(stream.type, "unknown", "", 0, 0, stream.frames)
    common = {
        "kind": stream.type,
        "codec": context.codec.canonical_name,  # a decoder may have another name, like mp3float
        "profile": str(context.profile or ""),
        "bit_rate": context.bit_rate or 0,
        "duration": int((stream.duration or 0) * stream.time_base * 1_000_000),
        "frames": stream.frames,
    }
    if stream.type == "audio":
        return Track(**common, sample_rate=context.sample_rate, channels=context.channels, layout=context.layout.name)
    return Track(
        **common,
        width=context.width,
        height=context.height,
        pixel_format=context.pix_fmt or "",
        frame_rate=str(stream.average_rate or ""),
    )
