"""A transport stream's packets, read as rows, carry what libav finds in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editing.media.laying_out import lay_out
from editing.media.layout import MARGIN, PAYLOAD, PREFIX, Bytes, Irregular, Layout, Samples, unpack
from editing.media.packetized import Packets
from editing.media.reader import PacketReader
from editing.media.transport import PACKET
from editing.media.transport_rows import Rows, payloads
from editing.timeline.coverage import Segment
from editing.timeline.frames import VideoIndex
from editing.timeline.ticks import WRAP, unwrap
from tests.media.cutting import open_segment
from tests.media.test_plain_copy import KINDS
from tests.samples import BASIC, segments_of

VIDEO, SOUND, MAP = 256, 257, 4096
Found = list[tuple[int, bytes]]


def by_libav(segment: Segment) -> tuple[Found, Found]:
    """Times and bytes of all that is in PES packets: pictures, sound."""
    found: tuple[Found, Found] = ([], [])
    with PacketReader([segment], open_segment, parsed=False) as reader:
        for is_video, pts, packet in reader.packets():
            found[not is_video].append((pts, bytes(packet)))
    return found


def as_rows(segment: Segment) -> tuple[Found, Found]:
    data = Path(segment.key).read_bytes()
    rows = Rows(memoryview(data), memory_of(data))
    programme = rows.programme()
    found: tuple[Found, Found] = ([], [])
    for pid, is_video in ((programme.video, True), (programme.audio, False)):
        if pid >= 0:
            track = rows.track(pid, video=is_video)
            found[not is_video].extend((unwrap(time, segment.first_pts), data) for time, data in carried(track))
    return found


def carried(packets: Packets) -> Iterator[tuple[int, bytes]]:
    for begin, end, time in zip(packets.bounds[:-1], packets.bounds[1:], packets.pts, strict=True):
        yield int(time), packets.data[begin:end].tobytes()


def memory_of(data: bytes) -> Bytes:
    memory = np.zeros(len(data) * 2 + MARGIN, np.uint8)
    payloads(memoryview(data), memory)
    return memory


def index_of(times: list[int], sizes: list[int]) -> VideoIndex:
    return VideoIndex(tuple(times), tuple(times), tuple(sizes), bytes(len(times)), max(times) + 1)


def samples_in(samples: Samples, memory: Bytes) -> list[bytes]:
    return [b"".join(samples.part(at, at + 1).pieces(memory.data)) for at in range(len(samples))]


@pytest.mark.parametrize("name", KINDS)
def test_every_packet_is_the_one_that_libav_finds(name: str) -> None:
    for segment in segments_of(KINDS[name]):
        assert as_rows(segment) == by_libav(segment)


@dataclass(frozen=True)
class Packet:
    """A PES packet to be made, and how: fields of so many bytes in its first transport packets."""

    pts: int
    content: bytes
    fields: tuple[int, ...] = ()
    bounded: bool = False


def header(pts: int, kind: int, size: int) -> bytes:
    time = [0x21 | pts >> 29 & 0x0E, pts >> 22 & 0xFF, pts >> 14 & 0xFE | 1, pts >> 7 & 0xFF, pts << 1 & 0xFE | 1]
    return bytes([0, 0, 1, kind, *size.to_bytes(2, "big"), 0x80, 0x80, 5, *time])


class Stream:
    """Writes transport packets, each track with its own counter."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []
        self.counters: dict[int, int] = {}

    def table(self, pid: int, section: bytes) -> None:
        content = b"\0" + section + checksum(section)
        self.packet(pid, content + b"\xff" * (184 - len(content)), start=True)

    def packet(self, pid: int, content: bytes, *, start: bool) -> None:
        """Filled up with an adaptation field where the content does not fill it."""
        spare = 184 - len(content)
        field = bytes([spare - 1]) + (b"\0" + b"\xff" * (spare - 2) if spare > 1 else b"") if spare else b""
        count = self.counters.get(pid, -1) + 1 & 15
        self.counters[pid] = count
        head = bytes([0x47, start << 6 | pid >> 8, pid & 0xFF, (0x30 if spare else 0x10) | count])
        self.packets.append(head + field + content)

    def pes(self, pid: int, made: Packet) -> Iterator[None]:
        """One transport packet at a step, so that others can come between."""
        kind = 0xE0 if pid == VIDEO else 0xC0
        size = len(made.content) + 8 if made.bounded or pid == SOUND else 0
        data, fields = header(made.pts, kind, size) + made.content, list(made.fields)
        start = True
        while data:
            room = 184 - (fields.pop(0) if fields else 0)
            self.packet(pid, data[:room], start=start)
            data, start = data[room:], False
            yield


