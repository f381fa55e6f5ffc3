from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from editing.models import Bucket, EditingJob, Recording, RecordJob, Worker
from editing.services import health, record_jobs
from tests.services.test_editing_jobs import clip, submit


def seen(name: str, seconds_ago: float) -> None:
    now = timezone.now()
    Worker.objects.create(name=name, queues=name, started_at=now, seen_at=now - timedelta(seconds=seconds_ago))


def test_it_is_well_while_workers_show_signs_of_life(recording: Recording, ed: User) -> None:
    for name in ("callbacks", "fast", "live", "slow", "system"):
        seen(name, seconds_ago=3)
    submit(ed, clip())
    EditingJob.objects.update(queued_at=timezone.now() - timedelta(seconds=7.5))

    assert health.check() == {
        "ok": True,
        "database": True,
        "workers": 5,
        "queues": ["callbacks", "fast", "live", "slow", "system"],
        "queued_jobs": 1,
        "oldest_queued_seconds": 7,
        "problems": [],
    }


@pytest.mark.django_db
def test_a_queue_that_nobody_serves_is_named() -> None:
    seen("fast", seconds_ago=3)
    seen("slow", seconds_ago=60)

    found = health.check()

    assert found["ok"]
    assert found["problems"] == [
        f"No worker serves the queue “{name}”." for name in ("slow", "live", "callbacks", "system")
    ]


def test_record_jobs_that_nobody_records_or_that_cannot_be_stored_are_counted(opal: User, media: Bucket) -> None:
    for name in ("callbacks", "fast", "live", "slow", "system"):
        seen(name, seconds_ago=3)
    for name in ("a", "b"):
        record_jobs.create(opal, name=name, url=f"rtmp://example.com/live/{name}", bucket=media)
    assert health.check()["problems"] == []  # they may still be on their way

    RecordJob.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    RecordJob.objects.filter(name="b").update(
        lease_token="x", lease_until=timezone.now() + timedelta(minutes=1), problem="The bucket is away."
    )

    assert health.check()["problems"] == [
        "Record jobs that no worker has taken: 1; LIVE_WORKERS is how many one takes.",
        "Record jobs that cannot store what they record: 1.",
    ]


@pytest.mark.django_db
def test_without_workers_it_is_unwell_and_anybody_may_ask() -> None:
    answer = Client().get("/healthz")

    assert answer.status_code == 503
    assert answer.json() == {
        "status": "unwell",
        "ok": False,
        "database": True,
        "workers": 0,
        "queues": [],
        "queued_jobs": 0,
        "oldest_queued_seconds": 0,
        "problems": ["No worker has shown a sign of life for 20 seconds."],
    }


@pytest.mark.django_db
def test_without_a_database_it_says_so() -> None:
    def refuse(*_: object) -> None:
        raise OperationalError("gone")

    with connection.execute_wrapper(refuse):
        answer = Client().get("/healthz")

    assert (answer.status_code, answer.json()["problems"]) == (503, ["The database does not answer."])
