"""Single pictures out of media, as JPEG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from av.error import FFmpegError

from editing.errors import UnreadableMedia
from editing.media import clock
from editing.media.clearest import clearest
from editing.media.jpeg import Picture, as_shown, jpeg
from editing.media.reader import OpenSegment, PacketReader
from editing.media.seeking import decoded, opened, shown_at
from editing.timeline.coverage import Segment
from editing.timeline.plan import CutPlan

WIDTH = 640
"""Of posters, unless the picture is smaller."""


def first_picture(source: Path | BinaryIO, *, width: int = WIDTH) -> bytes:
    """The first picture that decodes, no wider than `width`, as JPEG. Raises UnreadableMedia."""
    try:
        with opened(source) as container:
            stream = container.streams.video[0]
            for frame in decoded(stream, container.demux(stream)):
                return jpeg(Picture.of(frame, stream), width)
    except (FFmpegError, IndexError) as error:
        raise UnreadableMedia(f"No picture can be decoded: {error}.") from error
    raise UnreadableMedia("There is no picture in it.")


def jpeg_at(segments: Sequence[Segment], pts: int, *, open_segment: OpenSegment, width: int | None = WIDTH) -> bytes:
    """The frame that is on the screen at `pts` (ticks of the segments' epoch) as JPEG.

    `segments` follow each other and begin where a decoder can, like the files of a piece; of a time after their last
    frame that frame is taken. Raises UnreadableMedia.
    """
    found: Picture | None = None
    try:
        with PacketReader(segments, open_segment) as reader:
            for frame in _decoded(reader):
                if found is not None and frame.pts > pts:
                    break
                found = Picture.of(frame, reader.video)
            if found is not None:
                return jpeg(found, width)
    except FFmpegError as error:
        raise UnreadableMedia(f"No picture can be decoded: {error.strerror}.") from error
    raise UnreadableMedia("There is no picture in it.")


def covers(plan: CutPlan, output: Path) -> tuple[bytes, bytes]:
    """The cover of a finished output as JPEG: as large as it is shown, and no wider than WIDTH.

    It is the frame that the first clip with a cover time names; where none does, the first that is neither black nor
    blurred. Raises UnreadableMedia.
    """
    named = any(clip.clip.cover is not None for clip in plan.clips)
    try:
        picture = as_shown(shown_at(output, clock.cover(plan)) if named else clearest(output))
        return jpeg(picture), jpeg(picture, WIDTH)
    except (FFmpegError, IndexError) as error:
        raise UnreadableMedia(f"No cover can be made: {error}.") from error


def picture_at(output: Path | BinaryIO, ticks: int, *, width: int | None = WIDTH) -> bytes:
    """What a finished file shows so many ticks after its first frame; at and after its end its last frame.

    Raises UnreadableMedia.
    """
    try:
        return jpeg(shown_at(output, ticks), width)
    except (FFmpegError, IndexError) as error:
        raise UnreadableMedia(f"No picture can be decoded: {error}.") from error


def _decoded(reader: PacketReader) -> Iterator[Any]:
    """The pictures in the order of the screen, their `pts` unwrapped."""
    for is_video, pts, packet in reader.packets(audio=False):
        if is_video:
            packet.pts, packet.dts = pts, None
            yield from packet.decode()
    if reader.video is not None:
        yield from reader.video.codec_context.decode(None)
