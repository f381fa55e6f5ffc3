"""How much a worker grows for a merge of hours: by what the index of the output takes, whatever the bit rate."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from editing.media import ffmpeg
from editing.timeline.coverage import Segment
from tests.benchmarks import material
from tests.benchmarks.rows import Row
from tests.samples import segments_in

HOUR = 3600
MOST, MOST_PER_HOUR, MOST_FOR_BIT_RATE = 200, 25, 10
"""MiB: for six hours, for each further hour, and that a bit rate fifty times as high may cost."""


def rows() -> Iterator[Row]:
    with TemporaryDirectory(prefix="studio-benchmark-") as name:
        folder = Path(name)
        small = _kept(folder / "small", _recording(folder, 6))
        large = _kept(folder / "large", material.recording(10))
        ten, rich = _grown(small, 600), _grown(large, 600)
        three, six = _grown(small, 3 * HOUR), _grown(small, 6 * HOUR)
    yield _row("RoughFast, 6 h, memory", six[0], six[1], MOST)
    yield _row("each hour of the last three", (six[0] - three[0]) / 3, three[1], MOST_PER_HOUR)
    yield _row("10 min of 4.7 Mbit/s, more than of 0.1", max(rich[0] - ten[0], 0), rich[1], MOST_FOR_BIT_RATE)


def _row(name: str, grown: float, seconds: float, most: int) -> Row:
    return Row(name, seconds, f"{most} MiB", grown / most, 1.0, f"grew by {grown:.0f} MiB")


def _grown(kept: Path, seconds: int) -> tuple[int, float]:
    command = [sys.executable, "-m", "tests.benchmarks._memory", str(kept), str(kept.with_suffix(".mp4")), str(seconds)]
    said = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return said["grown"], said["seconds"]


def _kept(path: Path, segments: list[Segment]) -> Path:
    path.write_bytes(pickle.dumps(segments))
    return path


def _recording(folder: Path, hours: int) -> list[Segment]:
    """Pictures so small that hours of them fit on any disk; as many of them, and as much sound, as ever."""
    loop, made = folder / "loop.ts", folder / "hls"
    made.mkdir()
    ffmpeg.run(
        [
            *("-f", "lavfi", "-i", f"testsrc2=s=64x48:r=30:d={material.LOOP}"),
            *("-f", "lavfi", "-i", f"aevalsrc=0.2*sin(2*PI*440*t):s=48000:d={material.LOOP}"),
            *("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "60", "-keyint_min", "60"),
            *("-sc_threshold", "0", "-c:a", "aac", "-b:a", "48k", "-muxdelay", "0", "-f", "mpegts", str(loop)),
        ]
    )
    material.repeat(loop, made, hours * HOUR // material.LOOP)
    return segments_in(made)
