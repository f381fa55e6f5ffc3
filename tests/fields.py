"""Interlaced H.264 whose frames are two pictures, one for each field (PAFF), written bit by bit: x264 makes none.

What changes in a picture is stored as it is (I_PCM). The pattern below is stored in the first picture of a group
alone and skipped in all others, which therefore show it only if they have the pictures that they refer to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from io import BytesIO
from itertools import chain
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import av
import numpy as np
from av import Packet

from tests.samples import _FOLDER, Kind, picture, playlist

WIDTH, HEIGHT = 144, 64
_ACROSS = WIDTH // 16
_I, _P, _B = 7, 5, 6
_STORED = {_I: 25, _P: 30, _B: 48}
"""mb_type of I_PCM in each kind of slice."""
_TICK = Fraction(1, 90_000)
_FRAME = 3600
Plane = np.ndarray[Any, Any]


class _Bits:
    def __init__(self) -> None:
        self._text: list[str] = []
        self._length = 0

    def u(self, count: int, value: int) -> _Bits:
        self._text.append(f"{value:0{count}b}")
        self._length += count
        return self

    def ue(self, *values: int) -> _Bits:
        for value in values:
            self.u(2 * (value + 1).bit_length() - 1, value + 1)
        return self

    def aligned(self, data: bytes) -> _Bits:
        if self._length % 8:
            self.u(8 - self._length % 8, 0)
        self._text.append("".join(f"{byte:08b}" for byte in data))
        self._length += 8 * len(data)
        return self

    def unit(self, kind: int, reference: int) -> bytes:
        """A NAL unit in Annex B."""
        self.u(1, 1).aligned(b"")
        text = "".join(self._text)
        data = int(text, 2).to_bytes(len(text) // 8, "big")
        made, zeros = bytearray(), 0
        for byte in data:
            if zeros == 2 and byte <= 3:
                made.append(3)
                zeros = 0
            made.append(byte)
            zeros = zeros + 1 if byte == 0 else 0
        return b"\0\0\0\1" + bytes((reference << 5 | kind,)) + bytes(made)


_KIND = Kind(seconds=5, width=WIDTH, height=HEIGHT, gop=12, segment=1)


@dataclass(frozen=True)
class Fields:
    """`apart` puts each field into a PES packet of its own, else both of a frame are in one. Bottom fields come first
    where `bottom_first`. Of `bframes` nothing refers to them."""

    apart: bool = False
    bframes: int = 2
    bottom_first: bool = False
    kind: Kind = _KIND


@cache
def folder_of(sample: Fields) -> Path:
    """Its segments, 24 frames each but for the last; the sound is that of a usual sample."""
    folder = Path(mkdtemp(dir=_FOLDER))
    frames = list(_frames(sample))
    sound = _sound(sample.kind)
    per = 2 * sample.kind.gop
    for number in range(0, len(frames), per):
        part = frames[number : number + per]
        last = number + per >= len(frames)
        low, high = 90_000 + number * _FRAME, 90_000 + (number + per) * _FRAME
        heard = [each for each in sound if low <= each[0] < high or (last and each[0] >= high)]
        (folder / f"{number // per:03d}.ts").write_bytes(_muxed(part, heard, sample))
    return folder


def _frames(sample: Fields) -> Iterator[tuple[int, int, bytes, bytes]]:
    """(pts, dts, first field, second field), in decoding order."""
    kind, decoded = sample.kind, 0
    for first in range(0, kind.frames, kind.gop):
        shown = range(min(kind.gop, kind.frames - first))
        references = [at for at in shown if at % (sample.bframes + 1) == 0 or at == shown[-1]]
        order: list[tuple[int, int]] = []
        for count, (before, at) in enumerate(zip([-1, *references], references, strict=False)):
            order += [(at, count)] + [(between, count + 1) for between in range(before + 1, at)]
        for at, frame_num in order:
            plane = picture(kind.first + first + at, WIDTH, HEIGHT)
            plane[HEIGHT // 2 :] = picture(first, WIDTH, HEIGHT)[HEIGHT // 2 :]
            made = _frame(plane, at, frame_num, at in references, sample, first // kind.gop)
            pts, dts = 90_000 + (first + at) * _FRAME, 90_000 + decoded * _FRAME - _FRAME * bool(sample.bframes)
            yield pts, dts, *made
            decoded += 1


def _frame(
    plane: Plane, shown: int, frame_num: int, reference: bool, sample: Fields, group: int
) -> tuple[bytes, bytes]:
    made = []
    for second in (False, True):
        bottom = second != sample.bottom_first
        slice_type = _I if shown == 0 and not second else _P if reference else _B
        idr = slice_type == _I
        bits = _Bits().ue(0, slice_type, 0).u(4, frame_num % 16).u(1, 1).u(1, bottom)
        if idr:
            bits.ue(group % 2)
        bits.u(8, (2 * shown + second) % 256)
        if slice_type == _B:
            bits.u(1, 1)
        if slice_type != _I:
            bits.u(1, 0).u(1, 0)
        if slice_type == _B:
            bits.u(1, 0)
        if reference:
            bits.u(2 if idr else 1, 0)
        bits.ue(0, 1)
        _macroblocks(bits, plane[int(bottom) :: 2], slice_type)
        unit = bits.unit(5 if idr else 1, 2 if reference else 0)
        delimiter = b"\0\0\0\1\x09" + (b"\x10" if idr else b"\x30" if reference else b"\x50")
        made.append(delimiter + (_sets(sample) if idr else b"") + unit)
    return made[0], made[1]


def _macroblocks(bits: _Bits, field: Plane, slice_type: int) -> None:
    """Rows of the number are stored, those below are skipped where something can be referred to."""
    chroma = bytes([128]) * 128
    rows = HEIGHT // 32
    stored = rows if slice_type == _I else rows // 2
    for row in range(stored):
        for column in range(_ACROSS):
            if slice_type != _I:
                bits.ue(0)
            block = field[16 * row : 16 * row + 16, 16 * column : 16 * column + 16]
            bits.ue(_STORED[slice_type]).aligned(block.tobytes() + chroma)
    if stored < rows:
        bits.ue((rows - stored) * _ACROSS)


def _sets(sample: Fields) -> bytes:
    sequence = _Bits().u(8, 77).u(8, 0).u(8, 30).ue(0, 0, 0, 4, 2).u(1, 0).ue(_ACROSS - 1, HEIGHT // 32 - 1)
    sequence.u(1, 0).u(1, 0).u(1, 1).u(1, 0).u(1, 1)  # fields or frames, no MBAFF, direct_8x8, no crop, VUI
    sequence.u(4, 0).u(1, 1).u(32, 1).u(32, 50).u(1, 1).u(3, 0)  # timing: 50 fields a second
    sequence.u(1, 1).u(1, 1).ue(0, 0, 10, 10, int(sample.bframes > 0), 2)  # reordering
    pictures = _Bits().ue(0, 0).u(2, 0).ue(0, 0, 0).u(3, 0).ue(0, 0, 0).u(1, 1).u(2, 0)
    return sequence.unit(7, 3) + pictures.unit(8, 3)


def _sound(kind: Kind) -> list[tuple[int, bytes]]:
    """(pts, ADTS frame) of a usual sample's sound, from 90,000 on."""
    found: list[tuple[int, bytes]] = []
    origin: int | None = None
    for path in sorted(playlist(kind).parent.glob("*.ts")):
        with av.open(str(path), format="mpegts") as container:
            for packet in container.demux(container.streams.video[0], container.streams.audio[0]):
                if packet.stream.type == "video" and packet.pts is not None:
                    origin = packet.pts if origin is None else min(origin, packet.pts)
                elif packet.pts is not None:
                    found.append((packet.pts, bytes(packet)))
    return [(pts - (origin or 0) + 90_000, data) for pts, data in found]


