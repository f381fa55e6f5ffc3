"""AAC frames in ADTS (ISO/IEC 13818-7, 6.2), those of a whole segment at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from editing.media.layout import Bytes, Integers, Irregular
from editing.media.packetized import Packets

_HEADER, _WITH_CHECKSUM = 7, 9


@dataclass(frozen=True)
class SoundFrames:
    """Raw AAC frames, each from `begins` to before `ends`: number `ranks` of the PES packet numbered `owners`."""

    begins: Integers
    ends: Integers
    owners: Integers
    ranks: Integers


def sound_frames(packets: Packets) -> SoundFrames:
    """Raises Irregular where a frame does not begin and end in its PES packet."""
    data, heads = packets.data, _heads(packets)
    owners = np.searchsorted(packets.bounds, heads, side="right") - 1
    begins = heads + np.where(data[heads + 1] & 1, _HEADER, _WITH_CHECKSUM)
    ends = heads + _sizes(data, heads)
    if (begins >= ends).any() or (ends > packets.bounds[owners + 1]).any():
        raise Irregular("a frame of sound without content, or in two packets")
    return SoundFrames(begins, ends, owners, np.arange(len(heads)) - np.searchsorted(owners, owners))


def _sizes(data: Bytes, heads: Integers) -> Integers:
    a, b, c = (data[heads + place].astype(np.int64) for place in (3, 4, 5))
    sizes: Integers = (a & 3) << 11 | b << 3 | c >> 5
    return sizes


def _heads(packets: Packets) -> Integers:
    """Where the frames begin, found by going from each to the next.

    What looks like a header inside a frame is never come to.
    """
    data = packets.data
    found = np.flatnonzero(data[:-_HEADER] == 0xFF)
    found = found[data[found + 1] & 0xF6 == 0xF0]
    following = found + _sizes(data, found)
    nexts = np.maximum(np.searchsorted(found, following), np.arange(1, len(found) + 1))
    chain = _chain(nexts.tolist())
    heads: Integers = found[chain]
    if not len(heads) or heads[0] != 0 or (np.append(heads[1:], len(data)) != following[chain]).any():
        raise Irregular("sound that is not in frames")
    return heads


def _chain(nexts: list[int]) -> Integers:
    """The numbers that are come to from 0 on; each leads to a higher one."""
    heads, at = [], 0
    while at < len(nexts):
        heads.append(at)
        at = nexts[at]
    return np.array(heads, np.int64)
