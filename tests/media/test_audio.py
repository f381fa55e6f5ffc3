"""Sound: in its place to the sample where it is encoded, to half a packet where it is copied."""

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from editing.errors import EditingError
from editing.media.audio_copy import NotFramewise, _adts_frames, packet_samples
from editing.media.silence import silent_packet
from editing.timeline.clips import Mode, StreamName
from editing.timeline.coverage import Coverage
from editing.timeline.frames import AudioIndex, FrameIndex, pack
from editing.timeline.parameters import AudioParameters
from editing.timeline.plan import make
from tests.media.cutting import STREAM, clip, plan_of, run
from tests.samples import BASIC, Kind, beeps, coverage_of, segments_of

OTHER = StreamName("example.com", "live", "two")
AAC = AudioParameters("aac", "LC", 48000, 2, "stereo", "1190")


def samples_of(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


def test_encoded_sound_is_in_its_place_to_the_millisecond(tmp_path: Path) -> None:
    """Thirty joints, each at another place within an audio packet, and a beep half way through every clip."""
    clips = [clip(n % 9 + 0.5 + n / 250, n % 9 + 1.5) for n in range(30)]
    plan = plan_of(Kind(audio_rate=44100, channels=2), Mode.ACCURATE, *clips)

    run(plan, tmp_path / "out.mp4")

    offset, wanted = 0, []
    for piece in plan.pieces:
        second = piece.segments[0].anchor.pts + (round(piece.first_pts / 90_000 + 0.5)) * 90_000
        second = min((90_000 * n + piece.segments[0].anchor.pts for n in range(12)), key=lambda s: s < piece.first_pts)
        wanted.append((offset + second - piece.first_pts) / 90_000)
        offset += piece.ticks
    heard = beeps(tmp_path / "out.mp4")
    assert len(heard) == len(wanted)
    assert max(abs(a - b) for a, b in zip(heard, wanted, strict=True)) < 0.003


def test_encoded_sound_is_as_long_as_the_pictures(tmp_path: Path) -> None:
    plan = plan_of(BASIC, Mode.ACCURATE, *(clip(n, n + 0.48) for n in range(10)))

    report = run(plan, tmp_path / "out.mp4")

    assert 0 <= report.verdict["sound_lag"] < 1_000_000 * 1024 // 48_000


def test_a_rate_and_a_layout_for_all(tmp_path: Path) -> None:
    kinds = {STREAM: Kind(audio_rate=48000, channels=2), OTHER: Kind(audio_rate=32000, channels=1, audio="libmp3lame")}
    plan = make(
        [clip(1, 4), clip(1, 3, stream=OTHER)], {name: coverage_of(kind) for name, kind in kinds.items()}, Mode.ACCURATE
    )

    run(plan, tmp_path / "out.mp4")

    with av.open(str(tmp_path / "out.mp4")) as container:
        context = container.streams.audio[0].codec_context
        assert (context.name, context.sample_rate, context.layout.name) == ("aac", 48000, "stereo")
    assert [round(beep, 2) for beep in beeps(tmp_path / "out.mp4")] == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_a_stream_without_sound_is_silent_between_others(tmp_path: Path) -> None:
    kinds = {STREAM: BASIC, OTHER: Kind(audio=None)}
    plan = make(
        [clip(1, 2), clip(1, 3, stream=OTHER), clip(4, 5)],
        {name: coverage_of(kind) for name, kind in kinds.items()},
        Mode.ACCURATE,
    )

    run(plan, tmp_path / "out.mp4")

    samples = samples_of(tmp_path / "out.mp4")
    assert np.abs(samples[round(1.1 * 48000) : round(2.9 * 48000)]).max() < 0.01
    assert [round(beep, 2) for beep in beeps(tmp_path / "out.mp4")] == [0.0, 3.0]


def test_no_sound_at_all_makes_no_track(tmp_path: Path) -> None:
    for mode in (Mode.ACCURATE, Mode.ROUGH_FAST):
        run(plan_of(Kind(audio=None), mode, clip(1, 2)), tmp_path / "out.mp4")

        with av.open(str(tmp_path / "out.mp4")) as container:
            assert len(container.streams.audio) == 0


@pytest.mark.parametrize(
    "parameters",
    [
        AAC,
        replace(AAC, channels=1, layout="mono"),
        replace(AAC, codec="mp3", sample_rate=44100),
        replace(AAC, codec="ac3"),
    ],
    ids=["AAC stereo", "AAC mono", "MP3", "AC-3"],
)
def test_silence_is_silent(parameters: AudioParameters) -> None:
    data = silent_packet(parameters)
    assert data
    decoder = av.CodecContext.create(parameters.codec, "r")
    decoder.sample_rate, decoder.layout = parameters.sample_rate, parameters.layout
    if parameters.codec == "aac":
        decoder.extradata = bytes.fromhex("1190" if parameters.channels == 2 else "1188")

    frames = [frame for _ in range(4) for frame in decoder.decode(av.Packet(data))]

    assert frames
    assert max(np.abs(frame.to_ndarray().astype(float)).max() for frame in frames) < 1e-3
    assert frames[0].layout.name == parameters.layout


def test_a_codec_that_we_cannot_encode_has_no_silence() -> None:
    assert silent_packet(replace(AAC, codec="opus-like")) is None


@pytest.mark.parametrize(
    ("rate", "step", "samples"),
    [(48000, 1920, 1024), (44100, 2089, 1024), (48000, 3840, 2048), (44100, 2351, 1152), (22050, 2351, 576)],
)
def test_the_index_shows_how_long_a_packet_lasts(rate: int, step: int, samples: int) -> None:
    """HE-AAC's packets come out twice as long as their headers say; MP3's depend on the rate."""
    piece = plan_of(BASIC, Mode.ROUGH_FAST, clip(0, 2)).pieces[0]
    index = FrameIndex(None, (AudioIndex(tuple(range(0, 20 * step, step)), 20 * step),))
    piece = replace(piece, segments=(replace(piece.segments[0], packed=pack(index)),))

    assert packet_samples(piece, replace(AAC, sample_rate=rate)) == samples


def adts(payload: bytes) -> bytes:
    length = len(payload) + 7
    return bytes([0xFF, 0xF1, 0x4C, 0x80 | length >> 11, length >> 3 & 0xFF, (length & 7) << 5 | 0x1F, 0xFC]) + payload


def test_adts_frames_are_taken_apart() -> None:
    assert _adts_frames(adts(b"one") + adts(b"another")) == [b"one", b"another"]


@pytest.mark.parametrize("data", [adts(b"cut off")[:-1], adts(b"whole") + b"\xff\xf1", b"no header at all"], ids=repr)
def test_a_frame_that_does_not_end_in_its_packet_is_noticed(data: bytes) -> None:
    assert not issubclass(NotFramewise, EditingError)
    with pytest.raises(NotFramewise):
        _adts_frames(data)


def test_sound_that_starts_late_is_waited_for(tmp_path: Path) -> None:
    """The first segment of a recording whose sound came a second after its pictures."""
    late = [segments_of(Kind(audio=None))[0], *segments_of(BASIC)[1:]]

    for mode in (Mode.ACCURATE, Mode.ROUGH_FAST):
        run(plan_of(Coverage(late), mode, clip(0, 4)), tmp_path / "out.mp4")

        heard = [round(beep, 1) for beep in beeps(tmp_path / "out.mp4")]
        assert heard[:2] == [2.0, 3.0]
        assert heard[2:] in ([], [4.0])  # half a packet of what follows may be there
