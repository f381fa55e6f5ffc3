"""Pictures that were damaged when they were recorded, and those that refer to them: an output can show no better.

The same of sound, which refers to nothing: packets that are broken, and those that are missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median_low

from editing.timeline.frames import (
    DAMAGED,
    DISPOSABLE,
    ENTRIES,
    KIND_MASK,
    AudioIndex,
    VideoIndex,
    holds_damage,
    holds_damaged_sound,
)
from editing.timeline.instant import Instant
from editing.timeline.pieces import Piece

_ENTRY_MARKS = frozenset(map(int, ENTRIES))


@dataclass(frozen=True, slots=True)
class Damage:
    """So many `pictures` of a segment (its number in the recording) are or may be damaged, the first one at `start`."""

    start: Instant
    segment: int
    pictures: int


@dataclass(frozen=True, slots=True)
class SoundDamage:
    """So many `packets` of sound of a segment are damaged or missing, the first one at `start`."""

    start: Instant
    segment: int
    packets: int


def sound_damage_in(piece: Piece) -> tuple[SoundDamage, ...]:
    """What of a piece's sound is damaged, segment by segment."""
    found: list[SoundDamage] = []
    for segment in piece.files:
        track = next(iter(segment.index.audio), None) if holds_damaged_sound(segment.packed) else None
        hit = [at for at in track.damaged if piece.first_pts <= track.pts[at] < piece.end_pts] if track else []
        if track and hit:
            packets = sum(1 + _missing_before(track, at) for at in hit)
            found.append(SoundDamage(segment.anchor.instant(track.pts[hit[0]]), segment.sequence, packets))
    return tuple(found)


def _missing_before(track: AudioIndex, at: int) -> int:
    """How many packets lie between this one and the one before that are not there."""
    if not at:
        return 0
    usual = median_low(later - earlier for earlier, later in pairwise(track.pts))
    return max(round((track.pts[at] - track.pts[at - 1]) / max(usual, 1)) - 1, 0)


def damage_in(piece: Piece) -> tuple[Damage, ...]:
    """What of a piece is damaged, segment by segment. Damage goes on until the next picture that refers to no other."""
    found: list[Damage] = []
    spoilt = False
    for segment in piece.files:
        if not spoilt and not holds_damage(segment.packed):
            continue
        video = segment.index.video
        times, spoilt = _touched(video, spoilt=spoilt) if video else ([], spoilt)
        shown = [pts for pts in times if piece.first_pts <= pts < piece.end_pts]
        if shown:
            found.append(Damage(segment.anchor.instant(min(shown)), segment.sequence, len(shown)))
    return tuple(found)


def _touched(video: VideoIndex, *, spoilt: bool) -> tuple[list[int], bool]:
    """The times of the pictures that damage reaches, and whether it reaches beyond the segment."""
    times: list[int] = []
    before: int | None = None
    for pts, mark in zip(video.pts, video.marks, strict=True):
        if mark & KIND_MASK in _ENTRY_MARKS:
            before, spoilt = (pts, False) if spoilt else (None, False)
        leading = before is not None and pts < before  # it refers to what came before the entry
        if mark & DAMAGED or spoilt or leading:
            times.append(pts)
        spoilt = spoilt or bool(mark & DAMAGED and not mark & DISPOSABLE)
    return times, spoilt
