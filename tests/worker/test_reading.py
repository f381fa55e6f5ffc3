"""Recordings that are kept in an S3 storage: read a little ahead, each object once, and never waited for too long."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection

from editing import storage
from editing.errors import Cancelled, NotFound
from editing.media.cut import cut
from editing.models import Bucket, EditingJob, JobState, MediaAsset, Recording
from editing.services import editing_jobs, recordings
from editing.timeline.clips import Mode
from editing.worker import covers, edit, reading
from editing.worker.plans import plan_of
from editing.worker.reading import Reading
from tests.conftest import MAIN
from tests.samples import BASIC, START, playlist, watch
from tests.services.test_editing_jobs import clip, submit
from tests.slow import SOON, Front
from tests.worker.conftest import Objects

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(remote: Bucket, server: Front) -> Iterator[Recording]:
    """Six segments of two seconds in the bucket `remote`; what it took to put them there is not counted."""
    made = recordings.import_playlist(str(playlist(BASIC)), stream=MAIN, bucket=remote, start=START)
    server.requests.clear()
    yield made
    server.delay = 0.0
    recordings.delete(made)


def segments(server: Front) -> list[str]:
    return [each.path.rsplit("/", 1)[-1] for each in server.of("GET") if "/recordings/" in each.path]


@pytest.mark.parametrize("mode", Mode)
def test_every_segment_is_fetched_whole_and_once(mode: Mode, kept: Recording, server: Front, ed: User) -> None:
    server.delay = 0.1
    job = submit(ed, clip(0.5, 11), mode=mode)

    edit.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_message) == (JobState.SUCCESS, "")
    output = storage.local_path(job.bucket, job.key)
    assert output is not None
    numbers = watch(output).numbers
    assert numbers == list(range(numbers[0], numbers[0] + job.plan["frames"]))
    fetched = segments(server)
    assert sorted(fetched) == sorted(set(fetched))
    assert len(fetched) == 6
    assert not server.of("HEAD")
    assert {each.range for each in server.of("GET")} == {""}


def test_segments_are_asked_for_ahead_of_whoever_reads_them(kept: Recording, server: Front, ed: User) -> None:
    server.delay = 0.4
    job = submit(ed, clip(0, 12), mode=Mode.ROUGH_FAST)

    edit.run(job.pk)

    assert EditingJob.objects.get(pk=job.pk).state == JobState.SUCCESS
    assert 3 <= server.most_at_once("GET") <= 1 + reading.MOST_AHEAD


def test_a_short_clip_of_a_long_recording_reads_only_its_segments(kept: Recording, server: Front, ed: User) -> None:
    job = submit(ed, clip(4.2, 5), mode=Mode.ACCURATE_FAST)

    edit.run(job.pk)

    assert EditingJob.objects.get(pk=job.pk).state == JobState.SUCCESS
    assert len(segments(server)) <= 3  # sound may lie in the neighbours


def test_large_objects_come_in_ranges(
    kept: Recording, server: Front, ed: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LARGEST_PART", 20_000)
    monkeypatch.setattr(reading, "MOST_HELD", 100_000)
    plan = plan_of(submit(ed, clip(0, 12), mode=Mode.ROUGH_FAST))

    with Reading(plan, stopped=lambda: False) as opened:
        for segment in plan.pieces[0].files:
            with opened.open(segment) as file:
                assert file.read() == (playlist(BASIC).parent / f"{segment.sequence:03}.ts").read_bytes()
            assert sum(part.size for part in opened._fetches) <= 100_000

    asked = [(each.path, each.range) for each in server.of("GET")]
    assert len(asked) == len(set(asked))
    assert sum(part == "bytes=0-19999" for _, part in asked) == 6


def test_an_answer_that_breaks_off_is_taken_up(kept: Recording, server: Front, ed: User) -> None:
    server.breaks = 2
    job = submit(ed, clip(0, 12), mode=Mode.ROUGH_FAST)

    edit.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_message) == (JobState.SUCCESS, "")
    assert [each.range.partition("-")[0] != "" for each in server.of("GET")].count(True) == 2


def test_an_object_that_is_gone_is_named(kept: Recording, objects: Objects, ed: User) -> None:
    job = submit(ed, clip(0, 12), mode=Mode.ROUGH_FAST)
    key = kept.segments.get(sequence=3).key
    objects.delete(key)

    edit.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.FAILED, "NotFound")
    assert job.error_message == f"{key} is not in bucket remote."
    assert MediaAsset.objects.count() == 0


def test_an_object_that_changed_is_named(kept: Recording, remote: Bucket, ed: User) -> None:
    job = submit(ed, clip(0, 12), mode=Mode.ACCURATE)
    key = kept.segments.get(sequence=2).key
    storage.save_bytes(b"something else", remote, key)

    edit.run(job.pk)

    job.refresh_from_db()
    assert (job.error_code, job.error_message) == (
        "UnreadableMedia",
        f"Segment {key} has changed since it was indexed.",
    )


@pytest.mark.parametrize("mode", [Mode.ROUGH_FAST, Mode.ACCURATE_FAST, Mode.ACCURATE])
def test_a_storage_that_does_not_answer_holds_nobody_up(
    mode: Mode, kept: Recording, server: Front, ed: User, tmp_path: Path
) -> None:
    plan, stop = plan_of(submit(ed, clip(0.5, 11), mode=mode)), threading.Event()
    server.delay = 5 * SOON
    asked: list[float] = []

    def stopping() -> None:
        while not server.of("GET"):
            time.sleep(0.02)
        asked.append(time.monotonic())
        stop.set()

    threading.Thread(target=stopping).start()
    with Reading(plan, stopped=stop.is_set) as opened, pytest.raises(Cancelled):
        cut(plan, tmp_path / "out.mp4", open_segment=opened.open)

    assert time.monotonic() - asked[0] < SOON


def test_local_files_are_opened_where_they_are(recording: Recording, ed: User) -> None:
    plan = plan_of(submit(ed, clip(0, 12)))

    with Reading(plan, stopped=lambda: False) as opened, opened.open(plan.pieces[0].files[0]) as file:
        assert Path(file.name) == storage.local_path(recording.bucket, plan.pieces[0].files[0].key)


def test_what_is_not_there_is_said_when_it_is_read(kept: Recording, objects: Objects, ed: User) -> None:
    plan = plan_of(submit(ed, clip(0, 2), mode=Mode.ROUGH_FAST))
    objects.delete(plan.pieces[0].files[0].key)

    with (
        Reading(plan, stopped=lambda: False) as opened,
        opened.open(plan.pieces[0].files[0]) as file,
        pytest.raises(NotFound, match="is not in bucket remote"),
    ):
        file.read(1)


def run_aside(job: EditingJob) -> threading.Thread:
    def work() -> None:
        edit.run(job.pk)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def until(said: str, job: EditingJob, server: Front) -> None:
    """Wait until the bytes of such a file are on their way."""
    while not any(said in each.path for each in server.of("PUT")):
        assert EditingJob.objects.get(pk=job.pk).active
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("stuck", [False, True], ids=["slow", "stuck"])
@pytest.mark.parametrize(("parts", "what"), [(False, "/posters/"), (False, "/out.mp4"), (True, "/out.mp4")])
def test_publishing_is_cancelled_long_before_its_end(
    parts: bool,
    what: str,
    stuck: bool,
    recording: Recording,
    remote: Bucket,
    server: Front,
    objects: Objects,
    ed: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if parts:
        config = storage._storage(remote).transfer_config
        monkeypatch.setattr(config, "multipart_chunksize", 100_000)
        monkeypatch.setattr("s3transfer.utils.MIN_UPLOAD_CHUNKSIZE", 100_000)
    storage.save_bytes(b"what was there", remote, "out.mp4")
    job = submit(ed, clip(0, 12), bucket="remote", mode=Mode.ROUGH_FAST)
    server.rate = 20_000 if what == "/out.mp4" else 500
    if what == "/out.mp4":
        monkeypatch.setattr(covers, "make", lambda *_: None)
    if stuck:
        server.stuck.set()
    server.requests.clear()
    before = objects.keys()
    thread = run_aside(job)
    until(what, job, server)

    asked = time.monotonic()
    editing_jobs.cancel(EditingJob.objects.get(pk=job.pk))
    thread.join()

    assert time.monotonic() - asked < SOON
    assert EditingJob.objects.get(pk=job.pk).state == JobState.CANCELLED
    server.stuck.clear()
    server.rate = 0
    deadline = time.monotonic() + 60
    while objects.uploads() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert objects.uploads() == []
    assert objects.keys() == before
    with storage.open_file(remote, "out.mp4") as file:
        assert file.read() == b"what was there"


FULL = [(507, "XMinioStorageFull"), (400, "XMinioAdminBucketQuotaExceeded"), (403, "QuotaExceeded"), (507, "Other")]


@pytest.mark.parametrize(("status", "code"), FULL)
def test_a_full_s3_bucket_is_said_and_nothing_is_left(
    status: int, code: str, recording: Recording, remote: Bucket, server: Front, objects: Objects, ed: User
) -> None:
    job = submit(ed, clip(0, 12), bucket="remote", mode=Mode.ROUGH_FAST)
    server.refuses = (status, code)
    before = objects.keys()

    edit.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.FAILED, "NoSpace")
    assert job.error_message.startswith(f"Bucket remote is full: posters/{job.media_id}.jpg needs 0.")
    assert (objects.keys(), objects.uploads()) == (before, [])


def test_an_s3_bucket_that_fills_up_leaves_no_pictures_of_what_does_not_fit(
    recording: Recording, remote: Bucket, server: Front, objects: Objects, ed: User
) -> None:
    job = submit(ed, clip(0, 12), bucket="remote", mode=Mode.ROUGH_FAST)
    server.refuses, server.most = (507, "XMinioStorageFull"), 50_000
    before = objects.keys()

    edit.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.FAILED, "NoSpace")
    assert job.error_message.startswith("Bucket remote is full: out.mp4 needs 0.")
    assert (objects.keys(), objects.uploads()) == (before, [])
