import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from editing.errors import (
    IdempotencyConflict,
    InvalidClips,
    InvalidInput,
    InvalidKey,
    InvalidOutput,
    JobNotCancellable,
    JobNotRetryable,
    MixedSources,
    NotFound,
    NothingRecorded,
    OutputKeyTaken,
)
from editing.models import Bucket, EditingJob, JobState, Recording
from editing.services import editing_jobs
from editing.services.editing_jobs import Output
from editing.timeline.clips import UNTIL_NOW, Clip, HolePolicy, Mode, StreamName
from editing.timeline.instant import SECOND, Range, from_datetime
from tests.conftest import MAIN, imported
from tests.samples import START


def clip(start: float = 1, end: float = 3, stream: StreamName = MAIN, cover: float | None = None) -> Clip:
    at = None if cover is None else START + round(cover * SECOND)
    return Clip(stream, Range(START + round(start * SECOND), START + round(end * SECOND)), at)


def submit(
    user: User, *clips: Clip, key: str = "out.mp4", mode: Mode = Mode.ROUGH_FAST, **options: object
) -> EditingJob:
    details = {name: options.pop(name) for name in ("width", "height", "bitrate", "cover") if name in options}
    output = Output(Bucket.objects.get(name=options.pop("bucket", "media")), key, **details)  # type: ignore[arg-type]
    return editing_jobs.submit(user, clips=clips, mode=mode, output=output, **options)  # type: ignore[arg-type]


def test_a_submitted_job_is_queued_with_its_plan(recording: Recording, ed: User) -> None:
    job = submit(ed, clip(1, 3), clip(7, 7.5), user_data='{"goal": 17}')

    job.refresh_from_db()
    assert (job.state, job.owner, job.user_data, len(job.media_id)) == (JobState.QUEUING, ed, '{"goal": 17}', 32)
    assert [each["achieved"] for each in job.plan["clips"]] == [
        {"start": "2026-11-20T10:00:00.000Z", "end": "2026-11-20T10:00:04.000Z"},
        {"start": "2026-11-20T10:00:06.000Z", "end": "2026-11-20T10:00:08.000Z"},
    ]
    assert list(job.events.values_list("old", "new")) == [("Init", "Queuing")]


def plan(*clips: Clip) -> editing_jobs.Planned:
    return editing_jobs.plan(clips, mode=Mode.ROUGH_FAST, output=Output(Bucket.objects.get(name="media"), "out.mp4"))


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(recording: Recording) -> None:
    planned = plan(clip(1, 3)).plan

    assert planned is not None
    assert (planned.frames, planned.clips[0].achieved) == (100, Range(START, START + 4 * SECOND))
    assert EditingJob.objects.count() == 0


@pytest.mark.parametrize(
    ("clips", "options", "error", "field"),
    [
        ([], {}, InvalidClips, "clips"),
        ([clip(3, 3)], {}, InvalidClips, "clips[0].end"),
        ([clip(1, 2), clip(5, 4)], {}, InvalidClips, "clips[1].end"),
        ([clip(60, 70)], {}, NothingRecorded, "clips[0]"),
        ([clip(stream=StreamName("example.com", "live", "other"))], {}, NotFound, "clips[0].stream"),
        ([clip(1, 2, cover=2.5)], {}, InvalidClips, "clips[0].cover"),
        ([clip()], {"width": 640}, InvalidOutput, "output.width"),
        ([clip()], {"mode": Mode.ACCURATE_FAST, "height": 360}, InvalidOutput, "output.height"),
        ([clip()], {"mode": Mode.ROUGH, "width": 1}, InvalidOutput, "output.width"),
        ([clip()], {"mode": Mode.ACCURATE, "width": 641}, InvalidOutput, "output.width"),
        ([clip()], {"mode": Mode.ACCURATE, "height": 100_000}, InvalidOutput, "output.height"),
        ([clip()], {"mode": Mode.ACCURATE, "bitrate": 1}, InvalidOutput, "output.bitrate"),
        ([clip()], {"key": "../out.mp4"}, InvalidKey, "output.key"),
        ([clip()], {"key": "/out.mp4"}, InvalidKey, "output.key"),
        ([clip()], {"key": "out.exe"}, InvalidKey, "output.key"),
        ([clip()], {"key": "a\x00.mp4"}, InvalidKey, "output.key"),
        ([clip()], {"key": "recordings/example.com/live/main/1/000000.ts"}, InvalidKey, "output.key"),
        ([clip()], {"user_data": "{"}, InvalidInput, "user_data"),
        ([clip()], {"user_data": f'"{"x" * 511}"'}, InvalidInput, "user_data"),
        ([clip(10, 20)], {"holes": HolePolicy.FAIL}, NothingRecorded, "clips[0]"),
    ],
)
def test_what_cannot_work_is_refused_and_the_field_named(
    recording: Recording, ed: User, clips: list[Clip], options: dict[str, object], error: type[InvalidInput], field: str
) -> None:
    with pytest.raises(error) as refusal:
        submit(ed, *clips, **options)  # type: ignore[arg-type]

    assert (type(refusal.value), refusal.value.field) == (error, field)
    assert EditingJob.objects.count() == 0


