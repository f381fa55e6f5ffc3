"""MPEG-TS below the frames: what libav does not tell about the packets of a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

PACKET = 188
_SYNC = 0x47
_ERROR, _BEGINS = 0x80, 0x40
_DISCONTINUITY = 0x80
_ADAPTATION, _PAYLOAD = 0x20, 0x10
_SECTION_HEAD = 12
_PCR, _OPCR, _SPLICE, _PRIVATE, _EXTENSION = 0x10, 0x08, 0x04, 0x02, 0x01


def ends_whole(tail: bytes, pid: int) -> bool:
    """Whether the last frame of `pid` is whole, as far as the last packets of a file show.

    A frame that does not fill its last packet is followed by stuffing; one that was cut off seldom is. A frame that
    fills its last packet to the byte (one in 184) cannot be told from one that was cut off.
    """
    for at in range(len(tail) // PACKET * PACKET - PACKET, -1, -PACKET):
        packet = tail[at : at + PACKET]
        if packet[0] == _SYNC and (packet[1] & 0x1F) << 8 | packet[2] == pid and packet[3] & _PAYLOAD:
            return _stuffed(packet)
    return False


def _stuffed(packet: bytes) -> bool:
    """Whether the packet's adaptation field is longer than what it says."""
    if not packet[3] & _ADAPTATION:
        return False
    length, flags = packet[4], packet[5]
    if length == 0:  # a single byte to fill up
        return True
    used = 1 + 6 * bool(flags & _PCR) + 6 * bool(flags & _OPCR) + bool(flags & _SPLICE)
    for flag in (_PRIVATE, _EXTENSION):
        if flags & flag:
            used += 1 + packet[min(5 + used, PACKET - 1)]
    return length > used


def fullest_tables(data: bytes) -> bytes:
    """The two packets that announce the programme and the most of its tracks: a PAT and the longest PMT.

    Nothing where there are none. A PMT that needs more than one packet names more tracks than we look for.
    """
    maps: dict[int, bytes] = {}
    announced: set[int] = set()
    association = b""
    for packet in (data[at : at + PACKET] for at in _positions(data)):
        pid = (packet[1] & 0x1F) << 8 | packet[2]
        if pid and pid not in announced:
            continue
        section = _section(packet)
        if len(section) < _SECTION_HEAD:
            continue
        if pid == 0:
            association = association or packet
            announced |= {(section[at + 2] & 0x1F) << 8 | section[at + 3] for at in range(8, len(section) - 7, 4)}
        elif len(section) > len(_section(maps.get(pid, b""))):
            maps[pid] = packet
    longest = max(maps.values(), key=lambda packet: len(_section(packet)), default=b"")
    return association + longest if association and longest else b""


@dataclass(frozen=True, slots=True)
class Break:
    """Where packets of a track are missing, come twice or are marked as damaged: at the packet `at` of the file.

    `begins` says that a frame begins there, `clean` that the one before it is whole all the same.
    """

    at: int
    begins: bool
    clean: bool


def breaks(data: bytes, pid: int) -> list[Break]:
    """The breaks in a track, by the counters of its packets. Files that were joined break cleanly where they meet."""
    found: list[Break] = []
    expected, before, end = -1, -1, 0
    torn = False
    for at in _positions(data):
        torn, end = torn or at != end, at + PACKET
        head = data[at + 3]
        if (data[at + 1] & 0x1F) << 8 | data[at + 2] != pid or not head & _PAYLOAD:
            continue
        announced = head & _ADAPTATION and data[at + 4] and data[at + 5] & _DISCONTINUITY
        damaged = bool(data[at + 1] & _ERROR) or torn
        if damaged or (before >= 0 and head & 0x0F != expected and not announced):
            begins = bool(data[at + 1] & _BEGINS)
            whole = before >= 0 and _stuffed(data[before : before + PACKET])
            found.append(Break(at, begins, begins and whole and not damaged))
        expected, before, torn = head + 1 & 0x0F, at, False
    return found


def _positions(data: bytes) -> Iterator[int]:
    """Where the packets that are whole begin; after damage, from the next one on that begins as one should."""
    at = data.find(_SYNC)
    while 0 <= at <= len(data) - PACKET:
        if data[at] == _SYNC:
            yield at
            at += PACKET
        else:
            at = data.find(_SYNC, at)


def _section(packet: bytes) -> bytes:
    """The section of a table that begins in a packet, as far as it is in it; nothing where none does."""
    if len(packet) < PACKET or not packet[1] & _BEGINS or not packet[3] & _PAYLOAD:
        return b""
    at = 5 + packet[4] if packet[3] & _ADAPTATION else 4
    section = packet[at + 1 + packet[at] :] if at < PACKET else b""
    return section[: 3 + ((section[1] & 0x0F) << 8 | section[2])] if len(section) > _SECTION_HEAD else b""
