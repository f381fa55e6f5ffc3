"""Frames of H.264 that come as two pictures, one for each field (PAFF): which of them belong together.

A container keeps, a cut counts and a screen shows frames; libav's parser hands out their fields one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from av import Packet

from editing.media.sequence_sets import SEQUENCE, Bits, Sequence, read_sequence
from editing.media.units import units

_SLICES, _PICTURE = range(1, 6), 8
_HEAD = 24
"""Bytes of a slice that hold what is asked for, emulation prevention included."""


@dataclass(frozen=True, slots=True)
class _Field:
    number: int
    bottom: bool


class Fields:
    """Told of every picture in decoding order, it says which ones complete the frame of the one before.

    `sets` are parameter sets (Annex B) that hold already.
    """

    def __init__(self, sets: bytes = b"") -> None:
        self._sequences: dict[int, Sequence] = {}
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
            kind, bits = unit[0] & 0x1F if unit else 0, Bits(unit[1:])
            if kind == SEQUENCE:
                sequence = read_sequence(unit)
                self._sequences[sequence.id] = sequence
            elif kind == _PICTURE:
                number = bits.ue()
                self._pictures[number] = bits.ue()

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
        bits = Bits(unit[1:_HEAD])
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
