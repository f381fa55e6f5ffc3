"""PES packets (ISO/IEC 13818-1, 2.4.3.6) out of chunks of memory: their times, and their contents in one stretch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editing.media.layout import PAYLOAD, Bytes, Integers, Samples, require

_FIXED, _HEADER = 9, 19
"""Bytes of a header without its times, and up to the end of its decoding time."""


@dataclass(frozen=True)
class Packets:
    """What the PES packets of one track carry, all of it in `data`, and their raw 33-bit times.

    The n-th packet's content goes from `bounds[n]` to before `bounds[n + 1]`. What is at `at[m]` in `data` and what
    follows it lies in memory at `places[m]`.
    """

    data: Bytes
    bounds: Integers
    pts: Integers
    at: Integers
    places: Integers

    def __len__(self) -> int:
        return len(self.pts)

    def place(self, positions: Integers) -> Integers:
        """Where in memory the bytes of `data` are."""
        chunks = np.searchsorted(self.at, positions, side="right") - 1
        return self.places[chunks] + positions - self.at[chunks]

    def samples(self, begins: Integers, ends: Integers) -> Samples:
        """Stretches of `data`, in order, as samples in memory."""
        inner = self.at[np.searchsorted(begins, self.at, side="right") > np.searchsorted(ends, self.at, side="right")]
        inner = inner[~np.isin(inner, begins)]
        starts = np.sort(np.append(begins, inner))
        stops = np.minimum(np.append(starts[1:], ends[-1:]), ends[np.searchsorted(begins, starts, side="right") - 1])
        places = self.place(starts)
        firsts = np.append(np.searchsorted(starts, begins), len(starts))
        return Samples(places, places + stops - starts, firsts)


def packets(memory: Bytes, begins: Integers, ends: Integers, firsts: Integers, *, video: bool) -> Packets:
    """Of chunks of memory, those numbered `firsts` begin a packet each. Raises Irregular."""
    heads, begins = begins[firsts], begins.copy()
    header: Integers = memory[heads[:, None] + np.arange(_HEADER)].astype(np.int64)
    begins[firsts] += _FIXED + header[:, 8]
    require((begins <= ends).all() and (begins[firsts] <= (heads // PAYLOAD + 1) * PAYLOAD).all())
    filled = np.flatnonzero(begins < ends)
    at = np.append(0, np.cumsum(ends - begins))
    bounds = at[np.append(firsts, len(begins))]
    sizes = np.diff(bounds)
    require((sizes > 0).all())
    pts = _times(header, video=video)
    promised = (header[:, 4] << 8) + header[:, 5]
    require(((video & (promised == 0)) | (promised == _FIXED - 6 + header[:, 8] + sizes)).all())
    own = memory.data
    stretches = zip(begins[filled].tolist(), ends[filled].tolist(), strict=True)
    data = np.frombuffer(b"".join([own[begin:end] for begin, end in stretches]), np.uint8)
    return Packets(data, bounds, pts, at[filled], begins[filled])


def _times(header: NDArray[np.int64], *, video: bool) -> Integers:
    """Presentation times of all headers, which must be of plain packets that have one."""
    kind, low, high = header[:, 3], *((0xE0, 0xEF) if video else (0xC0, 0xDF))
    flags, length = header[:, 7], header[:, 8]
    require((header[:, :3] == (0, 0, 1)).all() and ((low <= kind) & (kind <= high)).all())
    require((header[:, 6] & 0xF0 == 0x80).all() and (flags & 0x80).all())
    require((length >= np.where(flags & 0x40, 10, 5)).all())
    a, b, c, d, e = header[:, 9:14].T  # 33 bits in 5 bytes, with marker bits between them
    time: Integers = (a >> 1 & 7) << 30 | b << 22 | c >> 1 << 15 | d << 7 | e >> 1
    return time
