"""Samples of several tracks in the order in which a player wants them in a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from editing.media.layout import Integers
from editing.media.mp4_boxes import Track
from editing.timeline.ticks import TICKS_PER_SECOND

_CHUNK = TICKS_PER_SECOND
"""Samples of about so long follow each other in the file; then comes the next track."""


@dataclass
class Waiting:
    """The samples of a track that are not in the file yet: the pieces of each, when it is decoded, and its size."""

    track: Track
    pieces: list[Any] = field(default_factory=list)
    firsts: list[Integers] = field(default_factory=list)
    times: list[Integers] = field(default_factory=list)
    sizes: list[Integers] = field(default_factory=list)

    def add(self, pieces: list[Any], firsts: Integers, times: Integers, sizes: Integers) -> None:
        """More samples, decoded at `times` ticks; the n-th one's pieces begin at number `firsts[n]` of `pieces`."""
        self.firsts.append(firsts[:-1] + len(self.pieces))
        self.times.append(times)
        self.sizes.append(sizes)
        self.pieces += pieces

    def chunks(self, edges: Integers) -> list[tuple[int, int, list[Any]]]:
        """How many samples there are between two edges, how many bytes, and their pieces."""
        firsts, times = np.append(np.concatenate(self.firsts), len(self.pieces)), np.concatenate(self.times)
        bounds = np.concatenate(([0], np.searchsorted(times, edges), [len(times)]))
        total = np.append(0, np.cumsum(np.concatenate(self.sizes)))
        counts, sizes, at = np.diff(bounds).tolist(), np.diff(total[bounds]).tolist(), firsts[bounds].tolist()
        pieces = [self.pieces[begin:end] for begin, end in pairwise(at)]
        return list(zip(counts, sizes, pieces, strict=True))


def interleaved(waiting: Sequence[Waiting], at: int) -> tuple[list[Any], int]:
    """The pieces of all samples that wait, which begin `at` in the file, and where they end. The tracks learn of it."""
    waiting = [each for each in waiting if each.times]
    if not waiting:
        return [], at
    begin, end = min(int(each.times[0][0]) for each in waiting), max(int(each.times[-1][-1]) for each in waiting)
    edges = np.arange(begin + _CHUNK, end, _CHUNK)
    made: list[Any] = []
    for row in zip(*(each.chunks(edges) for each in waiting), strict=True):
        for each, (count, size, pieces) in zip(waiting, row, strict=True):
            if count:
                each.track.counts.append(count)
                each.track.offsets.append(at)
                at += size
                made += pieces
    return made, at
