from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from editing.models import EditingJob, Recording, Worker
from editing.services import health
from tests.services.test_editing_jobs import clip, submit


def seen(name: str, seconds_ago: float) -> None:
    now = timezone.now()
    Worker.objects.create(name=name, queues=name, started_at=now, seen_at=now - timedelta(seconds=seconds_ago))


def test_it_is_well_while_workers_show_signs_of_life(recording: Recording, ed: User) -> None:
    for name in ("fast", "slow", "system"):
        seen(name, seconds_ago=3)
    submit(ed, clip())
    EditingJob.objects.update(queued_at=timezone.now() - timedelta(seconds=7.5))

    assert health.check() == {
        "ok": True,
        "database": True,
        "workers": 3,
        "queues": ["fast", "slow", "system"],
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
    assert found["problems"] == ["No worker serves the queue “slow”.", "No worker serves the queue “system”."]


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
