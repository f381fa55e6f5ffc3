"""The server's clock is set while a stream is recorded. The worker's process has a clock of its own here (libfaketime),
which is set forward and back; nginx, the publisher and the database keep the real one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from editing.models import Recording, RecordJob
from editing.services import recordings
from editing.timeline.instant import Range
from tests.rtmp import Publisher
from tests.samples import Kind
from tests.worker.live.working import database_of_this_test, has, numbers, until

pytestmark = pytest.mark.django_db(transaction=True)

_BELIEVED = 3
"""Seconds that a change must last here; half a minute is too long to wait for in a test."""
_WORKER = """
import threading, time
time.sleep = lambda seconds: threading.Event().wait(seconds)  # libfaketime 0.9.10 refuses the sleep of Python
import django
django.setup()
from editing.media import anchoring
anchoring.LASTING = {believed} * 90_000
from editing.worker import record
record.run({job!r})
"""
_LIBRARIES = Path("/usr/lib")
"""Debian has one below it for each architecture."""


class Clock:
    """What the worker's process takes for the time: the real one, and so many seconds more."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "clock"
        self.set(0)

    def set(self, seconds: int) -> None:
        draft = self.file.with_suffix(".new")
        draft.write_text(f"{seconds:+d}s\n")
        draft.rename(self.file)

    @property
    def environment(self) -> dict[str, str]:
        library = next(_LIBRARIES.glob("*/faketime/libfaketimeMT.so.1"), None)
        if library is None:
            pytest.skip("needs Debian's libfaketime (apt-get install faketime)")
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


@contextmanager
def worker(job: RecordJob, clock: Clock) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        **clock.environment,
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
        "DATABASE_URL": database_of_this_test(),
    }
    code = _WORKER.format(believed=_BELIEVED, job=job.pk)
    process = subprocess.Popen([sys.executable, "-c", code], env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("seconds", [90, -3])
def test_a_clock_that_is_set_is_a_new_anchor_and_loses_and_doubles_no_frame(
    job: RecordJob, tmp_path: Path, seconds: int
) -> None:
    job.formats[0]["slice_duration"] = 1
    job.save()
    clock = Clock(tmp_path)
    with worker(job, clock) as process:
        until(lambda: RecordJob.objects.get().held)
        with Publisher(job.url, Kind(seconds=9, gop=25)) as publisher:
            until(has(job, 2))
            clock.set(seconds)
            publisher.finish()
            until(lambda: numbers(Recording.objects.get())[-1] == 224)
        RecordJob.objects.update(state="stopped")
        assert process.wait(10) == 0

    recording = Recording.objects.get()
    found = numbers(recording)
    assert found == list(range(found[0], 225))
    anchors = recording.anchors.order_by("pk")
    assert {anchor.epoch for anchor in anchors} == {0}
    assert {anchor.reason for anchor in anchors[1:]} == {"drift"}
    coverage = recordings.coverage(recording)
    steps = [step.after - step.before for step in coverage.clock_steps()]  # a busy machine may look like drift, too
    assert max(steps, key=abs) / 1e6 == pytest.approx(seconds, abs=0.8)
    assert [each.sequence for each in coverage.segments] == list(range(recording.segment_count))
    second = coverage.segments[1]  # who joins late has sound alone at first
    assert recording.end is not None
    assert coverage.gaps(Range(second.start, recording.end)) == ()