def test_a_cover_may_lie_at_the_end_of_its_clip(recording: Recording, ed: User) -> None:
    assert submit(ed, clip(1, 3, cover=3)).clips[0]["cover"] == START + 3 * SECOND


def test_streams_of_two_applications_are_not_merged_unless_a_setting_allows_it(
    recording: Recording, ed: User, settings: LazySettings
) -> None:
    elsewhere = StreamName("example.com", "studio", "main")
    imported(stream=elsewhere)

    with pytest.raises(MixedSources):
        submit(ed, clip(), clip(stream=elsewhere))

    settings.MIXED_APPLICATIONS = True
    assert submit(ed, clip(), clip(stream=elsewhere)).state == JobState.QUEUING


def test_sources_of_two_kinds_of_storage_are_not_merged(recording: Recording, ed: User) -> None:
    stored_elsewhere = StreamName("example.com", "live", "second")
    imported(stream=stored_elsewhere, bucket="vod-media")

    with pytest.raises(MixedSources, match="oss- and partly in vod-kind"):
        submit(ed, clip(), clip(stream=stored_elsewhere))

    assert submit(ed, clip(stream=stored_elsewhere)).state == JobState.QUEUING


def test_an_inactive_bucket_is_refused(recording: Recording, ed: User) -> None:
    Bucket.objects.filter(name="media").update(active=False)

    with pytest.raises(InvalidOutput) as refusal:
        submit(ed, clip())
    assert refusal.value.field == "output.bucket"


@pytest.mark.django_db(transaction=True)
def test_a_key_that_an_unfinished_job_has_is_taken(recording: Recording, ed: User) -> None:
    first = submit(ed, clip())

    for ask in (submit, lambda _, one: plan(one)):
        with pytest.raises(OutputKeyTaken) as refusal:
            ask(ed, clip())
        assert refusal.value.field == "output.key"

    editing_jobs.cancel(first)
    assert submit(ed, clip()).state == JobState.QUEUING


def test_the_same_request_with_one_idempotency_key_is_one_job(recording: Recording, ed: User, opal: User) -> None:
    first = submit(ed, clip(), idempotency_key="goal")

    assert submit(ed, clip(), idempotency_key="goal") == first
    with pytest.raises(IdempotencyConflict):
        submit(ed, clip(2, 3), idempotency_key="goal")
    assert submit(opal, clip(), idempotency_key="goal", key="other.mp4") != first


@pytest.fixture
def live(recording: Recording, settings: LazySettings) -> Recording:
    """The recording, as if its stream were still on."""
    settings.MEDIA_WAIT_SECONDS = 10**9
    Recording.objects.update(ended=False)
    recording.refresh_from_db()
    return recording


