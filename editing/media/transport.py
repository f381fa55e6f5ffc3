"""MPEG-TS below the frames: what libav does not tell about the packets of a file."""

from __future__ import annotations

PACKET = 188
_SYNC = 0x47
_ADAPTATION, _PAYLOAD = 0x20, 0x10
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
