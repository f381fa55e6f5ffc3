"""The units of pictures in Annex B: the start codes of a whole segment are found at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editing.media.layout import Bytes, Integers, Irregular
from editing.media.packetized import Packets

_END_OF_CODE = 0x0100
"""00 01 as a little-endian word. Every start code has this one or 00 00 at an even place."""
_EITHER = ~_END_OF_CODE & 0xFFFF
_LONGEST = 1 << 24
_BLOCK = 1 << 16
"""Words that are searched at once: they stay in the processor's cache."""


@dataclass(frozen=True)
class Units:
    """Units in order, each from `begins` to before `ends`, of the picture numbered `owners`.

    `long` are those whose start code has four bytes.
    """

    begins: Integers
    ends: Integers
    owners: Integers
    long: Integers

    def __getitem__(self, chosen: NDArray[np.bool_]) -> Units:
        return Units(self.begins[chosen], self.ends[chosen], self.owners[chosen], self.long[chosen])


def units_of(packets: Packets) -> Units:
    """The units of pictures, one picture in each PES packet.

    Raises Irregular where a picture does not begin with a start code, or where there are other zeros between two units
    than those of a start code.
    """
    data, bounds = packets.data, packets.bounds
    codes = start_codes(data)
    owners = np.searchsorted(bounds, codes, side="right") - 1
    inside = codes + 3 <= bounds[owners + 1]
    codes, owners = codes[inside], owners[inside]
    firsts = np.searchsorted(owners, np.arange(len(packets)))
    if not len(codes) or firsts[-1] == len(codes) or (owners[firsts] != np.arange(len(packets))).any():
        raise Irregular("a picture without units")
    inner = np.ones(len(codes), bool)
    inner[firsts] = False
    begins = bounds[:-1]
    early = codes[firsts] - begins
    long = data[codes - 1] == 0
    long[firsts] = early == 1
    if (early > 1).any() or (data[begins] != 0).any() or (long & inner & (data[codes - 2] == 0)).any():
        raise Irregular("zeros")
    ends = np.append((codes - long)[1:], bounds[-1])
    ends[firsts[1:] - 1] = bounds[1:-1]
    lengths = ends - codes - 3
    if (lengths <= 0).any() or (lengths >= _LONGEST).any():
        raise Irregular("units")
    return Units(codes + 3, ends, owners, long)


def start_codes(data: Bytes) -> Integers:
    """Where 00 00 01 begins, in order."""
    words = data[: len(data) // 2 * 2].view("<u2")
    masked, hits = np.empty(_BLOCK, np.uint16), np.empty(_BLOCK, bool)
    candidates = []
    for begin in range(0, len(words), _BLOCK):
        block = words[begin : begin + _BLOCK]
        np.bitwise_and(block, _EITHER, out=masked[: len(block)])
        np.equal(masked[: len(block)], 0, out=hits[: len(block)])
        candidates.append(np.flatnonzero(hits[: len(block)]) + begin)
    at = np.concatenate(candidates)
    # The word 00 01 is a code's end where a zero comes before it; 00 00 its beginning where a one follows.
    places = at * 2 - (words[at] == _END_OF_CODE)
    places = places[(places >= 0) & (places + 3 <= len(data))]
    return np.sort(places[(data[places] == 0) & (data[places + 1] == 0) & (data[places + 2] == 1)])
