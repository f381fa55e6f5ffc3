"""Copied and encoded pieces in one track: which bytes are the source's own, and how decoders cross the seams."""

from __future__ import annotations

import re
import subprocess
import threading
from itertools import chain
from pathlib import Path
from typing import Any

import av
import pytest

from editing.errors import Cancelled, UnreadableMedia
from editing.media import ffmpeg
from editing.media.cut import cut
from editing.media.parameter_sets import brings_sets, free_id
from editing.media.units import units
from editing.timeline.clips import HolePolicy, Mode
from editing.timeline.coverage import Coverage
from editing.timeline.pieces import Action
from editing.timeline.plan import make
from tests.media.cutting import STREAM, clip, open_segment, plan_of, run
from tests.media.matrix.oracle import material
from tests.samples import BASIC, START, Kind, beeps, segments_of, watch

OPEN_HEVC = Kind(codec="libx265", options="-x265-params log-level=none:open-gop=1:keyint=25:bframes=4:b-adapt=0")
FULL_TAGS = "-color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709"


def slices(path: Path, *, length_prefixed: bool) -> list[list[bytes]]:
    """The slices of each picture of an H.264 file in decoding order, without parameter sets and the like."""
    found = []
    with av.open(str(path)) as container:
        for packet in container.demux(container.streams.video[0]):
            data = bytes(packet)
            parts = _by_length(data) if length_prefixed else list(units(data))
            if data:
                found.append([part.rstrip(b"\x00") for part in parts if part and part[0] & 0x1F in (1, 5)])
    return found


def _by_length(data: bytes) -> list[bytes]:
    parts, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        parts.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return parts


def test_whole_groups_are_copied_bit_for_bit(tmp_path: Path) -> None:
    plan = plan_of(BASIC, Mode.ACCURATE_FAST, clip(1.5, 7.3))
    source = list(chain(*(slices(Path(part.key), length_prefixed=False) for part in segments_of(BASIC))))

    report = run(plan, tmp_path / "out.mp4")

    made = slices(tmp_path / "out.mp4", length_prefixed=True)
    first = source.index(made[12])
    assert made[12:144] == source[first : first + 132]
    assert (report.frames_copied, report.frames_encoded) == (132, 13)


def test_the_sample_description_holds_all_parameter_sets_under_ids_of_their_own(tmp_path: Path) -> None:
    run(plan_of(BASIC, Mode.ACCURATE_FAST, clip(1.5, 7.3)), tmp_path / "out.mp4")

    with av.open(str(tmp_path / "out.mp4")) as container:
        context: Any = container.streams.video[0].codec_context
        tag, description = context.codec_tag, context.extradata
    (sequence_sets, rest) = description[5] & 0x1F, description[6:]
    assert (tag, sequence_sets) == ("avc1", 2)
    sets = []
    for _ in range(2):
        size = int.from_bytes(rest[:2], "big")
        sets.append(b"\x00\x00\x01" + rest[2 : 2 + size])
        rest = rest[2 + size :]
    assert free_id(sets[0]) != free_id(b"".join(sets))


@pytest.mark.parametrize(("wanted", "tag"), [((2, 4), "hvc1"), ((1.5, 4), "hev1")], ids=["copied", "encoded too"])
def test_hevc_says_whether_parameter_sets_come_with_the_pictures(
    wanted: tuple[float, float], tag: str, tmp_path: Path
) -> None:
    kind = Kind(codec="libx265", options="-x265-params log-level=none:open-gop=0:keyint=25:scenecut=0")

    run(plan_of(kind, Mode.ACCURATE_FAST, clip(*wanted)), tmp_path / "out.mp4")

    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].codec_context.codec_tag == tag


