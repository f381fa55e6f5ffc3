"""Frames of H.264 that come as two pictures, one for each field (PAFF): which of them belong together.

A container keeps, a cut counts and a screen shows frames; libav's parser hands out their fields one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from av import Packet

from editing.media.units import units

_SLICES, _SEQUENCE, _PICTURE = range(1, 6), 7, 8
_HEAD = 24
"""Bytes of a slice that hold what is asked for, emulation prevention included."""
_WITH_CHROMA = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
"""Profiles whose sequence parameter sets say how colours are sampled (7.3.2.1.1)."""


@dataclass(frozen=True, slots=True)
class _Sequence:
    planes: bool
    number_bits: int
    frames_only: bool


@dataclass(frozen=True, slots=True)
class _Field:
    number: int
    bottom: bool


class Fields:
    """Told of every picture in decoding order, it says which ones complete the frame of the one before.

    `sets` are parameter sets (Annex B) that hold already.
    """

    def __init__(self, sets: bytes = b"") -> None:
        self._sequences: dict[int, _Sequence] = {}
        self._pictures: dict[int, int] = {}
        self._first: _Field | None = None
        self.learn(units(sets))

    @property
    def possible(self) -> bool:
        """Whether any parameter set allows pictures that are fields."""
        return any(not sequence.frames_only for sequence in self._sequences.values())

    @property
    def open(self) -> bool:
        """Whether the last picture was a field whose frame still lacks the other one."""
        return self._first is not None

    def learn(self, sets: Iterable[bytes]) -> None:
        """Parameter sets that hold from now on; a damaged one holds nothing."""
        for unit in sets:
            kind, bits = unit[0] & 0x1F if unit else 0, _Reader(unit[1:])
            if kind == _SEQUENCE:
                number, sequence = _sequence(bits)
                self._sequences[number] = sequence
            elif kind == _PICTURE:
                number, sequence_number = bits.ue(), bits.ue()
                self._pictures[number] = sequence_number

    def completes(self, data: bytes) -> bool:
        """Whether a picture (Annex B) is the other field of the frame that the one before began."""
        if not self.possible:
            return False
        field, before = self._field(data), self._first
        pair = field is not None and before is not None
        if pair and field and before and (field.number, field.bottom) == (before.number, not before.bottom):
            self._first = None
            return True
        self._first = field
        return False

    def _field(self, data: bytes) -> _Field | None:
        """None for a picture that is a whole frame, or that nothing describes."""
        unit = next((unit for unit in units(data) if unit and unit[0] & 0x1F in _SLICES), b"")
        bits = _Reader(unit[1:_HEAD])
        bits.skip(2)
        sequence = self._sequences.get(self._pictures.get(bits.ue(), -1))
        if sequence is None or sequence.frames_only:
            return None
        bits.u(2 * sequence.planes)
        number = bits.u(sequence.number_bits)
        return _Field(number, bool(bits.u(1))) if bits.u(1) else None


def whole_frames(packets: Iterable[Any], video: Any, fields: Fields) -> Iterator[Any]:
    """The packets with the fields of a frame in one, so that it has the times of its first one.

    What other tracks have between two fields comes before both.
    """
    waiting: Any = None
    for packet in packets:
        if packet.stream is not video:
            yield packet
        elif fields.completes(bytes(packet)):
            yield _joined(waiting, packet)
            waiting = None
        else:
            if waiting is not None:
                yield waiting
            waiting = packet if fields.open else None
            if waiting is None:
                yield packet
    if waiting is not None:
        yield waiting


def _joined(first: Any, second: Any) -> Any:
    """Both in memory of libav's own: to free Python's a thread of a decoder would wait for the interpreter, which may
    itself be waiting for that thread to end."""
    data = bytes(first) + bytes(second)
    whole: Any = Packet(len(data))
    whole.update(data)
    whole.pts, whole.dts, whole.time_base = first.pts, first.dts, first.time_base
    whole.duration, whole.is_keyframe = (first.duration or 0) + (second.duration or 0), first.is_keyframe
    whole.stream = first.stream
    return whole


def _sequence(bits: _Reader) -> tuple[int, _Sequence]:
    """The id of a sequence parameter set, and what it says of fields (7.3.2.1.1)."""
    profile = bits.u(24) >> 16
    number, planes = bits.ue(), False
    if profile in _WITH_CHROMA:
        chroma = bits.ue()
        planes = chroma == 3 and bool(bits.u(1))
        bits.skip(2)
        bits.u(1)
        if bits.u(1):
            _skip_scaling(bits, 8 if chroma != 3 else 12)
    number_bits = bits.ue() + 4
    if (order := bits.ue()) == 0:
        bits.skip(1)
    elif order == 1:
        bits.u(1)
        bits.skip(2)
        bits.skip(min(bits.ue(), 255))
    bits.skip(1)
    bits.u(1)
    bits.skip(2)
    return number, _Sequence(planes, number_bits, bool(bits.u(1)))


def _skip_scaling(bits: _Reader, lists: int) -> None:
    for at in range(lists):
        if not bits.u(1):
            continue
        last = following = 8
        for _ in range(16 if at < 6 else 64):
            if following:
                following = (last + bits.se()) % 256
            last = following or last


class _Reader:
    """Bits of a NAL unit's payload; past its end all of them are one, so that nothing is read for ever."""

    def __init__(self, payload: bytes) -> None:
        data = payload.replace(b"\x00\x00\x03", b"\x00\x00")
        self._left = 8 * len(data)
        self._value = int.from_bytes(data, "big")

    def u(self, count: int) -> int:
        missing = max(count - self._left, 0)
        self._left -= count - missing
        value = (self._value >> self._left) & ((1 << count - missing) - 1)
        return (value + 1 << missing) - 1

    def ue(self) -> int:
        zeros = 0
        while not self.u(1):
            zeros += 1
        return (1 << zeros) - 1 + self.u(zeros)

    def skip(self, count: int) -> None:
        """So many numbers."""
        for _ in range(count):
            self.ue()

    def se(self) -> int:
        value = self.ue()
        return (value + 1) // 2 if value % 2 else -value // 2
