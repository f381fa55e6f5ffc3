import threading
import time
from pathlib import Path

import pytest
from django.conf import LazySettings, settings
from django.contrib.auth.models import User
from django.db import connection

from editing import storage
from editing.models import Bucket, EditingJob, JobState, MediaAsset, Recording
from editing.services import editing_jobs
from editing.timeline.clips import Mode
from editing.worker import edit, lease
from tests.samples import watch
from tests.services.test_editing_jobs import clip, submit
from tests.slow import SOON


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
    assert job.error_message == f"Segment {row.key} has changed since it was indexed."
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
    return submit(user, *[clip(0, 12)] * 20, mode=Mode.ACCURATE, width=1920)


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
def test_a_running_job_is_cancelled_long_before_its_end(recording: Recording, ed: User) -> None:
    job = long_job(ed)
    thread = run_aside(job)

    asked = time.monotonic()
    editing_jobs.cancel(EditingJob.objects.get(pk=job.pk))
    thread.join()

    assert time.monotonic() - asked < SOON
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert not storage.exists(job.bucket, job.key)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_told_to_end_gives_its_job_back(recording: Recording, ed: User) -> None:
    job = long_job(ed)
    thread = run_aside(job)

    lease.stopping.set()
    thread.join(SOON)
    lease.stopping.clear()

    job.refresh_from_db()
    assert (job.state, job.attempts, job.lease_token, job.sent_at) == (JobState.QUEUING, 0, "", None)


def test_a_worker_that_is_ending_takes_no_more_jobs(
    recording: Recording, ed: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit(ed, clip())
    monkeypatch.setattr(edit, "stopping", threading.Event())
    edit.stopping.set()

    edit.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.attempts, job.sent_at) == (JobState.QUEUING, 0, None)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_lost_its_lease_writes_nothing_more(recording: Recording, ed: User) -> None:
    job = long_job(ed)
    thread = run_aside(job)

    EditingJob.objects.filter(pk=job.pk).update(lease_token="somebody else")
    thread.join(SOON)

    job.refresh_from_db()
    assert (job.state, job.lease_token) == (JobState.PROCESSING, "somebody else")
    assert not storage.exists(job.bucket, job.key)


def test_buckets_hold_only_whole_files(recording: Recording, ed: User) -> None:
    edit.run(submit(ed, clip(), key="deep/er/out.mp4").pk)

    folder = storage.local_path(Bucket.objects.get(name="media"), "deep/er/out.mp4")
    assert folder is not None
    assert sorted(path.name for path in folder.parent.iterdir()) == ["out.jpg", "out.mp4"]


def test_the_plan_on_the_row_is_the_one_that_was_cut(recording: Recording, ed: User, settings: LazySettings) -> None:
    settings.MEDIA_WAIT_SECONDS = 10**9
    Recording.objects.update(ended=False)
    job = submit(ed, clip(10, 30))
    assert job.plan is None
    EditingJob.objects.update(waiting="")

    edit.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.plan["frames"], job.report["verdict"]["frames"]) == (JobState.SUCCESS, 50, 50)


def test_a_job_whose_stream_is_gone_says_so(recording: Recording, ed: User) -> None:
    job = submit(ed, clip())
    EditingJob.objects.update(clips=[{**job.clips[0], "stream": "other"}])

    edit.run(job.pk)

    job.refresh_from_db()
    assert (job.error_code, job.error_message) == ("NotFound", "There is no stream example.com/live/other.")


def test_an_unexpected_error_is_told_in_the_log_and_not_to_the_user(
    recording: Recording, ed: User, caplog: pytest.LogCaptureFixture
) -> None:
    job = submit(ed, clip())
    EditingJob.objects.update(clips=[{"stream": "main"}])

    edit.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.FAILED, "InternalError")
    assert "KeyError" not in job.error_message
    assert "KeyError" in caplog.text
