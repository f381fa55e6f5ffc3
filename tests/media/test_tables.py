"""The index of an MP4, read as libav reads it."""

from fractions import Fraction
from pathlib import Path

import av
import pytest

from editing.errors import UnreadableMedia
from editing.media import ffmpeg, tables

SOURCE = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=30000/1001:d=2", "-f", "lavfi", "-i", "sine=d=2:r=44100"]
MADE = {
    "B-frames": ["-bf", "3", "-movflags", "faststart"],
    "no B-frames, index last": ["-bf", "0"],
    "uneven frames": ["-vf", "select='mod(n,3)'", "-fps_mode", "passthrough"],
    "no edit list": ["-bf", "2", "-use_editlist", "0"],
}


def by_libav(path: Path) -> dict[str, list[tuple[Fraction, Fraction, int]]]:
    with av.open(str(path)) as container:
        found: dict[str, list[tuple[Fraction, Fraction, int]]] = {"video": [], "audio": []}
        for packet in container.demux():
            if packet.pts is not None and packet.dts is not None:
                times = packet.pts * packet.time_base, packet.dts * packet.time_base
                found[packet.stream.type].append((*times, packet.size))
        return found


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
@pytest.mark.parametrize("name", MADE)
def test_every_sample_is_what_libav_says(name: str, suffix: str, tmp_path: Path) -> None:
    output = tmp_path / f"out{suffix}"
    ffmpeg.run([*SOURCE, *("-c:v", "libx264", "-g", "20", "-c:a", "aac"), *MADE[name], str(output)])

    file = tables.read(output)

    assert {
        track.kind: [
            (Fraction(pts, track.timescale), Fraction(dts, track.timescale), size)
            for pts, dts, size in zip(track.pts, track.dts, track.sizes, strict=True)
        ]
        for track in file.tracks
    } == by_libav(output)
    assert file.media == sum(sum(track.sizes) for track in file.tracks)
    assert file.index_first == ("faststart" in MADE[name])


@pytest.mark.parametrize("data", [b"", b"\0\0\0\x08free", b"\0\0\0\x20moov\0\0", b"G" * 188], ids=repr)
def test_what_is_no_mp4_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_bytes(data)

    with pytest.raises(UnreadableMedia, match="index is damaged"):
        tables.read(tmp_path / "bad.mp4")
