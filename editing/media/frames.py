"""Single pictures out of media, as JPEG."""

from __future__ import annotations

import io
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
from av.error import FFmpegError

from editing.errors import UnreadableMedia

WIDTH = 640
_QUALITY = 4
"""On mjpeg's scale from 2 (best) to 31."""


def first_picture(source: Path | BinaryIO, *, width: int = WIDTH) -> bytes:
    """The first picture that decodes, no wider than `width`, as JPEG. Raises UnreadableMedia."""
    return _picture(source, lambda frame: True, width)


def _picture(source: Path | BinaryIO, wanted: Callable[[Any], bool], width: int) -> bytes:
    try:
        with av.open(str(source) if isinstance(source, Path) else source, "r") as container:
            for frame in container.decode(container.streams.video[:1]) if container.streams.video else ():
                if wanted(frame):
                    return _jpeg(frame, width)
    except FFmpegError as error:
        raise UnreadableMedia(f"No picture can be decoded: {error.strerror}.") from error
    raise UnreadableMedia("There is no picture in it.")


def _jpeg(frame: Any, width: int) -> bytes:
    width = min(frame.width, width) // 2 * 2
    height = max(round(frame.height * width / frame.width / 2) * 2, 2)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mjpeg") as output:
        stream: Any = output.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuvj420p"
        stream.codec_context.qmin = stream.codec_context.qmax = _QUALITY
        picture = frame.reformat(width=width, height=height, format="yuvj420p")
        picture.pts = 0
        picture.time_base = Fraction(1)
        output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return buffer.getvalue()
