"""FLV as ffmpeg writes it, read in pieces of every size."""

from __future__ import annotations

import subprocess
from collections import Counter
from functools import cache

import pytest

from editing.media import ffmpeg
from editing.media.flv import SOUND, VIDEO, FlvReader, Tag, sample_rate
from tests.samples import Kind, playlist

KIND = Kind(seconds=4)


@cache
def written(kind: Kind = KIND, *options: str) -> bytes:
    """A sample as FLV."""
    command = [ffmpeg.binary(), "-v", "error", "-i", playlist(kind), *options, "-c", "copy", "-f", "flv", "-"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def tags_of(data: bytes, step: int = 1 << 20) -> list[Tag]:
    reader = FlvReader()
    return [tag for at in range(0, len(data), step) for tag in reader.feed(data[at : at + step])]


@pytest.mark.parametrize("step", [7, 1000])
def test_pieces_of_any_size_give_the_same_tags(step: int) -> None:
    assert tags_of(written(), step) == tags_of(written())


def test_tags_are_configurations_and_then_packets_with_their_times() -> None:
    tags = tags_of(written())

    counts = Counter((tag.track, tag.codec, tag.configuration) for tag in tags)
    assert counts[VIDEO, "h264", False] == 100
    assert (counts[VIDEO, "h264", True], counts[SOUND, "aac", True]) == (1, 1)
    pictures = [tag for tag in tags if tag.track == VIDEO and not tag.configuration]
    assert [tag.keyframe for tag in pictures[:26]] == [True, *[False] * 24, True]
    assert sorted(tag.pts - pictures[0].pts for tag in pictures) == [40 * number for number in range(100)]
    assert sample_rate(next(tag.data for tag in tags if tag.track == SOUND and tag.configuration)) == 48000


@pytest.mark.parametrize("options", [(), ("-flvflags", "no_metadata")], ids=["said", "unsaid"])
def test_the_publisher_says_whether_there_will_be_pictures(options: tuple[str, ...]) -> None:
    reader = FlvReader()
    list(reader.feed(written(KIND, *options)[:1000]))

    assert reader.pictures is not options


def test_hevc_comes_under_its_four_letters() -> None:
    kind = Kind(seconds=2, codec="libx265", options="-x265-params log-level=none")

    assert {tag.codec for tag in tags_of(written(kind))} == {"hevc", "aac"}


@pytest.mark.parametrize(
    "data", [b"HTTP/1.1 404 Not Found", written()[:400] + bytes([255]) * (1 << 17)], ids=["html", "damaged"]
)
def test_what_is_no_flv_is_said(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"no FLV|damaged"):
        tags_of(data)
