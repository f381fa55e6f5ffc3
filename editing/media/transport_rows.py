"""The packets of a whole MPEG-TS segment as the rows of a matrix, and what one track's packets carry.

This reads the common case only, and proves for every packet that it is one: Irregular is raised for anything else, and
then libav reads the segment. What libav would repair or skip is therefore never guessed at here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editing.media.programme import Programme, programme_map, video_and_sound
from editing.media.transport import PACKET

PAYLOAD = PACKET - 4
MARGIN = 32
"""Bytes that a buffer for payloads must have beyond the payloads: headers are read in one stretch."""

_SYNC, _ERROR, _START, _SCRAMBLED = 0x47, 0x800000, 0x400000, 0xC0
_HEADER = 19
"""Bytes of a PES header up to the end of its decoding time."""
_FIXED = 9
_ROW = np.dtype({"names": ["payload"], "formats": [f"V{PAYLOAD}"], "offsets": [4], "itemsize": PACKET})

Bytes = NDArray[np.uint8]
Integers = NDArray[np.int64]


class Irregular(Exception):
    """A segment is not of the plain kind that is read here."""


@dataclass(frozen=True)
class Payloads:
    """What the PES packets of one track carry, each in one stretch of `data`, and its raw 33-bit times.

    The bytes before a stretch are free: they held the packet's header.
    """

    data: Bytes
    begins: Integers
    ends: Integers
    pts: Integers
    dts: Integers

    def __len__(self) -> int:
        return len(self.begins)


class Rows:
    """The packets of a segment. Raises Irregular where they are not aligned, or damaged."""

    def __init__(self, segment: memoryview) -> None:
        count, rest = divmod(len(segment), PACKET)
        if rest or not count:
            raise Irregular("rows")
        self._segment = segment
        self._words = np.ndarray((count,), ">u4", segment, strides=(PACKET,)).astype(np.uint32)
        _require((self._words >> 24 == _SYNC).all() and not (self._words & _ERROR).any())
        self._pids = self._words >> 8 & 0x1FFF
        self._rows = np.frombuffer(segment, _ROW)["payload"]

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
        _require(len(at) and (self._words[at] & (_START | 0xF0) == (_START | 0x10)).all())
        tables = {self._segment[row * PACKET + 4 : (row + 1) * PACKET].tobytes() for row in at.tolist()}
        _require(len(tables) == 1)
        return tables.pop()

    def room(self, pid: int) -> Bytes:
        """Memory for the payloads of a track."""
        return np.empty(int(np.count_nonzero(self._pids == pid)) * PAYLOAD + MARGIN, np.uint8)

    def payloads(self, pid: int, into: Bytes, *, video: bool) -> Payloads:
        """Gather the payloads of a track into `into`, which must have room for all rows and MARGIN bytes more."""
        at = np.flatnonzero(self._pids == pid)
        words = self._words[at]
        _require(not (words & _SCRAMBLED).any() and (words & 0x30).all())
        if not (words & 0x10).all():  # a packet without a payload carries a clock only
            at, words = at[words & 0x10 != 0], words[words & 0x10 != 0]
        _require(len(at) and ((words[1:] - words[:-1] & 15) == 1).all())
        np.take(self._rows, at, out=into[: len(at) * PAYLOAD].view(f"V{PAYLOAD}"), mode="clip")
        skipped = np.zeros(len(at), np.int64)
        fields = np.flatnonzero(words & 0x20)
        skipped[fields] = self._field_lengths(at[fields])
        starts = np.flatnonzero(words & _START)
        _require(len(starts) and starts[0] == 0)
        return _packets(into, _Layout(len(at), starts, fields, skipped), video=video)

    def _field_lengths(self, at: Integers) -> Integers:
        """How many bytes the adaptation fields of some rows take."""
        lengths = np.frombuffer(self._segment, np.uint8)[at * PACKET + 4].astype(np.int64) + 1
        _require((lengths < PAYLOAD).all())
        return lengths


@dataclass(frozen=True)
class _Layout:
    """Of `count` gathered rows: which start a PES packet, which have adaptation fields, and how long these are."""

    count: int
    starts: Integers
    fields: Integers
    skipped: Integers


def _packets(data: Bytes, layout: _Layout, *, video: bool) -> Payloads:
    starts = layout.starts
    heads = starts * PAYLOAD + layout.skipped[starts]
    header: NDArray[np.int64] = data[heads[:, None] + np.arange(_HEADER)].astype(np.int64)
    begins = heads + _FIXED + header[:, 8]
    _require((begins <= (starts + 1) * PAYLOAD).all())
    ends = _close_gaps(data.data, layout)
    _require((begins < ends).all())
    pts, dts = _times(header, video=video)
    promised = (header[:, 4] << 8) + header[:, 5]
    unbounded = (promised == 0) & video
    _require((unbounded | (heads + 6 + promised == ends)).all())
    return Payloads(data, begins, ends, pts, dts)


def _close_gaps(data: memoryview, layout: _Layout) -> Integers:
    """Move what follows an adaptation field up to what is before it; where each packet ends then."""
    bounds = np.append(layout.starts[1:], layout.count)
    ends: Integers = bounds * PAYLOAD
    inner = layout.fields[~np.isin(layout.fields, layout.starts, assume_unique=True)]
    packets = np.searchsorted(bounds, inner, side="right")
    moves = zip(
        inner.tolist(),
        layout.skipped[inner].tolist(),
        packets.tolist(),
        [*inner[1:].tolist(), layout.count],
        bounds[packets].tolist(),
        strict=True,
    )
    packet, write = -1, 0
    for row, skipped, own, following, bound in moves:
        if own != packet:
            packet, write = own, row * PAYLOAD
        begin, end = row * PAYLOAD + skipped, min(following, bound) * PAYLOAD
        data[write : write + end - begin] = data[begin:end]
        write += end - begin
        ends[own] = write
    return ends


def _times(header: NDArray[np.int64], *, video: bool) -> tuple[Integers, Integers]:
    """Presentation and decoding times of all headers, which must be of plain packets that have one."""
    kind, low, high = header[:, 3], *((0xE0, 0xEF) if video else (0xC0, 0xDF))
    flags, length = header[:, 7], header[:, 8]
    decoding = flags & 0x40 != 0
    _require((header[:, :3] == (0, 0, 1)).all() and ((low <= kind) & (kind <= high)).all())
    _require((header[:, 6] & 0xF0 == 0x80).all() and (flags & 0x80).all())
    _require((length >= np.where(decoding, 10, 5)).all())
    pts = _time(header[:, 9:14])
    return pts, np.where(decoding, _time(header[:, 14:19]), pts)


def _time(field: NDArray[np.int64]) -> Integers:
    """33 bits in 5 bytes, with marker bits between them."""
    a, b, c, d, e = field.T
    time: Integers = (a >> 1 & 7) << 30 | b << 22 | c >> 1 << 15 | d << 7 | e >> 1
    return time


def _require(holds: Any) -> None:
    if not holds:
        raise Irregular
