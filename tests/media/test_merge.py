"""RoughFast: what is copied is copied whole, and the file is what players like."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from editing.errors import InvalidOutput, UnreadableMedia, UnsupportedMedia
from editing.media import room, tables
from editing.media.units import units
from editing.timeline.clips import Mode
from editing.timeline.coverage import Coverage
from tests.media.cutting import clip, plan_of, run
from tests.samples import BASIC, WRAPPING, Kind, coverage_of, segments_in, segments_of, watch

HEVC = Kind(codec="libx265", options="-x265-params log-level=none:open-gop=0:keyint=25")


def video_of(path: Path) -> tables.Samples:
    return next(track for track in tables.read(path).tracks if track.kind == "video")


def slices(path: str, separate: Callable[[bytes], Iterable[bytes]]) -> list[bytes]:
    """The coded slices of all pictures, without what separates them in their container."""
    with av.open(path) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    return [unit for data in packets for unit in separate(data) if 1 <= unit[0] & 0x1F <= 5]


def by_length(data: bytes) -> Iterator[bytes]:
    while data:
        length = int.from_bytes(data[:4], "big")
        yield data[4 : 4 + length]
        data = data[4 + length :]


def test_pictures_are_the_sources_own_bytes(tmp_path: Path) -> None:
    run(plan_of(BASIC, Mode.ROUGH_FAST, clip(0, 12)), tmp_path / "out.mp4")

    source = [unit for segment in segments_of(BASIC) for unit in slices(segment.key, units)]
    assert slices(str(tmp_path / "out.mp4"), by_length) == source


@pytest.mark.parametrize("kind", [BASIC, WRAPPING, Kind(bframes=0)], ids=["basic", "wraps", "no B-frames"])
def test_times_begin_at_zero_and_rise_in_even_steps(kind: Kind, tmp_path: Path) -> None:
    plan = plan_of(kind, Mode.ROUGH_FAST, clip(6.5, 7), clip(0.1, 3))

    run(plan, tmp_path / "out.mp4")

    video = video_of(tmp_path / "out.mp4")
    assert video.timescale == 90_000
    assert sorted(video.pts) == list(range(0, 3600 * plan.frames, 3600))
    assert all(b - a == 3600 for a, b in zip(video.dts, video.dts[1:], strict=False))
    assert all(pts >= dts for pts, dts in zip(video.pts, video.dts, strict=True))


def test_a_hundred_clips_keep_their_sound_within_half_a_packet(tmp_path: Path) -> None:
    ranges = [(3.2, 3.5), (7.2, 7.5), (5.2, 5.5), (9.2, 9.5)] * 25
    plan = plan_of(Kind(audio_rate=44100), Mode.ROUGH_FAST, *(clip(*each) for each in ranges))

    report = run(plan, tmp_path / "out.mp4")

    assert len(report.joints) == 100
    assert max(abs(error) for error in report.joints) <= 512_000_000 // 44100 + 1
    assert report.silent_frames == 0


@pytest.mark.parametrize(("kind", "tag"), [(BASIC, "avc1"), (HEVC, "hvc1")], ids=["H.264", "HEVC"])
def test_the_sample_description_is_one_that_every_player_takes(kind: Kind, tag: str, tmp_path: Path) -> None:
    run(plan_of(kind, Mode.ROUGH_FAST, clip(2, 4)), tmp_path / "out.mp4")

    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].codec_context.codec_tag == tag


def test_colours_and_aspect_are_kept(tmp_path: Path) -> None:
    kind = Kind(options="-x264-params colorprim=bt709:transfer=bt709:colormatrix=bt709:range=tv:sar=4/3:scenecut=0")
    plan = plan_of(kind, Mode.ROUGH_FAST, clip(2, 4))

    run(plan, tmp_path / "out.mp4")

    with av.open(str(tmp_path / "out.mp4")) as container:
        context: Any = container.streams.video[0].codec_context
        found = (context.color_range, context.color_primaries, context.color_trc, context.colorspace)
        assert [int(each) for each in found] == [1, 1, 1, 1]
        assert context.sample_aspect_ratio == Fraction(4, 3)


def test_a_large_output_keeps_room_for_its_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(BASIC, Mode.ROUGH_FAST, clip(0, 12))
    assert room.room_for_index(plan) == 0  # most of so small a file would be room
    monkeypatch.setattr(room, "_MOST_OF_ALL", 0)
    assert room.room_for_index(plan) > 0

    run(plan, tmp_path / "out.mp4")

    assert tables.read(tmp_path / "out.mp4").index_first
    assert watch(tmp_path / "out.mp4").numbers == list(range(300))


def test_the_room_suffices_where_every_frame_lasts_another_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_MOST_OF_ALL", 0)
    monkeypatch.setattr(room, "_INDEX_HEAD", 1 << 12)
    plan = plan_of(
        Kind(rate="30000/1001", gop=30), Mode.ROUGH_FAST, *(clip(at % 10, at % 10 + 0.5) for at in range(40))
    )

    run(plan, tmp_path / "out.mp4")

    assert tables.read(tmp_path / "out.mp4").index_first


def test_sound_that_we_cannot_take_apart_is_left_to_a_parser(tmp_path: Path) -> None:
    report = run(plan_of(Kind(audio="libmp3lame"), Mode.ROUGH_FAST, clip(1, 4)), tmp_path / "out.mp4")

    assert (report.frames_copied, report.silent_frames) == (100, 0)


def test_a_recorder_that_spreads_a_picture_over_two_packets_is_read_again_with_a_parser(tmp_path: Path) -> None:
    for segment in segments_of(BASIC):
        _spread(Path(segment.key), tmp_path / Path(segment.key).name)
    plan = plan_of(Coverage(segments_in(tmp_path)), Mode.ROUGH_FAST, clip(2, 6))

    report = run(plan, tmp_path / "out.mp4")

    assert (report.frames_copied, report.bytes_read < 2 * plan.size) == (100, True)
    assert watch(tmp_path / "out.mp4").numbers == list(range(50, 150))


def _spread(source: Path, target: Path) -> None:
    """The same TS with each packet of the picture halved, the second half without a time of its own."""
    packets = list(batched(source.read_bytes()))
    video = next(_pid(packet) for packet in packets if _payload(packet)[:4] == b"\0\0\1\xe0")
    out: list[bytes] = []
    waiting = b""
    for packet in [*packets, None]:
        if packet is not None and _pid(packet) != video:
            out.append(packet)
        elif packet is None or packet[1] & 0x40:
            half = len(waiting) // 2
            out += [*_packed(video, waiting[:half]), *_packed(video, b"\0\0\1\xe0\0\0\x80\0\0" + waiting[half:])]
            waiting = b""
        waiting += _payload(packet) if packet is not None and _pid(packet) == video else b""
    target.write_bytes(b"".join(out))


def batched(data: bytes) -> Iterator[bytes]:
    return (data[at : at + 188] for at in range(0, len(data), 188))


def _pid(packet: bytes) -> int:
    return (packet[1] & 0x1F) << 8 | packet[2]


def _payload(packet: bytes) -> bytes:
    return packet[5 + packet[4] if packet[3] & 0x20 else 4 :]


def _packed(pid: int, data: bytes) -> Iterator[bytes]:
    start = 0x40
    while data:
        part, data = data[:184], data[184:]
        stuffing = 184 - len(part)
        head = bytes([0x47, start | pid >> 8, pid & 0xFF, 0x30 if stuffing else 0x10])
        field = bytes([stuffing - 1]) + (b"\0" + b"\xff" * (stuffing - 2) if stuffing > 1 else b"") if stuffing else b""
        yield head + field + part
        start = 0


def test_sound_that_is_missing_becomes_silence(tmp_path: Path) -> None:
    segments = segments_of(BASIC)
    deaf = segments_of(replace(BASIC, audio=None))[3]
    mixed = [
        *segments[:3],
        replace(segments[3], key=deaf.key, size=deaf.size, checksum=deaf.checksum, packed=deaf.packed),
        *segments[4:],
    ]

    report = run(plan_of(Coverage(mixed), Mode.ROUGH_FAST, clip(4, 10)), tmp_path / "out.mp4")

    assert abs(report.silent_frames - 2 * 48000 // 1024) <= 2
    assert report.verdict["audio_packets"] == 6 * 48000 // 1024


def test_a_missing_segment_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    segments = segments_of(BASIC)
    segments[1] = replace(segments[1], key="/nowhere/1.ts")

    with pytest.raises(UnreadableMedia, match=r"/nowhere/1\.ts"):
        run(plan_of(Coverage(segments), Mode.ROUGH_FAST, clip(0, 6)), tmp_path / "out.mp4")

    assert list(tmp_path.iterdir()) == []


def test_a_container_that_cannot_hold_the_tracks_says_so(tmp_path: Path) -> None:
    plan = plan_of(Kind(audio="libopus", channels=2), Mode.ROUGH_FAST, clip(0, 2))

    with pytest.raises(InvalidOutput, match="mov"):
        run(plan, tmp_path / "out.mov")


def test_an_unknown_container_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMedia, match=r"\.avi"):
        run(plan_of(coverage_of(BASIC), Mode.ROUGH_FAST, clip(0, 2)), tmp_path / "out.avi")
