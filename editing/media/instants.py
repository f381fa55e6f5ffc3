"""Pictures that a recorder gave one and the same time: each gets its part of the time until the next one is shown.

The index holds the times that they get; whoever reads the recording again finds them there by what its bytes say.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import groupby, zip_longest

from editing.errors import UnreadableMedia
from editing.timeline.coverage import Segment
from editing.timeline.ticks import TICKS_PER_SECOND

_SHORTEST = TICKS_PER_SECOND // 1000
"""Pictures that would be shown for less than this are no recording of anything."""
_REMEMBERED = 64
"""Pictures: more than any reordering spans."""


def spread(times: Sequence[int], spacing: int) -> list[int]:
    """The times of pictures in decoding order, each once; the last ones of all get their usual `spacing`.

    Raises UnreadableMedia where there is no room for them.
    """
    made = list(times)
    stacks = [list(stack) for _, stack in groupby(sorted(range(len(times)), key=times.__getitem__), times.__getitem__)]
    for stack, later in zip_longest(stacks, stacks[1:]):
        if len(stack) == 1:
            continue
        begins, count = times[stack[0]], len(stack)
        room = times[later[0]] - begins if later else count * spacing
        if room < count * _SHORTEST or count > _REMEMBERED // 4:
            raise UnreadableMedia(f"{count} pictures are shown at the same instant.")
        for number, position in enumerate(stack):
            made[position] = begins + number * room // count
    return made


class Instants:
    """Times as they are read become those of the index: they differ only where a time comes more than once."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments
        self._seen: dict[int, int] = {}
        self._before: dict[int, int] = {}

    def of(self, pts: int) -> int:
        """The time of the next picture in decoding order, which says `pts` of itself."""
        count = self._seen.get(pts, self._before.get(pts, 0))
        self._seen[pts] = count + 1
        if len(self._seen) > _REMEMBERED:
            self._before, self._seen = self._seen, {}
        return self._moved(pts, count) if count else pts

    def _moved(self, pts: int, count: int) -> int:
        for segment in self._segments:
            if segment.first_pts <= pts < segment.end_pts and segment.index.video:
                shown = sorted(segment.index.video.pts)
                at = bisect_left(shown, pts) + count
                if bisect_right(shown, pts) <= at < len(shown):
                    return shown[at]
        return pts
