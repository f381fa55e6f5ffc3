"""The boxes of an MP4's index (ISO/IEC 14496-12): tables made from columns, the rest taken from another file's."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from editing.timeline.ticks import TICKS_PER_SECOND

Integers = NDArray[np.int64]
_MOVIE = 1000
"""Units of a second in which the movie's and the edits' durations count."""
_FOUR_BYTES = 1 << 32


@dataclass
class Track:
    """A track's samples in decoding order, times in units of 1/`timescale` s on the output's clock.

    Samples that follow each other in the file form a chunk. `lasts` is how long the last sample lasts, `end` when the
    last one to be shown ends.
    """

    timescale: int = TICKS_PER_SECOND
    pts: array[int] = field(default_factory=lambda: array("q"))
    dts: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("I"))
    entries: bytearray = field(default_factory=bytearray)
    offsets: array[int] = field(default_factory=lambda: array("Q"))
    counts: array[int] = field(default_factory=lambda: array("I"))
    lasts: int = 0
    end: int = 0

    def add(self, pts: Integers, dts: Integers, sizes: Integers, entries: bytes, *, lasts: int) -> None:
        self.pts.frombytes(np.ascontiguousarray(pts, np.int64).tobytes())
        self.dts.frombytes(np.ascontiguousarray(dts, np.int64).tobytes())
        self.sizes.frombytes(np.ascontiguousarray(sizes, np.uint32).tobytes())
        self.entries += entries
        self.lasts = lasts
        self.end = max(self.end, int(pts.max()) + lasts)

    @property
    def duration(self) -> int:
        """From the first sample to the end of the last one, on the decoding clock."""
        return self.dts[-1] + self.lasts - self.dts[0] if self.dts else 0

    @property
    def bit_rate(self) -> int:
        return int(np.frombuffer(self.sizes, np.uint32).sum()) * 8 * self.timescale // max(self.duration, 1)


Parts = list[bytes]
"""Bytes in pieces: boxes lie in boxes, and hours of tables shall not be copied at every level."""


def box(kind: bytes, *contents: bytes | Parts) -> Parts:
    parts = [part for each in contents for part in ([each] if isinstance(each, bytes) else each)]
    return [struct.pack(">I4s", 8 + sum(map(len, parts)), kind), *parts]


def inside(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each box in the content of another."""
    at = 0
    while at + 8 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        yield kind, content[at + 8 : at + size]
        at += size


def index(like: bytes, tracks: list[Track]) -> Parts:
    """A `moov` for `tracks`, in everything but tables and durations like the content of another one."""
    longest = max(_in_movie(track.end, track.timescale) for track in tracks)
    waiting, made = iter(tracks), list[Parts]()
    for kind, content in inside(like):
        if kind == b"mvhd":
            made.append(box(kind, content[:16], struct.pack(">I", longest), content[20:]))
        elif kind == b"trak":
            track = next(waiting)
            made += [_trak(content, track)] if track.sizes else []
        else:
            made.append(box(kind, content))
    return box(b"moov", *made)


def _trak(like: bytes, track: Track) -> Parts:
    made: list[Parts] = []
    for kind, content in inside(like):
        if kind == b"tkhd":
            made += [
                box(kind, content[:20], struct.pack(">I", _in_movie(track.end, track.timescale)), content[24:]),
                _edits(track),
            ]
        elif kind == b"mdia":
            made.append(_rewritten(kind, content, track, {b"mdhd": _mdhd, b"minf": _minf}))
        elif kind != b"edts":
            made.append(box(kind, content))
    return box(b"trak", *made)


def _rewritten(kind: bytes, content: bytes, track: Track, by: dict[bytes, Callable[[bytes, Track], Parts]]) -> Parts:
    return box(kind, *(by[each](own, track) if each in by else box(each, own) for each, own in inside(content)))


def _minf(content: bytes, track: Track) -> Parts:
    return _rewritten(b"minf", content, track, {b"stbl": _stbl})


