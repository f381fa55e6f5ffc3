"""Which picture stands for a video that nobody chose one for: the first that is neither black nor blurred."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

import av

from editing.errors import UnreadableMedia

_CANDIDATES, _WITHIN = 12, 30.0
"""Entries that are looked at, spread over so many seconds; decoding can begin there, so that each costs one frame."""
_WIDTH, _HEIGHT = 160, 90
_DARK, _FLAT = 32.0, 6.0
_SHARP_ENOUGH = 0.5
"""Of the sharpest candidate's sharpness: what is sharp differs from video to video."""


@dataclass(frozen=True)
class _Look:
    """A small gray picture in numbers: mean luma, its deviation, and how much neighbours differ.

    Differences are squared: a blurred edge is as high as a sharp one, but nowhere as steep.
    """

    light: float
    contrast: float
    sharpness: float

    @property
    def black(self) -> bool:
        return (self.light < _DARK and self.contrast < _DARK) or self.contrast < _FLAT


def clearest(output: Path) -> Any:
    """The frame. Where all are black or blurred, the sharpest. Raises UnreadableMedia where nothing decodes."""
    frames = _entries(output)
    if not frames:
        raise UnreadableMedia("There is no picture in it.")
    looks = [_look(frame) for frame in frames]
    sharpest = max(look.sharpness for look in looks)
    for frame, look in zip(frames, looks, strict=True):
        if not look.black and look.sharpness >= sharpest * _SHARP_ENOUGH:
            return frame
    return max(zip(frames, looks, strict=True), key=lambda pair: pair[1].sharpness)[0]


def _entries(output: Path) -> list[Any]:
    found: dict[int, Any] = {}
    with av.open(str(output)) as container:
        stream = container.streams.video[0]
        start, tick = stream.start_time or 0, stream.time_base or Fraction(1)
        length = min(float((stream.duration or 0) * tick) or _WITHIN, _WITHIN)
        for number in range(_CANDIDATES):
            container.seek(start + round(length * number / _CANDIDATES / tick), stream=stream)
            frame = next(container.decode(stream), None)
            if frame is not None and frame.pts is not None:
                found.setdefault(frame.pts, frame)
    return [found[pts] for pts in sorted(found)]


def _look(frame: Any) -> _Look:
    small = frame.reformat(width=_WIDTH, height=_HEIGHT, format="gray")
    plane = small.planes[0]
    data, stride = bytes(plane), plane.line_size
    rows = [data[at : at + _WIDTH] for at in range(0, stride * _HEIGHT, stride)]
    pixels = b"".join(rows)
    across = [(a - b) ** 2 for row in rows for a, b in pairwise(row)]
    down = [(a - b) ** 2 for row, below in pairwise(rows) for a, b in zip(row, below, strict=True)]
    return _Look(fmean(pixels), pstdev(pixels), fmean(across) + fmean(down))
