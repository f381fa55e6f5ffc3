"""Workers that end, die, or lose their lease."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest
from django.conf import settings

from editing.media.spool import Spool
from editing.models import Recording, RecordJob
from editing.services import record_jobs, recordings
from editing.worker import lease, record, record_sweep
from tests.rtmp import Publisher, in_order
from tests.samples import Kind
from tests.worker.live.working import Worker, database_of_this_test, has, numbers, state, until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_worker_that_ends_gives_the_job_back_with_all_that_came(
    job: RecordJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping = threading.Event()
    for module in (lease, record, sys.modules["editing.worker.record_lease"]):
        monkeypatch.setattr(module, "stopping", stopping)
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=20)):
        until(has(job, 1))
        time.sleep(1)
        stopping.set()
        assert worker.ended() < 2

    found = numbers(Recording.objects.get())
    assert in_order(found)
    assert len(found) > 65
    assert (state(job), job.lease_token, Recording.objects.get().ended) == (("started", ""), "", False)


def test_a_worker_that_is_killed_is_followed_by_another_within_ten_seconds(job: RecordJob, sent: list[str]) -> None:
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import django; django.setup(); from editing.worker import record; record.run('{job.pk}')",
        ],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "dashboard.settings",
            "DATABASE_URL": database_of_this_test(),
        },
    )
    until(lambda: RecordJob.objects.get().held)
    with Publisher(job.url, Kind(seconds=25)):
        until(has(job, 2))
        child.kill()
        child.wait()
        killed = time.time()
        before = numbers(Recording.objects.get())
        sent.clear()
        while not sent:
            record_sweep.run()
            assert time.time() < killed + 10, "nobody was sent for"
            time.sleep(0.2)
        segments = Recording.objects.get().segment_count
        worker = Worker(job)
        until(lambda: RecordJob.objects.get().held and RecordJob.objects.get().vitals.get("connections", 0) > 0)
        assert time.time() < killed + 10
        until(has(job, segments + 2))
        record_jobs.stop(job)
        worker.ended()

    recording = Recording.objects.get()
    found = numbers(recording)
    assert found[: len(before)] == before == list(range(len(before)))
    after = found[len(before) :]
    assert in_order(after)
    assert [gap.reason for gap in recordings.coverage(recording).gaps()] == ["no worker recorded it"]


def test_two_workers_never_record_one_job(job: RecordJob) -> None:
    first = Worker(job)
    until(lambda: RecordJob.objects.get().held)
    token = RecordJob.objects.get().lease_token
    assert Worker(job).ended() < 2
    assert RecordJob.objects.get().lease_token == token
    record_jobs.stop(job)
    first.ended()


def test_a_worker_that_lost_its_lease_writes_nothing_more(job: RecordJob) -> None:
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=10)):
        until(has(job, 1))
        RecordJob.objects.update(lease_token="another")
        assert worker.ended() < 3

    assert Recording.objects.get().segment_count == 1
    assert RecordJob.objects.get().lease_token == "another"
    assert len(list(Spool(settings.SPOOL_DIR / job.pk, limit=1).left())) >= 1
