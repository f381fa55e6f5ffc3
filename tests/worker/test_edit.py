import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from dashboard import celery_app
from editing import storage
from editing.models import Bucket, EditingJob, JobState, MediaAsset, Recording
from editing.services import editing_jobs
from editing.timeline.clips import Mode
from editing.worker import edit, lease, sweep
from tests.samples import watch
from tests.services.test_editing_jobs import clip, submit


def test_a_job_becomes_a_file_and_an_asset(recording: Recording, ed: User) -> None:
    job = submit(ed, clip(7.1, 8), clip(1, 2), mode=Mode.ACCURATE)

    edit.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.progress, job.error_message) == (JobState.SUCCESS, 100, "")
    asset = MediaAsset.objects.get()
    assert (asset.pk, asset.job, asset.owner, asset.key) == (job.media_id, job, ed, "out.mp4")
    assert asset.duration == pytest.approx(1_880_000, abs=22_000)  # sound ends on its own grid
    output = storage.local_path(asset.bucket, asset.key)
    assert output is not None
    assert watch(output).numbers == [*range(178, 200), *range(25, 50)]
    assert storage.exists(asset.bucket, asset.poster)
    assert job.report["verdict"]["frames"] == 47
    assert [event.new for event in job.events.all()] == ["Queuing", "Processing", "Success"]
    assert list(Path(settings.SCRATCH_DIR).iterdir()) == []


def test_a_job_runs_once_however_often_it_is_delivered(recording: Recording, ed: User) -> None:
    job = submit(ed, clip())

    edit.run(job.pk)
    edit.run(job.pk)

    assert job.events.filter(new="Success").count() == 1
    assert MediaAsset.objects.count() == 1


def test_a_finished_file_under_the_same_key_is_replaced(recording: Recording, ed: User) -> None:
    first, second = submit(ed, clip(0, 1), key="a.mp4"), None
    edit.run(first.pk)
    second = submit(ed, clip(4, 8), key="a.mp4")
    edit.run(second.pk)

    asset = MediaAsset.objects.get()
    assert asset.pk == second.media_id
    path = storage.local_path(asset.bucket, "a.mp4")
    assert path is not None
    assert watch(path).numbers == list(range(100, 200))


def test_a_damaged_recording_fails_the_job_and_publishes_nothing(recording: Recording, ed: User) -> None:
    job = submit(ed, clip(1, 5))
    row = recording.segments.get(sequence=1)
    path = storage.local_path(recording.bucket, row.key)
    assert path is not None
    path.write_bytes(path.read_bytes()[: row.size // 2 // 188 * 188])

    edit.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.FAILED, "UnreadableMedia")
    assert "changed since they were indexed" in job.error_message
    assert not storage.exists(job.bucket, job.key)
    assert MediaAsset.objects.count() == 0


def test_a_full_disk_fails_the_job_before_it_starts(
    recording: Recording, ed: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit(ed, clip(1, 5))
    monkeypatch.setattr("editing.worker.scratch._SPARE", 1 << 60)

    edit.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.FAILED, "NoSpace")


def long_job(user: User) -> EditingJob:
    return submit(user, *[clip(0, 12)] * 60, mode=Mode.ACCURATE, width=1920)


def run_aside(job: EditingJob) -> threading.Thread:
    def work() -> None:
        edit.run(job.pk)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    while EditingJob.objects.get(pk=job.pk).progress < 1:
        time.sleep(0.05)
    return thread


@pytest.mark.django_db(transaction=True)
def test_a_running_job_is_cancelled_within_a_second(recording: Recording, ed: User) -> None:
    job = long_job(ed)
    thread = run_aside(job)

    asked = time.monotonic()
    editing_jobs.cancel(EditingJob.objects.get(pk=job.pk))
    thread.join()

    assert time.monotonic() - asked < 1.5
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert not storage.exists(job.bucket, job.key)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_told_to_end_gives_its_job_back(recording: Recording, ed: User) -> None:
    job = long_job(ed)
    thread = run_aside(job)

    lease.stopping.set()
    thread.join(timeout=5)
    lease.stopping.clear()

    job.refresh_from_db()
    assert (job.state, job.attempts, job.lease_token) == (JobState.QUEUING, 0, "")


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_lost_its_lease_writes_nothing_more(recording: Recording, ed: User) -> None:
    job = long_job(ed)
    thread = run_aside(job)

    EditingJob.objects.filter(pk=job.pk).update(lease_token="somebody else")
    thread.join(timeout=5)

    job.refresh_from_db()
    assert (job.state, job.lease_token) == (JobState.PROCESSING, "somebody else")
    assert not storage.exists(job.bucket, job.key)


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


def messages_in(queue: str) -> int:
    """How many messages wait there; they are taken away."""
    with celery_app.connection_for_read() as broker:
        channel = broker.default_channel
        channel.queue_declare(queue)
        return int(channel.queue_purge(queue))


@pytest.mark.django_db(transaction=True)
def test_the_sweep_sends_a_job_again_whose_message_was_lost(recording: Recording, ed: User) -> None:
    messages_in("fast")
    submit(ed, clip())
    assert messages_in("fast") == 1
    EditingJob.objects.update(sent_at=timezone.now() - timedelta(minutes=1))

    sweep.run()
    sweep.run()

    assert messages_in("fast") == 1


def test_the_sweep_releases_a_job_whose_media_has_come(recording: Recording, ed: User, settings: object) -> None:
    settings.MEDIA_WAIT_SECONDS = 10**9  # type: ignore[attr-defined]
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


def test_buckets_hold_only_whole_files(recording: Recording, ed: User) -> None:
    edit.run(submit(ed, clip(), key="deep/er/out.mp4").pk)

    folder = storage.local_path(Bucket.objects.get(name="media"), "deep/er/out.mp4")
    assert folder is not None
    assert [path.name for path in folder.parent.iterdir()] == ["out.mp4"]
