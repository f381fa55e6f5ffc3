"""How record jobs are tried out: a worker in a thread, and what was recorded told from the pictures."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

from editing import storage
from editing.models import Recording, RecordJob, SegmentRow
from editing.worker import record
from tests.samples import watch


class Worker:
    """`record.run` in a thread, as a worker does it."""

    def __init__(self, job: RecordJob) -> None:
        self.job = job
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            record.run(self.job.pk)
        finally:
            connection.close()

    def ended(self) -> float:
        """Seconds until it lets go."""
        begun = time.monotonic()
        self._thread.join(15)
        assert not self._thread.is_alive()
        return time.monotonic() - begun


def database_of_this_test() -> str:
    """Its address, for other processes."""
    name, server = connection.settings_dict["NAME"], os.environ.get("DATABASE_URL", "")
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}")) if server else f"sqlite:///{name}"


def until(true: Callable[[], bool], within: float = 60) -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def has(job: RecordJob, segments: int) -> Callable[[], bool]:
    return lambda: sum(Recording.objects.filter(record_job=job).values_list("segment_count", flat=True)) >= segments


def state(job: RecordJob) -> tuple[str, str]:
    job.refresh_from_db()
    return job.state, job.pause_reason


def numbers(recording: Recording) -> list[int]:
    """The pictures of a recording as they are in its bucket, told by its rows."""
    found: list[int] = []
    for row in recording.segments.order_by("sequence"):
        pictures = pictures_of(recording, row)
        assert row.frames == len(pictures)
        found.extend(pictures)
    return found


def pictures_of(recording: Recording, row: SegmentRow) -> list[int]:
    path = storage.local_path(recording.bucket, row.key)
    assert path is not None
    assert row.size == path.stat().st_size
    return watch(path).numbers
