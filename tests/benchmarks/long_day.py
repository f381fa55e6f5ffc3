"""A stream that is recorded for a day in segments of six seconds: how large its rows are, and how long its pages take.

Pages go through the whole face (session, view, template) in this process, one after the other; what a network and
other processes add is not in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median, quantiles

from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from editing import queue
from editing.models import Bucket, Recording, RecordJob
from editing.services import record_jobs
from editing.timeline.instant import SECOND, from_datetime
from editing.worker import record_playlist
from tests.benchmarks import _aged
from tests.benchmarks.database import temporary
from tests.benchmarks.rows import Row
from tests.conftest import make_user

CALLS, LIMIT = 20, 0.2


def rows() -> Iterator[Row]:
    with temporary(), override_settings(ALLOWED_HOSTS=["testserver"]):
        queue.send = lambda *_, **__: None  # type: ignore[assignment] # there is no broker here
        operator = make_user("opal", "operator")
        bucket = Bucket.objects.get(name="media")
        before = _size()
        job = record_jobs.create(operator, name="day", url="rtmp://example.com/live/day", bucket=bucket)
        recording = _aged.day(job.stream, bucket, ends=from_datetime(timezone.now()), job=job)
        RecordJob.objects.update(recording=recording, state="started")
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        grown = _size() - before
        vendor = connection.vendor
        yield Row(
            f"a day of a stream, MB in {vendor}", grown / 1e6, note=f"{grown / _aged.SEGMENTS:.0f} bytes a segment"
        )
        client = Client()
        client.force_login(operator)
        for name, path in _paths(recording):
            yield _row(name, lambda path=path: _get(client, path))
        listed = recording.segments.defer("packed").order_by("sequence").values_of()
        yield _row("its playlist in the bucket, written", lambda: record_playlist.save(recording, "day.m3u8", listed))


def _paths(recording: Recording) -> Iterator[tuple[str, str]]:
    page = f"/recordings/{recording.pk}/"
    newest = recording.segments.order_by("-sequence")[0]
    assert recording.end
    yield "page of the recording", page
    yield "its whole timeline, once", f"{page}timeline/"
    yield "its timeline, asked for as it grows", f"{page}timeline/?since={newest.start}"
    yield "its facts, asked for as it grows", f"{page}facts/"
    yield "the frames under the pointer", f"{page}frames/?at={recording.end - SECOND}"
    yield "page of its record job", f"/record-jobs/{recording.record_job_id}/"
    yield "state of its record job, asked for", f"/record-jobs/{recording.record_job_id}/status/"
    yield "page of its stream", f"/streams/{recording.stream_id}/"
    yield "on air, asked for", "/on-air/cards/"
    yield "coverage by REST", f"/api/v1/recordings/{recording.pk}/coverage/"


def _row(name: str, call: Callable[[], object]) -> Row:
    call()
    seconds = [_timed(call) for _ in range(CALLS)]
    slow = quantiles(seconds, n=20)[-1]
    return Row(f"{name}, p95", slow, f"{LIMIT} s", slow / LIMIT, 1.0, note=f"p50 {median(seconds):.3f}")


def _timed(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def _get(client: Client, path: str) -> None:
    answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status_code}")


def _size() -> int:
    """Bytes of the database's tables and indexes."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        else:
            cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])
