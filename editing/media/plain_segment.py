"""A plain segment, taken apart in memory that is used again and again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editing.media.adts import SoundFrames, sound_frames
from editing.media.packetized import MARGIN, PAYLOAD, Bytes, Integers
from editing.media.start_codes import Pictures, length_prefixed
from editing.media.transport import PACKET
from editing.media.transport_rows import Rows
from editing.media.units import HEVC_BLA_WITHOUT_LEADING, HEVC_CRA, HEVC_SETS
from editing.timeline.coverage import Segment
from editing.timeline.ticks import WRAP


@dataclass(frozen=True)
class PlainSegment:
    """What a segment holds, on the clock of its epoch. `shown` is when each picture is, `sizes` what it has in Annex B.

    The pictures lie in `memory`; `heard` is when the packet that holds a frame of sound is.
    """

    segment: Segment
    memory: Bytes
    codec: str
    pictures: Pictures
    shown: Integers
    sizes: Integers
    sound: SoundFrames | None
    heard: Integers

    def break_link(self, number: int) -> None:
        """Make a picture of HEVC one that begins anew wherever it stands: a CRA picture becomes a BLA picture."""
        units, data = self.pictures.units, self.pictures.data
        low, high = np.searchsorted(units, (self.pictures.begins[number], self.pictures.ends[number]))
        own = units[low:high]
        own = own[data[own] >> 1 & 0x3F == HEVC_CRA]
        data[own] = data[own] & 0x81 | HEVC_BLA_WITHOUT_LEADING << 1


def memory_for(size: int) -> Bytes:
    """Enough for any segment of so many bytes."""
    return np.empty(size // PACKET * PAYLOAD + MARGIN, np.uint8)


def take_apart(segment: Segment, data: memoryview, memory: Bytes, *, sound: bool) -> PlainSegment:
    """Raises Irregular."""
    rows = Rows(data, memory)
    programme = rows.programme()
    heard = sound_frames(rows.sound(programme.audio)) if sound and programme.audio >= 0 else None
    payloads = rows.pictures(programme.video)
    sizes = payloads.ends - payloads.begins
    return PlainSegment(
        segment,
        memory,
        programme.codec,
        length_prefixed(payloads, _hevc_sets if programme.codec == "hevc" else None),
        unwrapped(payloads.pts, segment.first_pts),
        sizes,
        heard,
        unwrapped(heard.pts, segment.first_pts) if heard else np.empty(0, np.int64),
    )


def unwrapped(raw: Integers, near: int) -> Integers:
    """The 64-bit times that a 33-bit clock shows, each the one nearest to `near`."""
    return near + (raw - near + WRAP // 2) % WRAP - WRAP // 2


def _hevc_sets(first_bytes: Bytes) -> NDArray[np.bool_]:
    """Which units are parameter sets: an hvc1 track has them in its description and nowhere else."""
    return np.isin(first_bytes >> 1 & 0x3F, HEVC_SETS)
