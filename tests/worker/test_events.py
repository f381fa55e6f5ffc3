"""What is told of jobs, and when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.utils import timezone

from editing import queue, storage
from editing.errors import InvalidInput, StaleState
from editing.models import Bucket, Delivery, EditingJob, JobState, PauseReason, Recording, RecordJob
from editing.models.ids import dashed, record_id
from editing.services import callbacks, editing_jobs, record_jobs
from editing.services import media as media_service
from editing.worker import edit, notify, prepare, record_states, sweep
from editing.worker.ending import end
from tests.receiving import KEY, Receiver, is_signed, receiver
from tests.rtmp import Publisher
from tests.samples import Kind
from tests.services.test_editing_jobs import clip, submit
from tests.worker.live.conftest import job, nginx, quick
from tests.worker.live.working import Worker, has, until

__all__ = ["job", "nginx", "quick"]
HOOK = "https://hook.example/done"


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    messages: list[str] = []
    monkeypatch.setattr(queue, "_send", lambda name, keys, queue: messages.extend(keys))
    monkeypatch.setattr(queue, "waiting", lambda name: 0)
    return messages


@pytest.fixture
def hook(settings: LazySettings) -> Iterator[Receiver]:
    settings.CALLBACK_NETWORKS = [ip_network("127.0.0.1")]
    with receiver() as found:
        yield found


def events() -> list[Any]:
    """What is on its way, oldest first, without the envelope's time."""
    found = [json.loads(each.body) for each in Delivery.objects.order_by("pk")]
    assert all(each.pop("EventTime").endswith("Z") for each in found)
    return found


def deliver() -> None:
    for delivery in Delivery.objects.order_by("pk"):
        notify.run(str(delivery.pk))


def asked(user: User, key: str = "out.mp4", **changes: Any) -> EditingJob:
    return submit(user, clip(), key=key, user_data=json.dumps({"NotifyAddress": HOOK, "own": "für"}), **changes)


def test_an_editing_job_that_succeeds_is_told_with_its_asset(recording: Recording, ed: User) -> None:
    job = asked(ed)
    edit.run(job.pk)

    (event,) = events()
    assert event == {
        "EventType": "ProduceMediaComplete",
        "UserId": ed.pk,
        "MessageBody": {
            "Status": "Success",
            "JobId": job.pk,
            "ProjectId": "",
            "MediaId": job.media_id,
            "MediaURL": "https://media.oss.example.com/out.mp4",
            "ErrorCode": "",
            "ErrorMessage": "",
            "UserData": job.user_data,
        },
    }
    assert Delivery.objects.get().address == HOOK


