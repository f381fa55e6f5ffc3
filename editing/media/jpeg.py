"""Decoded frames as JPEG, the way a player shows them: upright, with square pixels, one moment, the right colours.

A JPEG is YCbCr by BT.601 over the full range, with sRGB's primaries; nothing in it could say otherwise.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.filter import Graph

_QUALITY = 4
"""On mjpeg's scale from 2 (best) to 31."""
_HD_HEIGHT = 720
"""Pictures from this height on are BT.709 where they do not say: browsers take them so."""
_MATRICES = {1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}
_FULL_RANGE = 2
_WIDE_PRIMARIES = frozenset({9, 11, 12})
"""BT.2020 and both P3."""
_HDR_TRANSFERS = {16: "smpte2084", 18: "arib-std-b67"}
_UPRIGHT = {
    (-1, 0, 0, 1): "hflip",
    (1, 0, 0, -1): "vflip",
    (-1, 0, 0, -1): "hflip,vflip",
    (0, 1, 1, 0): "transpose=cclock_flip",
    (0, 1, -1, 0): "transpose=clock",
    (0, -1, 1, 0): "transpose=cclock",
    (0, -1, -1, 0): "transpose=clock_flip",
}
"""By the signs of a display matrix: a and c make x, b and d make y."""
_WAITS = "estdif"
"""It makes one field a whole picture, and gives a picture only when the next one has come."""
_TURNED = "sidedata=mode=delete:type=DISPLAYMATRIX"


@dataclass(frozen=True)
class Picture:
    """A decoded frame and the aspect (width to height) of one of its pixels."""

    frame: Any
    aspect: Fraction = Fraction(1)

    @classmethod
    def of(cls, frame: Any, stream: Any) -> Picture:
        """What the container says of the aspect goes before what the codec says, as in every player."""
        return cls(frame, stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or Fraction(1))


def jpeg(picture: Picture, limit: int | None = None) -> bytes:
    """As large as it is shown, but no wider than `limit` pixels; both sides even. No metadata goes with it."""
    shown = as_shown(picture, limit).frame
    shown.pts, shown.time_base = 0, Fraction(1)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mjpeg") as output:
        stream: Any = output.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = shown.width, shown.height, "yuvj420p"
        stream.codec_context.qmin = stream.codec_context.qmax = _QUALITY
        stream.codec_context.flags |= av.codec.context.Flags.bitexact  # or it signs with its version
        output.mux(stream.encode(shown))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def filtered(frame: Any, filters: str) -> Any:
    """The frame after a chain of libavfilter's filters."""
    return Filters().applied(frame, filters)


class Filters:
    """A chain of libavfilter's filters, which is kept while the frames and what shall be done to them stay alike."""

    def __init__(self) -> None:
        self._graph: Any = None
        self._key: Any = None

    def applied(self, frame: Any, filters: str) -> Any:
        key = (filters, frame.width, frame.height, frame.format.name)
        if key != self._key:
            self._graph, self._key = _graph(frame, filters), key
        self._graph.push(frame)
        if _WAITS in filters:
            self._graph.push(None)
            self._key = None
        return self._graph.pull()

    @staticmethod
    def joined(frames: Sequence[Any], filters: str) -> Any:
        """The one frame that the filters make of several."""
        graph = _graph(frames[0], filters)
        for number, frame in enumerate(frames):
            frame.pts = number
            graph.push(frame)
        graph.push(None)
        return graph.pull()


def _graph(frame: Any, filters: str) -> Any:
    graph = Graph()
    last = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or Fraction(1)
    )
    for each in (*filters.split(","), "buffersink"):
        name, _, options = each.partition("=")
        following = graph.add(name, options or None)
        last.link_to(following)
        last = following
    graph.configure()
    return graph


def full_range(frame: Any) -> bool:
    """Whether black is 0 in it, and not 16."""
    return bool(frame.format.is_rgb or frame.color_range == _FULL_RANGE or frame.format.name.startswith("yuvj"))


def as_shown(picture: Picture, limit: int | None = None, filters: Filters | None = None) -> Picture:
    """The picture in the colours and the shape of a JPEG; doing it again changes nothing but its size.

    Who has many pictures gives the same `filters` for all of them: for those of wide colours tables are made, which
    takes seconds.
    """
    frame, turn = picture.frame, _turn(picture.frame)
    width, height = frame.width * picture.aspect, Fraction(frame.height)
    across = height if "transpose" in turn else width
    scale = min(Fraction(limit or across) / across, Fraction(1))
    size = f"{_even(width * scale)}:{_even(height * scale)}"
    one_field = f"{_WAITS}=mode=frame" if frame.interlaced_frame else ""
    chain = [one_field, f"scale={size}:{_colours(frame)}", "format=yuvj420p", turn, _TURNED]
    return Picture((filters or Filters()).applied(frame, ",".join(filter(None, chain))))


def _colours(frame: Any) -> str:
    """Options of `scale` that make of the frame's colours a JPEG's."""
    options = {"out_color_matrix": "bt601", "out_range": "full", "out_chroma_loc": "center"}
    if not frame.format.is_rgb:
        guess = "bt709" if frame.height >= _HD_HEIGHT else "smpte170m"
        options["in_color_matrix"] = _MATRICES.get(frame.colorspace, guess)
        options["in_range"] = "full" if full_range(frame) else "limited"
    if transfer := _HDR_TRANSFERS.get(frame.color_trc):
        options |= {"in_transfer": transfer, "out_transfer": "iec61966-2-1", "out_primaries": "bt709"}
    elif frame.color_primaries in _WIDE_PRIMARIES:
        options["out_primaries"] = "bt709"
    return ":".join(f"{name}={value}" for name, value in options.items())


def _turn(frame: Any) -> str:
    """The filters that show it as its display matrix says; quarter turns and mirrors, as cameras write them."""
    data = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return ""
    a, b, _, c, d = struct.unpack("<5i", bytes(data)[:20])
    return _UPRIGHT.get((_sign(a), _sign(b), _sign(c), _sign(d)), "")


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


def _even(value: Fraction) -> int:
    return max(round(value / 2) * 2, 2)