def _muxed(frames: list[tuple[int, int, bytes, bytes]], sound: list[tuple[int, bytes]], sample: Fields) -> bytes:
    target = BytesIO()
    template: Any = av.open(BytesIO(b"".join(chain(*(each[2:] for each in frames)))), format="h264")
    heard: Any = av.open(BytesIO(b"".join(data for _, data in sound)), format="aac")
    made: Any = av.open(target, "w", format="mpegts", options={"max_delay": "0", "pes_payload_size": "0"})
    video = made.add_stream_from_template(template.streams.video[0])
    audio = made.add_stream_from_template(heard.streams.audio[0])
    packets: list[tuple[int, Any, int, bytes]] = [(pts, audio, pts, data) for pts, data in sound]
    for pts, dts, first, second in frames:
        if sample.apart:
            packets += [(dts, video, pts, first), (dts + _FRAME // 2, video, pts + _FRAME // 2, second)]
        else:
            packets.append((dts, video, pts, first + second))
    made.start_encoding()
    for dts, stream, pts, data in sorted(packets, key=lambda each: each[0]):
        packet = Packet(data)
        packet.pts, packet.dts, packet.time_base, packet.stream = pts, dts, _TICK, stream
        made.mux_one(packet)
    made.close()
    return target.getvalue()
