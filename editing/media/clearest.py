"""Which picture stands for a video that nobody chose one for: the first that is neither black nor blurred."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

from editing.errors import UnreadableMedia
from editing.media.jpeg import Picture, filtered, full_range
from editing.media.seeking import decoded, keyframes, length_of, opened, seek, shown_at
from editing.timeline.ticks import TICKS_PER_SECOND

_CANDIDATES, _WITHIN = 12, 30.0
"""Keyframes that are looked at, spread over so many seconds; decoding can begin there, so that each costs one frame."""
_EVERY, _MOST = 6, 300
"""Where a keyframe will not do, every n-th of so many frames that follow it is looked at, too."""
_WIDTH, _HEIGHT = 160, 90
_DARK, _FLAT = 32.0, 6.0
_CRISP = 8.0
"""Pixels out of 320 across which an edge may rise: in a blurred picture none is steeper."""
_SHARP_ENOUGH = 0.5
"""Of the sharpest picture's sharpness: a soft picture is not blurred if there is no sharper one. It is also what a
picture that fades in has at seven tenths of its light."""


@dataclass(frozen=True)
class _Look:
    """A small gray picture in numbers: mean luma, its deviation, how much neighbours differ, how wide edges are.

    Differences are squared: a blurred edge is as high as a sharp one, but nowhere as steep. The width of edges is that
    of libavfilter's blurdetect, not a number where there are none. `at` is the frame's presentation time.
    """

    at: int
    light: float
    contrast: float
    sharpness: float
    edges: float

    @property
    def black(self) -> bool:
        return (self.light < _DARK and self.contrast < _DARK) or self.contrast < _FLAT

    def good(self, sharpest: float) -> bool:
        return not self.black and (self.edges <= _CRISP or self.sharp(sharpest))

    def sharp(self, sharpest: float) -> bool:
        return self.sharpness >= sharpest * _SHARP_ENOUGH


def clearest(output: Path) -> Picture:
    """The picture. Where all are black or blurred, the sharpest. Raises UnreadableMedia where nothing decodes."""
    with opened(output) as container:
        stream = container.streams.video[0]
        start, tick = stream.start_time or 0, Fraction(stream.time_base or 1)
        length = length_of(container, stream) or _WITHIN
        at = _chosen(container, stream, min(length, _WITHIN), length)
    return shown_at(output, (at - start) * tick * TICKS_PER_SECOND)


def _chosen(container: Any, stream: Any, *spans: float) -> int:
    """The presentation time of the picture, looked for in the first so many seconds; in more where there is none."""
    looks: list[_Look] = []
    for span in dict.fromkeys(spans):
        moments = [span * number / _CANDIDATES for number in range(_CANDIDATES)]
        looks = [_look(frame) for frame in keyframes(container, stream, moments)]
        sharpest = max((look.sharpness for look in looks), default=0.0)
        found = next((look for look in looks if look.good(sharpest)), None)
        if found and found is looks[0]:
            return found.at
        before = max((look.at for look in looks if found and look.at < found.at), default=stream.start_time or 0)
        between = list(_following(container, stream, before, found.at if found else None))
        if not found:
            looks += between
            sharpest = max((look.sharpness for look in looks), default=0.0)
        better = (look for look in between if not look.black and look.sharp(found.sharpness if found else sharpest))
        if first := next(better, found):
            return first.at
    return _sharpest(looks)


def _sharpest(looks: Sequence[_Look]) -> int:
    if not looks:
        raise UnreadableMedia("There is no picture in it.")
    return max(looks, key=lambda look: look.sharpness).at


def _following(container: Any, stream: Any, begin: int, end: int | None) -> Iterator[_Look]:
    """Some of the frames from `begin` up to `end`, or as far as patience goes."""
    seek(container, stream, begin)
    for number, frame in enumerate(decoded(stream, container.demux(stream))):
        if number == _MOST or (end is not None and frame.pts is not None and frame.pts >= end):
            return
        if number % _EVERY == 0 and frame.pts is not None:
            yield _look(frame)


def _look(frame: Any) -> _Look:
    full = "" if full_range(frame) else ":in_range=limited"
    measured = filtered(frame, f"scale={2 * _WIDTH}:{2 * _HEIGHT}:out_range=full{full},format=gray,blurdetect")
    small = filtered(measured, f"scale={_WIDTH}:{_HEIGHT}:flags=area")
    plane = small.planes[0]
    data, stride = bytes(plane), plane.line_size
    rows = [data[at : at + _WIDTH] for at in range(0, stride * _HEIGHT, stride)]
    pixels = b"".join(rows)
    across = [(a - b) ** 2 for row in rows for a, b in pairwise(row)]
    down = [(a - b) ** 2 for row, below in pairwise(rows) for a, b in zip(row, below, strict=True)]
    edges = float(measured.metadata.get("lavfi.blur", "nan"))
    return _Look(frame.pts, fmean(pixels), pstdev(pixels), fmean(across) + fmean(down), edges)
