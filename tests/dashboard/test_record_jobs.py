"""The pages of record jobs; what is recorded is for tests/worker/live."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from editing import queue
from editing.models import Bucket, Recording, RecordJob, Worker
from editing.services import record_jobs
from tests.conftest import signed_in

URL = "rtmp://example.com/live/main?key=secret"


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "send", lambda name, *keys, queue: None)


@pytest.fixture
def job(opal: User, media: Bucket) -> RecordJob:
    return record_jobs.create(opal, name="Main stage", url=URL, bucket=media)


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_operator_records_a_stream(opal: User, media: Bucket) -> None:
    client = signed_in(opal)
    assert "Nothing is recorded live yet" in page(client, "/record-jobs/")

    given = {"name": "Main stage", "url": URL, "bucket": "media", "end_at": "2099-01-01T00:00:00Z"}
    answer = client.post("/record-jobs/create/", given)

    job = RecordJob.objects.get()
    assert answer["Location"] == f"/record-jobs/{job.pk}/"
    assert (job.owner, job.url, str(job.stream), job.end_at) == (opal, URL, "example.com/live/main", 4070908800000000)
    shown = page(client, f"/record-jobs/{job.pk}/")
    assert "Looking for the stream" in shown
    assert "live editing: m3u8" in shown
    assert "No worker has shown a sign of life" in shown
    assert f'href="/record-jobs/{job.pk}/"' in page(client, "/record-jobs/")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"url": "ftp://example.com/live/main"}, "Give an address like rtmp://host/application/stream"),
        ({"end_at": "soon"}, "is not a date and time"),
        ({"end_at": "2020-01-01T00:00:00Z"}, "has passed"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_what_cannot_be_recorded_is_said_at_its_field(opal: User, media: Bucket, values: Any, says: str) -> None:
    given = {"name": "Main stage", "url": URL, "bucket": "media", **values}

    answer = signed_in(opal).post("/record-jobs/create/", given)

    assert says in answer.content.decode()
    assert RecordJob.objects.count() == 0


def test_a_job_is_paused_resumed_stopped_and_started(job: RecordJob, opal: User) -> None:
    client = signed_in(opal)

    said = {
        verb: client.post(f"/record-jobs/{job.pk}/{verb}/").content.decode()
        for verb in ("pause", "resume", "stop", "start")
    }

    assert ["Paused" in said["pause"], "Recording" in said["resume"], "Stopped" in said["stop"]] == [True] * 3
    assert "Looking for the stream" in said["start"]
    assert "only a paused one" in client.post(f"/record-jobs/{job.pk}/resume/").content.decode()
    assert client.post(f"/record-jobs/{job.pk}/nonsense/").status_code == 404


def test_a_job_shows_how_its_stream_is(job: RecordJob, media: Bucket, opal: User) -> None:
    recording = Recording.objects.create(
        stream=job.stream, bucket=media, record_job=job, source=URL, origin="x", start=0, end=6_000_000, ended=False
    )
    Worker.objects.create(name="live@1", queues="live", started_at=timezone.now(), seen_at=timezone.now())
    vitals = {"last_packet": 1795190400000000, "received": 5_000_000, "damaged": 1, "spooled": 0, "reason": "gone"}
    vitals |= {"bitrate": 4_710_000, "fps": 29.97, "dropped": 2}
    held = {"lease_token": "a", "lease_until": timezone.now() + timedelta(minutes=1)}
    RecordJob.objects.update(vitals=vitals, problem="The bucket is away.", recording=recording, **held)

    shown = page(signed_in(opal), f"/record-jobs/{job.pk}/status/")

    for words in (
        "The bucket is away.",
        "5.0 MB",
        "1 packet<",
        "4.7 Mbit/s, 30.0 pictures/s",
        "2 segments for which there was no room",
        "4.7 Mbit/s, 30.0 pictures/s",
        "2 segments for which there was no room",
        "gone",
        f'href="/recordings/{recording.pk}/"',
        "On air",
    ):
        assert words in shown
    assert "No worker" not in shown


def test_a_recording_that_is_growing_is_not_deleted(job: RecordJob, media: Bucket, opal: User) -> None:
    recording = Recording.objects.create(stream=job.stream, bucket=media, record_job=job, source=URL, origin="x")
    RecordJob.objects.update(recording=recording)

    answer = signed_in(opal).post(f"/recordings/{recording.pk}/delete/", follow=True)

    assert "stop the job first" in answer.content.decode()
    assert Recording.objects.count() == 1


def test_others_see_the_job_but_neither_its_address_nor_its_buttons(job: RecordJob, ed: User, vera: User) -> None:
    for user in (ed, vera):
        client = signed_in(user)
        shown = page(client, f"/record-jobs/{job.pk}/")
        assert "Main stage" in shown
        assert "secret" not in shown
        assert "hx-post" not in shown
        assert 'id="record"' not in page(client, "/record-jobs/")
        assert client.post(f"/record-jobs/{job.pk}/stop/").status_code == 403
        assert client.post("/record-jobs/create/").status_code == 403
