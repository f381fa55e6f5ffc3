"""Record jobs while their stream is on: the timeline grows, clips are cut, the playlist is good, cycles roll over."""

from __future__ import annotations

import time

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from editing import storage
from editing.errors import Conflict
from editing.models import Recording, RecordJob
from editing.services import editing_jobs, record_jobs, recordings
from editing.timeline.clips import Clip, Mode, StreamName
from editing.timeline.instant import Range
from editing.worker import edit
from tests.rtmp import FAST, Publisher
from tests.samples import Kind, watch
from tests.worker.live.working import Worker, has, numbers, pictures_of, state, until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_stream_is_on_the_timeline_while_it_runs_and_whole_when_it_is_stopped(job: RecordJob) -> None:
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=7)) as publisher:
        until(has(job, 2))
        growing = Recording.objects.get()
        assert (growing.ended, state(job)) == (False, ("started", ""))
        assert str(growing.stream) == str(StreamName("127.0.0.1", "live", job.stream.name))
        assert len(recordings.coverage(growing).covered()) == 1
        with pytest.raises(Conflict):
            recordings.delete(growing)
        publisher.finish()
        time.sleep(0.5)
        record_jobs.stop(job)
        assert worker.ended() < 2

    recording = Recording.objects.get()
    assert numbers(recording) == list(range(175))
    covered = recordings.coverage(recording).covered()
    assert len(covered) == 1
    assert covered[0].duration == 7_000_000
    assert (recording.ended, bool(recording.poster), state(job)) == (True, True, ("stopped", ""))
    assert (job.lease_token, job.recording, job.problem) == ("", None, "")
    assert [event.new for event in job.events.all()] == ["initial", "started", "stopped"]
    assert not settings.SPOOL_DIR.exists() or not list(settings.SPOOL_DIR.iterdir())


@pytest.mark.parametrize("late", [0, 1.4])
def test_clips_are_merged_while_the_stream_runs(job: RecordJob, ed: User, late: float) -> None:
    """Whether recording began with the stream or in the middle of a group of pictures."""
    with Publisher(job.url, Kind(seconds=20)):
        time.sleep(late)
        worker = Worker(job)
        until(has(job, 4))
        live = Recording.objects.get()
        assert live.start is not None
        wanted = Range(live.start + 2_520_000, live.start + 5_240_000)
        for mode in (Mode.ACCURATE_FAST, Mode.ACCURATE):
            output = editing_jobs.Output(live.bucket, f"{mode}.mp4")
            merge = editing_jobs.submit(ed, clips=[Clip(live.stream.full_name, wanted)], mode=mode, output=output)
            edit.run(merge.pk)
            merge.refresh_from_db()
            assert (merge.state, merge.error_message) == ("Success", "")
        assert (Recording.objects.get().ended, state(job)) == (False, ("started", ""))
        record_jobs.stop(job)
        worker.ended()

    head, second = live.segments.filter(sequence__lt=2)
    first = pictures_of(live, second)[0] - head.frames  # the head may begin with pictures that cannot be shown
    for mode in (Mode.ACCURATE_FAST, Mode.ACCURATE):
        output = storage.local_path(live.bucket, f"{mode}.mp4")
        assert output is not None
        assert watch(output).numbers == list(range(first + 63, first + 131)), mode


def test_the_playlist_in_the_bucket_can_be_imported_elsewhere(job: RecordJob) -> None:
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=5, bframes=2), speed=FAST) as publisher:
        publisher.finish()
        until(has(job, 3))
    record_jobs.stop(job)
    worker.ended()

    live = Recording.objects.get()
    path = storage.local_path(live.bucket, live.playlist)
    assert path is not None
    assert live.playlist.startswith(f"record/{job.pk}/0_2")
    assert [each.name for each in path.parent.glob("*.m3u8")] == [path.name]
    again = recordings.import_playlist(str(path), stream=StreamName("copy", "a", "b"), bucket=live.bucket)
    assert again.range == live.range
    assert numbers(again) == list(range(125))
    recordings.delete(live)
    assert not [each for each in path.parent.iterdir() if not each.is_dir()]


def test_a_cycle_rolls_over_without_losing_or_doubling_a_frame(job: RecordJob) -> None:
    job.formats[0]["cycle_duration"] = 4
    job.save()
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=7), speed=FAST) as publisher:
        publisher.finish()
        until(has(job, 4))
    record_jobs.stop(job)
    worker.ended()

    first, second = Recording.objects.order_by("pk")
    assert [*numbers(first), *numbers(second)] == list(range(175))
    assert (first.segment_count, first.ended, second.ended) == (2, True, True)
    assert first.end == second.start
