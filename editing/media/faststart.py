"""The index of an MP4 or MOV moved from behind its media to the front, so that a player can begin at once.

libav does that, too, but in one go that nobody can stop, and in which no other thread of Python runs: an output of ten
gigabytes would take as long as a lease lasts.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from editing.errors import MediaError
from editing.media.drain import faults, move, write_at
from editing.media.mp4_boxes import Parts, box, inside

_NESTED = frozenset({b"trak", b"mdia", b"minf", b"stbl"})
_LARGE = 1 << 32


def index_first(path: Path, alive: Callable[[], None]) -> None:
    """Make room behind the file's type and put the index there. `alive` is called again and again, and may raise.

    Raises NoSpace or MediaError; whatever is raised, the file is of no use then.
    """
    with faults(), path.open("r+b") as file:
        boxes = {kind: (at, size) for kind, at, size in _top_level(file.fileno())}
        if b"moov" not in boxes or b"mdat" not in boxes:
            raise MediaError("The output has no index.")
        (at, size), begin = boxes[b"moov"], sum(boxes[b"ftyp"])
        if at < begin + size and at < boxes[b"mdat"][0]:
            return
        moov = os.pread(file.fileno(), size, at)[8:]
        wide = at + 2 * size >= _LARGE
        by = len(_shifted(moov, 0, wide=wide))
        move(file.fileno(), begin, at, by, alive)
        write_at(file.fileno(), _shifted(moov, by, wide=wide), begin)
        file.truncate(at + by)


def _top_level(file: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, place and size of each box."""
    at, end = 0, os.fstat(file).st_size
    while at + 8 <= end:
        size, kind, large = struct.unpack(">I4sQ", os.pread(file, 16, at).ljust(16, b"\0"))
        size = large if size == 1 else size or end - at
        yield kind, at, size
        at += max(size, 8)


def _shifted(moov: bytes, by: int, *, wide: bool) -> bytes:
    """The index of the same media so many bytes further back; `wide` gives their places eight bytes instead of four."""
    return b"".join(box(b"moov", *_moved(moov, by, wide=wide)))


def _moved(content: bytes, by: int, *, wide: bool) -> Iterator[Parts]:
    for kind, data in inside(content):
        if kind in _NESTED:
            yield box(kind, *_moved(data, by, wide=wide))
        elif kind in (b"stco", b"co64"):
            places = np.frombuffer(data, ">u4" if kind == b"stco" else ">u8", offset=8).astype(np.int64) + by
            large = wide or kind == b"co64"
            yield box(b"co64" if large else b"stco", data[:8], places.astype(">u8" if large else ">u4").tobytes())
        else:
            yield box(kind, data)