def test_hevc_goes_on_at_an_open_group_after_another_clip(tmp_path: Path) -> None:
    plan = plan_of(OPEN_HEVC, Mode.ACCURATE_FAST, clip(5, 7.3), clip(0.5, 3.3))

    run(plan, tmp_path / "out.mp4")

    seen = watch(tmp_path / "out.mp4")
    assert [piece.action for piece in plan.pieces].count(Action.COPY) == 2
    assert seen.numbers == [*range(125, 183), *range(13, 83)]
    assert seen.psnr > 35


def test_no_picture_is_lost_where_an_open_group_follows_reordered_pictures(tmp_path: Path) -> None:
    plan = plan_of(OPEN_HEVC, Mode.ACCURATE_FAST, clip(0, 3), clip(3, 4), clip(1, 2))

    run(plan, tmp_path / "out.mp4")

    assert [piece.action for piece in plan.pieces][-2:] == [Action.COPY, Action.ENCODE]
    assert watch(tmp_path / "out.mp4").numbers == [*range(100), *range(25, 50)]


@pytest.mark.parametrize("kind", [BASIC, OPEN_HEVC], ids=["H.264", "HEVC"])
def test_a_transport_stream_brings_the_parameter_sets_at_every_switch(kind: Kind, tmp_path: Path) -> None:
    codec = "hevc" if kind is OPEN_HEVC else "h264"
    plan = plan_of(kind, Mode.ACCURATE_FAST, clip(1.5, 3.3), clip(0.5, 2.7))

    run(plan, tmp_path / "out.ts")

    with av.open(str(tmp_path / "out.ts")) as container:
        entries = [bytes(packet) for packet in container.demux(container.streams.video[0]) if packet.is_keyframe]
    assert len(entries) >= 4
    assert all(brings_sets(entry, codec) for entry in entries)
    assert watch(tmp_path / "out.ts").numbers == [*range(38, 83), *range(13, 68)]


@pytest.mark.parametrize("mode", Mode)
def test_a_hole_becomes_black_and_silent(mode: Mode, tmp_path: Path) -> None:
    parts = segments_of(BASIC)
    plan = make([clip(1, 7)], {STREAM: Coverage([*parts[:1], *parts[2:]])}, mode, holes=HolePolicy.SLATE)
    before = 50 if mode.snaps else 25

    run(plan, tmp_path / "out.mp4")

    with av.open(str(tmp_path / "out.mp4")) as container:
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(pictures) == plan.frames
    assert max(picture.mean() for picture in pictures[before : before + 50]) < 18
    assert pictures[before - 1].mean() > 40
    assert pictures[before + 50].mean() > 40
    heard = beeps(tmp_path / "out.mp4")
    assert not [beep for beep in heard if before / 25 + 0.03 < beep < before / 25 + 1.97]


def test_pictures_of_another_size_are_encoded_into_the_track_with_bars(tmp_path: Path) -> None:
    small = segments_of(Kind(width=160, height=120, first=1000), start=START + 20_000_000, recording=2)
    coverage = Coverage([*segments_of(BASIC), *small])

    plan = plan_of(coverage, Mode.ACCURATE_FAST, clip(2, 4), clip(22, 23), clip(4, 6))
    run(plan, tmp_path / "out.mp4")

    assert [piece.action for piece in plan.pieces] == [Action.COPY, Action.ENCODE, Action.COPY]
    with av.open(str(tmp_path / "out.mp4")) as container:
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert {picture.shape for picture in pictures} == {(180, 320)}
    assert pictures[60][:, :30].max() < 30  # a bar beside a narrow picture
    assert pictures[60][:, 160].max() > 60


def test_the_same_plan_gives_the_same_bytes(tmp_path: Path) -> None:
    plan = plan_of(BASIC, Mode.ACCURATE_FAST, *(clip(at + 0.3, at + 2.7) for at in range(0, 9, 2)))

    for name in ("one.mp4", "two.mp4"):
        run(plan, tmp_path / name)

    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


