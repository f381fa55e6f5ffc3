"""The layout of a plain segment is found: what its packets carry becomes samples of an MP4.

Plain is MPEG-TS with one programme of H.264 or HEVC, one picture to a PES packet, and ADTS AAC or no sound.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editing.media.adts import sound_frames
from editing.media.layout import (
    MARGIN,
    PAYLOAD,
    PREFIX,
    Bytes,
    Integers,
    Irregular,
    Layout,
    Samples,
    require,
)
from editing.media.packetized import Packets
from editing.media.start_codes import Units, units_of
from editing.media.transport import PACKET
from editing.media.transport_rows import Rows, payloads
from editing.media.units import HEVC_SETS
from editing.timeline.frames import VideoIndex
from editing.timeline.ticks import WRAP

_FARTHEST = 1 << 29
"""Ticks between sound and pictures of one segment: more than an hour, and so no sound of theirs."""
_NONE = np.empty(0, np.int64)


def packed_layout(data: bytes, video: VideoIndex | None) -> bytes:
    """The layout of a whole segment, for its index; nothing where it is not plain."""
    memory = np.empty(len(data) // PACKET * PAYLOAD + MARGIN, np.uint8)
    if video is None:
        return b""
    try:
        payloads(memoryview(data), memory)
        return lay_out(memoryview(data), memory, video).pack()
    except Irregular:
        return b""


def lay_out(segment: memoryview, memory: Bytes, video: VideoIndex) -> Layout:
    """The layout of a segment whose payloads are in `memory`, with MARGIN bytes behind them.

    Raises Irregular for what is not plain, or not what its index says.
    """
    rows = Rows(segment, memory)
    programme = rows.programme()
    packets = rows.track(programme.video, video=True)
    times = np.array(video.pts, np.int64)
    require(np.array_equal(np.diff(packets.bounds), video.sizes))
    require(np.array_equal(packets.pts % WRAP, times % WRAP))
    units = units_of(packets)
    if programme.codec == "hevc":  # an hvc1 track has parameter sets in its description and nowhere else
        units = units[~np.isin(packets.data[units.begins] >> 1 & 0x3F, HEVC_SETS)]
    end = len(segment) // PACKET * PAYLOAD
    counts = np.bincount(units.owners, minlength=len(packets))
    sound, heard, ranks = _sound(rows, programme.audio, video.start)
    return Layout(end, _pictures(packets, units, end), counts, units.ends - units.begins, sound, heard, ranks)


def _pictures(packets: Packets, units: Units, end: int) -> Samples:
    """The samples of pictures. Prefixes for which there is no room are outside: from `end` on."""
    places, firsts = packets.place(units.begins), np.searchsorted(units.owners, np.arange(len(packets)))
    require(len(places) and firsts[-1] < len(places) and (units.owners[firsts] == np.arange(len(packets))).all())
    outside = ~units.long | (packets.place(units.begins - PREFIX) != places - PREFIX)
    begins = units.begins - np.where(outside, 0, PREFIX)
    heads = np.flatnonzero(outside | np.append(True, (begins[1:] != units.ends[:-1]) | (np.diff(units.owners) > 0)))
    stretches = packets.samples(begins[heads], units.ends[np.append(heads[1:], len(begins)) - 1])
    put_in = stretches.firsts[:-1][outside[heads]]
    prefixes = end + np.arange(len(put_in)) * PREFIX
    starts = stretches.firsts[np.searchsorted(heads, firsts)]
    return Samples(
        np.insert(stretches.begins, put_in, prefixes),
        np.insert(stretches.ends, put_in, prefixes + PREFIX),
        np.append(starts + np.searchsorted(put_in, starts), len(stretches.begins) + len(put_in)),
    )


def _sound(rows: Rows, pid: int, first_pts: int) -> tuple[Samples, Integers, Integers]:
    """The frames of sound, each with the time of its packet after the first picture, and its number in it."""
    if pid < 0:
        return Samples(_NONE, _NONE, np.zeros(1, np.int64)), _NONE, _NONE
    packets = rows.track(pid, video=False)
    frames = sound_frames(packets)
    heard: NDArray[np.int64] = (packets.pts - first_pts + WRAP // 2) % WRAP - WRAP // 2
    require((np.abs(heard) < _FARTHEST).all())
    return packets.samples(frames.begins, frames.ends), heard[frames.owners], frames.ranks
