import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings, settings
from django.contrib.auth.models import User
from django.utils import timezone

from dashboard import celery_app
from editing.models import EditingJob, JobState, Recording, Worker
from editing.services import editing_jobs
from editing.worker import edit, scratch, sweep
from tests.services.test_editing_jobs import clip, submit


@pytest.fixture(autouse=True)
def empty_queues() -> Iterator[None]:
    """No test finds the messages of another."""
    for name in ("fast", "slow"):
        messages_in(name)
    yield
    for name in ("fast", "slow"):
        messages_in(name)


def messages_in(queue: str) -> int:
    """How many messages wait there; they are taken away."""
    with celery_app.connection_for_read() as broker:
        channel = broker.default_channel
        channel.queue_declare(queue)
        return int(channel.queue_purge(queue))


def lapsed(job: EditingJob, attempts: int) -> None:
    EditingJob.objects.filter(pk=job.pk).update(
        state=JobState.PROCESSING,
        lease_token="dead",
        lease_until=timezone.now() - timedelta(seconds=1),
        attempts=attempts,
    )


def test_the_sweep_puts_a_lost_workers_job_back_and_it_succeeds(recording: Recording, ed: User) -> None:
    job = submit(ed, clip())
    lapsed(job, attempts=1)

    sweep.run()
    job.refresh_from_db()
    assert job.state == JobState.QUEUING

    edit.run(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.SUCCESS


def test_the_sweep_gives_up_on_a_job_that_kills_its_workers(recording: Recording, ed: User) -> None:
    job = submit(ed, clip())
    lapsed(job, attempts=3)

    sweep.run()

    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.FAILED, "WorkerLost")


@pytest.mark.django_db(transaction=True)
def test_the_sweep_sends_a_job_again_whose_message_was_lost(recording: Recording, ed: User) -> None:
    submit(ed, clip())
    assert messages_in("fast") == 1
    EditingJob.objects.update(sent_at=timezone.now() - timedelta(minutes=1))

    sweep.run()
    sweep.run()

    assert messages_in("fast") == 1


def test_the_sweep_releases_a_job_whose_media_has_come(recording: Recording, ed: User, settings: LazySettings) -> None:
    settings.MEDIA_WAIT_SECONDS = 10**9
    Recording.objects.update(ended=False)
    job = submit(ed, clip(10, 30))
    sweep.run()
    job.refresh_from_db()
    assert job.waiting != ""

    Recording.objects.update(ended=True)
    sweep.run()

    edit.run(job.pk)
    job.refresh_from_db()
    assert (job.waiting, job.state) == ("", JobState.SUCCESS)


def sent(job: EditingJob, minutes_ago: float) -> None:
    EditingJob.objects.filter(pk=job.pk).update(sent_at=timezone.now() - timedelta(minutes=minutes_ago))


@pytest.mark.django_db(transaction=True)
def test_a_job_that_waits_for_its_turn_is_not_sent_again(recording: Recording, ed: User) -> None:
    jobs = [submit(ed, clip(), key=f"{number}.mp4") for number in range(3)]
    for job in jobs:
        sent(job, minutes_ago=5)

    sweep.run()

    assert messages_in("fast") == 3


@pytest.mark.django_db(transaction=True)
def test_a_job_that_an_ending_worker_gave_back_is_sent_at_once(recording: Recording, ed: User) -> None:
    given_back, _ = submit(ed, clip(), key="a.mp4"), submit(ed, clip(), key="b.mp4")
    EditingJob.objects.filter(pk=given_back.pk).update(sent_at=None)

    sweep.run()
    sweep.run()

    assert messages_in("fast") == 3


@pytest.mark.django_db(transaction=True)
def test_a_job_that_was_overtaken_is_sent_again(recording: Recording, ed: User) -> None:
    lost, later, last = (submit(ed, clip(), key=f"{number}.mp4") for number in range(3))
    sent(lost, minutes_ago=5)
    sent(last, minutes_ago=1)
    EditingJob.objects.filter(pk=later.pk).update(
        state=JobState.PROCESSING,
        lease_until=timezone.now() + timedelta(minutes=1),
        sent_at=timezone.now() - timedelta(minutes=3),
    )

    sweep.run()

    assert messages_in("fast") == 4
    lost.refresh_from_db()
    assert lost.sent_at is not None
    assert timezone.now() - lost.sent_at < timedelta(seconds=30)


def test_a_cancelled_job_of_a_dead_worker_is_cancelled(recording: Recording, ed: User) -> None:
    job = submit(ed, clip())
    lapsed(job, attempts=1)
    editing_jobs.cancel(EditingJob.objects.get(pk=job.pk))

    sweep.run()

    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_a_waiting_job_whose_stream_is_gone_does_not_wait_for_ever(
    recording: Recording, ed: User, caplog: pytest.LogCaptureFixture
) -> None:
    job = submit(ed, clip())
    EditingJob.objects.update(waiting="for media", clips=[{**job.clips[0], "stream": "other"}])

    sweep.run()
    edit.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.FAILED, "NotFound")
    assert caplog.records == []


def test_scratch_of_a_dead_worker_goes_and_that_of_a_living_one_stays(recording: Recording, ed: User) -> None:
    job = submit(ed, clip())
    EditingJob.objects.update(
        state=JobState.PROCESSING, lease_token="living", lease_until=timezone.now() + timedelta(minutes=1)
    )
    left = aged(scratch.name_of(job.pk, "dead") + "-abc", minutes=2)
    at_work = aged(scratch.name_of(job.pk, "living") + "-abc", minutes=2)
    just_left = aged(scratch.name_of(job.pk, "just dead") + "-abc", minutes=0)
    import_at_work = aged("import-abc", minutes=60)
    old = aged("import-xyz", minutes=25 * 60)

    sweep.run()

    paths = (left, at_work, just_left, import_at_work, old)
    assert [path.exists() for path in paths] == [False, True, True, True, False]


def aged(name: str, *, minutes: float) -> Path:
    """A scratch folder with a file that nobody has touched for so long."""
    folder = Path(settings.SCRATCH_DIR) / name
    folder.mkdir(parents=True)
    (folder / "output.mp4").write_bytes(b"")
    for path in (folder / "output.mp4", folder):
        os.utime(path, (time.time() - 60 * minutes,) * 2)
    return folder


@pytest.mark.django_db
def test_workers_that_died_a_day_ago_are_forgotten() -> None:
    now = timezone.now()
    for name, hours in (("old", 25), ("new", 23)):
        Worker.objects.create(name=name, queues="fast", started_at=now, seen_at=now - timedelta(hours=hours))

    sweep.run()

    assert [worker.name for worker in Worker.objects.all()] == ["new"]


@pytest.mark.django_db
def test_what_fails_in_one_step_stays_in_it(
    settings: LazySettings, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    settings.SCRATCH_DIR = tmp_path / "scratch"
    settings.SCRATCH_DIR.mkdir()
    settings.BROKER_DIR = None
    now = timezone.now()
    Worker.objects.create(name="old", queues="fast", started_at=now, seen_at=now - timedelta(days=2))

    sweep.run()

    assert not Worker.objects.exists()
    assert [record.getMessage() for record in caplog.records] == ["A step of the sweep failed: sweep_broker."]
