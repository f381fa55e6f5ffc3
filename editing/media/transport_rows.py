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

_SYNC, _ERROR, _START, _SCRAMBLED, _FIELDS, _PAYLOADS = 0x47, 0x800000, 0x400000, 0xC0, 0x20, 0x10
_HEADER = 19
"""Bytes of a PES header up to the end of its decoding time."""
_FIXED = 9

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
        self._matrix = np.frombuffer(segment, np.uint8).reshape(count, PACKET)
        self._words = np.ndarray((count,), ">u4", segment, strides=(PACKET,)).astype(np.uint32)
        _require((self._words >> 24 == _SYNC).all() and not (self._words & _ERROR).any())
        self._pids = self._words >> 8 & 0x1FFF

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
        _require(len(at) and (self._words[at] & (_START | 0xF0) == (_START | _PAYLOADS)).all())
        tables = {self._matrix[row, 4:].tobytes() for row in at.tolist()}
        _require(len(tables) == 1)
        return tables.pop()

    def pictures(self, pid: int, into: Bytes) -> Payloads:
        """The payloads of the track of pictures, gathered in `into`: room for all packets and MARGIN bytes more."""
        at = self._of(pid)
        # To copy all packets in one go and close the gaps is faster than to pick out some.
        np.copyto(into[: len(self._matrix) * PAYLOAD].reshape(-1, PAYLOAD), self._matrix[:, 4:])
        return _packets(into, self._layout(at, at), video=True)

    def sound(self, pid: int) -> Payloads:
        """The payloads of a track of sound."""
        at = self._of(pid)
        data = np.empty(len(at) * PAYLOAD + MARGIN, np.uint8)
        data[:-MARGIN].reshape(-1, PAYLOAD)[:] = self._matrix.take(at, axis=0)[:, 4:]
        return _packets(data, self._layout(at, np.arange(len(at))), video=False)

    def _of(self, pid: int) -> Integers:
        """The packets of a track that have a payload; none of them may be missing or twice there."""
        at = np.flatnonzero(self._pids == pid)
        words = self._words[at]
        _require(not (words & _SCRAMBLED).any() and (words & (_PAYLOADS | _FIELDS)).all())
        if not (words & _PAYLOADS).all():  # without a payload a packet carries a clock only
            at, words = at[words & _PAYLOADS != 0], words[words & _PAYLOADS != 0]
        _require(len(at) and words[0] & _START and ((words[1:] - words[:-1] & 15) == 1).all())
        return at

    def _layout(self, at: Integers, places: Integers) -> _Layout:
        words = self._words[at]
        skipped = np.zeros(len(at), np.int64)
        fields = np.flatnonzero(words & _FIELDS)
        skipped[fields] = self._matrix[at[fields], 4].astype(np.int64) + 1
        _require((skipped < PAYLOAD).all())
        starts = words & _START != 0
        breaks = (words & _FIELDS != 0) | np.append(True, places[1:] != places[:-1] + 1)
        return _Layout(places, np.flatnonzero(starts), np.flatnonzero(breaks & ~starts), skipped)


@dataclass(frozen=True)
class _Layout:
    """Where gathered packets are, in rows of PAYLOAD bytes, and how many of their bytes an adaptation field takes.

    Of the packets, `starts` begin a PES packet; `inner` are others that do not go on where the one before ends.
    """

    places: Integers
    starts: Integers
    inner: Integers
    skipped: Integers


def _packets(data: Bytes, layout: _Layout, *, video: bool) -> Payloads:
    starts = layout.starts
    heads = layout.places[starts] * PAYLOAD + layout.skipped[starts]
    header: NDArray[np.int64] = data[heads[:, None] + np.arange(_HEADER)].astype(np.int64)
    begins = heads + _FIXED + header[:, 8]
    _require((begins <= (layout.places[starts] + 1) * PAYLOAD).all())
    ends = _close_gaps(data.data, layout)
    _require((begins < ends).all())
    pts, dts = _times(header, video=video)
    promised = (header[:, 4] << 8) + header[:, 5]
    unbounded = (promised == 0) & video
    _require((unbounded | (heads + 6 + promised == ends)).all())
    return Payloads(data, begins, ends, pts, dts)


def _close_gaps(data: memoryview, layout: _Layout) -> Integers:
    """Move what does not go on where the packet before ends up to there; where each PES packet ends then."""
    places, inner = layout.places, layout.inner
    lasts = np.append(layout.starts[1:], len(places)) - 1
    ends: Integers = (places[lasts] + 1) * PAYLOAD
    owners = np.searchsorted(lasts, inner)
    begins = places[inner] * PAYLOAD + layout.skipped[inner]
    stops = (places[np.minimum(np.append(inner[1:] - 1, len(places) - 1), lasts[owners])] + 1) * PAYLOAD
    lengths = stops - begins
    firsts = np.searchsorted(owners, owners)  # of several in one PES packet each follows the one before
    moved = np.cumsum(lengths) - lengths
    writes = (places[inner[firsts] - 1] + 1) * PAYLOAD + moved - moved[firsts]
    afters = writes + lengths
    ends[owners] = afters
    moves = zip(writes.tolist(), afters.tolist(), begins.tolist(), stops.tolist(), strict=True)
    for write, after, begin, stop in moves:
        data[write:after] = data[begin:stop]
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
