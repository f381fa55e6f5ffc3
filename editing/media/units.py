"""H.264 and HEVC as far as a cutter must read them: which parameter sets a frame carries and what kind it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from editing.timeline.frames import DISPOSABLE, FrameKind

START_CODE = b"\x00\x00\x01"
_H264_IDR, _H264_SEI, _H264_SETS = 5, 6, (7, 8)
_H264_SEQUENCE_SET, _H264_DELIMITER = 7, 9
HEVC_SETS = (32, 33, 34)
_HEVC_SEQUENCE_SET, _HEVC_DELIMITER = 33, 35
_HEVC_KINDS = {
    6: FrameKind.RADL,
    7: FrameKind.RADL,
    8: FrameKind.RASL,
    9: FrameKind.RASL,
    16: FrameKind.BLA,
    17: FrameKind.BLA,
    18: FrameKind.BLA,
    19: FrameKind.IDR,
    20: FrameKind.IDR,
    21: FrameKind.CRA,
}
HEVC_CRA, HEVC_BLA_WITHOUT_LEADING = 21, 18
_HEVC_FIRST_NON_SLICE = 32
_HEVC_UNSPECIFIED = 63
_RECOVERY_POINT = 6


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """What the units before and at a frame's first slice say. `recovery` counts frames until a REFRESH is right."""

    mark: int
    sets: tuple[bytes, ...]
    recovery: int = 0


def units(data: bytes) -> Iterator[bytes]:
    """The NAL units of an Annex B byte string, without start codes."""
    start = data.find(START_CODE)
    while start >= 0:
        following = data.find(START_CODE, start + 3)
        end = following if following >= 0 else len(data)
        yield data[start + 3 : end].rstrip(b"\x00") if following >= 0 else data[start + 3 :]
        start = following


def h264_facts(data: bytes) -> FrameFacts | None:
    """None where there is no slice: then it is no frame that a decoder could show."""
    sets: list[bytes] = []
    recovery: int | None = None
    for unit in units(data):
        kind = unit[0] & 0x1F if unit else 0
        if kind in _H264_SETS:
            sets.append(unit)
        elif kind == _H264_SEI:
            recovery = _recovery_count(unit) if recovery is None else recovery
        elif 1 <= kind <= _H264_IDR:
            disposable = 0 if unit[0] & 0x60 else DISPOSABLE
            return FrameFacts(_h264_kind(kind, recovery) | disposable, tuple(sets), recovery or 0)
    return None


def hevc_facts(data: bytes) -> FrameFacts | None:
    """Like h264_facts; sub-layer non-reference pictures count as disposable."""
    sets: list[bytes] = []
    for unit in units(data):
        kind = unit[0] >> 1 & 0x3F if unit else _HEVC_UNSPECIFIED
        if kind in HEVC_SETS:
            sets.append(unit)
        elif kind < _HEVC_FIRST_NON_SLICE:
            disposable = DISPOSABLE if kind < 16 and kind % 2 == 0 else 0
            return FrameFacts(_HEVC_KINDS.get(kind, FrameKind.INTER) | disposable, tuple(sets))
    return None


def as_broken_link(data: bytes) -> bytes:
    """An HEVC picture (Annex B) as one that begins anew wherever it stands: a CRA picture becomes a BLA picture.

    After a splice a decoder would take a CRA picture for the continuation of what came before. The slices stay as they
    are, for the two kinds have the same syntax. Without its leading pictures it is of the kind that has none.
    """
    made = bytearray(data)
    start = data.find(START_CODE)
    while 0 <= start < len(data) - 3:
        if data[start + 3] >> 1 & 0x3F == HEVC_CRA:
            made[start + 3] = data[start + 3] & 0x81 | HEVC_BLA_WITHOUT_LEADING << 1
        start = data.find(START_CODE, start + 3)
    return bytes(made)


def is_sequence_set(unit: bytes, codec: str) -> bool:
    """Whether a parameter set is the one that gives the pictures' size."""
    if codec == "hevc":
        return unit[0] >> 1 & 0x3F == _HEVC_SEQUENCE_SET
    return unit[0] & 0x1F == _H264_SEQUENCE_SET


def is_delimiter(unit: bytes, codec: str) -> bool:
    """Whether a unit is the access unit delimiter."""
    return unit[0] >> 1 & 0x3F == _HEVC_DELIMITER if codec == "hevc" else unit[0] & 0x1F == _H264_DELIMITER


def _h264_kind(unit_type: int, recovery: int | None) -> FrameKind:
    if unit_type == _H264_IDR:
        return FrameKind.IDR
    if recovery is None:
        return FrameKind.INTER
    return FrameKind.REFRESH if recovery else FrameKind.RECOVERY


def _recovery_count(sei: bytes) -> int | None:
    """recovery_frame_cnt of a recovery point message in this SEI unit, None without one."""
    data = sei[1:].replace(b"\x00\x00\x03", b"\x00\x00")
    position = 0
    while position + 2 <= len(data):
        kind, position = _sei_number(data, position)
        size, position = _sei_number(data, position)
        if kind == _RECOVERY_POINT:
            return exp_golomb(data[position : position + size])
        position += size
    return None


def _sei_number(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    while position < len(data) and data[position] == 0xFF:
        value, position = value + 255, position + 1
    return value + (data[position] if position < len(data) else 0), position + 1


def exp_golomb(data: bytes) -> int:
    """The unsigned number, ue(v), that a payload begins with."""
    bits = "".join(f"{byte:08b}" for byte in data[:8])
    zeros = len(bits) - len(bits.lstrip("0"))
    return int(bits[zeros : 2 * zeros + 1] or "1", 2) - 1
