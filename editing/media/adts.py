"""AAC frames in ADTS (ISO/IEC 13818-7, 6.2), those of a whole segment at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from editing.media.packetized import Bytes, Integers, Irregular, Payloads

_HEADER, _WITH_CHECKSUM = 7, 9


@dataclass(frozen=True)
class SoundFrames:
    """Raw AAC frames, each a stretch of `data`: number `ranks` of the PES packet that has the raw time `pts`."""

    data: Bytes
    begins: Integers
    ends: Integers
    pts: Integers
    ranks: Integers

    def __len__(self) -> int:
        return len(self.begins)

    def pieces(self, first: int, end: int) -> list[memoryview]:
        data = self.data.data
        begins, ends = self.begins[first:end].tolist(), self.ends[first:end].tolist()
        return [data[begin:stop] for begin, stop in zip(begins, ends, strict=True)]


def sound_frames(payloads: Payloads) -> SoundFrames:
    """Raises Irregular where a frame does not begin and end in its PES packet."""
    heads, owners = _walk(payloads)
    data = payloads.data
    sizes = _sizes(data, heads)
    begins = heads + np.where(data[heads + 1] & 1, _HEADER, _WITH_CHECKSUM)
    if (begins >= heads + sizes).any():
        raise Irregular("a frame of sound without content")
    ranks = np.arange(len(heads)) - np.searchsorted(owners, owners)
    return SoundFrames(data, begins, heads + sizes, payloads.pts[owners], ranks)


def _sizes(data: Bytes, heads: Integers) -> Integers:
    a, b, c = (data[heads + place].astype(np.int64) for place in (3, 4, 5))
    return (a & 3) << 11 | b << 3 | c >> 5


def _walk(payloads: Payloads) -> tuple[Integers, Integers]:
    """Where the frames begin, and in which payload, found by going from each to the next.

    What looks like a header inside a frame is never come to.
    """
    data, begins, ends = payloads.data, payloads.begins, payloads.ends
    found = np.flatnonzero(data[: int(ends[-1]) - _HEADER] == 0xFF)
    found = found[data[found + 1] & 0xF6 == 0xF0]
    owners = np.searchsorted(begins, found, side="right") - 1
    stops = found + _sizes(data, found)
    following = np.where(stops == ends[owners], np.append(begins[1:], ends[-1])[owners], stops)
    nexts = np.maximum(np.searchsorted(found, following), np.arange(1, len(found) + 1))
    heads = _chain(nexts.tolist())
    joined = np.append(found[heads][1:], ends[-1]) == following[heads]
    if not len(heads) or found[0] != begins[0] or not joined.all() or (stops > ends[owners])[heads].any():
        raise Irregular("a frame of sound in two packets")
    return found[heads], owners[heads]


def _chain(nexts: list[int]) -> Integers:
    """The numbers that are come to from 0 on; each leads to a higher one."""
    heads, at = [], 0
    while at < len(nexts):
        heads.append(at)
        at = nexts[at]
    return np.array(heads, np.int64)
