"""Single pictures out of media, as JPEG."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
from av.error import FFmpegError

from editing.errors import UnreadableMedia
from editing.media import clock
from editing.media.clearest import clearest
from editing.media.reader import OpenSegment, PacketReader
from editing.timeline.coverage import Segment
from editing.timeline.plan import CutPlan
from editing.timeline.ticks import TICKS_PER_SECOND

WIDTH = 640
_QUALITY = 4
"""On mjpeg's scale from 2 (best) to 31."""


def first_picture(source: Path | BinaryIO, *, width: int = WIDTH) -> bytes:
    """The first picture that decodes, no wider than `width`, as JPEG. Raises UnreadableMedia."""
    return _picture(source, lambda frame: True, width)


def jpeg_at(segments: Sequence[Segment], pts: int, *, open_segment: OpenSegment, width: int | None = WIDTH) -> bytes:
    """The frame that is on the screen at `pts` (ticks of the segments' epoch) as JPEG.

    `segments` follow each other and begin where a decoder can, like the files of a piece; of a time after their last
    frame that frame is taken. Raises UnreadableMedia.
    """
    found: Any = None
    try:
        with PacketReader(segments, open_segment) as reader:
            for frame in _decoded(reader):
                if found is not None and frame.pts > pts:
                    break
                found = frame
    except FFmpegError as error:
        raise UnreadableMedia(f"No picture can be decoded: {error.strerror}.") from error
    if found is None:
        raise UnreadableMedia("There is no picture in it.")
    return _jpeg(found, width)


def covers(plan: CutPlan, output: Path) -> tuple[bytes, bytes]:
    """The cover of a finished output as JPEG: as large as it is shown, and no wider than WIDTH.

    It is the frame that the first clip with a cover time names; where none does, the first that is neither black nor
    blurred. Raises UnreadableMedia.
    """
    named = any(clip.clip.cover is not None for clip in plan.clips)
    try:
        frame = _shown_at(output, clock.cover(plan)) if named else clearest(output)
    except (FFmpegError, IndexError) as error:
        raise UnreadableMedia(f"No cover can be made: {error}.") from error
    aspect = Fraction(plan.target.video.aspect.replace(":", "/")) or Fraction(1)
    return _jpeg(frame, None, aspect), _jpeg(frame, WIDTH, aspect)


def picture_at(output: Path | BinaryIO, ticks: int, *, width: int | None = WIDTH) -> bytes:
    """What a finished file shows so many ticks after its first frame; at and after its end its last frame.

    Raises UnreadableMedia.
    """
    try:
        return _jpeg(_shown_at(output, ticks), width)
    except (FFmpegError, IndexError) as error:
        raise UnreadableMedia(f"No picture can be decoded: {error}.") from error


def _shown_at(source: Path | BinaryIO, ticks: int) -> Any:
    found = _on_screen(source, ticks, seeking=True) or _on_screen(source, ticks, seeking=False)
    if found is None:
        raise UnreadableMedia("There is no picture in it.")
    return found


def _on_screen(source: Path | BinaryIO, ticks: int, *, seeking: bool) -> Any:
    """The last frame up to so many ticks after the first one.

    None where nothing decodes, or where seeking ended up behind what was sought, as it does in a short MPEG-TS: that
    has no index and must be read from its beginning.
    """
    if not isinstance(source, Path):
        source.seek(0)
    found: Any = None
    with av.open(str(source) if isinstance(source, Path) else source, "r") as container:
        stream = container.streams.video[0]
        at = (stream.start_time or 0) + int(ticks / (TICKS_PER_SECOND * Fraction(stream.time_base or 1)))
        if seeking:
            container.seek(at, stream=stream, backward=True)
        for frame in container.decode(stream):
            if found is not None and frame.pts is not None and frame.pts > at:
                break
            found = frame
    overshot = seeking and found is not None and found.pts is not None and found.pts > at
    return None if overshot else found


def _decoded(reader: PacketReader) -> Iterator[Any]:
    """The pictures in the order of the screen, their `pts` unwrapped."""
    for is_video, pts, packet in reader.packets(audio=False):
        if is_video:
            packet.pts, packet.dts = pts, None
            yield from packet.decode()
    if reader.video is not None:
        yield from reader.video.codec_context.decode(None)


def _picture(source: Path | BinaryIO, wanted: Callable[[Any], bool], width: int) -> bytes:
    try:
        with av.open(str(source) if isinstance(source, Path) else source, "r") as container:
            for frame in container.decode(container.streams.video[:1]) if container.streams.video else ():
                if wanted(frame):
                    return _jpeg(frame, width)
    except FFmpegError as error:
        raise UnreadableMedia(f"No picture can be decoded: {error.strerror}.") from error
    raise UnreadableMedia("There is no picture in it.")


def _jpeg(frame: Any, limit: int | None, aspect: Fraction = Fraction(1)) -> bytes:
    """`aspect` is that of a pixel: pictures are kept as they are shown."""
    shown = round(frame.width * aspect)
    width = max(min(shown, limit or shown) // 2 * 2, 2)
    height = max(round(frame.height * width / shown / 2) * 2, 2)
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
