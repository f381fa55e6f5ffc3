"""What an index says of a track of sound, while it is being made."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from editing.media.transport import Break
from editing.media.video_rows import spacing
from editing.timeline.frames import AudioIndex

_APART = 1.75
"""Packets that are so many times their usual distance from each other lack one between them: then a slot of the output
stays empty, too."""


@dataclass
class SoundRows:
    """The packets of a track, column by column, and the `configurations` that they have, in the order of coming."""

    times: list[int] = field(default_factory=list)
    lasts: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    """Where in the file the PES packet begins that each is in."""
    configurations: dict[bytes, None] = field(default_factory=dict)
    hit: set[int] = field(default_factory=set)

    def add(self, time: int, lasts: int, place: int | None, configuration: bytes) -> None:
        before = self.places[-1] if self.places else 0
        self.times.append(time)
        self.lasts.append(lasts)
        self.places.append(max(before, place if place is not None else before))
        self.configurations[configuration] = None

    def damage(self, found: Iterable[Break]) -> None:
        """Mark what is in the PES packets at which transport packets are missing."""
        for each in found:
            if each.clean or not self.places:
                continue
            inside = bisect_left(self.places, each.at) - 1 if each.begins else bisect_right(self.places, each.at) - 1
            if inside >= 0:
                place = self.places[inside]
                self.hit |= set(range(bisect_left(self.places, place), bisect_right(self.places, place)))

    def keep(self, positions: Sequence[int]) -> SoundRows:
        """Those at some positions; where others are left out, what follows them lacks something."""
        before = [-1, *positions]
        hit = {new for new, at in enumerate(positions) if at in self.hit or at > before[new] + 1}
        times, lasts, places = ([column[at] for at in positions] for column in (self.times, self.lasts, self.places))
        return SoundRows(times, lasts, places, self.configurations, hit)

    def index(self) -> AudioIndex:
        """In the order of time, each time once."""
        order = sorted({time: at for at, time in reversed([*enumerate(self.times)])}.items())
        times = tuple(time for time, _ in order)
        usual = spacing(times)
        damaged = tuple(
            new
            for new, (time, at) in enumerate(order)
            if at in self.hit or (new > 0 and time - times[new - 1] > _APART * usual)
        )
        return AudioIndex(times, times[-1] + (self.lasts[order[-1][1]] or usual), damaged)
