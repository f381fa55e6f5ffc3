"""What a stream does not keep goes, in whole segments from the beginning, and nothing that a job still needs."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from editing import storage
from editing.models import Bucket, EditingJob, JobState, RecordFile, Recording, RecordJob, SegmentRow, Stream
from editing.services import editing_jobs, recordings, streams
from editing.timeline.clips import Clip, Mode
from editing.timeline.instant import SECOND, Range
from editing.worker import retention, sweep
from tests.samples import BASIC, START, playlist

DAY = 24 * 3600 * SECOND


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day after the recording's sixth second."""
    monkeypatch.setattr(retention, "from_datetime", lambda _: START + 6 * SECOND + DAY)


def keep(recording: Recording, **limits: int) -> None:
    streams.keep(recording.stream, **limits)
    retention.run()
    recording.refresh_from_db()


def sequences(recording: Recording) -> list[int]:
    return list(recording.segments.order_by("sequence").values_list("sequence", flat=True))


def test_what_is_older_than_so_many_days_goes_with_its_files(recording: Recording, today: None) -> None:
    keys = list(recording.segments.order_by("sequence").values_list("key", flat=True))
    size = recording.size

    keep(recording, keep_days=1)

    assert sequences(recording) == [3, 4, 5]
    assert (recording.start, recording.segment_count) == (START + 6 * SECOND, 3)
    assert recording.size == sum(recording.segments.values_list("size", flat=True)) < size
    assert [storage.exists(recording.bucket, key) for key in keys] == [False] * 3 + [True] * 3
    assert recordings.coverage(recording).covered() == (Range(START + 6 * SECOND, START + 12 * SECOND),)


def test_what_is_more_than_so_many_bytes_goes_the_oldest_first(recording: Recording) -> None:
    sizes = list(recording.segments.order_by("sequence").values_list("size", flat=True))

    keep(recording, keep_bytes=sum(sizes[2:]) + 1)

    assert sequences(recording) == [2, 3, 4, 5]


def test_a_stream_without_limits_keeps_all(recording: Recording, today: None) -> None:
    retention.run()

    assert sequences(recording) == [0, 1, 2, 3, 4, 5]


def test_a_recording_of_which_nothing_is_left_is_gone_with_its_poster(recording: Recording) -> None:
    poster, bucket = recording.poster, recording.bucket
    newer = recordings.import_playlist(
        str(playlist(BASIC)), stream=recording.stream.full_name, bucket=bucket, start=START + DAY
    )
    streams.keep(recording.stream, keep_bytes=newer.size)

    retention.run()

    assert list(Recording.objects.all()) == [newer]
    assert not storage.exists(bucket, poster)
    assert SegmentRow.objects.count() == newer.segment_count


def test_what_a_waiting_job_needs_stays_until_it_is_done(
    recording: Recording, ed: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "from_datetime", lambda _: START + 11 * SECOND + DAY)
    wanted = Clip(recording.stream.full_name, Range(START + 8 * SECOND, START + 9 * SECOND))
    output = editing_jobs.Output(recording.bucket, "kept.mp4")
    job = editing_jobs.submit(ed, clips=[wanted], mode=Mode.ACCURATE_FAST, output=output)

    keep(recording, keep_days=1)
    assert sequences(recording) == [1, 2, 3, 4, 5]  # a decoder may need some before

    EditingJob.objects.filter(pk=job.pk).update(state=JobState.SUCCESS)
    keep(recording)
    assert sequences(recording) == [5]


def test_a_recording_of_which_a_file_is_to_be_made_is_left_whole(recording: Recording, today: None) -> None:
    file = RecordFile.objects.create(recording=recording, format="mp4", key="a.mp4")
    keep(recording, keep_days=1)
    assert recording.segment_count == 6

    RecordFile.objects.filter(pk=file.pk).update(state=RecordFile.State.MADE)
    keep(recording)
    assert recording.segment_count == 3


def test_the_playlist_in_the_bucket_tells_what_is_left(recording: Recording, today: None) -> None:
    Recording.objects.update(playlist="record/a.m3u8")
    keep(recording, keep_days=1)

    path = storage.local_path(recording.bucket, "record/a.m3u8")
    assert path is not None
    text = path.read_text()
    assert "#EXT-X-MEDIA-SEQUENCE:3" in text
    assert text.count("#EXTINF") == 3


def test_a_recording_that_is_open_keeps_its_last_segment(recording: Recording, media: Bucket) -> None:
    RecordJob.objects.create(
        name="a", stream=recording.stream, url="rtmp://a/b/c", bucket=media, formats=[], recording=recording
    )
    keep(recording, keep_bytes=1)

    assert sequences(recording) == [5]


def test_anchors_and_gaps_of_what_is_gone_go_too(recording: Recording, today: None) -> None:
    first = recording.anchors.get()
    second = recording.anchors.create(epoch=1, utc=START, pts=0, reason="clock")
    recording.segments.filter(sequence__gte=3).update(anchor=second)
    recording.gaps.create(start=START, end=START + SECOND, reason="gone")
    kept = recording.gaps.create(start=START + 7 * SECOND, end=START + 8 * SECOND, reason="here")

    keep(recording, keep_days=1)

    assert (list(recording.anchors.all()), list(recording.gaps.all())) == ([second], [kept])
    assert first != second


def test_the_sweep_does_it(recording: Recording) -> None:
    streams.keep(recording.stream, keep_bytes=1)

    sweep.run()

    assert (Recording.objects.count(), Stream.objects.count()) == (0, 1)
