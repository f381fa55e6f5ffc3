"""Frames that come as two pictures, one for each field, are one frame to everybody else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from editing.media.fields import Fields
from editing.media.index import index_segment
from editing.media.units import units
from editing.timeline.clips import Mode
from editing.timeline.coverage import Coverage
from editing.timeline.frames import DAMAGED, KIND_MASK, FrameKind
from tests.fields import Fields as Sample
from tests.fields import folder_of
from tests.media.cutting import clip, plan_of, run
from tests.samples import BASIC, playlist, segments_in

PACKET = 188


@pytest.mark.parametrize("apart", [False, True], ids=["in one packet", "in two"])
def test_both_fields_are_one_frame_of_the_index(apart: bool) -> None:
    data = (folder_of(Sample(apart=apart)) / "001.ts").read_bytes()

    video = index_segment(data).index.video

    assert video is not None
    assert sorted(video.pts) == list(range(min(video.pts), min(video.pts) + 24 * 3600, 3600))
    assert [video.kind(at) for at in (0, 1, 12)] == [FrameKind.IDR, FrameKind.INTER, FrameKind.IDR]
    assert (len(video), video.end - video.start) == (24, 24 * 3600)
    assert min(video.sizes) > 6_000  # two fields of 9 macroblocks of 384 bytes each


def _pictures(data: bytes) -> list[int]:
    """Where the packets of each PES packet of the pictures begin, the last entry being their end."""
    starts = []
    for at in range(0, len(data), PACKET):
        if (data[at + 1] & 0x1F) << 8 | data[at + 2] == 256 and data[at + 1] & 0x40:
            starts.append(at)
    return starts


def _without(data: bytes, begin: int, end: int) -> bytes:
    """Without the pictures' packets in begin ≤ place < end; counters go on as if they had been lost."""
    parts = (data[at : at + PACKET] for at in range(0, len(data), PACKET))
    return b"".join(
        part
        for number, part in enumerate(parts)
        if not (begin <= number * PACKET < end and (part[1] & 0x1F) << 8 | part[2] == 256)
    )


@pytest.mark.parametrize("field", [0, 1], ids=["first", "second"])
def test_a_frame_that_lost_a_field_is_damaged(field: int) -> None:
    data = (folder_of(Sample(apart=True, bframes=0)) / "000.ts").read_bytes()
    places = _pictures(data)

    found = index_segment(_without(data, places[10 + field], places[11 + field])).index.video

    assert found is not None
    assert len(found) == 24
    assert 5 in [at for at, mark in enumerate(found.marks) if mark & DAMAGED]


def test_damage_between_two_fields_is_that_of_their_frame() -> None:
    data = (folder_of(Sample(apart=True, bframes=0)) / "000.ts").read_bytes()
    second = _pictures(data)[1]
    before = max(at for at in range(0, second, PACKET) if (data[at + 1] & 0x1F) << 8 | data[at + 2] == 256)

    found = index_segment(_without(data, before, before + PACKET)).index.video

    assert found is not None
    assert [at for at, mark in enumerate(found.marks) if mark & DAMAGED] == [0]
    assert found.marks[0] & KIND_MASK == FrameKind.IDR


def test_a_last_frame_without_its_second_field_is_left_out() -> None:
    data = (folder_of(Sample(apart=True)) / "000.ts").read_bytes()

    found = index_segment(_without(data, _pictures(data)[-1], len(data))).index.video

    assert found is not None
    assert len(found) == 23


def test_frames_are_not_taken_for_fields() -> None:
    data = Path(playlist(replace(BASIC, options="-flags +ilme+ildct")).parent / "000.ts").read_bytes()
    sets = index_segment(data).parameters.video
    assert sets is not None

    assert Fields(bytes.fromhex(sets.extradata)).possible
    assert len(index_segment(data).index.video or ()) == 50


def test_damaged_parameter_sets_say_nothing() -> None:
    sets = list(units(bytes.fromhex(_extradata())))
    for unit in sets:
        for length in range(len(unit)):
            fields = Fields()
            fields.learn([unit[:length], unit[: length // 2] + b"\0" * 9])
            fields.completes(b"\0\0\1" + unit)


def _extradata() -> str:
    video = index_segment((folder_of(Sample()) / "000.ts").read_bytes()).parameters.video
    assert video is not None
    return video.extradata


def test_the_check_of_a_transport_stream_leaves_no_field_without_the_other(tmp_path: Path) -> None:
    coverage = Coverage(segments_in(folder_of(Sample())))
    plan = plan_of(coverage, Mode.ACCURATE_FAST, clip(4.08, 4.28), clip(4.28, 4.52))

    assert run(plan, tmp_path / "out.ts").verdict["seams_decoded"] > 0
