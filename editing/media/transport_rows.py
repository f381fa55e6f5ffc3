"""The packets of a whole MPEG-TS segment as the rows of a matrix, and what one track's packets carry.

This reads the common case only, and proves for every packet that it is one: Irregular is raised for anything else, and
then libav reads the segment. What libav would repair or skip is therefore never guessed at here.
"""

from __future__ import annotations

import numpy as np

from editing.media.layout import MARGIN, PAYLOAD, Bytes, Irregular, require
from editing.media.packetized import Packets, packets
from editing.media.programme import Programme, programme_map, video_and_sound
from editing.media.transport import PACKET

_SYNC, _ERROR, _START, _SCRAMBLED, _FIELDS, _PAYLOADS = 0x47, 0x800000, 0x400000, 0xC0, 0x20, 0x10


def payloads(segment: memoryview, memory: Bytes) -> int:
    """Put what all packets carry into `memory`, one after the other; how much it is.

    To copy all packets in one go is faster than to pick out some.
    """
    count = len(segment) // PACKET
    source = np.frombuffer(segment, np.uint8, count * PACKET).reshape(count, PACKET)
    memory[: count * PAYLOAD].reshape(count, PAYLOAD)[:] = source[:, 4:]
    return count * PAYLOAD


class Rows:
    """The packets of a segment, whose payloads are in `memory`, with MARGIN bytes behind them.

    Raises Irregular where they are not aligned, or damaged.
    """

    def __init__(self, segment: memoryview, memory: Bytes) -> None:
        count, rest = divmod(len(segment), PACKET)
        if rest or not count:
            raise Irregular("rows")
        self._words = np.ndarray((count,), ">u4", segment, strides=(PACKET,)).astype(np.uint32)
        require((self._words >> 24 == _SYNC).all() and not (self._words & _ERROR).any())
        self._pids = self._words >> 8 & 0x1FFF
        self._memory = memory[: count * PAYLOAD + MARGIN]
        self._matrix = memory[: count * PAYLOAD].reshape(-1, PAYLOAD)

    def programme(self) -> Programme:
        """The segment's only programme, which must not change in it."""
        pid = programme_map(self._table(0))
        found = video_and_sound(self._table(pid)) if pid else None
        if found is None:
            raise Irregular("programme")
        return found

    def _table(self, pid: int) -> bytes:
        """The payload that all packets of a table have."""
        at = np.flatnonzero(self._pids == pid)
        require(len(at) and (self._words[at] & (_START | 0xF0) == (_START | _PAYLOADS)).all())
        tables: set[bytes] = {self._matrix[row].tobytes() for row in at.tolist()}
        require(len(tables) == 1)
        return tables.pop()

    def track(self, pid: int, *, video: bool) -> Packets:
        """The PES packets of a track; none of its packets may be missing or twice there."""
        at = np.flatnonzero(self._pids == pid)
        words = self._words[at]
        require(not (words & _SCRAMBLED).any() and (words & (_PAYLOADS | _FIELDS)).all())
        if not (words & _PAYLOADS).all():  # without a payload a packet carries a clock only
            at, words = at[words & _PAYLOADS != 0], words[words & _PAYLOADS != 0]
        require(len(at) and words[0] & _START and ((words[1:] - words[:-1] & 15) == 1).all())
        skipped = np.zeros(len(at), np.int64)
        fields = np.flatnonzero(words & _FIELDS)
        skipped[fields] = self._matrix[at[fields], 0].astype(np.int64) + 1
        require((skipped < PAYLOAD).all())
        starts = words & _START != 0
        breaks = np.flatnonzero(starts | (skipped > 0) | np.append(True, at[1:] != at[:-1] + 1))
        begins = at[breaks] * PAYLOAD + skipped[breaks]
        ends = (at[np.append(breaks[1:], len(at)) - 1] + 1) * PAYLOAD
        return packets(self._memory, begins, ends, np.flatnonzero(starts[breaks]), video=video)