def _mdhd(content: bytes, track: Track) -> Parts:
    """With times of 64 bits where 32 do not suffice: after 13 hours of pictures."""
    language = content[-4:]
    wide = track.duration >= _FOUR_BYTES
    head, layout = (b"\1\0\0\0" + bytes(16), ">IQ") if wide else (b"\0\0\0\0" + bytes(8), ">II")
    return box(b"mdhd", head, struct.pack(layout, track.timescale, track.duration), language)


def _edits(track: Track) -> Parts:
    """Where the output's time begins in the track; pictures may begin later than it, and decoding earlier."""
    first = int(np.frombuffer(track.pts, np.int64).min())
    late = max(first, 0)
    edits = [(_in_movie(late, track.timescale), -1)] if late else []
    edits.append((_in_movie(track.end - late, track.timescale), late - track.dts[0]))
    entries = (struct.pack(">IiI", duration, time, 1 << 16) for duration, time in edits)
    return box(b"edts", box(b"elst", struct.pack(">II", 0, len(edits)), *entries))


def _in_movie(time: int, timescale: int) -> int:
    return -(-time * _MOVIE // timescale)


def _stbl(content: bytes, track: Track) -> Parts:
    like = dict(inside(content))
    made = [box(b"stsd", _with_rate(like[b"stsd"], track.bit_rate)), *_tables(track)]
    if b"sgpd" in like and b"sbgp" in like:  # one group for all: how much sound a decoder needs before it is right
        grouping = like[b"sbgp"][4:8]
        made += [
            box(b"sgpd", like[b"sgpd"]),
            box(b"sbgp", bytes(4), grouping, struct.pack(">III", 1, len(track.sizes), 1)),
        ]
    return box(b"stbl", *made)


def _with_rate(stsd: bytes, rate: int) -> bytes:
    """A sample description with another bit rate, where it tells one."""
    rate = min(rate, _FOUR_BYTES - 1)
    made = bytearray(stsd)
    if (at := stsd.find(b"btrt")) >= 0:
        struct.pack_into(">II", made, at + 8, rate, rate)
    if (at := stsd.find(b"\x04\x80\x80\x80")) >= 0 and b"esds" in stsd[:at]:
        struct.pack_into(">II", made, at + 10, rate, rate)
    return bytes(made)


def _tables(track: Track) -> Iterator[Parts]:
    pts, dts = np.frombuffer(track.pts, np.int64), np.frombuffer(track.dts, np.int64)
    yield _table(b"stts", _runs(np.append(np.diff(dts), track.lasts)))
    if (late := pts - dts).any():
        yield _table(b"ctts", _runs(late))
    entries = np.flatnonzero(np.frombuffer(track.entries, np.uint8)) + 1
    if len(entries) < len(pts):
        yield _table(b"stss", entries[:, None])
    counts = np.frombuffer(track.counts, np.uint32).astype(np.int64)
    firsts = np.flatnonzero(np.diff(counts, prepend=-1))
    yield _table(b"stsc", np.column_stack((firsts + 1, counts[firsts], np.ones_like(firsts))))
    sizes = np.frombuffer(track.sizes, np.uint32)
    yield box(b"stsz", struct.pack(">III", 0, 0, len(sizes)), sizes.astype(">u4").tobytes())
    offsets = np.frombuffer(track.offsets, np.uint64)
    wide = bool(offsets[-1] >= _FOUR_BYTES)
    rows = offsets.astype(">u8" if wide else ">u4").tobytes()
    yield box(b"co64" if wide else b"stco", struct.pack(">II", 0, len(offsets)), rows)


def _runs(values: Integers) -> Integers:
    """Rows of how often a value comes and which."""
    firsts = np.flatnonzero(np.append(True, np.diff(values)))
    return np.column_stack((np.diff(np.append(firsts, len(values))), values[firsts]))


def _table(kind: bytes, rows: Integers) -> Parts:
    return box(kind, struct.pack(">II", 0, len(rows)), rows.astype(">u4").tobytes())
