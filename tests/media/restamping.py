"""Samples whose pictures' times are changed where they stand in the bytes of the transport stream."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

from editing.timeline.coverage import Coverage
from tests.samples import Kind, playlist, segments_in

_PACKET = 188
_VIDEO = b"\x00\x00\x01\xe0"


def restamped(kind: Kind, folder: Path, change: Callable[[int, int], int]) -> Coverage:
    """The sample with `change(number, pts)` as the presentation time of each picture, numbered in decoding order.

    The sample must have no B-frames: then no decoding times are written that could contradict.
    """
    numbers = count()
    folder.mkdir()
    for source in sorted(playlist(kind).parent.glob("*.ts")):
        data = bytearray(source.read_bytes())
        for at in range(0, len(data), _PACKET):
            payload = at + 4 + (1 + data[at + 4] if data[at + 3] & 0x20 else 0)
            if data[at + 1] & 0x40 and data[payload : payload + 4] == _VIDEO:
                if data[payload + 7] >> 6 != 2:
                    raise ValueError("The sample has decoding times of its own.")
                field = payload + 9
                data[field : field + 5] = _packed(change(next(numbers), _time(data[field : field + 5])))
        (folder / source.name).write_bytes(data)
    return Coverage(segments_in(folder))


def _time(field: bytes) -> int:
    return (field[0] >> 1 & 7) << 30 | field[1] << 22 | field[2] >> 1 << 15 | field[3] << 7 | field[4] >> 1


def _packed(time: int) -> bytes:
    return bytes(
        (0x21 | time >> 29 & 0xE, time >> 22 & 0xFF, time >> 14 & 0xFE | 1, time >> 7 & 0xFF, time << 1 & 0xFE | 1)
    )
