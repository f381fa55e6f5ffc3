"""What is published to our own RTMP server: who may, and what is recorded of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from editing import queue
from editing.errors import InvalidInput, NotFound, PermissionDenied
from editing.models import (
    Bucket,
    PauseReason,
    Publication,
    PublishingRule,
    RecordJob,
    RecordState,
    RecordTemplate,
    Stream,
    StreamKey,
)
from editing.services import publishing, record_jobs, stream_keys, streams
from editing.services.publishing import Publisher
from editing.timeline.clips import StreamName
from editing.worker import record_states

pytestmark = pytest.mark.django_db
OBS = Publisher(app="live", name="main", client="7", address="192.0.2.9", key="")
MAIN = StreamName("localhost", "live", "main")


@pytest.fixture(autouse=True)
def server(settings: Any) -> None:
    settings.RTMP_ADDRESS = "rtmp://localhost:1935"


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The jobs that the queue was told of."""
    found: list[str] = []
    monkeypatch.setattr(queue, "send", lambda name, *keys, queue: found.extend(keys))
    return found


def fall_silent(job: RecordJob) -> None:
    record_states.pause(job, PauseReason.SILENCE, "nothing came")


def test_what_is_published_is_recorded_by_its_applications_rule() -> None:
    long = RecordTemplate.objects.get(name="long segments")
    publishing.set_rule("live", auto_record=True, template=long, bucket=Bucket.objects.get(name="vod-media"))

    stream = publishing.begin(OBS)

    job = RecordJob.objects.get()
    assert (stream.full_name, job.stream, job.url) == (MAIN, stream, "rtmp://localhost:1935/live/main")
    assert (job.name, job.template, job.bucket.name, job.published) == ("live/main", long, "vod-media", True)
    assert list(Publication.objects.on_air().values_list("client", "address")) == [("7", "192.0.2.9")]


def test_without_auto_record_it_is_only_on_air() -> None:
    publishing.set_rule("live", auto_record=False)

    publishing.begin(OBS)

    assert (RecordJob.objects.count(), Publication.objects.on_air().count()) == (0, 1)


def test_a_publisher_who_comes_back_wakes_the_job(sent: list[str]) -> None:
    stream = publishing.begin(OBS)
    job = RecordJob.objects.get()
    publishing.end(OBS)
    fall_silent(job)
    assert not RecordJob.objects.wanting().exists()  # nobody looks for it, and no worker is kept busy
    sent.clear()

    publishing.begin(replace(OBS, client="8"))

    assert list(RecordJob.objects.wanting()) == [job]
    assert sent == [job.pk]
    assert Publication.objects.get().stream == stream


def test_a_stopped_job_begins_anew_and_a_paused_one_rests(opal: User) -> None:
    publishing.begin(OBS)
    job = RecordJob.objects.get()

    record_jobs.stop(job)
    publishing.begin(OBS)
    job.refresh_from_db()
    assert job.state == RecordState.INITIAL

    record_jobs.pause(job)
    publishing.begin(OBS)
    job.refresh_from_db()
    assert (job.state, job.pause_reason) == (RecordState.PAUSED, PauseReason.OPERATOR)


def test_a_publisher_that_is_not_heard_of_any_more_is_gone() -> None:
    publishing.begin(OBS)
    fall_silent(RecordJob.objects.get())
    Publication.objects.update(seen_at=timezone.now() - timedelta(minutes=1))
    assert not RecordJob.objects.wanting().exists()

    publishing.go_on(replace(OBS, client="9"))  # the server counts anew after a restart

    assert RecordJob.objects.wanting().exists()
    assert Publication.objects.get().client == "9"


def test_one_who_was_not_let_in_ends_nobody_elses_stream() -> None:
    publishing.begin(OBS)

    publishing.end(replace(OBS, client="8"))

    assert Publication.objects.on_air().exists()


@pytest.mark.parametrize(
    ("given", "right", "says"),
    [("", True, "its key is missing"), ("guess", True, "its key is wrong"), ("guess", False, "it has no key yet")],
)
def test_off_this_machine_a_stream_needs_its_key(
    settings: Any, caplog: pytest.LogCaptureFixture, given: str, right: bool, says: str
) -> None:
    settings.RTMP_KEYS = True
    if right:
        stream_keys.rotate(streams.get_or_create(MAIN))

    with pytest.raises(PermissionDenied):
        publishing.begin(replace(OBS, key=given))

    assert f"Publishing live/main from 192.0.2.9 was refused: {says}" in caplog.text
    assert Publication.objects.count() == RecordJob.objects.count() == 0
    assert Stream.objects.count() == int(right)  # strangers add nothing


def test_the_right_key_opens_and_another_one_ends_it(settings: Any) -> None:
    settings.RTMP_KEYS = True
    stream = streams.get_or_create(MAIN)
    key = stream_keys.rotate(stream)
    obs = replace(OBS, key=key)
    publishing.begin(obs)
    publishing.go_on(obs)
    assert stream_keys.key_of(stream) == key
    assert key.encode() not in bytes(StreamKey.objects.get().encrypted_key)

    assert stream_keys.rotate(stream) != key

    with pytest.raises(PermissionDenied):
        publishing.go_on(obs)


def test_a_key_holds_on_this_machine_too_until_it_is_removed() -> None:
    stream = streams.get_or_create(MAIN)
    stream_keys.rotate(stream)
    with pytest.raises(PermissionDenied):
        publishing.begin(OBS)

    stream_keys.remove(stream)

    assert publishing.begin(OBS) == stream


def test_a_key_that_cannot_be_read_any_more_opens_to_nobody(settings: Any) -> None:
    stream = streams.get_or_create(MAIN)
    stream_keys.rotate(stream)
    settings.SECRET_KEY = "another one"

    assert stream_keys.key_of(stream) is None
    assert stream_keys.fits(MAIN, "") is False


def test_names_and_applications_that_cannot_be_are_refused() -> None:
    with pytest.raises(PermissionDenied, match="no such application"):
        publishing.begin(replace(OBS, app="other"))
    with pytest.raises(InvalidInput):
        publishing.begin(replace(OBS, name="a b"))
    with pytest.raises(NotFound):
        publishing.set_rule("other", auto_record=True)
    assert PublishingRule.objects.count() == 0


def test_jobs_follow_a_server_that_listens_elsewhere(opal: User, media: Bucket) -> None:
    publishing.begin(OBS)
    other = record_jobs.create(opal, name="b", url="rtmp://example.com/live/main", bucket=media)

    publishing.settle("rtmp://localhost:1936")

    assert set(RecordJob.objects.values_list("url", "published")) == {
        ("rtmp://localhost:1936/live/main", True),
        (other.url, False),
    }
    assert Publication.objects.count() == 0
