"""Annex B becomes length-prefixed where it stands: the start codes of a whole segment are found at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editing.media.packetized import Bytes, Integers, Irregular, Payloads

_END_OF_CODE = 0x0100
"""00 01 as a little-endian word. Every start code has this one or 00 00 at an even place."""
_EITHER = ~_END_OF_CODE & 0xFFFF
_PREFIX = 4
_LONGEST = 1 << 24
_INSERTED = memoryview(b"\0")


@dataclass(frozen=True)
class Pictures:
    """Samples for an MP4, each a stretch of `data`; `sizes` counts what comes out of it.

    `units` says where each unit begins. A row of `cuts`: a place, whether a byte is put in, where it goes on.
    """

    data: Bytes
    begins: Integers
    ends: Integers
    sizes: Integers
    units: Integers
    cuts: Integers

    def pieces(self, first: int, end: int) -> Iterator[memoryview]:
        """The bytes of the samples first ≤ n < end."""
        data = self.data.data
        stretches = zip(self.begins[first:end].tolist(), self.ends[first:end].tolist(), strict=True)
        low, high = np.searchsorted(self.cuts[:, 0], (self.begins[first], self.ends[end - 1])).tolist()
        if low == high:
            yield from (data[begin:stop] for begin, stop in stretches)
            return
        cuts = self.cuts[low:high].tolist()[::-1]
        for begin, stop in stretches:
            while cuts and cuts[-1][0] < stop:
                place, put_in, following = cuts.pop()
                yield data[begin:place]
                if put_in:
                    yield _INSERTED
                begin = following
            yield data[begin:stop]


def length_prefixed(payloads: Payloads, without: Callable[[Bytes], NDArray[np.bool_]] | None = None) -> Pictures:
    """Turn pictures in Annex B, one in each payload, into samples, in place.

    `without` says of the first bytes of units which shall be left out. Raises Irregular where a picture does not begin
    with a start code, or where there are other zeros between two units than those of a start code.
    """
    data, begins, ends = payloads.data, payloads.begins, payloads.ends
    codes, firsts = _codes(payloads)
    units = codes + 3
    inner = np.ones(len(codes), bool)
    inner[firsts] = False
    long = data[codes - 1] == 0
    early = codes[firsts] - begins
    if (early > 1).any() or (data[begins] != 0).any() or (long & inner & (data[codes - 2] == 0)).any():
        raise Irregular("zeros")
    stops = np.append((codes - long)[1:], ends[-1])
    stops[firsts[1:] - 1] = ends[:-1]
    lengths = stops - units
    if (lengths <= 0).any() or (lengths >= _LONGEST).any():
        raise Irregular("units")
    for place in (1, 2, 3):
        data[units - place] = lengths >> 8 * (place - 1) & 0xFF
    short = inner & ~long  # before a picture there is room in any case
    prefixes = units - np.where(short, _PREFIX - 1, _PREFIX)
    data[prefixes[~short]] = 0
    left_out = without(data[units]) if without else np.zeros(len(units), bool)
    sizes = np.add.reduceat((lengths + _PREFIX) * ~left_out, firsts)
    cut = short | left_out
    cuts = np.column_stack((prefixes, short & ~left_out, np.where(left_out, stops, prefixes)))[cut]
    return Pictures(data, prefixes[firsts], ends, sizes, units, cuts)


def _codes(payloads: Payloads) -> tuple[Integers, Integers]:
    """Where the start codes in all payloads are, and which of them are the first ones of a payload."""
    begins, found = payloads.begins, payloads.codes
    within = np.searchsorted(begins, found, side="right") - 1
    firsts = np.searchsorted(within, np.arange(len(begins)))
    if not len(found) or firsts[-1] == len(found) or (within[firsts] != np.arange(len(begins))).any():
        raise Irregular("a picture without units")
    return found, firsts


class StartCodes:
    """Looks for 00 00 01 in `data`, blocks of a size one after the other, as soon as each is there."""

    def __init__(self, data: Bytes, size: int) -> None:
        self._data, self._size = data, size
        self._words = data[: len(data) // 2 * 2].view("<u2")
        self._masked, self._hits = np.empty(size // 2, np.uint16), np.empty(size // 2, bool)
        self._candidates: list[NDArray[np.intp]] = []

    def block(self, begin: int) -> None:
        """Look at the block that begins at an even place."""
        words = self._words[begin // 2 : (begin + self._size) // 2]
        masked, hits = self._masked[: len(words)], self._hits[: len(words)]
        np.bitwise_and(words, _EITHER, out=masked)
        np.equal(masked, 0, out=hits)
        self._candidates.append(np.flatnonzero(hits) + begin // 2)

    def found(self) -> Integers:
        """Where 00 00 01 begins, in order."""
        data = self._data
        at = np.concatenate(self._candidates)
        # The word 00 01 is a code's end where a zero comes before it; 00 00 its beginning where a one follows.
        places = at * 2 - (self._words[at] == _END_OF_CODE)
        places = places[(places >= 0) & (places + 3 <= len(data))]
        return np.sort(places[(data[places] == 0) & (data[places + 1] == 0) & (data[places + 2] == 1)])
