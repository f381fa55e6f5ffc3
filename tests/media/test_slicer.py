"""Slices of packets whose arrival the test decides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from editing.media.flv import SOUND, VIDEO, Tag
from editing.media.layout import unpack
from editing.media.puller import Arrived, Track
from editing.media.slicer import Slicer
from editing.media.spool import Slice, Spool
from editing.timeline.ticks import TICKS_PER_SECOND
from tests.media.test_flv import tags_of, written
from tests.samples import Kind, watch

KIND = Kind(seconds=8)


def sliced(folder: Path, tags: list[Tag]) -> list[Slice]:
    """Tags as a puller would hand them on, each in its time."""
    slicer = Slicer(Spool(folder, limit=1 << 30), target=2 * TICKS_PER_SECOND, epoch=0, before="")

    def slices() -> Iterator[Slice]:
        for tag in tags:
            if tag.configuration:
                yield from slicer.add(Track(tag.track, tag.codec, 48000, tag.data))
            else:
                at = 1_800_000_000_000_000 + tag.dts * 1000
                yield from slicer.take(Arrived(tag.track, tag.pts, tag.dts, tag.keyframe, tag.data, at))
        yield from slicer.close()

    return list(slices())


def late(track: int, seconds: float) -> list[Tag]:
    """The sample, of which one track begins later than the other."""
    tags = tags_of(written(KIND))
    first = next(tag for tag in tags if tag.track == track and tag.configuration)
    rest = [tag for tag in tags if tag is not first and (tag.track != track or tag.dts >= seconds * 1000)]
    position = next(at for at, tag in enumerate(rest) if tag.track == track)
    return [*rest[:position], first, *rest[position:]]


@pytest.mark.parametrize("seconds", [0.5, 3.0])
def test_sound_that_comes_late_is_recorded_with_its_first_packet(tmp_path: Path, seconds: float) -> None:
    tags = late(SOUND, seconds)
    slices = sliced(tmp_path, tags)

    assert [number for each in slices for number in watch(each.path).numbers] == list(range(200))
    heard = [pts for each in slices for track in each.index.index.audio for pts in track.pts]
    assert len(heard) == len([tag for tag in tags if tag.track == SOUND]) - 1
    silent = [not each.index.index.audio for each in slices]
    assert silent == sorted(silent, reverse=True)
    assert sum(silent) == (0 if seconds < 1 else 2)  # up to the keyframe after its first packet
    assert not any(each.facts.begins for each in slices[1:])


def test_pictures_that_come_late_follow_the_sound_without_a_new_epoch(tmp_path: Path) -> None:
    tags = late(VIDEO, 3.2)
    slices = sliced(tmp_path, tags)

    numbers = [number for each in slices if each.index.index.video for number in watch(each.path).numbers]
    assert numbers[-100:] == list(range(100, 200))
    assert [bool(each.index.index.video) for each in slices][:3] == [False, False, True]
    assert not any(each.facts.begins for each in slices[1:])
    heard = [pts for each in slices for track in each.index.index.audio for pts in track.pts]
    assert len(heard) == len([tag for tag in tags if tag.track == SOUND]) - 1


def test_pictures_that_stop_for_long_and_come_back_are_of_the_same_epoch(tmp_path: Path) -> None:
    long = tags_of(written(Kind(seconds=16)))
    away = [tag for tag in long if tag.track == SOUND or tag.configuration or not 2000 <= tag.dts < 14_000]
    slices = sliced(tmp_path, away)

    assert not any(each.facts.begins for each in slices[1:])
    assert sum(len(each.index.index.video.pts) for each in slices if each.index.index.video) == 100


def test_slices_are_plain_and_so_copied_without_being_parsed(tmp_path: Path) -> None:
    layouts = [unpack(each.index.index.layout or b"") for each in sliced(tmp_path, tags_of(written(KIND)))]

    assert [len(layout.pictures) for layout in layouts] == [50] * 4
    assert all(len(layout.sound) for layout in layouts)