def checksum(section: bytes) -> bytes:
    value = 0xFFFFFFFF
    for byte in section:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
    return value.to_bytes(4, "big")


def stream(pictures: list[Packet], sounds: list[Packet], turns: list[bool]) -> bytes:
    """A transport stream in which packets of pictures and of sound take turns."""
    made = Stream()
    made.table(0, bytes([0, 0xB0, 13, 0, 1, 0xC1, 0, 0, 0, 1, 0xE0 | MAP >> 8, MAP & 0xFF]))
    tracks = bytes([0x1B, 0xE0 | VIDEO >> 8, VIDEO & 0xFF, 0xF0, 0, 0x0F, 0xE0 | SOUND >> 8, SOUND & 0xFF, 0xF0, 0])
    head = bytes([0, 1, 0xC1, 0, 0, 0xE0 | VIDEO >> 8, VIDEO & 0xFF, 0xF0, 0])
    made.table(MAP, bytes([2, 0xB0, len(head) + len(tracks) + 4]) + head + tracks)
    waiting = {
        True: (step for each in pictures for step in made.pes(VIDEO, each)),
        False: (step for each in sounds for step in made.pes(SOUND, each)),
    }
    for turn in turns:
        next(waiting[turn], None)
    for rest in waiting.values():
        for _ in rest:
            pass
    return b"".join(made.packets)


times = st.integers(-(1 << 28), 1 << 28).map(lambda time: time % WRAP)
units = st.lists(
    st.tuples(st.sampled_from([b"\0\0\1", b"\0\0\0\1"]), st.binary(max_size=400)).map(
        lambda unit: unit[0] + b"\x65" + unit[1].replace(b"\0\0", b"\0\3") + b"\x80"
    ),
    min_size=1,
    max_size=4,
).map(b"".join)
fields = st.lists(st.sampled_from([0, 0, 0, 1, 2, 8, 100, 160]), max_size=12).map(tuple)
pictures = st.lists(st.builds(Packet, times, units, fields, st.booleans()), min_size=1, max_size=6)


def adts(content: bytes) -> bytes:
    size = len(content) + 7
    return bytes([0xFF, 0xF1, 0x4C, 0x40 | size >> 11, size >> 3 & 0xFF, size << 5 & 0xE0 | 0x1F, 0xFC]) + content


