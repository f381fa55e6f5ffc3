"""Range requests, as far as players and download managers use them: one range of bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


class Unsatisfiable(Exception):
    """A range of which the file has not one byte: 416."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes from `start` up to, but not including, `end`."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


def read(header: str, size: int) -> ByteRange | None:
    """The range a Range header asks for; None for what we may ignore (several ranges, other units, nonsense).

    Raises Unsatisfiable.
    """
    match = _RANGE.match(header.strip())
    if not match or not (match[1] or match[2]):
        return None
    if not match[1]:
        return _suffix(int(match[2]), size)
    start = int(match[1])
    end = min(int(match[2]) + 1, size) if match[2] else size
    if start >= size:
        raise Unsatisfiable
    return ByteRange(start, end) if start < end else None


def _suffix(length: int, size: int) -> ByteRange:
    if length == 0 or size == 0:
        raise Unsatisfiable
    return ByteRange(max(size - length, 0), size)
