"""What an index says of pictures, while it is being made."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median_low

from editing.media.transport import Break
from editing.media.units import FrameFacts
from editing.timeline.frames import DAMAGED, KIND_MASK, FrameKind, VideoIndex
from editing.timeline.ticks import TICKS_PER_SECOND


@dataclass
class VideoRows:
    """The pictures of a segment in decoding order, column by column."""

    pts: list[int] = field(default_factory=list)
    dts: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    facts: list[FrameFacts] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    """Where each frame begins in the file."""
    seconds: set[int] = field(default_factory=set)
    """Where second fields do."""

    def add(self, pts: int, dts: int, size: int, facts: FrameFacts, place: int) -> None:
        self.places.append(place)
        self.pts.append(pts)
        self.dts.append(dts)
        self.sizes.append(size)
        self.facts.append(facts)

    def complete(self, size: int, place: int) -> None:
        """Add its second field to the last frame."""
        self.sizes[-1] += size
        self.seconds.add(place)

    @property
    def sets(self) -> list[bytes]:
        """The parameter sets in their order, each once."""
        return list(dict.fromkeys(each for facts in self.facts for each in facts.sets))

    def keep(self, positions: Sequence[int]) -> VideoRows:
        return VideoRows(
            [self.pts[at] for at in positions],
            [self.dts[at] for at in positions],
            [self.sizes[at] for at in positions],
            [self.facts[at] for at in positions],
            [self.places[at] for at in positions],
            self.seconds,
        )

    def damage(self, found: Iterable[Break]) -> None:
        """Mark the frames at which packets are missing. An IDR picture does not care for what is missing before it."""
        hit: set[int] = set()
        for each in found:
            at = bisect_right(self.places, each.at) - 1
            begins = each.begins and each.at not in self.seconds
            hit |= set() if each.clean else {at - begins}
            hit |= {at} if begins and at >= 0 and self.facts[at].mark & KIND_MASK != FrameKind.IDR else set()
        for at in hit - {-1, -2}:
            self.facts[at] = replace(self.facts[at], mark=self.facts[at].mark | DAMAGED)

    def index(self) -> VideoIndex:
        end = max(self.pts) + spacing(self.pts)
        marks = bytes(facts.mark for facts in self.facts)
        recovery = tuple(
            (position, facts.recovery)
            for position, facts in enumerate(self.facts)
            if facts.mark & KIND_MASK == FrameKind.REFRESH
        )
        return VideoIndex(tuple(self.pts), tuple(self.dts), tuple(self.sizes), marks, end, recovery)


def spacing(times: Iterable[int]) -> int:
    """The usual distance of neighbours on the screen; a thirtieth of a second where there is but one frame."""
    ordered = sorted(times)
    steps = [b - a for a, b in pairwise(ordered) if b > a]
    return median_low(steps) if steps else TICKS_PER_SECOND // 30
