"""The wall: what is on air, as it looks now."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from editing import queue, storage
from editing.models import Bucket, Recording, RecordJob
from editing.services import on_air, publishing, record_jobs
from editing.services.publishing import Publisher
from editing.timeline.instant import SECOND, from_datetime
from tests.conftest import signed_in

URL = "rtmp://example.com/live/main"


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "send", lambda name, *keys, queue: None)


@pytest.fixture
def job(opal: User, media: Bucket, recording: Recording) -> RecordJob:
    """One that records the sample as if it were live."""
    found = record_jobs.create(opal, name="Main stage", url=URL, bucket=media)
    now = timezone.now()
    Recording.objects.update(ended=False, record_job=found, end=from_datetime(now) - 4 * SECOND)
    RecordJob.objects.update(
        recording=recording,
        state="started",
        lease_token="x",
        lease_until=now + timezone.timedelta(minutes=1),
        vitals={"last_packet": from_datetime(now)},
    )
    found.refresh_from_db()
    return found


def wall(user: User) -> str:
    answer = signed_in(user).get("/on-air/cards/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_an_empty_wall_says_how_to_fill_it(vera: User) -> None:
    assert "Nothing is on air" in wall(vera)
    assert 'href="/publish/"' in wall(vera)


def test_a_stream_that_is_recorded_shows_its_newest_picture(job: RecordJob, vera: User) -> None:
    shown = wall(vera)

    newest = job.recording.segments.order_by("-start")[0]
    picture = f"/streams/{job.stream_id}/pictures/{newest.pk}.jpg"
    assert f'src="{picture}"' in shown
    assert f'href="/recordings/{job.recording_id}/#live"' in shown
    assert "On air" in shown
    assert "s behind live" in shown
    answer = signed_in(vera).get(picture)
    assert (answer["Content-Type"], answer.content[:2]) == ("image/jpeg", b"\xff\xd8")
    assert "immutable" in answer["Cache-Control"]


def test_a_picture_is_made_once(job: RecordJob, vera: User, monkeypatch: pytest.MonkeyPatch) -> None:
    newest = job.recording.segments.order_by("-start")[0]
    path = f"/streams/{job.stream_id}/pictures/{newest.pk}.jpg"
    assert signed_in(vera).get(path).status_code == 200
    storage.delete(job.bucket, newest.key)

    assert signed_in(vera).get(path).status_code == 200


def test_a_silent_stream_is_off_air_and_comes_last(job: RecordJob, vera: User, settings: Any) -> None:
    settings.RTMP_ADDRESS = "rtmp://localhost:1935"
    publishing.set_rule("live", auto_record=False)
    publishing.begin(Publisher("live", "guest", "1", "192.0.2.9", ""))
    RecordJob.objects.update(vitals={"last_packet": from_datetime(timezone.now()) - 60 * SECOND})

    cards = on_air.streams(vera)

    assert [(card.stream.name, card.receiving) for card in cards] == [("guest", True), ("main", False)]
    shown = wall(vera)
    assert "published from 192.0.2.9" in shown
    assert "Not recorded" in shown
    assert "Off air" in shown


def test_a_stopped_job_leaves_the_wall(job: RecordJob, vera: User) -> None:
    record_jobs.stop(job)
    Recording.objects.update(ended=True)

    assert on_air.streams(vera) == []


def test_who_may_see_nothing_sees_no_picture(job: RecordJob, sam: User) -> None:
    newest = job.recording.segments.order_by("-start")[0]

    assert signed_in(sam).get(f"/streams/{job.stream_id}/pictures/{newest.pk}.jpg").status_code == 403
    assert signed_in(sam).get("/on-air/").status_code == 403
