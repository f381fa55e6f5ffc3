"""The tables of MPEG-TS that say which track is where (ISO/IEC 13818-1, 2.4.4), as far as plain streams have them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

CODECS = {0x1B: "h264", 0x24: "hevc"}
_ADTS = 0x0F
_METADATA = 0x15
_PATS, _PMTS = 0x00, 0x02


@dataclass(frozen=True, slots=True)
class Programme:
    """The tracks of the only programme: the pictures' codec and id, and the sound's id, -1 without sound."""

    codec: str
    video: int
    audio: int


@lru_cache(maxsize=64)
def programme_map(payload: bytes) -> int | None:
    """Where the map of the only programme is; None where there are several, or the table is not plain."""
    section = _section(payload, _PATS)
    if section is None or len(section) != 4:
        return None
    return (section[2] & 0x1F) << 8 | section[3] if section[:2] != b"\0\0" else None


@lru_cache(maxsize=64)
def video_and_sound(payload: bytes) -> Programme | None:
    """The tracks, where they are one of H.264 or HEVC and at most one of ADTS AAC beside timed metadata; else None."""
    section = _section(payload, _PMTS)
    if section is None or len(section) < 4:
        return None
    tracks = [(kind, pid) for kind, pid in _tracks(section) if kind != _METADATA]
    video = [(CODECS[kind], pid) for kind, pid in tracks if kind in CODECS]
    audio = [pid for kind, pid in tracks if kind == _ADTS]
    if len(video) != 1 or len(audio) > 1 or len(tracks) > 2 or len(video) + len(audio) != len(tracks):
        return None
    return Programme(*video[0], audio[0] if audio else -1)


def _tracks(section: bytes) -> Iterator[tuple[int, int]]:
    """Type and id of each stream."""
    at = 4 + _twelve_bits(section, 2)
    while at + 5 <= len(section):
        yield section[at], (section[at + 1] & 0x1F) << 8 | section[at + 2]
        at += 5 + _twelve_bits(section, at + 3)


def _section(payload: bytes, table: int) -> bytes | None:
    """What a section that is in force, whole and alone in its packet says; None without one."""
    begin = 1 + payload[0]
    head = payload[begin : begin + 8]
    if len(head) < 8 or head[0] != table or not head[1] & 0x80 or not head[5] & 1 or head[6:8] != b"\0\0":
        return None
    end = begin + 3 + _twelve_bits(head, 1)
    if not begin + 12 <= end <= len(payload) or payload[end : end + 1] not in (b"", b"\xff"):
        return None
    return payload[begin + 8 : end - 4] if _checksum(payload[begin:end]) == 0 else None


def _twelve_bits(data: bytes, at: int) -> int:
    return (data[at] & 0x0F) << 8 | data[at + 1]


def _checksum(data: bytes) -> int:
    """CRC-32 as MPEG has it, which is 0 over a section and its own checksum."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
    return value
