"""Every container with every mode and codec either works and is read back right, or is refused beforehand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

import av
import pytest

from editing.errors import InvalidOutput, UnsupportedMedia
from editing.media.containers import CONTAINERS, check, container_of
from editing.media.parameter_sets import with_sets
from editing.media.units import units
from editing.timeline.clips import Mode
from editing.timeline.coverage import Coverage
from editing.timeline.parameters import AudioParameters, Parameters
from tests.media.cutting import clip, plan_of, run
from tests.samples import Kind, segments_of, watch
from tests.timeline.made import SOUND, VIDEO, segment
from tests.timeline.made import clip as made_clip
from tests.timeline.made import plan as made_plan

COPIES, ENCODES = (Mode.ROUGH_FAST, Mode.ACCURATE_FAST), (Mode.ROUGH, Mode.ACCURATE)
HEVC = {"codec": "libx265", "options": "-x265-params log-level=none:open-gop=0:keyint=25"}
SOUNDS = {"aac": "aac", "mp3": "libmp3lame", "ac3": "ac3"}
FITTING = {
    "mp4": ({"h264", "hevc"}, {"aac", "ac3"}),
    "mov": ({"h264", "hevc"}, {"aac", "ac3"}),
    "mkv": ({"h264", "hevc"}, {"aac", "ac3"}),
    "ts": ({"h264", "hevc"}, {"aac", "ac3"}),
    "flv": ({"h264"}, {"aac"}),
}
"""What a mode that copies leaves as it is; MP3 it encodes to AAC, for packets of it cannot be cut apart."""


def sample(video: str, audio: str) -> Kind:
    return Kind(seconds=4, audio=SOUNDS[audio], channels=2, **(HEVC if video == "hevc" else {}))


def found_in(path: Path) -> tuple[list[str], list[str]]:
    with av.open(str(path)) as container:
        return tuple(
            [stream.codec_context.codec.canonical_name for stream in streams]
            for streams in (container.streams.video, container.streams.audio)
        )  # type: ignore[return-value]


@pytest.mark.parametrize("audio", SOUNDS)
@pytest.mark.parametrize("video", ["h264", "hevc"])
@pytest.mark.parametrize("mode", COPIES)
@pytest.mark.parametrize("extension", FITTING)
def test_what_fits_is_copied_and_what_does_not_is_refused(
    extension: str, mode: Mode, video: str, audio: str, tmp_path: Path
) -> None:
    plan = plan_of(sample(video, audio), mode, clip(0.6, 2.4))
    copied = "aac" if audio == "mp3" else audio
    videos, audios = FITTING[extension]
    output = tmp_path / f"out.{extension}"

    if video not in videos or copied not in audios:
        with pytest.raises(InvalidOutput, match=r"\.flv file cannot hold .*; use \.mp4, \.mov, \.mkv or") as refusal:
            run(plan, output)
        assert (refusal.value.field, list(tmp_path.iterdir())) == ("output.key", [])
        return
    report = run(plan, output)

    seen = watch(output)
    assert seen.numbers == list(range(seen.numbers[0], seen.numbers[0] + plan.frames))
    assert seen.psnr > 30
    assert all(abs(time - 3600 * at) <= container_of(output).tolerance for at, time in enumerate(seen.times))
    assert found_in(output) == ([video], [copied])
    assert (report.verdict["frames"], report.verdict["audio_packets"] > 0) == (plan.frames, True)


@pytest.mark.parametrize("mode", ENCODES)
@pytest.mark.parametrize("extension", FITTING)
def test_encoded_tracks_fit_every_container(extension: str, mode: Mode, tmp_path: Path) -> None:
    """Whatever was recorded they are the same; the sounds that are decoded are tried in turn."""
    number = list(FITTING).index(extension) + ENCODES.index(mode)
    plan = plan_of(sample("hevc" if number % 2 else "h264", list(SOUNDS)[number % 3]), mode, clip(0.6, 1.4))
    output = tmp_path / f"out.{extension}"

    run(plan, output)

    assert len(watch(output).numbers) == plan.frames
    assert found_in(output) == (["h264"], ["aac"])


def codec(video: str = "h264", audio: str = "aac") -> Coverage:
    return Coverage([segment(0, parameters=Parameters(replace(VIDEO, codec=video), (replace(SOUND, codec=audio),)))])


@pytest.mark.parametrize(
    ("video", "audio", "mode", "extension", "words"),
    [
        ("h264", "opus", Mode.ROUGH_FAST, "mov", "A .mov file cannot hold opus; use .mp4, .mkv or .ts, or a mode that"),
        ("hevc", "aac", Mode.ACCURATE_FAST, "flv", "A .flv file cannot hold hevc; use .mp4, .mov, .mkv or .ts, or a"),
        ("h264", "eac3", Mode.ROUGH_FAST, "flv", "A .flv file cannot hold eac3; use .mp4, .mov, .mkv or .ts, or a"),
        ("hevc", "opus", Mode.ROUGH_FAST, "mkv", ""),
        ("hevc", "ac3", Mode.ACCURATE, "flv", ""),
        ("h264", "mp3", Mode.ROUGH_FAST, "flv", ""),
    ],
)
def test_a_refusal_says_what_would_be_right(video: str, audio: str, mode: Mode, extension: str, words: str) -> None:
    plan = made_plan([made_clip(0, 2)], codec(video, audio), mode=mode)
    name = PurePath(f"clips/out.{extension.upper()}")

    if not words:
        return check(plan, name)
    with pytest.raises(InvalidOutput) as refusal:
        check(plan, name)
    assert refusal.value.message.startswith(words)
    assert refusal.value.field == "output.key"
    return None


def test_silent_recordings_fit_everywhere() -> None:
    silent = Coverage([segment(0, parameters=Parameters(VIDEO))])

    for extension in CONTAINERS:
        check(made_plan([made_clip(0, 2)], silent, mode=Mode.ROUGH_FAST), PurePath(f"a.{extension}"))


def test_another_container_is_none_of_ours() -> None:
    with pytest.raises(UnsupportedMedia, match=r"“\.avi” is not a container we write; use one of \.mp4, .* or \.flv"):
        container_of(PurePath("a.avi"))


def pictures(path: Path) -> list[tuple[bool, list[int], int, int]]:
    """Of each picture of a transport stream: is it a key frame, the kinds of its units, pts and dts in ticks."""
    with av.open(str(path)) as container:
        shift, mask = (1, 0x3F) if container.streams.video[0].codec_context.name == "hevc" else (0, 0x1F)
        packets = [packet for packet in container.demux(video=0) if packet.pts is not None]
        kinds = [[unit[0] >> shift & mask for unit in units(bytes(packet))] for packet in packets]
        return [
            (bool(packet.is_keyframe), each, packet.pts, packet.dts)
            for packet, each in zip(packets, kinds, strict=True)
        ]


@pytest.mark.parametrize(
    ("video", "mode", "sets"),
    [
        ("h264", Mode.ROUGH_FAST, [9, 7, 8]),
        ("h264", Mode.ACCURATE_FAST, [9, 7, 8]),
        ("h264", Mode.ACCURATE, [9, 7, 8]),
        ("hevc", Mode.ROUGH_FAST, [35, 32, 33, 34]),
        ("hevc", Mode.ACCURATE_FAST, [35, 32, 33, 34]),
    ],
)
def test_a_transport_stream_can_be_entered_at_every_key_frame(
    video: str, mode: Mode, sets: list[int], tmp_path: Path
) -> None:
    """A delimiter begins every picture; behind it come the parameter sets that no other place holds."""
    run(plan_of(sample(video, "aac"), mode, clip(0.6, 2.4)), tmp_path / "out.ts")

    found = pictures(tmp_path / "out.ts")
    entries = [kinds for key, kinds, _, _ in found if key]
    assert len(entries) >= 2 or mode is Mode.ACCURATE
    assert [kinds[: len(sets)] for kinds in entries] == [sets] * len(entries)
    assert all(kinds.count(sets[0]) == 1 and kinds[0] == sets[0] for _, kinds, _, _ in found)


@pytest.mark.parametrize("mode", Mode)
def test_a_transport_stream_begins_half_a_second_late(mode: Mode, tmp_path: Path) -> None:
    """So that nothing is decoded before time zero, and the clock reference comes before what it is for."""
    run(plan_of(sample("h264", "aac"), mode, clip(0.6, 2.4)), tmp_path / "out.ts")

    found = pictures(tmp_path / "out.ts")
    assert min(dts for _, _, _, dts in found) >= 45_000
    assert 45_000 <= min(pts for _, _, pts, _ in found) <= 60_000


def _unit(*kind: int) -> bytes:
    return b"\x00\x00\x00\x01" + bytes(kind) + b"\x80"


@pytest.mark.parametrize(
    ("codec", "delimiter", "sets", "before", "picture"),
    [
        ("h264", _unit(9), _unit(0x67) + _unit(0x68), _unit(6), _unit(0x65)),
        ("hevc", _unit(70, 1), _unit(64, 1) + _unit(66, 1) + _unit(68, 1), _unit(78, 1), _unit(40, 1)),
    ],
)
def test_sets_come_behind_the_delimiter_wherever_it_was(
    codec: str, delimiter: bytes, sets: bytes, before: bytes, picture: bytes
) -> None:
    whole = delimiter + sets + before + picture
    assert with_sets(delimiter + before + picture, sets, codec) == whole
    assert with_sets(before + delimiter + picture, sets, codec) == whole
    assert with_sets(before + picture, sets, codec) == sets + before + picture
    short = delimiter[1:] + before[1:] + picture[1:]
    assert [*units(with_sets(short, sets, codec))] == [*units(whole)]


def test_mp3_has_its_own_name_whatever_its_decoder_is_called() -> None:
    sound: Any = segments_of(sample("h264", "mp3"))[0].parameters.audio[0]
    assert sound.codec == "mp3"

    kept = Parameters(None, (AudioParameters("mp3float", "", 48000, 2, "stereo", ""),)).to_json()
    assert Parameters.from_json(kept) == Parameters(None, (replace(sound, profile=""),))
    plan = plan_of(sample("h264", "mp3"), Mode.ROUGH_FAST, clip(0, 2))
    assert plan.warnings[-1].startswith("The sound is encoded, not copied: a packet of MP3 keeps parts of its sound")
