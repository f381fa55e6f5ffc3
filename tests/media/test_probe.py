from fractions import Fraction
from pathlib import Path

import av
import pytest

from editing.errors import UnreadableMedia
from editing.media.probe import MediaFacts, Track, probe
from tests.samples import Kind, playlist

SAMPLE = Kind(seconds=2, rate="30000/1001", audio_rate=44100, channels=2, gop=30, segment=4)


def copied(kind: Kind, target: Path) -> Path:
    """The only segment of a sample, in another container."""
    source = playlist(kind).parent / "000.ts"
    with av.open(str(source)) as reading, av.open(str(target), "w") as writing:
        streams = {stream.index: writing.add_stream_from_template(stream) for stream in reading.streams}
        for packet in reading.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                writing.mux(packet)
    return target


def test_a_file_is_known_by_its_container_and_its_tracks(tmp_path: Path) -> None:
    path = copied(SAMPLE, tmp_path / "out.mp4")

    found = probe(path)

    video, sound = found.tracks
    assert found == MediaFacts(
        container="mov,mp4,m4a,3gp,3g2,mj2",
        duration=found.duration,
        bit_rate=path.stat().st_size * 8 * 1_000_000 // found.duration,
        size=path.stat().st_size,
        tracks=(video, sound),
    )
    assert found.duration == pytest.approx(2_000_000, abs=120_000)
    assert video == Track(
        kind="video",
        codec="h264",
        profile="Main",
        bit_rate=video.bit_rate,
        duration=59 * 1_001_000 // 30,
        frames=59,
        width=320,
        height=180,
        pixel_format="yuv420p",
        frame_rate=str(Fraction(30000, 1001)),
    )
    assert (sound.kind, sound.codec, sound.profile, sound.sample_rate, sound.channels, sound.layout) == (
        ("audio", "aac", "LC", 44100, 2, "stereo")
    )


def test_a_file_without_sound_has_one_track(tmp_path: Path) -> None:
    found = probe(copied(Kind(seconds=2, audio=None, segment=4), tmp_path / "out.mkv"))

    assert [track.kind for track in found.tracks] == ["video"]
    assert found.container.startswith("matroska")


def test_facts_can_be_stored_as_json(tmp_path: Path) -> None:
    found = probe(copied(SAMPLE, tmp_path / "out.mp4"))

    stored = found.to_json()

    assert MediaFacts(**{**stored, "tracks": tuple(Track(**track) for track in stored["tracks"])}) == found


@pytest.mark.parametrize("content", [b"", b"no media\n" * 100], ids=["empty", "text"])
def test_what_is_no_media_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.mp4"
    path.write_bytes(content)

    with pytest.raises(UnreadableMedia, match=r"^notes\.mp4 cannot be read"):
        probe(path)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnreadableMedia, match=r"^gone\.mp4 cannot be read: No such file"):
        probe(tmp_path / "gone.mp4")


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = copied(SAMPLE, tmp_path / "out.mp4")
    path.write_bytes(path.read_bytes()[:5000])

    with pytest.raises(UnreadableMedia):
        probe(path)


def test_names_in_foreign_letters_are_no_obstacle(tmp_path: Path) -> None:
    path = copied(SAMPLE, tmp_path / "out.mp4")
    path.write_bytes(path.read_bytes().replace(b"VideoHandler", b"Vid\xe9oHandler"))

    assert len(probe(path).tracks) == 2


def test_a_track_of_an_unknown_kind_is_listed_as_unknown(tmp_path: Path) -> None:
    path = copied(SAMPLE, tmp_path / "out.mp4")
    path.write_bytes(path.read_bytes().replace(b"avc1", b"xyz1"))

    assert [track.codec for track in probe(path).tracks] == ["unknown", "aac"]
