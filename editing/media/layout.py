"""Where a plain MPEG-TS segment has the samples of an MP4: what is found out once, when the segment is indexed.

Places count bytes in the segment's transport packets without their headers of four bytes, one payload after the other;
what such memory holds beyond them are prefixes for which there is no room where the units are.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise, starmap

import numpy as np
from numpy.typing import NDArray

from editing.media.transport import PACKET

Bytes = NDArray[np.uint8]
Integers = NDArray[np.int64]

PAYLOAD = PACKET - 4
PREFIX = 4
MARGIN = 32
"""Bytes that may be read beyond the payloads."""
_FORMAT = 1
_HEAD, _COLUMNS = struct.Struct("<BBI"), 8


class Irregular(Exception):
    """A segment is not of the plain kind that is copied without libav."""


def require(holds: object) -> None:
    """Raises Irregular."""
    if not holds:
        raise Irregular


@dataclass(frozen=True)
class Samples:
    """Samples one after the other: their pieces, from `begins` to before `ends`, and where each sample's first one is.

    `firsts` has one number more than there are samples: that of all pieces.
    """

    begins: Integers
    ends: Integers
    firsts: Integers

    def __len__(self) -> int:
        return len(self.firsts) - 1

    def sizes(self) -> Integers:
        total = np.append(0, np.cumsum(self.ends - self.begins))
        sizes: Integers = np.diff(total[self.firsts])
        return sizes

    def part(self, first: int, end: int) -> Samples:
        """The samples first ≤ n < end."""
        low, high = self.firsts[first], self.firsts[end]
        return Samples(self.begins[low:high], self.ends[low:high], self.firsts[first : end + 1] - low)

    def pieces(self, memory: memoryview) -> list[memoryview]:
        return [memory[begin:end] for begin, end in zip(self.begins.tolist(), self.ends.tolist(), strict=True)]

    def place(self, positions: Integers) -> Integers:
        """Where the bytes at some positions of all samples, one after the other, are."""
        total = np.cumsum(self.ends - self.begins)
        pieces = np.searchsorted(total, positions, side="right")
        places: Integers = self.ends[pieces] - total[pieces] + positions
        return places


@dataclass(frozen=True)
class Layout:
    """The samples of a segment whose payloads are `rows` bytes, and the lengths of their units, each after a prefix.

    `counts` says how many units each picture has. The n-th frame of sound is in the packet that is shown `heard[n]`
    ticks after the first picture, as number `ranks[n]`.
    """

    rows: int
    pictures: Samples
    counts: Integers
    lengths: Integers
    sound: Samples
    heard: Integers
    ranks: Integers

    @cached_property
    def prefixes(self) -> Integers:
        """Where the prefix of each unit goes."""
        after = np.cumsum(self.lengths + PREFIX)
        return self.pictures.place(after - self.lengths - PREFIX)

    @property
    def size(self) -> int:
        """How much memory the payloads and what is behind them need."""
        return max(int(self.pictures.ends.max()), self.rows + MARGIN)

    def prefix(self, memory: Bytes) -> None:
        """Put the prefixes into the payloads in `memory`."""
        lengths = self.lengths.astype(">u4").view(np.uint8).reshape(-1, PREFIX)
        memory[self.prefixes[:, None] + np.arange(PREFIX)] = lengths

    def units(self, picture: int) -> Integers:
        """Where the units of a picture are."""
        ends = np.cumsum(self.counts)
        own = slice(ends[picture] - self.counts[picture], ends[picture])
        after = np.cumsum(self.lengths + PREFIX)[own]
        return self.pictures.place(after - self.lengths[own])

    def pack(self) -> bytes:
        """As bytes for a row; `unpack` gives an equal one back."""
        lasts = np.cumsum(self.counts) - 1  # how long a picture's last unit is follows from the picture's size
        bounds = np.concatenate([_bounds(self.pictures), _bounds(self.sound)])
        columns = [
            np.diff(bounds // PAYLOAD, prepend=0),
            bounds % PAYLOAD,
            np.diff(self.pictures.firsts),
            np.diff(self.sound.firsts),
            self.counts,
            np.delete(self.lengths, lasts),
            np.diff(self.heard, prepend=0),
            self.ranks,
        ]
        values = np.concatenate([[len(column) for column in columns], *columns])
        width = 2 if (np.abs(values) < 1 << 15).all() else 4
        planes = values.astype(f"<i{width}").view(np.uint8).reshape(-1, width).T
        return _HEAD.pack(_FORMAT, width, self.rows) + zlib.compress(planes.tobytes(), 9)


def unpack(packed: bytes) -> Layout:
    """Raises Irregular for bytes of another format."""
    require(packed and packed[0] == _FORMAT)
    _, width, payloads = _HEAD.unpack_from(packed)
    planes = np.frombuffer(zlib.decompress(packed[_HEAD.size :]), np.uint8).reshape(width, -1)
    values = np.ascontiguousarray(planes.T).view(f"<i{width}").ravel().astype(np.int64)
    ends = list(accumulate(values[:_COLUMNS].tolist(), initial=_COLUMNS))
    rows, columns, shown, heard, counts, lengths, times, ranks = map(values.__getitem__, starmap(slice, pairwise(ends)))
    bounds = np.cumsum(rows) * PAYLOAD + columns
    own = int(shown.sum()) * 2
    pictures, sound = _samples(bounds[:own], shown), _samples(bounds[own:], heard)
    inner = np.cumsum(counts) - np.arange(len(counts)) - 1
    taken = np.append(0, np.cumsum(lengths + PREFIX))
    last = pictures.sizes() - np.diff(taken[np.append(0, inner)]) - PREFIX
    return Layout(payloads, pictures, counts, np.insert(lengths, inner, last), sound, np.cumsum(times), ranks)


def _bounds(samples: Samples) -> Integers:
    """The first and the last byte of each piece: most pieces end where a payload does."""
    return np.column_stack((samples.begins, samples.ends - 1)).ravel()


def _samples(bounds: Integers, counts: Integers) -> Samples:
    return Samples(bounds[::2], bounds[1::2] + 1, np.append(0, np.cumsum(counts)))
