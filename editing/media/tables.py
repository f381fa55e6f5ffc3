"""What the index of an MP4 or MOV file says of every sample, read without touching the media.

libav's own reader would do, but hands the packets out one by one: for ten minutes that takes as long as copying them.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from editing.errors import UnreadableMedia

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts"}
_KINDS = {b"vide": "video", b"soun": "audio"}
_MOST_SAMPLES = 1 << 28
"""In a damaged table more might be promised than there is memory for."""
Integers = NDArray[np.int64]
Boxes = dict[bytes, memoryview]


@dataclass(frozen=True)
class Samples:
    """One track: its samples in decoding order, times in units of 1/`timescale` s with the edit list applied.

    `end` is when the last sample ends on the decoding clock, shifted like the presentation times.
    """

    kind: str
    timescale: int
    pts: array[int]
    dts: array[int]
    sizes: array[int]
    end: int


@dataclass(frozen=True)
class File:
    """`index_first` says that a player need not read the media to find its index; `media` counts its bytes."""

    tracks: tuple[Samples, ...]
    index_first: bool
    media: int


def read(path: Path) -> File:
    """Raises UnreadableMedia where the boxes or the tables contradict each other."""
    try:
        with path.open("rb") as file:
            boxes = list(_top_level(file, path.stat().st_size))
            index = next((at, size) for kind, at, size in boxes if kind == b"moov")
            file.seek(index[0])
            moov = memoryview(file.read(index[1]))
        media = [(at, size) for kind, at, size in boxes if kind == b"mdat"]
        movie = _timescale(next(inside for kind, inside in _inside(moov) if kind == b"mvhd"))
        tracks = tuple(_samples(trak, movie) for kind, trak in _inside(moov) if kind == b"trak")
    except (struct.error, StopIteration, KeyError, ValueError, IndexError, ZeroDivisionError) as error:
        raise UnreadableMedia("The output's index is damaged.") from error
    return File(tracks, all(index[0] < at for at, _ in media), sum(size for _, size in media))


def _top_level(file: BinaryIO, length: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, position and size of what is inside each box."""
    at = 0
    while at < length:
        file.seek(at)
        head = file.read(16)
        size, kind = struct.unpack_from(">I4s", head)
        header = 8
        if size == 1:
            (size,), header = struct.unpack_from(">Q", head, 8), 16
        if size < header or at + size > length:
            raise ValueError(kind)
        yield kind, at + header, size - header
        at += size


def _inside(box: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    at = 0
    while at + 8 <= len(box):
        size, kind = struct.unpack_from(">I4s", box, at)
        if size < 8:
            raise ValueError(kind)
        yield kind, box[at + 8 : at + size]
        at += size


def _flat(box: memoryview) -> Boxes:
    """The boxes of a track by kind, however deep; of two of a kind (MOV has a second handler) the first."""
    found: Boxes = {}
    for kind, inside in _inside(box):
        found = (_flat(inside) if kind in _CONTAINERS else {kind: inside}) | found
    return found


def _samples(trak: memoryview, movie: int) -> Samples:
    boxes = _flat(trak)
    timescale = _timescale(boxes[b"mdhd"])
    sizes = _sizes(boxes[b"stsz"])
    steps = _repeated(boxes[b"stts"])
    offsets = _offsets(boxes, len(sizes))
    if not len(steps) == len(sizes) == len(offsets):
        raise ValueError("stts")
    ends = np.cumsum(np.append(_shift(boxes.get(b"elst"), timescale, movie), steps))
    kind = _KINDS.get(bytes(boxes[b"hdlr"][8:12]), "other")
    return Samples(kind, timescale, _column("q", ends[:-1] + offsets), _column("q", ends[:-1]), sizes, int(ends[-1]))


def _timescale(header: memoryview) -> int:
    (timescale,) = struct.unpack_from(">I", header, 20 if header[0] else 12)
    return int(timescale)


def _sizes(stsz: memoryview) -> array[int]:
    same, count = struct.unpack_from(">II", stsz, 4)
    return array("I", repeat(same, count)) if same else _column("I", _integers(stsz[12 : 12 + 4 * count]))


def _offsets(boxes: Boxes, count: int) -> Integers:
    """How much later than decoded each sample is shown."""
    if b"ctts" not in boxes:
        return np.zeros(count, np.int64)
    steps = _repeated(boxes[b"ctts"])
    return np.where(steps >> 31, steps - (1 << 32), steps) if boxes[b"ctts"][0] == 1 else steps


def _repeated(box: memoryview) -> Integers:
    """The values of a table of runs: how often each comes, and which it is."""
    (count,) = struct.unpack_from(">I", box, 4)
    runs = _integers(box[8 : 8 + 8 * count]).reshape(-1, 2)
    if int(runs[:, 0].sum()) > _MOST_SAMPLES:
        raise ValueError("runs")
    return np.repeat(runs[:, 1], runs[:, 0])


def _integers(data: memoryview) -> Integers:
    return np.frombuffer(data, ">u4").astype(np.int64)


def _column(kind: str, values: Integers) -> array[int]:
    return array(kind, values.astype(kind).tobytes())


def _shift(elst: memoryview | None, timescale: int, movie: int) -> int:
    """How much later than its own clock says a track is shown: an empty edit delays it, another skips its beginning."""
    edits = list(_edits(elst)) if elst is not None else []
    empty = edits.pop(0)[0] if edits and edits[0][1] < 0 else 0
    if len(edits) > 1 or any(time < 0 for _, time in edits):
        raise ValueError("elst")
    return empty * timescale // movie - (edits[0][1] if edits else 0)


def _edits(elst: memoryview) -> Iterator[tuple[int, int]]:
    """Duration (of the movie's clock) and media time of each."""
    layout = ">Qqi" if elst[0] else ">Iii"
    (count,) = struct.unpack_from(">I", elst, 4)
    for number in range(count):
        duration, time, _ = struct.unpack_from(layout, elst, 8 + number * struct.calcsize(layout))
        yield duration, time