@pytest.mark.django_db(transaction=True)
def test_the_same_request_sent_many_times_at_once_is_one_job(recording: Recording, ed: User) -> None:
    start = threading.Barrier(4)

    def ask(_: int) -> str:
        try:
            start.wait()
            return submit(ed, clip(), idempotency_key="goal").pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(ask, range(4)))

    assert answers == {EditingJob.objects.get().pk}


def test_a_range_past_the_newest_segment_of_a_live_stream_waits(live: Recording, ed: User) -> None:
    job = submit(ed, clip(10, 30))

    assert (job.state, job.waiting) == (
        JobState.QUEUING,
        "Clip 1 ends after what is recorded so far; waiting for the rest.",
    )


def test_a_stream_whose_first_segment_is_still_to_come_is_waited_for(live: Recording, ed: User) -> None:
    live.segments.all().delete()
    Recording.objects.update(start=None, end=None)

    assert submit(ed, clip(10, 30)).waiting.startswith("Clip 1 ends after")


@pytest.mark.parametrize(
    ("clips", "options", "error", "field"),
    [
        ([clip(10, 30)], {"mode": Mode.ACCURATE_FAST, "width": 640}, InvalidOutput, "output.width"),
        ([clip(10, 30), clip(-60, -50)], {}, NothingRecorded, "clips[1]"),
    ],
)
def test_what_waiting_would_not_help_is_refused_at_once(
    live: Recording, ed: User, clips: list[Clip], options: dict[str, object], error: type[InvalidInput], field: str
) -> None:
    with pytest.raises(error) as refusal:
        submit(ed, *clips, **options)  # type: ignore[arg-type]
    assert refusal.value.field == field


def test_a_range_that_ended_long_ago_is_not_waited_for(live: Recording, ed: User, settings: LazySettings) -> None:
    settings.MEDIA_WAIT_SECONDS = 10
    assert submit(ed, clip(10, 30)).waiting == ""


def test_a_job_cancelled_while_it_waited_waits_again_when_retried(live: Recording, ed: User) -> None:
    job = editing_jobs.cancel(submit(ed, clip(10, 30)))
    assert job.waiting == ""

    assert editing_jobs.retry(job).waiting.startswith("Clip 1 ends after")


def test_a_waiting_job_is_cancelled_at_once_and_can_be_retried(recording: Recording, ed: User) -> None:
    job = editing_jobs.cancel(submit(ed, clip()))
    assert job.state == JobState.CANCELLED

    with pytest.raises(JobNotCancellable):
        editing_jobs.cancel(job)

    assert editing_jobs.retry(job).state == JobState.QUEUING
    with pytest.raises(JobNotRetryable):
        editing_jobs.retry(job)


def test_a_suggested_name_is_readable_and_free(recording: Recording, ed: User) -> None:
    name = editing_jobs.suggest_key([clip()])
    assert name == "clips/live-main-20261120-100001.mp4"

    submit(ed, clip(), key=name)
    assert editing_jobs.suggest_key([clip()]) == "clips/live-main-20261120-100001-2.mp4"


def test_a_suggested_name_can_be_used_whatever_the_stream_is_called(recording: Recording, ed: User) -> None:
    odd = StreamName("example.com", "live", "große Bühne:" + "x" * 230)

    name = editing_jobs.suggest_key([clip(stream=odd)])

    assert name.startswith("clips/live-große-Bühne-xxx")
    assert submit(ed, clip(), key=name).key == name


def test_until_now_ends_when_it_is_submitted_and_stays_the_same_request(live: Recording, ed: User) -> None:
    before = from_datetime(timezone.now())
    open_end = Clip(MAIN, Range(START + 10 * SECOND, UNTIL_NOW))
    assert plan(open_end).waiting

    job = submit(ed, open_end, idempotency_key="until now")
    again = submit(ed, open_end, idempotency_key="until now")

    assert again == job
    assert before <= job.clips[0]["end"] <= from_datetime(timezone.now())
    assert job.waiting.startswith("Clip 1 ends after")
