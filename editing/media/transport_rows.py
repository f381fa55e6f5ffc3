"""The packets of a whole MPEG-TS segment as the rows of a matrix, and what one track's packets carry.

This reads the common case only, and proves for every packet that it is one: Irregular is raised for anything else, and
then libav reads the segment. What libav would repair or skip is therefore never guessed at here.
"""

from __future__ import annotations

import numpy as np

from editing.media.packetized import MARGIN, PAYLOAD, Bytes, Integers, Irregular, Layout, Payloads, packets, require
from editing.media.programme import Programme, programme_map, video_and_sound
from editing.media.start_codes import StartCodes
from editing.media.transport import PACKET

_SYNC, _ERROR, _START, _SCRAMBLED, _FIELDS, _PAYLOADS = 0x47, 0x800000, 0x400000, 0xC0, 0x20, 0x10
_BLOCK = 1024
"""Packets that are copied and searched at once: they stay in the processor's cache."""


class Rows:
    """The packets of a segment, their payloads put into `memory`, which has MARGIN bytes more than they need.

    Raises Irregular where they are not aligned, or damaged.
    """

    def __init__(self, segment: memoryview, memory: Bytes) -> None:
        count, rest = divmod(len(segment), PACKET)
        if rest or not count:
            raise Irregular("rows")
        self._words = np.ndarray((count,), ">u4", segment, strides=(PACKET,)).astype(np.uint32)
        require((self._words >> 24 == _SYNC).all() and not (self._words & _ERROR).any())
        self._pids = self._words >> 8 & 0x1FFF
        self._memory, self._matrix = memory, memory[: count * PAYLOAD].reshape(-1, PAYLOAD)
        source = np.frombuffer(segment, np.uint8).reshape(count, PACKET)
        search = StartCodes(memory[: count * PAYLOAD], _BLOCK * PAYLOAD)
        # To copy all packets in one go and close the gaps is faster than to pick out some.
        for first in range(0, count, _BLOCK):
            self._matrix[first : first + _BLOCK] = source[first : first + _BLOCK, 4:]
            search.block(first * PAYLOAD)
        self._codes = search.found()

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

    def pictures(self, pid: int) -> Payloads:
        """The payloads of the track of pictures, gathered in the memory of all: nothing else can be read after it."""
        at = self._of(pid)
        return packets(self._memory, self._layout(at, at), self._codes)

    def sound(self, pid: int) -> Payloads:
        """The payloads of a track of sound, in memory of their own."""
        at = self._of(pid)
        data = np.empty(len(at) * PAYLOAD + MARGIN, np.uint8)
        self._matrix.take(at, axis=0, out=data[:-MARGIN].reshape(-1, PAYLOAD), mode="clip")
        return packets(data, self._layout(at, np.arange(len(at))))

    def _of(self, pid: int) -> Integers:
        """The packets of a track that have a payload; none of them may be missing or twice there."""
        at = np.flatnonzero(self._pids == pid)
        words = self._words[at]
        require(not (words & _SCRAMBLED).any() and (words & (_PAYLOADS | _FIELDS)).all())
        if not (words & _PAYLOADS).all():  # without a payload a packet carries a clock only
            at, words = at[words & _PAYLOADS != 0], words[words & _PAYLOADS != 0]
        require(len(at) and words[0] & _START and ((words[1:] - words[:-1] & 15) == 1).all())
        return at

    def _layout(self, at: Integers, places: Integers) -> Layout:
        words = self._words[at]
        skipped = np.zeros(len(at), np.int64)
        fields = np.flatnonzero(words & _FIELDS)
        skipped[fields] = self._matrix[at[fields], 0].astype(np.int64) + 1
        require((skipped < PAYLOAD).all())
        starts = words & _START != 0
        breaks = (words & _FIELDS != 0) | np.append(True, places[1:] != places[:-1] + 1)
        return Layout(places, np.flatnonzero(starts), np.flatnonzero(breaks & ~starts), skipped)
