"""The engine alone, without queue and database: RoughFast against `cat`, Accurate against ffmpeg itself."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from editing.media import ffmpeg
from editing.media.command import PRESET
from editing.media.cut import cut
from editing.timeline.clips import Clip, Mode, StreamName
from editing.timeline.coverage import Coverage, Segment
from editing.timeline.instant import SECOND, Instant, Range
from editing.timeline.plan import CutPlan, make
from tests.benchmarks.material import recording
from tests.benchmarks.rows import Row, against, alone, alternate

STREAM = StreamName("example.com", "live", "benchmark")
FAST_RUNS, SLOW_RUNS = 9, 3


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="studio-benchmark-") as folder:
        return [*rough_fast(Path(folder)), *accurate(Path(folder))]


def rough_fast(folder: Path) -> list[Row]:
    """Ten minutes merged by copying, verification included."""
    segments = recording(10)
    listing = folder / "list.txt"
    listing.write_text("".join(f"file '{segment.key}'\n" for segment in segments))
    cat, concat, merge = "cat of the segments", "ffmpeg concat demuxer, -c copy", "RoughFast, 10 min"
    output, empty = folder / "output.mp4", emptied(folder)
    plans: list[CutPlan] = []

    def prepared() -> None:
        empty()
        plans[:] = [plan_of(segments, Mode.ROUGH_FAST, [(0, 600)])]  # a new one, of which nothing is known yet

    copying = [*("-f", "concat", "-safe", "0", "-i", str(listing)), *("-c", "copy", "-map", "0", str(output))]
    seconds = alternate(
        {
            cat: lambda: joined(segments, folder / "output.ts"),
            merge: lambda: cut(plans.pop(), output, open_segment=open_segment),
            concat: lambda: ffmpeg.run(copying),
        },
        runs=FAST_RUNS,
        between=prepared,
    )
    return [
        alone(cat, seconds, f"{sum(segment.size for segment in segments) / 1e6:.0f} MB"),
        alone(concat, seconds),
        against(merge, cat, seconds, aim=2.0),
        against(merge, concat, seconds, aim=0.35),
    ]


def accurate(folder: Path) -> list[Row]:
    """One clip of twenty seconds, and twenty clips of one, encoded."""
    segments = recording(10)
    one, twenty = [(13.0, 33.0)], [(7.0 + 2 * number, 8.0 + 2 * number) for number in range(20)]
    return [*_encoded(folder, segments, "1 clip of 20 s", one), *_encoded(folder, segments, "20 clips of 1 s", twenty)]


def _encoded(folder: Path, segments: list[Segment], name: str, ranges: list[tuple[float, float]]) -> list[Row]:
    plan = plan_of(segments, Mode.ACCURATE, ranges)
    whole, output = folder / "joined.ts", folder / "output.mp4"
    joined(segments[: int(ranges[-1][1]) // 6 + 1], whole)
    bare, ours = f"bare ffmpeg, {name}", f"Accurate, {name}"
    arguments = _bare(plan, ranges, whole, output)
    seconds = alternate(
        {bare: lambda: ffmpeg.run(arguments), ours: lambda: cut(plan, output, open_segment=open_segment)},
        runs=SLOW_RUNS,
        between=emptied(folder),
    )
    return [alone(bare, seconds), against(ours, bare, seconds, aim=1.05)]


def plan_of(
    segments: list[Segment], mode: Mode, ranges: list[tuple[float, float]], *, start: Instant | None = None
) -> CutPlan:
    """Ranges in seconds from `start`, else from the beginning of the segments."""
    start = segments[0].start if start is None else start
    clips = [Clip(STREAM, Range(start + round(a * SECOND), start + round(b * SECOND))) for a, b in ranges]
    return make(clips, {STREAM: Coverage(segments)}, mode)


def open_segment(segment: Segment) -> BinaryIO:
    return Path(segment.key).open("rb")


def emptied(folder: Path) -> Callable[[], None]:
    """Takes away what was written, so that no run pays for truncating another's file."""

    def empty() -> None:
        for output in folder.glob("output.*"):
            output.unlink()

    return empty


def joined(segments: list[Segment], output: Path) -> None:
    with output.open("wb") as file:
        subprocess.run(["cat", *(segment.key for segment in segments)], stdout=file, check=True)


def _bare(plan: CutPlan, ranges: list[tuple[float, float]], whole: Path, output: Path) -> list[str]:
    """The same frames by one ffmpeg that reads one file, with the settings that ours gets.

    One clip is sought, several are selected: that is what people do.
    """
    video, target = plan.target.video, plan.target
    picked = "+".join(f"between(t,{start},{end - 0.001})" for start, end in ranges)
    selected = [
        "-i",
        str(whole),
        "-vf",
        f"select='{picked}',setpts=N/30/TB",
        "-af",
        f"aselect='{picked}',asetpts=N/SR/TB",
    ]
    sought = ["-ss", str(ranges[0][0]), "-i", str(whole)]
    return [
        *(selected if len(ranges) > 1 else sought),
        *("-c:v", "libx264", "-preset", PRESET, "-pix_fmt", "yuv420p", "-g", str(round((video.rate or 30) * 2))),
        *("-b:v", str(target.bitrate), "-maxrate", str(target.bitrate * 3 // 2), "-bufsize", str(target.bitrate * 2)),
        *("-c:a", "aac", "-b:a", str(target.audio_bitrate), "-t", str(sum(end - start for start, end in ranges))),
        *("-movflags", "faststart", str(output)),
    ]
