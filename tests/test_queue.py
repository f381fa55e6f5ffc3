import time
from collections.abc import Iterator

import pytest
from celery import Celery
from django.conf import settings
from django.db import transaction

from dashboard import celery_app
from editing import queue
from editing.timeline.clips import Mode


@pytest.fixture(autouse=True)
def purged() -> None:
    with celery_app.connection_for_read() as broker:
        broker.default_channel.queue_declare("fast")
        broker.default_channel.queue_purge("fast")


def test_copying_does_not_wait_behind_encoding() -> None:
    assert {mode: queue.of_mode(mode) for mode in Mode} == {
        Mode.ROUGH_FAST: "fast",
        Mode.ACCURATE_FAST: "fast",
        Mode.ROUGH: "slow",
        Mode.ACCURATE: "slow",
    }
    assert sorted(queue.modes_of("fast")) == ["AccurateFast", "RoughFast"]


@pytest.mark.django_db(transaction=True)
def test_a_message_is_sent_once_the_transaction_is_committed() -> None:
    with transaction.atomic():
        queue.send(queue.EDIT, "one", queue=queue.FAST)
        assert queue.waiting(queue.FAST) == 0
    assert queue.waiting(queue.FAST) == 1

    with transaction.atomic():
        queue.send(queue.EDIT, "two", queue=queue.FAST)
        transaction.set_rollback(True)
    assert queue.waiting(queue.FAST) == 1


@pytest.fixture
def broker_that_is_down(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:1/0")  # Celery prefers it to everything else
    down = Celery("down", set_as_current=False)
    down.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    down.set_current()
    yield
    down.close()
    celery_app.set_current()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("broker_that_is_down")
def test_a_broker_that_is_down_is_logged_and_never_raised(caplog: pytest.LogCaptureFixture) -> None:
    begun = time.monotonic()
    queue.send(queue.EDIT, "one", queue=queue.FAST)
    assert queue.waiting(queue.FAST) is None

    assert time.monotonic() - begun < 20
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "Could not send editing.edit one to queue fast, the sweep will",
        "The broker does not answer",
    ]
