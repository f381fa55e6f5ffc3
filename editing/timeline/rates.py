"""How many frames a second pictures really have, whatever their stream declares."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from editing.timeline.parameters import VideoParameters
from editing.timeline.slices import Group
from editing.timeline.ticks import TICKS_PER_SECOND

USUAL = Fraction(30)
_STANDARD = (
    *(Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60, 120)),
    *(Fraction(rate) for rate in (10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 100, 120)),
)
_LOWEST, _HIGHEST = Fraction(1, 10), Fraction(480)
_TOLERANCE = Fraction(1, 2500)
"""Half of what lies between 30 and 30000/1001."""
_WIDEST = 4 * _TOLERANCE
_MILLISECOND = TICKS_PER_SECOND // 1000


def rate_of(groups: Sequence[Group], video: VideoParameters) -> Fraction:
    """Frames per second of the segments that have these parameters.

    Encoders that stamp frames with a fine clock declare that clock as their rate: 90,000, say. So the frames are
    counted; a rate that is declared, or that everybody uses, is taken where the count agrees with it.
    """
    parts = [part.segment for group in groups for part in group if part.segment.parameters.video == video]
    frames = sum(part.frames for part in parts)
    ticks = sum(part.end_pts - part.first_pts for part in parts)
    if not frames or ticks <= 0:
        return USUAL
    counted = min(max(Fraction(frames * TICKS_PER_SECOND, ticks), _LOWEST), _HIGHEST)
    error = min(_TOLERANCE + Fraction(_MILLISECOND * len(parts), ticks), _WIDEST)  # many clocks count milliseconds
    named = [rate for rate in ([video.rate] if video.rate else []) if _agree(rate, counted, error)]
    near = [rate for rate in _STANDARD if _agree(rate, counted, error)]
    found = named or sorted(near, key=lambda rate: abs(rate - counted))
    return found[0] if found else counted.limit_denominator(1001)


def is_steady(times: Sequence[int], rate: Fraction) -> bool:
    """Whether frames shown at these ticks come evenly at this rate, but for clocks that count milliseconds."""
    usual = TICKS_PER_SECOND / rate
    low, high = int(usual) - _MILLISECOND, int(usual) + 1 + _MILLISECOND
    return all(low <= later - earlier <= high for earlier, later in pairwise(times))


def _agree(rate: Fraction, counted: Fraction, error: Fraction) -> bool:
    return abs(rate / counted - 1) <= error
