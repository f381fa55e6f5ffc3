"""Pictures that were damaged when they were recorded, and those that refer to them: an output can show no better."""

from __future__ import annotations

from dataclasses import dataclass

from editing.timeline.frames import DAMAGED, DISPOSABLE, ENTRIES, KIND_MASK, VideoIndex, holds_damage
from editing.timeline.instant import Instant
from editing.timeline.pieces import Piece

_ENTRY_MARKS = frozenset(map(int, ENTRIES))


@dataclass(frozen=True, slots=True)
class Damage:
    """So many `pictures` of a segment (its number in the recording) are or may be damaged, the first one at `start`."""

    start: Instant
    segment: int
    pictures: int


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
