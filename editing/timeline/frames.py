"""The index of one segment: every frame's times and what kind of entry it is, small enough for a database row.

Times are unwrapped 90 kHz ticks on the clock of the segment's epoch. `pack` stores differences of differences,
which for a steady stream are nearly all zero, and compresses them: some 700 bytes for six seconds at 30 frames a
second, most of it the frames' sizes. The layout beside it takes twice as much.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import accumulate

FORMAT = 1
"""First byte of a packed index; raise it when the layout changes."""


class FrameKind(IntEnum):
    """What a decoder can do at a frame."""

    INTER = 0
    IDR = 1
    RECOVERY = 2  # H.264: a recovery point that is exact at once (an open GOP's I picture)
    REFRESH = 3  # H.264: a gradual refresh; the picture is right only `recovery` frames later
    CRA = 4
    BLA = 5
    RASL = 6  # leading picture that needs what is before its CRA: skipped when decoding starts there
    RADL = 7  # leading picture that does not


ENTRIES = frozenset({FrameKind.IDR, FrameKind.RECOVERY, FrameKind.CRA, FrameKind.BLA})
"""Kinds at which decoding can start and the frame itself comes out right."""

_ENTRY_MARKS = frozenset(map(int, ENTRIES))
KIND_MASK = 0x0F
DISPOSABLE = 0x10
"""Bit beside the kind: no other frame refers to this one."""
DAMAGED = 0x20
"""Another one: a part of this frame was missing, or one just before it, when it was recorded."""
_HOLDS_DAMAGE, _HOLDS_DAMAGED_SOUND = 0x80, 0x20
"""Bits in a packed index's first byte: some of it is damaged, so that most need not be unpacked to know."""
_HOLDS_LAYOUT = 0x40
"""Another one: after a length of four bytes comes the layout, and then the rest."""
_FLAGS = _HOLDS_DAMAGE | _HOLDS_DAMAGED_SOUND | _HOLDS_LAYOUT
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True)
class VideoIndex:
    """Frames in decoding order. `marks` holds one byte a frame: a FrameKind, with DISPOSABLE added where it holds.

    `recovery` gives, for REFRESH frames only, (position, frames until the picture is right).
    `end` is the presentation time at which the last shown frame ends.
    """

    pts: tuple[int, ...]
    dts: tuple[int, ...]
    sizes: tuple[int, ...]
    marks: bytes
    end: int
    recovery: tuple[tuple[int, int], ...] = ()

    def kind(self, position: int) -> FrameKind:
        return FrameKind(self.marks[position] & KIND_MASK)

    def disposable(self, position: int) -> bool:
        return bool(self.marks[position] & DISPOSABLE)

    @property
    def entries(self) -> list[int]:
        """The positions at which decoding can start and the frame itself comes out right."""
        return [position for position, mark in enumerate(self.marks) if mark & KIND_MASK in _ENTRY_MARKS]

    @property
    def start(self) -> int:
        return min(self.pts)

    def __len__(self) -> int:
        return len(self.pts)


@dataclass(frozen=True)
class AudioIndex:
    """Packets of one audio track in order; a packet lasts until `pts` of the next, the last one until `end`.

    `damaged` are the positions of packets of which a part is missing, or others just before them.
    """

    pts: tuple[int, ...]
    end: int
    damaged: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.pts)


@dataclass(frozen=True)
class FrameIndex:
    """All tracks of a segment. `audio` has one entry for each track of the segment's parameters, in their order.

    `layout` says, in a form of its own, where in the file the samples are: nothing for a file that must be parsed to
    know, None where nobody has looked.
    """

    video: VideoIndex | None
    audio: tuple[AudioIndex, ...] = ()
    layout: bytes | None = None


def pack(index: FrameIndex) -> bytes:
    """The index as bytes for a row; `unpack` gives an equal one back."""
    parts: list[bytes] = [struct.pack("<BB", 1 if index.video else 0, len(index.audio))]
    if index.video:
        video = index.video
        parts += [
            _second_differences(video.pts),
            _second_differences(video.dts),
            _integers(video.sizes),
            _integers(tuple(video.marks)),
            _integers([number for pair in video.recovery for number in pair]),
            struct.pack("<q", video.end),
        ]
    for track in index.audio:
        parts += [_second_differences(track.pts), struct.pack("<q", track.end)]
    damaged = any(mark & DAMAGED for mark in index.video.marks) if index.video else False
    damaged_sound = any(track.damaged for track in index.audio)
    if damaged_sound:
        parts += [_integers(track.damaged) for track in index.audio]
    flags = damaged * _HOLDS_DAMAGE | damaged_sound * _HOLDS_DAMAGED_SOUND
    flags |= (index.layout is not None) * _HOLDS_LAYOUT
    layout = b"" if index.layout is None else _LENGTH.pack(len(index.layout)) + index.layout
    return bytes([FORMAT | flags]) + layout + zlib.compress(b"".join(parts), 6)


def holds_damage(packed: bytes) -> bool:
    """Whether a packed index has a damaged frame."""
    return bool(packed) and bool(packed[0] & _HOLDS_DAMAGE)


def holds_damaged_sound(packed: bytes) -> bool:
    """Whether a packed index has a damaged packet of sound."""
    return bool(packed) and bool(packed[0] & _HOLDS_DAMAGED_SOUND)


def layout_of(packed: bytes) -> bytes | None:
    """The layout in a packed index."""
    if not packed or not packed[0] & _HOLDS_LAYOUT:
        return None
    return packed[1 + _LENGTH.size :][: _LENGTH.unpack_from(packed, 1)[0]]


def unpack(packed: bytes) -> FrameIndex:
    """Raises ValueError for bytes that `pack` did not make."""
    if not packed or packed[0] & ~_FLAGS != FORMAT:
        raise ValueError("This is not a segment index of a known format.")
    layout = layout_of(packed)
    reader = _Reader(zlib.decompress(packed[1 if layout is None else 1 + _LENGTH.size + len(layout) :]))
    has_video, tracks = reader.take("<BB")
    video = _unpack_video(reader) if has_video else None
    audio = tuple(AudioIndex(reader.sums(), reader.take("<q")[0]) for _ in range(tracks))
    if holds_damaged_sound(packed):
        audio = tuple(replace(track, damaged=reader.integers()) for track in audio)
    return FrameIndex(video, audio, layout)


def _unpack_video(reader: _Reader) -> VideoIndex:
    pts, dts, sizes, marks, recovery = (
        reader.sums(),
        reader.sums(),
        reader.integers(),
        bytes(reader.integers()),
        reader.integers(),
    )
    pairs = tuple(zip(recovery[::2], recovery[1::2], strict=True))
    return VideoIndex(pts, dts, sizes, marks, reader.take("<q")[0], pairs)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.position = data, 0

    def take(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from(layout, self.data, self.position)
        self.position += struct.calcsize(layout)
        return values

    def integers(self) -> tuple[int, ...]:
        (count,) = self.take("<I")
        return self.take(f"<{count}q") if count else ()

    def sums(self) -> tuple[int, ...]:
        return tuple(accumulate(accumulate(self.integers())))


def _integers(numbers: Sequence[int]) -> bytes:
    return struct.pack("<I", len(numbers)) + _little_endian(array("q", numbers))


def _second_differences(times: Sequence[int]) -> bytes:
    first = [b - a for a, b in zip([0, *times], times, strict=False)]
    return _integers([b - a for a, b in zip([0, *first], first, strict=False)])


def _little_endian(numbers: array[int]) -> bytes:
    return struct.pack(f"<{len(numbers)}q", *numbers)
