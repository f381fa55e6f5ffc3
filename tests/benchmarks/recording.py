"""Streams of 1080p at 5 Mbit/s that are recorded at once: lost frames, processor, memory, time to selectable.

nginx and the publishers are processes of their own and not counted. The same streams are recorded in threads of one
process, as a worker does it, then each in a process of its own, and once more in threads as the next segments of
recordings that are a day long.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import connection

from editing.media import ffmpeg
from editing.models import Bucket, Recording, RecordJob, SegmentRow
from editing.services import record_jobs
from editing.timeline.coverage import follows
from tests.benchmarks import _aged
from tests.benchmarks.database import temporary
from tests.benchmarks.material import loop
from tests.benchmarks.rows import Row
from tests.rtmp import server

STREAMS, MEASURED = 8, 30.0
_CORE, _MEMORY = 0.03, 60
"""Aims for a stream: of a core, in MB."""
_POLL = 0.02
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Use:
    """What processes have used: seconds of a processor, and bytes that are theirs alone."""

    seconds: float
    memory: int


def rows() -> Iterator[Row]:
    with TemporaryDirectory() as folder, server(Path(folder)) as nginx:
        urls = [nginx.url(f"stream-{number}") for number in range(STREAMS)]
        yield from _measured("threads", urls, [urls])
        yield from _measured("processes", urls, [[url] for url in urls])
        yield from _measured("threads, after a day", urls, [urls], aged=True)


def _measured(name: str, urls: list[str], shared: list[list[str]], *, aged: bool = False) -> Iterator[Row]:
    with _published(urls), temporary():
        with _workers([[]]) as idle:
            time.sleep(1)
            resting = _use(idle).memory
        bucket = Bucket.objects.get(name="media")
        jobs = {url: record_jobs.create(None, name=url[-8:], url=url, bucket=bucket).pk for url in urls}
        if aged:
            _age(bucket)
        old = SegmentRow.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        with _workers([[jobs[url] for url in each] for each in shared]) as workers:
            while SegmentRow.objects.filter(pk__gt=old).values("stream").distinct().count() < STREAMS:
                time.sleep(0.1)
            before = _use(workers)
            late = list(_lateness(time.monotonic() + MEASURED))
            after = _use(workers)
        lost = sum(_lost_segments(recording, since=old) for recording in Recording.objects.all())
    core = (after.seconds - before.seconds) / MEASURED / STREAMS
    each = (after.memory - (resting if len(shared) == 1 else 0)) / STREAMS / 1e6
    name = f"{STREAMS} streams in {name}"
    note = f"{lost} holes; an idle worker has {resting / 1e6:.0f} MB"
    yield Row(f"{name}: of a core, per stream", core, f"{_CORE:.0%}", core / _CORE, 1, note)
    yield Row(f"{name}: MB per stream", each, f"{_MEMORY} MB", each / _MEMORY, 1)
    yield Row(f"{name}: end of a segment to selectable, p50", median(late))
    worst = quantiles(late, n=20)[-1]
    yield Row(f"{name}: the same, p95", worst, "1 s", worst, 1)


def _age(bucket: Bucket) -> None:
    """Each job has recorded for a day already, into one recording that goes on."""
    for job in RecordJob.objects.all():
        job.formats = [{**entry, "cycle_duration": 48 * 3600} for entry in job.formats]
        job.recording = _aged.day(job.stream, bucket, ends=time.time_ns() // 1000, job=job)
        job.save()


def _lateness(deadline: float) -> Iterator[float]:
    """Seconds from the end of each new segment to when its row is seen."""
    last = SegmentRow.objects.order_by("-pk").values_list("pk", flat=True)[0]
    while time.monotonic() < deadline:
        for key, end in SegmentRow.objects.filter(pk__gt=last).order_by("pk").values_list("pk", "end"):
            last = key
            yield time.time() - end / 1e6
        time.sleep(_POLL)


def _lost_segments(recording: Recording, *, since: int) -> int:
    """How many of its segments after that row do not simply continue the one before."""
    segments = recording.segments.filter(pk__gt=since).defer("packed").order_by("sequence").values_of()
    gaps = recording.gaps.filter(start__gt=segments[0].start).count() if segments else 0
    return sum(not follows(before, after) for before, after in pairwise(segments)) + gaps


@contextmanager
def _published(urls: list[str]) -> Iterator[None]:
    """ffmpeg pushing the loop to each address, again and again, in real time."""
    command = [ffmpeg.binary(), "-v", "error", "-re", "-stream_loop", "-1", "-i", str(loop()), "-c", "copy"]
    publishers = [subprocess.Popen([*command, "-f", "flv", url]) for url in urls]
    try:
        yield
    finally:
        for publisher in publishers:
            publisher.kill()
            publisher.wait()


@contextmanager
def _workers(shared: list[list[str]]) -> Iterator[list[int]]:
    """Processes that record some jobs each; their ids."""
    name = connection.settings_dict["NAME"]
    database = os.environ.get("DATABASE_URL") or f"sqlite:///{name}"
    environment = {**os.environ, "DATABASE_URL": database, "EDITING_HOME": str(settings.EDITING_HOME)}
    environment["DJANGO_SETTINGS_MODULE"] = "dashboard.settings"
    command = [sys.executable, "-m", "tests.benchmarks._recorder"]
    workers = [subprocess.Popen([*command, *jobs], env=environment, stdout=subprocess.PIPE) for jobs in shared]
    try:
        for worker in workers:
            assert worker.stdout
            worker.stdout.readline()
        yield [worker.pid for worker in workers]
    finally:
        RecordJob.objects.update(state="stopped")
        for worker in workers:
            worker.terminate()
            worker.wait()
            assert worker.stdout
            worker.stdout.close()


def _use(workers: list[int]) -> Use:
    seconds = memory = 0.0
    for pid in workers:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        seconds += (int(fields[11]) + int(fields[12])) / _TICK
        found = re.search(r"RssAnon:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        memory += int(found[1]) << 10 if found else 0
    return Use(seconds, int(memory))