def test_jobs_that_fail_or_are_cancelled_are_told_with_the_reason(
    recording: Recording, ed: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, cancelled, lost = asked(ed), asked(ed, key="b.mp4"), asked(ed, key="c.mp4")
    monkeypatch.setattr("editing.worker.scratch._SPARE", 1 << 60)
    edit.run(full.pk)
    editing_jobs.cancel(cancelled)
    past = timezone.now()
    EditingJob.objects.filter(pk=lost.pk).update(
        state=JobState.PROCESSING, lease_token="dead", lease_until=past, attempts=9
    )
    sweep.run()

    said = [(each["MessageBody"]["JobId"], each["MessageBody"]["Status"], each["MessageBody"]["ErrorCode"])
            for each in events()]  # fmt: skip
    assert said == [
        (full.pk, "Fail", "NoSpace"),
        (cancelled.pk, "Fail", "JobCancelled"),
        (lost.pk, "Fail", "WorkerLost"),
    ]
    assert all(each["MessageBody"]["ErrorMessage"] for each in events())


def test_who_comes_too_late_tells_nothing(recording: Recording, ed: User) -> None:
    job = asked(ed)
    stale = EditingJob.objects.get(pk=job.pk)
    editing_jobs.cancel(job)

    with pytest.raises(StaleState):
        end(stale, JobState.FAILED, "late")

    assert [each["MessageBody"]["ErrorCode"] for each in events()] == ["JobCancelled"]


def test_a_job_that_names_no_address_is_told_to_those_who_asked_for_such_events(recording: Recording, ed: User) -> None:
    callbacks.set_up(ed, by=ed, address=HOOK, event_types=["ProduceMediaComplete"])

    for data in ("", "[]", '{"NotifyAddress": 7}', '"NotifyAddress"'):
        edit.run(submit(ed, clip(), user_data=data).pk)

    assert [each.address for each in Delivery.objects.all()] == [HOOK] * 4


def test_a_registered_file_is_told_once_it_was_looked_at(recording: Recording, ed: User, media: Bucket) -> None:
    data = json.dumps({"NotifyAddress": HOOK})
    storage.save_bytes(b"no video", media, "broken.mp4")
    good = media_service.register(ed, media, recording.segments.all()[0].key, kind="video", user_data=data)
    broken = media_service.register(ed, media, "broken.mp4", user_data=data)
    for _ in range(2):
        prepare.run(good.pk)
        prepare.run(broken.pk)

    said = [each["MessageBody"] for each in events()]
    assert [each["EventType"] for each in events()] == ["RegisterMediaComplete"] * 2
    assert [(each["MediaId"], each["Status"], each["UserData"]) for each in said] == [
        (good.pk, "Success", data),
        (broken.pk, "Fail", data),
    ]
    assert said[1]["ErrorMessage"]
    with pytest.raises(InvalidInput, match="http or https address"):
        media_service.register(ed, media, "other.mp4", user_data='{"NotifyAddress": "here"}')


@pytest.mark.parametrize(
    "address",
    ["ftp://a.example/", "https://", "ice-callback-queue", "//a.example/", "http://u:p@a.example/", "http://a b/",
     "http://a.example:99999/", "http://[::1/", "https://a.example/ü", "http://a.example:0/"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_when_the_job_is_submitted(
    recording: Recording, ed: User, media: Bucket, address: str
) -> None:
    with pytest.raises(InvalidInput, match="http or https address") as refused:
        submit(ed, clip(), user_data=json.dumps({"NotifyAddress": address}))
    assert refused.value.field == "user_data"
    with pytest.raises(InvalidInput, match="http or https address") as refused:
        record_jobs.create(ed, name="a", url="rtmp://a/b/c", bucket=media, notify_url=address)
    assert refused.value.field == "notify_url"


@pytest.mark.parametrize("address", ["http://127.0.0.1/cb", "http://nobody.invalid", "https://[::1]:8443/a?b=c#d"])
def test_where_it_leads_is_not_looked_at_before_something_is_sent(recording: Recording, ed: User, address: str) -> None:
    assert submit(ed, clip(), user_data=json.dumps({"NotifyAddress": address})).active


def test_every_change_of_a_record_jobs_state_is_told_in_order(opal: User, media: Bucket) -> None:
    job = record_jobs.create(opal, name="Main stage", url="rtmp://example.com/live/main?key=s", bucket=media,
                             notify_url=HOOK)  # fmt: skip
    record_states.begin(job, "the stream is there")
    record_states.pause(job, PauseReason.SILENCE, "nothing came")
    record_jobs.stop(job)
    record_jobs.start(job)

    first, *_ = found = events()
    assert first == {
        "EventType": "LiveRecordTaskStatus",
        "UserId": opal.pk,
        "MessageBody": {
            "JobId": dashed(job.pk),
            "JobName": "Main stage",
            "DomainName": "example.com",
            "AppName": "live",
            "StreamName": "main",
            "Status": "started",
            "State": "started",
            "Reason": "the stream is there",
        },
    }
    said = [(each["MessageBody"]["Status"], each["MessageBody"]["State"], each["MessageBody"]["Reason"])
            for each in found]  # fmt: skip
    assert said[1:] == [
        ("paused", "paused", "nothing came"),
        ("paused", "stopped", "stopped by an operator"),
        ("initial", "initial", "started again"),
    ]


def test_a_change_of_the_address_counts_from_then_on(opal: User, media: Bucket) -> None:
    job = record_jobs.create(opal, name="a", url="rtmp://example.com/live/main", bucket=media, notify_url=HOOK)
    record_jobs.pause(job)
    record_jobs.update(RecordJob.objects.get(pk=job.pk), notify_url="")
    record_jobs.resume(RecordJob.objects.get(pk=job.pk))

    assert [each["MessageBody"]["State"] for each in events()] == ["paused"]


@pytest.mark.django_db(transaction=True)
def test_a_recorded_stream_tells_its_states_and_its_file(
    job: RecordJob,
    opal: User,
    hook: Receiver,
) -> None:
    callbacks.set_up(opal, by=opal, address="", signs=True, key=KEY)
    record_jobs.update(job, notify_url=hook.url())
    hook.answers[:] = [500]
    with Publisher(job.url, Kind(seconds=9)):
        worker = Worker(job)
        until(has(job, 2))
        record_jobs.stop(RecordJob.objects.get(pk=job.pk))
        worker.ended()
    deliver()
    assert len(hook.received) == 1, "what follows waits for what failed"
    Delivery.objects.update(next_at=timezone.now())
    deliver()

    recording = Recording.objects.get()
    assert all(is_signed(each, hook.url()) for each in hook.received)
    assert [(each["EventType"], each["MessageBody"].get("State")) for each in hook.events[1:]] == [
        ("LiveRecordTaskStatus", "started"),
        ("LiveRecordTaskStatus", "stopped"),
        ("LiveRecordFileCreated", None),
    ]
    file = hook.events[-1]["MessageBody"]
    assert recording.range is not None
    assert file == {
        "JobId": dashed(job.pk),
        "JobName": "Main stage",
        "DomainName": "127.0.0.1",
        "AppName": "live",
        "StreamName": job.stream.name,
        "RecordId": record_id(recording.pk),
        "RecordUrl": f"https://media.oss.example.com/{recording.playlist}",
        "Format": "m3u8",
        "StartTime": file["StartTime"],
        "EndTime": file["EndTime"],
        "Duration": recording.range.duration / 1_000_000,
        "Width": 320,
        "Height": 180,
        "RecordOutput": {"Type": "oss", "Endpoint": "oss.example.com", "Bucket": "media"},
    }
    assert file["StartTime"].replace(":", "-").replace("T", "-").removesuffix("Z") in recording.playlist
