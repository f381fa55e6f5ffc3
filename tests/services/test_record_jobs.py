import time
from typing import Any

import pytest
from django.contrib.auth.models import User

from editing import queue
from editing.errors import InvalidInput, JobNotMovable
from editing.models import Bucket, RecordJob, Stream
from editing.services import record_jobs, record_templates
from editing.timeline.clips import StreamName
from editing.timeline.instant import SECOND

URL = "rtmp://example.com:1936/live/main"


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    messages: list[tuple[str, str]] = []
    monkeypatch.setattr(queue, "send", lambda name, *keys, queue: messages.append((queue, *keys)))
    return messages


def create(opal: User, media: Bucket, **values: Any) -> RecordJob:
    return record_jobs.create(opal, **{"name": "Main stage", "url": URL, "bucket": media, **values})


def now() -> int:
    return time.time_ns() // 1000


def test_a_job_is_sent_to_the_live_workers_with_a_copy_of_its_template(
    opal: User, media: Bucket, sent: list[tuple[str, str]]
) -> None:
    job = create(opal, media)

    assert sent == [("live", job.pk)]
    assert (job.state, job.template_name, job.formats) == (
        "initial",
        "live editing",
        record_templates.default().formats,
    )
    assert job.stream.full_name == StreamName("example.com", "live", "main")
    assert [event.new for event in job.events.all()] == ["initial"]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (URL, ("example.com", "live", "main")),
        ("rtmps://a.example/live/main?key=1", ("a.example", "live", "main")),
        ("rtmp://127.0.0.1/a/b%C3%A4", ("127.0.0.1", "a", "bä")),
        ("https://cdn.example:8443/eu/live/main.m3u8?key=1", ("cdn.example", "live", "main")),
        ("http://cdn.example/live/main/index.m3u8", ("cdn.example", "live", "main")),
        ("http://cdn.example/live/index.m3u8", ("cdn.example", "live", "index")),
        ("rtmp://user:secret@Example.com/a/b", ("example.com", "a", "b")),
    ],
)
def test_a_stream_is_named_by_its_address(url: str, name: tuple[str, str, str]) -> None:
    assert record_jobs.stream_of(url) == StreamName(*name)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "main",
        "http://example.com/live/main",
        "http://example.com/main.m3u8",
        "ftp://example.com/live/main.m3u8",
        "rtmp://example.com/live",
        "rtmp://example.com/live/main/more",
        "rtmp:///live/main",
        "rtmp://example.com:port/live/main",
        "rtmp://[::1/live/main",
        "rtmp://example.com/live/ma in",
        "rtmp://example.com/live/ma\nin",
        "rtmp://example.com/live/%2e%2e",
        "rtmp://example.com/live/" + "x" * 3000,
    ],
)
def test_an_address_that_names_no_stream_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        record_jobs.stream_of(url)

    assert refused.value.field == "url"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"name": "a\x00"}, "name"),
        ({"url": "rtmp://example.com"}, "url"),
        ({"notify_url": "ftp://example.com"}, "notify_url"),
        ({"notify_url": "https://"}, "notify_url"),
        ({"end_at": 5}, "end_at"),
        ({"start_at": 1 << 60, "end_at": 1 << 59}, "end_at"),
    ],
)
def test_a_job_that_cannot_be_is_refused_by_its_field(
    opal: User, media: Bucket, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        create(opal, media, **values)

    assert refused.value.field == field
    assert (RecordJob.objects.count(), Stream.objects.count()) == (0, 0)


def test_a_bucket_that_is_not_active_is_refused(opal: User, media: Bucket) -> None:
    media.active = False

    with pytest.raises(InvalidInput) as refused:
        create(opal, media)

    assert refused.value.field == "bucket"


def test_a_job_that_begins_later_is_not_sent_yet(opal: User, media: Bucket, sent: list[tuple[str, str]]) -> None:
    create(opal, media, start_at=now() + 3600 * SECOND, end_at=now() + 7200 * SECOND)

    assert sent == []


def test_a_job_is_paused_resumed_stopped_and_started_again(
    opal: User, media: Bucket, sent: list[tuple[str, str]]
) -> None:
    job = create(opal, media)
    sent.clear()
    states = [
        (change(job).state, len(sent))
        for change in (record_jobs.pause, record_jobs.resume, record_jobs.stop, record_jobs.start)
    ]

    assert states == [("paused", 0), ("started", 1), ("stopped", 1), ("initial", 2)]
    pauses = [(pause.reason, pause.end is None) for pause in job.pauses.all()]
    assert pauses == [("paused by an operator", False), ("stopped", False)]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ((), record_jobs.resume),
        ((), record_jobs.start),
        ((record_jobs.pause,), record_jobs.pause),
        ((record_jobs.stop,), record_jobs.stop),
        ((record_jobs.stop,), record_jobs.pause),
        ((record_jobs.stop,), record_jobs.resume),
    ],
)
def test_what_a_state_does_not_allow_is_refused(opal: User, media: Bucket, first: Any, then: Any) -> None:
    job = create(opal, media)
    for change in first:
        change(job)
    before = job.state

    with pytest.raises(JobNotMovable):
        then(job)

    job.refresh_from_db()
    assert job.state == before


def test_an_operator_who_saw_an_older_state_is_heard_all_the_same(opal: User, media: Bucket) -> None:
    job = create(opal, media)
    seen = RecordJob.objects.get(pk=job.pk)
    record_jobs.pause(job)

    assert record_jobs.stop(seen).state == "stopped"
    assert [event.new for event in job.events.all()] == ["initial", "paused", "stopped"]


def test_name_callback_and_end_can_be_changed(opal: User, media: Bucket) -> None:
    job = create(opal, media)
    end = now() + 60 * SECOND

    record_jobs.update(job, name="Other", notify_url="https://example.com/hook", end_at=end)

    job.refresh_from_db()
    assert (job.name, job.notify_url, job.end_at) == ("Other", "https://example.com/hook", end)
    with pytest.raises(InvalidInput):
        record_jobs.update(job, end_at=1)


def test_a_job_whose_schedule_is_over_needs_another_end_before_it_starts_again(opal: User, media: Bucket) -> None:
    job = record_jobs.stop(create(opal, media))
    RecordJob.objects.update(end_at=1)
    job.refresh_from_db()

    with pytest.raises(JobNotMovable) as refused:
        record_jobs.start(job)

    assert refused.value.field == "end_at"
    record_jobs.update(job, end_at=None)
    assert record_jobs.start(job).state == "initial"
