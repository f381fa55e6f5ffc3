"""The picture that a file shows at a time, found without decoding all that comes before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any, BinaryIO

import av
from av.error import FFmpegError, InvalidDataError

from editing.errors import UnreadableMedia
from editing.media.jpeg import Picture
from editing.timeline.ticks import TICKS_PER_SECOND

_MARGINS = (0, 15)
"""Seconds before a frame at which a keyframe is sought: MPEG-TS has no index, and seeking there ends anywhere."""


def opened(source: Path | BinaryIO) -> Any:
    """A container at its beginning, to be closed by the caller. Raises FFmpegError."""
    if isinstance(source, Path):
        return av.open(str(source), "r", metadata_errors="replace")
    source.seek(0)
    return av.open(source, "r", metadata_errors="replace")


def shown_at(source: Path | BinaryIO, ticks: int | Fraction) -> Picture:
    """What is shown so many ticks after the first frame; at and after the end the last frame.

    Raises UnreadableMedia where nothing decodes, IndexError where there is no video, FFmpegError.
    """
    for margin in (*_MARGINS, None):
        with opened(source) as container:
            if found := _on_screen(container, container.streams.video[0], ticks, margin):
                return found
    raise UnreadableMedia("There is no picture in it.")


def length_of(container: Any, stream: Any) -> float:
    """Seconds of the video, as far as the container knows; 0 where it does not."""
    return float((stream.duration or 0) * (stream.time_base or 1)) or (container.duration or 0) / av.time_base


def keyframes(container: Any, stream: Any, moments: Iterable[float]) -> Iterator[Any]:
    """The frame at which decoding begins to reach each moment (seconds after the first frame), in their order.

    Each costs the decoding of one frame; one that serves several moments comes once.
    """
    start, tick, seen = stream.start_time or 0, Fraction(stream.time_base or 1), None
    for moment in moments:
        seek(container, stream, start + round(moment / tick))
        packet = next((packet for packet in container.demux(stream) if packet.is_keyframe and packet.size), None)
        frame = next(decoded(stream, [packet]), None) if packet else None
        if frame is not None and frame.pts is not None and (seen is None or frame.pts > seen):
            seen = frame.pts
            yield frame


def seek(container: Any, stream: Any, pts: int) -> None:
    """To a keyframe before `pts` if the container knows one; what cannot seek goes on from where it is."""
    with suppress(FFmpegError):
        container.seek(pts, stream=stream, backward=True)


def decoded(stream: Any, packets: Iterable[Any]) -> Iterator[Any]:
    """Frames in the order of the screen. A packet that does not decode is passed over, as players do."""
    for packet in packets:
        with suppress(InvalidDataError):
            yield from packet.decode() if packet.size else ()
    yield from stream.codec_context.decode(None)


def _on_screen(container: Any, stream: Any, ticks: int | Fraction, margin: int | None) -> Picture | None:
    """The last frame up to so many ticks after the first one; containers round the times of frames to their own ticks.

    It is decoded from the last keyframe up to there, which is sought from `margin` seconds before; without a margin
    from the beginning. None where there is no keyframe, or nothing decodes.
    """
    tick = Fraction(stream.time_base or 1)
    at = (stream.start_time or 0) + floor(Fraction(ticks) / TICKS_PER_SECOND / tick + Fraction(1, 2))
    begin: int | None = None
    if margin is None:
        packets = container.demux(stream)
    else:
        seek(container, stream, at - round(margin / tick))
        packets = _since_keyframe(container.demux(stream), at)
        begin = packets[0].pts if packets else None
    found: Any = None
    for frame in decoded(stream, packets):
        if found is not None and frame.pts is not None and frame.pts > at:
            break
        if begin is None or (frame.pts is not None and begin <= frame.pts <= at):
            found = frame
    return Picture.of(found, stream) if found is not None else None


def _since_keyframe(packets: Iterable[Any], at: int) -> list[Any]:
    """Those with the frames up to `at`, beginning with the last keyframe that is shown by then; none where none is."""
    found: list[Any] = []
    for packet in packets:
        if packet.pts is None:
            continue
        if packet.dts is not None and packet.dts > at:
            break
        if packet.is_keyframe and packet.pts <= at:
            found = [packet]
        elif found:
            found.append(packet)
    return found
