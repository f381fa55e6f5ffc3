"""Sequence parameter sets of H.264 (7.3.2.1.1, E.1.1), as far as a cutter must read them, or change a bit."""

from __future__ import annotations

from dataclasses import dataclass

from editing.media.units import START_CODE, units

SEQUENCE = 7
_WITH_CHROMA = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
"""Profiles that say how colours are sampled."""
_EXTENDED_ASPECT = 255


@dataclass(frozen=True, slots=True)
class Sequence:
    """`planes`: each colour is coded alone; `number_bits`: how many a frame's number has; `frames_only`: no fields."""

    id: int
    planes: bool
    number_bits: int
    frames_only: bool


class Bits:
    """Bits of a NAL unit's payload; past its end all of them are one, so that nothing is read for ever."""

    def __init__(self, payload: bytes) -> None:
        self.data = payload.replace(b"\x00\x00\x03", b"\x00\x00")
        self._value, self._length = int.from_bytes(self.data, "big"), 8 * len(self.data)
        self.at = 0

    def u(self, count: int) -> int:
        """The next bits as a number."""
        self.at += count
        missing = min(max(self.at - self._length, 0), count)
        value = self._value >> max(self._length - self.at, 0) & (1 << count - missing) - 1
        return (value + 1 << missing) - 1

    def flag(self) -> bool:
        return bool(self.u(1))

    def ue(self) -> int:
        zeros = 0
        while not self.u(1):
            zeros += 1
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        value = self.ue()
        return (value + 1) // 2 if value % 2 else -value // 2

    def skip(self, count: int) -> None:
        """So many numbers."""
        for _ in range(count):
            self.ue()


def read_sequence(unit: bytes) -> Sequence:
    """What a sequence parameter set says; of a damaged one anything."""
    return _read(Bits(unit[1:]))


def without_fixed_rate(sets: bytes) -> bytes:
    """Parameter sets (Annex B) that do not promise that all pictures last equally long."""
    return b"".join(b"\x00" + START_CODE + _unfixed(unit) for unit in units(sets))


def _unfixed(unit: bytes) -> bytes:
    if not unit or unit[0] & 0x1F != SEQUENCE:
        return unit
    bits = Bits(unit[1:])
    _read(bits)
    if not _at_timing(bits):
        return unit
    bits.u(64)
    data = bytearray(bits.data)
    data[bits.at // 8] &= ~(0x80 >> bits.at % 8)
    return unit[:1] + _escaped(bytes(data))


def _read(bits: Bits) -> Sequence:
    """Up to and with frame_mbs_only_flag."""
    profile = bits.u(24) >> 16
    number, planes = bits.ue(), False
    if profile in _WITH_CHROMA:
        chroma = bits.ue()
        planes = chroma == 3 and bits.flag()
        bits.skip(2)
        bits.u(1)
        if bits.flag():
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
    return Sequence(number, planes, number_bits, bits.flag())


def _skip_scaling(bits: Bits, lists: int) -> None:
    for at in range(lists):
        if not bits.flag():
            continue
        last = following = 8
        for _ in range(16 if at < 6 else 64):
            if following:
                following = (last + bits.se()) % 256
            last = following or last


def _at_timing(bits: Bits) -> bool:
    """Go on from frame_mbs_only_flag to num_units_in_tick; whether it is there."""
    bits.at -= 1
    bits.u(2 if not bits.flag() else 1)  # adaptive fields, direct_8x8_inference
    if bits.flag():
        bits.skip(4)
    if not bits.flag():
        return False
    if bits.flag() and bits.u(8) == _EXTENDED_ASPECT:
        bits.u(32)
    if bits.flag():
        bits.u(1)
    if bits.flag():
        bits.u(4)
        if bits.flag():
            bits.u(24)
    if bits.flag():
        bits.skip(2)
    return bits.flag() and bits.at + 65 <= 8 * len(bits.data)


def _escaped(data: bytes) -> bytes:
    """With emulation prevention."""
    made, zeros = bytearray(), 0
    for byte in data:
        if zeros == 2 and byte <= 3:
            made.append(3)
            zeros = 0
        made.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(made)