misleading = st.just(b"\xff\xf1\x4c\x40\x02\x1f\xfc" * 9)
"""Sound that looks like headers."""
frames = st.lists(st.one_of(st.binary(min_size=1, max_size=300), misleading), min_size=1, max_size=4)
sounds = st.lists(
    st.tuples(times, frames, fields).map(
        lambda each: (Packet(each[0], b"".join(map(adts, each[1])), each[2]), each[1])
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=100, deadline=None)
@given(pictures, sounds, st.lists(st.booleans(), max_size=60))
def test_what_was_put_in_comes_out(
    pictures: list[Packet], sounds: list[tuple[Packet, list[bytes]]], turns: list[bool]
) -> None:
    data = stream(pictures, [packet for packet, _ in sounds], turns)
    memory = memory_of(data)
    programme = Rows(memoryview(data), memory).programme()
    index = index_of([each.pts for each in pictures], [len(each.content) for each in pictures])

    found = lay_out(memoryview(data), memory, index)

    assert (programme.codec, programme.video, programme.audio) == ("h264", VIDEO, SOUND)
    assert samples_in(found.sound, memory) == [each for _, own in sounds for each in own]
    times = [unwrap(packet.pts, index.start) - index.start for packet, own in sounds for _ in own]
    assert found.heard.tolist() == times
    assert found.ranks.tolist() == [rank for _, own in sounds for rank in range(len(own))]
    found.prefix(memory)
    whole = [prefixed(each.content) for each in pictures]
    assert samples_in(found.pictures, memory) == whole
    assert b"".join(found.pictures.pieces(memory.data)) == b"".join(whole)
    assert found.pictures.sizes().tolist() == list(map(len, whole))
    firsts = [memory[found.units(at)].tolist() for at in range(len(pictures))]
    assert firsts == [[0x65] * each.content.count(b"\0\0\1") for each in pictures]
    assert columns(unpack(found.pack())) == columns(found)


def columns(found: Layout) -> list[list[int]]:
    tracks = [[each.begins, each.ends, each.firsts] for each in (found.pictures, found.sound)]
    every = [*tracks[0], found.counts, found.lengths, found.prefixes, *tracks[1], found.heard, found.ranks]
    return [[found.rows], *(each.tolist() for each in every)]


def prefixed(content: bytes) -> bytes:
    """Slowly, byte by byte."""
    parts = content.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")[1:]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_damage_is_irregular_or_leaves_every_packet_as_libav_has_it(data: st.DataObject) -> None:
    """Bits of headers are flipped, packets lost, doubled and swapped: nothing may be read that is not there."""
    whole = Path(segments_of(BASIC)[1].key).read_bytes()
    packets = [whole[at : at + 188] for at in range(0, len(whole), 188)]
    at = data.draw(st.integers(0, len(packets) - 2))
    change = data.draw(st.sampled_from(["lose", "double", "swap", "flip"]))
    if change == "flip":
        changed = bytearray(packets[at])
        changed[data.draw(st.integers(0, 30))] ^= 1 << data.draw(st.integers(0, 7))
        packets[at] = bytes(changed)
    else:
        packets[at : at + 2] = {
            "lose": packets[at + 1 : at + 2],
            "double": [packets[at], packets[at], packets[at + 1]],
            "swap": [packets[at + 1], packets[at]],
        }[change]
    damaged = b"".join(packets)
    video = segments_of(BASIC)[1].index.video
    assert video
    try:
        found = lay_out(memoryview(damaged), memory_of(damaged), video)
    except Irregular:
        return
    assert found.pictures.sizes().tolist() == [
        size + added for size, added in zip(video.sizes, added_by(found), strict=True)
    ]
    assert int(found.pictures.ends.max()) <= len(damaged) // PACKET * PAYLOAD + PREFIX * len(found.lengths)


def added_by(found: Layout) -> list[int]:
    """Where a start code has three bytes its prefix is outside, and has one more."""
    outside = np.add.reduceat(found.pictures.begins >= found.rows, found.pictures.firsts[:-1], dtype=np.int64)
    return [int(each) for each in outside]


@pytest.mark.parametrize(
    "data",
    [b"", b"G" * 100, b"G" * 188, bytes(188), b"G" + bytes(187)],
    ids=["nothing", "short", "G", "zeros", "empty"],
)
def test_what_is_no_transport_stream_is_irregular(data: bytes) -> None:
    with pytest.raises(Irregular):
        lay_out(memoryview(data), memory_of(data), index_of([0], [1]))


def test_zeros_that_a_muxer_would_drop_are_irregular() -> None:
    content = b"\0\0\0\1\x65abc\0\0\0\0\1\x65abc"
    data = stream([Packet(0, content)], [Packet(0, adts(b"a"))], [])

    with pytest.raises(Irregular):
        lay_out(memoryview(data), memory_of(data), index_of([0], [len(content)]))


def test_what_the_index_has_otherwise_is_irregular() -> None:
    content = b"\0\0\0\1\x65abc"
    data = stream([Packet(90, content)], [Packet(0, adts(b"a"))], [])
    memory = memory_of(data)

    assert len(lay_out(memoryview(data), memory, index_of([90 + (1 << 33)], [len(content)])).pictures) == 1
    for times, sizes in (([91], [len(content)]), ([90], [len(content) + 1]), ([90, 91], [len(content), 1])):
        with pytest.raises(Irregular):
            lay_out(memoryview(data), memory, index_of(times, sizes))


def test_bytes_of_another_format_are_no_layout() -> None:
    for packed in (b"", b"\0", b"\2abc"):
        with pytest.raises(Irregular):
            unpack(packed)
