"""Segments as one stream of packets."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pytest

from editing.errors import UnreadableMedia
from editing.media.reader import PacketReader
from editing.timeline.coverage import Segment
from tests.media.cutting import open_segment
from tests.samples import BASIC, WRAPPING, Kind, segments_of


def times(segments: list[Segment], *, parsed: bool = True) -> list[int]:
    with PacketReader(segments, open_segment, parsed=parsed) as reader:
        return [pts for is_video, pts, _ in reader.packets() if is_video]


@pytest.mark.parametrize("parsed", [True, False])
@pytest.mark.parametrize("kind", [BASIC, WRAPPING, Kind(audio=None)], ids=["basic", "wraps", "no sound"])
def test_every_frame_comes_at_the_time_the_index_has(kind: Kind, parsed: bool) -> None:
    segments = segments_of(kind)

    assert times(segments, parsed=parsed) == [pts for segment in segments for pts in segment.index.video.pts]


def test_a_stream_that_begins_after_the_wrap_is_unwrapped_too() -> None:
    after = [segment for segment in segments_of(WRAPPING) if segment.first_pts >= 1 << 33]

    assert times(after) == [pts for segment in after for pts in segment.index.video.pts]


def test_only_one_file_is_open_at_a_time() -> None:
    opened: list[BytesIO] = []

    def open_one(segment: Segment) -> BinaryIO:
        assert all(file.closed for file in opened)
        opened.append(BytesIO(Path(segment.key).read_bytes()))
        return opened[-1]

    with PacketReader(segments_of(BASIC), open_one) as reader:
        assert sum(1 for _ in reader.packets()) > 300

    assert len(opened) == 6
    assert all(file.closed for file in opened)


def test_what_is_read_is_counted() -> None:
    segments, counted = segments_of(BASIC), []

    with PacketReader(segments, open_segment, counted.append) as reader:
        list(reader.packets())

    assert sum(counted) == sum(segment.size for segment in segments)


@pytest.mark.parametrize("missing", [0, 3])
def test_a_segment_that_is_gone_is_named(missing: int) -> None:
    segments = segments_of(BASIC)
    segments[missing] = replace(segments[missing], key="/nowhere/007.ts")

    with pytest.raises(UnreadableMedia, match=r"/nowhere/007\.ts cannot be read: No such file"):
        times(segments)


@pytest.mark.parametrize("changed", [0, 3, 5])
@pytest.mark.parametrize("at", [0.1, 0.5, 0.9999])
def test_a_segment_of_which_one_bit_has_changed_is_named(changed: int, at: float) -> None:
    segments = segments_of(BASIC)

    def open_one(segment: Segment) -> BinaryIO:
        data = bytearray(Path(segment.key).read_bytes())
        if segment is segments[changed]:
            data[int(len(data) * at)] ^= 4
        return BytesIO(data)

    with (
        pytest.raises(UnreadableMedia, match=rf"00{changed}\.ts has changed since it was indexed"),
        PacketReader(segments, open_one) as reader,
    ):
        list(reader.packets())


def test_the_last_segment_is_checked_although_not_all_of_it_was_wanted() -> None:
    first = segments_of(BASIC)[0]
    longer = Path(first.key).read_bytes() + bytes(188)

    with (
        pytest.raises(UnreadableMedia, match="has changed"),
        PacketReader([first], lambda segment: BytesIO(longer)) as reader,
    ):
        next(reader.packets())


def test_foreign_bytes_are_refused() -> None:
    with pytest.raises(UnreadableMedia):
        PacketReader(segments_of(BASIC), lambda segment: BytesIO(b"GIF89a" * 1000))
