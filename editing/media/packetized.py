"""PES packets (ISO/IEC 13818-1, 2.4.3.6) out of rows of bytes: their times, and their contents in one stretch each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editing.media.transport import PACKET

PAYLOAD = PACKET - 4
MARGIN = 32
"""Bytes that memory for rows must have beyond them: headers are read in one stretch."""
_FIXED, _HEADER = 9, 19
"""Bytes of a header without its times, and up to the end of its decoding time."""

Bytes = NDArray[np.uint8]
Integers = NDArray[np.int64]


class Irregular(Exception):
    """A segment is not of the plain kind that is read without libav."""


def require(holds: Any) -> None:
    """Raises Irregular."""
    if not holds:
        raise Irregular


@dataclass(frozen=True)
class Payloads:
    """What the PES packets of one track carry, each in one stretch of `data`, and its raw 33-bit times.

    The bytes before a stretch are free: they held the packet's header. `codes` says where start codes are.
    """

    data: Bytes
    begins: Integers
    ends: Integers
    pts: Integers
    dts: Integers
    codes: Integers

    def __len__(self) -> int:
        return len(self.begins)


@dataclass(frozen=True)
class Layout:
    """Where a track's packets are, in rows of PAYLOAD bytes, and how many of their bytes an adaptation field takes.

    Of the packets, `starts` begin a PES packet; `inner` are others that do not go on where the one before ends.
    """

    places: Integers
    starts: Integers
    inner: Integers
    skipped: Integers


def packets(data: Bytes, layout: Layout, codes: Integers | None = None) -> Payloads:
    """Bring the contents of each PES packet together in `data`; those of pictures come with the start codes in `data`.

    Raises Irregular.
    """
    starts = layout.starts
    heads = layout.places[starts] * PAYLOAD + layout.skipped[starts]
    header: Integers = data[heads[:, None] + np.arange(_HEADER)].astype(np.int64)
    begins = heads + _FIXED + header[:, 8]
    require((begins <= (layout.places[starts] + 1) * PAYLOAD).all())
    chunks = _Chunks(layout, begins)
    chunks.join(data.data)
    ends = chunks.ends
    require((begins < ends).all())
    pts, dts = _times(header, video=codes is not None)
    promised = (header[:, 4] << 8) + header[:, 5]
    unbounded = (promised == 0) & (codes is not None)
    require((unbounded | (heads + 6 + promised == ends)).all())
    return Payloads(data, begins, ends, pts, dts, np.empty(0, np.int64) if codes is None else chunks.moved(codes, data))


class _Chunks:
    """The stretches that rows are in: one at the head of each PES packet, and inner ones to be moved up to it."""

    def __init__(self, layout: Layout, heads: Integers) -> None:
        places, inner = layout.places, layout.inner
        lasts = np.append(layout.starts[1:], len(places)) - 1
        owners = np.searchsorted(lasts, inner)
        self._heads, self._begins = heads, places[inner] * PAYLOAD + layout.skipped[inner]
        following = np.append(inner[1:] - 1, len(places) - 1)[: len(inner)]
        self._stops = (places[np.minimum(following, lasts[owners])] + 1) * PAYLOAD
        lengths = self._stops - self._begins
        firsts = np.searchsorted(owners, owners)  # of several in one PES packet each follows the one before
        moved = np.cumsum(lengths) - lengths
        self._writes = (places[inner[firsts] - 1] + 1) * PAYLOAD + moved - moved[firsts]
        self.ends: Integers = (places[lasts] + 1) * PAYLOAD
        self._head_stops = self.ends.copy()
        self._head_stops[owners[::-1]] = self._writes[::-1]  # of several the first one counts
        self.ends[owners] = self._writes + lengths

    def join(self, data: memoryview) -> None:
        afters = self._writes + self._stops - self._begins
        columns = (each.tolist() for each in (self._writes, afters, self._begins, self._stops))
        for write, after, begin, stop in zip(*columns, strict=True):
            data[write:after] = data[begin:stop]

    def moved(self, codes: Integers, data: Bytes) -> Integers:
        """Where start codes are after joining: those that were in a chunk, and those that have come out of two."""
        begins = np.append(self._heads, self._begins)
        order = np.argsort(begins)
        begins, stops = begins[order], np.append(self._head_stops, self._stops)[order]
        shifts = np.append(np.zeros_like(self._heads), self._writes - self._begins)[order]
        chunks = np.searchsorted(begins, codes, side="right") - 1
        whole = (chunks >= 0) & (codes + 3 <= stops[chunks])
        found = codes[whole] + shifts[chunks[whole]]
        joints = np.append(self._writes - 2, self._writes - 1)
        joints = joints[(data[joints] == 0) & (data[joints + 1] == 0) & (data[joints + 2] == 1)]
        owners = np.searchsorted(self._heads, joints, side="right") - 1
        return np.unique(np.append(found, joints[(owners >= 0) & (joints + 3 <= self.ends[owners])]))


def _times(header: NDArray[np.int64], *, video: bool) -> tuple[Integers, Integers]:
    """Presentation and decoding times of all headers, which must be of plain packets that have one."""
    kind, low, high = header[:, 3], *((0xE0, 0xEF) if video else (0xC0, 0xDF))
    flags, length = header[:, 7], header[:, 8]
    decoding = flags & 0x40 != 0
    require((header[:, :3] == (0, 0, 1)).all() and ((low <= kind) & (kind <= high)).all())
    require((header[:, 6] & 0xF0 == 0x80).all() and (flags & 0x80).all())
    require((length >= np.where(decoding, 10, 5)).all())
    pts = _time(header[:, 9:14])
    return pts, np.where(decoding, _time(header[:, 14:19]), pts)


def _time(field: NDArray[np.int64]) -> Integers:
    """33 bits in 5 bytes, with marker bits between them."""
    a, b, c, d, e = field.T
    time: Integers = (a >> 1 & 7) << 30 | b << 22 | c >> 1 << 15 | d << 7 | e >> 1
    return time