def test_sound_that_changes_is_encoded_once_for_all(tmp_path: Path) -> None:
    other = segments_of(Kind(audio_rate=44100, first=1000), start=START + 20_000_000, recording=2)
    plan = plan_of(Coverage([*segments_of(BASIC), *other]), Mode.ACCURATE_FAST, clip(1.5, 3.5), clip(21.5, 23.5))

    run(plan, tmp_path / "out.mp4")

    assert not plan.target.audio_copied
    assert [round(beep, 2) for beep in beeps(tmp_path / "out.mp4")] == [
        0.48,
        1.48,
        2.48,
        3.48,
    ]  # the first frame is shown at 1.52 s


def test_an_edge_that_cannot_be_read_ends_the_cut_and_names_the_segment(tmp_path: Path) -> None:
    plan = plan_of(BASIC, Mode.ACCURATE_FAST, clip(1.5, 7.3), clip(1.5, 7.3))

    def missing(segment: Any) -> Any:
        if segment.key.endswith("003.ts"):
            raise FileNotFoundError(2, "No such file or directory")
        return open_segment(segment)

    with pytest.raises(UnreadableMedia, match=r"003\.ts cannot be read"):
        cut(plan, tmp_path / "out.mp4", open_segment=missing)
    assert list(tmp_path.iterdir()) == []


def test_cancelling_ends_the_threads_at_the_edges(tmp_path: Path) -> None:
    before = threading.active_count()
    asked = iter([False] * 3)
    plan = plan_of(BASIC, Mode.ACCURATE_FAST, *[clip(0.5, 1.9)] * 30)

    with pytest.raises(Cancelled):
        cut(plan, tmp_path / "out.mp4", open_segment=open_segment, cancelled=lambda: next(asked, True))

    assert threading.active_count() == before
    assert list(tmp_path.iterdir()) == []


def test_the_report_names_the_encoder_that_matched_the_source(tmp_path: Path) -> None:
    report = run(plan_of(Kind(options=FULL_TAGS), Mode.ACCURATE_FAST, clip(1.5, 3)), tmp_path / "out.mp4")

    assert report.encoder["video"] == "libx264 ultrafast"
    assert "sps-id=1" in report.encoder["x264-params"]
    with av.open(str(tmp_path / "out.mp4")) as container:
        tags = {(int(frame.colorspace), int(frame.color_range)) for frame in container.decode(video=0)}
    assert tags == {(1, 1)}


@pytest.mark.parametrize("suffix", [".ts", ".mkv", ".flv", ".mov"])
@pytest.mark.parametrize("mode", [Mode.ACCURATE, Mode.ACCURATE_FAST])
def test_outputs_of_a_frame_or_a_few_pass_the_check_in_every_container(mode: Mode, suffix: str, tmp_path: Path) -> None:
    for name, ranges in (("one", [(2.2, 2.24)]), ("joined", [(1.76, 3.8)]), ("few", [(2, 2.04), (3.04, 3.08)])):
        plan = plan_of(BASIC, mode, *(clip(*each) for each in ranges))
        output = tmp_path / f"{name}{suffix}"

        run(plan, output)

        assert len(watch(output).numbers) == plan.frames


@pytest.mark.parametrize(("kind", "even"), [("variable rate", False), ("closed GOP", True)])
def test_only_frames_that_come_evenly_are_promised_to(kind: str, even: bool, tmp_path: Path) -> None:
    plan = plan_of(material(kind).coverage, Mode.ACCURATE_FAST, clip(0.6, 1.5), clip(2.1, 3.9))
    run(plan, tmp_path / "out.ts")

    said = subprocess.run(
        [ffmpeg.binary(), "-i", tmp_path / "out.ts", "-c", "copy", "-bsf:v", "trace_headers", "-f", "null", "-"],
        capture_output=True,
        check=True,
        text=True,
    ).stderr

    assert {piece.action for piece in plan.pieces} == {Action.COPY, Action.ENCODE}
    found = re.findall(r"fixed_frame_rate_flag +\S+ = (\d)", said)
    assert found
    assert ("1" in found) == even  # the recordings' own sets promise nothing
