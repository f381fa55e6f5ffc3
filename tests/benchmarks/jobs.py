"""Jobs in a whole installation with its embedded broker: how soon they start, and what the queue adds to the engine."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from editing.media import ffmpeg
from editing.media.cut import cut
from editing.timeline.clips import Mode
from editing.timeline.instant import SECOND, format_instant
from tests.benchmarks.engine import open_segment, plan_of
from tests.benchmarks.material import recording
from tests.benchmarks.rows import Row, against, alone
from tests.installation import Installation, installation

JOBS, FAST_RUNS, SLOW_RUNS = 60, 5, 2
START_WITHIN = 0.3
STREAM = {"domain": "example.com", "app": "live", "stream": "benchmark"}


def rows() -> list[Row]:
    segments = recording(10)
    playlist = Path(segments[0].key).with_name("index.m3u8")
    with (
        tempfile.TemporaryDirectory(prefix="studio-benchmark-") as name,
        installation(Path(name) / "home", SWEEP_SECONDS="5", JOB_LEASE_SECONDS="15") as studio,
    ):
        studio.start()
        stream = (f"--{field}={value}" for field, value in STREAM.items())
        studio.manage("import_recording", str(playlist), *stream, f"--start={format_instant(segments[0].start)}")
        return [*_starts(studio), *_rough_fast(studio, Path(name)), *_accurate(studio, Path(name))]


def _starts(studio: Installation) -> list[Row]:
    """From the commit of the submit to the claim, one job at a time, at any moment of the worker's polling."""
    waits = []
    for number in range(JOBS):
        time.sleep(0.03 * (number % 7))
        job = _done(studio, _submit(studio, Mode.ROUGH_FAST, 0, 1))
        waits.append((_at(job["started_at"]) - _at(job["queued_at"])).total_seconds())
    at = quantiles(waits, n=20)
    limit = f"{START_WITHIN} s"
    return [
        Row("submit to start, p50", median(waits), note=f"{JOBS} jobs, embedded broker"),
        Row("submit to start, p95", at[-1], limit, at[-1] / START_WITHIN, 1.0),
    ]


def _rough_fast(studio: Installation, folder: Path) -> list[Row]:
    segments = recording(10)
    plan, listing = plan_of(segments, Mode.ROUGH_FAST, [(0, 600)]), folder / "list.txt"
    listing.write_text("".join(f"file '{segment.key}'\n" for segment in segments))
    job, engine, concat = "RoughFast, 10 min, submit to Success", "its engine alone", "ffmpeg concat demuxer, -c copy"
    copying = [*("-f", "concat", "-safe", "0", "-i", str(listing)), *("-c", "copy", "-map", "0")]
    seconds: dict[str, list[float]] = {job: [], engine: [], concat: []}
    for _ in range(FAST_RUNS):
        seconds[job].append(_from_submit_to_success(studio, Mode.ROUGH_FAST, 0, 600))
        seconds[engine].append(_timed(lambda path: cut(plan, path, open_segment=open_segment), folder))
        seconds[concat].append(_timed(lambda path: ffmpeg.run([*copying, str(path)]), folder))
    return [alone(engine, seconds), against(job, engine, seconds), against(job, concat, seconds, aim=0.6)]


def _accurate(studio: Installation, folder: Path) -> list[Row]:
    plan = plan_of(recording(10), Mode.ACCURATE, [(13, 33)])
    job, engine = "Accurate, 20 s, submit to Success", "its engine alone"
    seconds: Mapping[str, list[float]] = {job: [], engine: []}
    for _ in range(SLOW_RUNS):
        seconds[job].append(_from_submit_to_success(studio, Mode.ACCURATE, 13, 33))
        seconds[engine].append(_timed(lambda path: cut(plan, path, open_segment=open_segment), folder))
    return [alone(engine, seconds), against(job, engine, seconds)]


def _timed(work: Any, folder: Path) -> float:
    output = folder / "output.mp4"
    begun = time.perf_counter()
    work(output)
    spent = time.perf_counter() - begun
    output.unlink()
    return spent


def _from_submit_to_success(studio: Installation, mode: Mode, start: int, end: int) -> float:
    begun = time.time()
    job = _done(studio, _submit(studio, mode, start, end))
    studio.api(f"media-assets/{job['media_asset']}/", method="DELETE")
    return _at(job["finished_at"]).timestamp() - begun


def _submit(studio: Installation, mode: Mode, start: int, end: int) -> str:
    origin = recording(10)[0].start
    clip = {
        "stream": STREAM,
        "start": format_instant(origin + start * SECOND),
        "end": format_instant(origin + end * SECOND),
    }
    body = {"mode": mode.value, "clips": [clip], "output": {"key": "benchmark.mp4"}}
    return str(studio.api("editing-jobs/", body)["id"])


def _done(studio: Installation, job_id: str) -> Any:
    job = studio.job(job_id, until=lambda job: job["finished_at"] is not None, seconds=600)
    if job["state"] != "Success":
        raise RuntimeError(job["error"])
    return job


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
