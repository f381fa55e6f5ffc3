"""AccurateFast against smartcut on the joined file, against RoughFast of the same range, and out of a whole day."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import av
import numpy as np

from editing.media.cut import cut
from editing.timeline.clips import Mode
from editing.timeline.coverage import Segment
from editing.timeline.plan import CutPlan
from editing.timeline.ticks import TICKS_PER_SECOND
from tests.benchmarks.engine import emptied, joined, open_segment, plan_of
from tests.benchmarks.material import recording
from tests.benchmarks.rows import Row, against, alone, alternate

SMARTCUT = "smartcut==1.7"
RUNS = 5
LONG = [(50.5, 530.5)]
MANY = [(7.3 + 25 * number, 12.3 + 25 * number) for number in range(20)]
SECONDS_OF_A_DAY = 24 * 3600


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="studio-benchmark-") as name:
        folder = Path(name)
        whole = folder / "joined.ts"
        joined(recording(10), whole)
        return [*_long(folder, whole), *_many(folder, whole), *_of_a_day(folder)]


def _long(folder: Path, whole: Path) -> list[Row]:
    plan = plan_of(recording(10), Mode.ACCURATE_FAST, LONG)
    rough = plan_of(recording(10), Mode.ROUGH_FAST, LONG)
    ours, peer, copied = "AccurateFast, 480 s of 10 min", f"{SMARTCUT}, the same", "RoughFast, the same range"
    seconds = alternate(
        {
            ours: _cut(plan, folder),
            copied: _cut(rough, folder),
            **_smartcut(peer, whole, folder / "output.peer.mp4", LONG),
        },
        runs=RUNS,
        between=emptied(folder),
    )
    like = _likeness(plan, folder, whole) if peer in seconds else ""
    return [alone(copied, seconds), against(ours, copied, seconds), *_against_peer(ours, peer, seconds, like, aim=0.25)]


def _many(folder: Path, whole: Path) -> list[Row]:
    plan, slow = (plan_of(recording(10), mode, MANY) for mode in (Mode.ACCURATE_FAST, Mode.ACCURATE))
    ours, peer, encoded = "AccurateFast, 20 clips of 5 s", f"{SMARTCUT}, the same 20", "Accurate, the same 20"
    seconds = alternate(
        {
            ours: _cut(plan, folder),
            encoded: _cut(slow, folder),
            **_smartcut(peer, whole, folder / "output.peer.mp4", MANY),
        },
        runs=1,
        between=emptied(folder),
    )
    return [alone(encoded, seconds), against(ours, encoded, seconds), *_against_peer(ours, peer, seconds, "", aim=None)]


def _of_a_day(folder: Path) -> list[Row]:
    """The same clip where the ten minutes lie in the middle of a recording of 24 hours."""
    segments = recording(10)
    day = list(_day_around(segments))
    ours, same = "AccurateFast, 480 s of 24 h, planned too", "the same of 10 min"
    seconds = alternate(
        {
            same: lambda: cut(
                plan_of(segments, Mode.ACCURATE_FAST, LONG), folder / "output.mp4", open_segment=open_segment
            ),
            ours: lambda: cut(
                plan_of(day, Mode.ACCURATE_FAST, LONG, start=segments[0].start),
                folder / "output.mp4",
                open_segment=open_segment,
            ),
        },
        runs=RUNS,
        between=emptied(folder),
    )
    return [against(ours, same, seconds, aim=1.1)]


def _day_around(segments: list[Segment]) -> Iterator[Segment]:
    """The segments with others before and after them, whose files nobody will ask for."""
    length = segments[-1].end_pts - segments[0].first_pts
    times = SECONDS_OF_A_DAY * TICKS_PER_SECOND // length
    for turn in range(times):
        shift = (turn - times // 2) * length
        for part in segments:
            first, end = part.first_pts + shift, part.end_pts + shift
            yield (
                part
                if not shift
                else replace(
                    part,
                    sequence=part.sequence + (turn - times // 2) * len(segments),
                    key=f"nowhere/{turn}",
                    first_pts=first,
                    end_pts=end,
                    start=part.anchor.instant(first),
                    end=part.anchor.instant(end),
                )
            )


def _cut(plan: CutPlan, folder: Path) -> Callable[[], object]:
    return lambda: cut(plan, folder / "output.mp4", open_segment=open_segment)


def _smartcut(
    name: str, source: Path, output: Path, ranges: list[tuple[float, float]]
) -> dict[str, Callable[[], float]]:
    """Nothing without uv, which fetches smartcut into a place of its own: it needs another PyAV than we do."""
    uv = shutil.which("uv")
    if uv is None:
        return {}
    script = Path(__file__).with_name("_smartcut.py")
    times = ",".join(str(number) for each in ranges for number in each)
    isolated = [uv, "run", "-q", "--isolated", "--no-project", "--with", SMARTCUT, "python"]
    command = [*isolated, str(script), str(source), str(output), times]
    return {name: lambda: float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)}


def _against_peer(ours: str, peer: str, seconds: dict[str, list[float]], note: str, *, aim: float | None) -> list[Row]:
    if peer not in seconds:
        return []
    return [alone(peer, seconds), replace(against(ours, peer, seconds, aim=aim), note=note)]


def _likeness(plan: CutPlan, folder: Path, whole: Path) -> str:
    """How like the source the first encoded frames are, ours and smartcut's: the mean SSIM of their luma."""
    cut(plan, folder / "output.mp4", open_segment=open_segment)
    count = plan.pieces[0].frames - 1
    source = _pictures(whole, LONG[0][0], count)
    ours = _pictures(folder / "output.mp4", 0, count)
    theirs = _pictures(folder / "output.peer.mp4", 0, count)
    own, other = (fmean(map(_ssim, source, made)) for made in (ours, theirs))
    return f"SSIM of its edge {own:.4f}, smartcut's {other:.4f}"


def _pictures(path: Path, start: float, count: int) -> list[np.ndarray]:
    found: list[np.ndarray] = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        first = (stream.start_time or 0) + round(start / stream.time_base)
        container.seek(first - round(4 / stream.time_base), stream=stream)  # an entry in TS is found only by luck
        for frame in container.decode(stream):
            if frame.pts >= first:
                found.append(frame.to_ndarray(format="gray").astype(np.float64))
            if len(found) == count:
                break
    return found


def _ssim(one: np.ndarray, other: np.ndarray) -> float:
    """The structural similarity of two pictures, over blocks of eight by eight."""
    (a, b) = (_blocks(one), _blocks(other))
    mean_a, mean_b = a.mean(axis=-1), b.mean(axis=-1)
    covariance = (a * b).mean(axis=-1) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    likeness = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return float(np.mean(likeness / ((mean_a**2 + mean_b**2 + c1) * (a.var(axis=-1) + b.var(axis=-1) + c2))))


def _blocks(picture: np.ndarray) -> np.ndarray:
    height, width = (side // 8 * 8 for side in picture.shape)
    tiles = picture[:height, :width].reshape(height // 8, 8, width // 8, 8)
    return tiles.swapaxes(1, 2).reshape(-1, 64)
