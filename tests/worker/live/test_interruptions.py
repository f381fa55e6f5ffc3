"""Streams that go and come back, and operators and schedules that pause, stop and start."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from django.conf import LazySettings

from editing import storage
from editing.models import Bucket, Recording, RecordJob, RecordState, Stream
from editing.services import record_jobs, recordings
from editing.worker import record, sweep
from tests.rtmp import FAST, Publisher, in_order
from tests.samples import Kind
from tests.worker.live.working import Worker, has, numbers, state, until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_publisher_that_comes_back_continues_the_recording_with_a_gap(job: RecordJob) -> None:
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=3)) as publisher:
        publisher.finish()
        until(has(job, 2))
    time.sleep(2)
    with Publisher(job.url, Kind(seconds=3, first=500)) as publisher:
        publisher.finish()
        until(has(job, 4))
    record_jobs.stop(job)
    worker.ended()

    recording = Recording.objects.get()
    assert numbers(recording) == [*range(75), *range(500, 575)]
    assert [anchor.reason for anchor in recording.anchors.all()] == ["start", "discontinuity"]
    (gap,) = recordings.coverage(recording).gaps()
    assert gap.reason == "the stream was interrupted: nothing came"
    assert 2_000_000 < gap.range.duration < 10_000_000
    text = (storage.local_path(recording.bucket, recording.playlist) or Path()).read_text()
    assert text.count("#EXT-X-DISCONTINUITY") == 1
    assert text.count("#EXT-X-PROGRAM-DATE-TIME") == 4


def test_a_long_silence_closes_the_recording_and_the_job_goes_on_by_itself(job: RecordJob, quick: LazySettings) -> None:
    quick.RECORD_SILENCE_SECONDS, quick.RECORD_PROBE_SECONDS = 3, 1
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=2), speed=FAST) as publisher:
        publisher.finish()
    until(lambda: state(job) == ("paused", "silence"))
    until(lambda: Recording.objects.get().ended)
    with Publisher(job.url, Kind(seconds=2, first=100), speed=FAST) as publisher:
        publisher.finish()
        until(lambda: Recording.objects.count() == 2 and has(job, 2)())
        assert state(job) == ("started", "")
    record_jobs.stop(job)
    worker.ended()

    assert [numbers(each) for each in Recording.objects.order_by("pk")] == [[*range(50)], [*range(100, 150)]]
    assert [pause.reason for pause in job.pauses.all()] == ["nothing came", "stopped"]


def test_what_is_paused_keeps_its_last_partial_segment_and_is_one_recording_when_resumed(job: RecordJob) -> None:
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=20)):
        until(has(job, 1))
        time.sleep(1)
        record_jobs.pause(job)
        assert worker.ended() < 2
        assert Recording.objects.get().ended
        before = numbers(Recording.objects.get())
        assert in_order(before)
        assert len(before) > 65
        time.sleep(1)
        record_jobs.resume(job)
        segments = Recording.objects.get().segment_count
        worker = Worker(job)
        until(has(job, segments + 1))
        record_jobs.stop(job)
        worker.ended()

    recording = Recording.objects.get()
    after = numbers(recording)[len(before) :]
    assert in_order(after)
    assert after[0] > before[-1] + 20
    assert [gap.reason for gap in recordings.coverage(recording).gaps()] == ["paused by an operator"]
    assert [pause.reason for pause in job.pauses.all()] == ["paused by an operator", "stopped"]


def test_what_is_stopped_and_started_again_is_one_recording_with_a_pause(job: RecordJob, media: Bucket) -> None:
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=20)):
        until(has(job, 1))
        record_jobs.stop(job)
        worker.ended()
        first = Recording.objects.get()
        before = numbers(first)
        time.sleep(1)
        record_jobs.start(job)
        worker = Worker(job)
        until(has(job, first.segment_count + 1))
        record_jobs.stop(job)
        worker.ended()

    recording = Recording.objects.get()
    found = numbers(recording)
    assert found[: len(before)] == before
    assert in_order(found[len(before) :])
    (gap,) = recordings.coverage(recording).gaps()
    assert (gap.reason, gap.intended) == ("stopped", True)
    assert [pause.reason for pause in job.pauses.all()] == ["stopped", "stopped"]
    assert recording.former_playlists == [first.playlist]
    assert recording.playlist != first.playlist
    paths = [storage.local_path(media, key) or Path() for key in (first.playlist, recording.playlist)]
    assert ["#EXT-X-ENDLIST" in path.read_text() for path in paths] == [True, True]
    recordings.delete(recording)
    assert not any(path.exists() for path in paths)


def test_a_schedule_begins_and_ends_by_itself(job: RecordJob, sent: list[str]) -> None:
    now = time.time_ns() // 1000
    RecordJob.objects.update(start_at=now + 1_500_000, end_at=now + 6_000_000, sent_at=None)
    sent.clear()
    record.run(job.pk)
    sweep.run()
    assert (sent, state(job)) == ([], ("initial", ""))
    with Publisher(job.url, Kind(seconds=20)):
        until(lambda: time.time_ns() // 1000 > now + 1_500_000)
        sweep.run()
        assert sent == [job.pk]
        Worker(job).ended()

    assert state(job) == ("stopped", "")
    found = Recording.objects.get()
    assert found.ended
    assert found.segment_count > 0


def test_a_schedule_that_passed_without_a_worker_is_over(job: RecordJob) -> None:
    RecordJob.objects.update(end_at=time.time_ns() // 1000)

    sweep.run()

    assert state(job) == ("stopped", "")
    assert Stream.objects.count() == 1


def test_a_message_that_was_lost_is_sent_again(job: RecordJob, sent: list[str], quick: LazySettings) -> None:
    assert sent == [job.pk]
    sweep.run()
    assert sent == [job.pk]
    quick.RESEND_SECONDS = 0
    sweep.run()

    assert sent == [job.pk, job.pk]
    assert state(job) == (RecordState.INITIAL, "")
