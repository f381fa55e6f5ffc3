"""Parameter sets of H.264 and HEVC: the ids they use, and whether a packet brings its own."""

from __future__ import annotations

from collections.abc import Sequence

from editing.media.units import START_CODE, exp_golomb, is_delimiter, is_sequence_set, units

_H264_PICTURE_SET, _HEVC_PICTURE_SET = 8, 34
_HIGHEST_SEQUENCE_ID = 31
_HEAD = 4096
"""Parameter sets come before the first slice; they are short."""


def free_id(sets: bytes) -> int:
    """The lowest id above 0 that no parameter set of an H.264 stream (Annex B) uses, be it of sequences or pictures.

    Raises ValueError where all are taken.
    """
    taken = {_id(unit) for unit in units(sets) if unit}
    return min(set(range(1, _HIGHEST_SEQUENCE_ID + 1)) - taken)


def brings_sets(packet: bytes, codec: str) -> bool:
    """Whether a packet (Annex B) says itself how its pictures are decoded."""
    return any(unit and is_sequence_set(unit, codec) for unit in units(packet[:_HEAD]))


def clash(sets: Sequence[bytes], codec: str) -> bool:
    """Whether parameter sets that differ have one name, so that the later ones take the place of those before."""
    names = [_name(unit, codec) for unit in dict.fromkeys(sets) if unit]
    return len(set(names)) < len(names)


def _name(unit: bytes, codec: str) -> tuple[int, int]:
    """The kind of a set and its id. In HEVC that of a sequence lies behind much else: all count as one."""
    if codec != "hevc":
        return unit[0] & 0x1F, _id(unit)
    kind = unit[0] >> 1 & 0x3F
    return kind, exp_golomb(unit[2:]) if kind == _HEVC_PICTURE_SET else 0


def with_sets(packet: bytes, sets: bytes, codec: str) -> bytes:
    """A picture (Annex B) with parameter sets in front of it: behind its access unit delimiter, which comes first.

    Encoders that keep their sets elsewhere may put other things before the delimiter; it is moved then.
    """
    start = packet.find(START_CODE, 0, _HEAD)
    while 0 <= start < len(packet) - 3:
        end = packet.find(START_CODE, start + 3)
        if is_delimiter(packet[start + 3 :], codec) and end >= 0:
            begin = start - (packet[start - 1 : start] == b"\x00")  # start codes may be four bytes long
            end -= packet[end - 1] == 0
            return packet[begin:end] + sets + packet[:begin] + packet[end:]
        start = packet.find(START_CODE, start + 3, _HEAD)
    return sets + packet


def _id(unit: bytes) -> int:
    """seq_parameter_set_id follows three bytes of profile and level; pic_parameter_set_id comes first."""
    return exp_golomb(unit[1:] if unit[0] & 0x1F == _H264_PICTURE_SET else unit[4:])
