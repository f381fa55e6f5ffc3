"""What our RTMP server asks: it shows the secret, and what a publisher adds does not pass for the server's words."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import DatabaseError
from django.test import Client

from editing import queue
from editing.models import Publication, RecordJob
from editing.services import publishing, stream_keys, streams
from editing.timeline.clips import StreamName

pytestmark = pytest.mark.django_db
SAID = (
    "app=live&flashver=FMLE%2F3.0&tcurl=rtmp%3A%2F%2Fexample.com%2Flive&addr=192.0.2.9&clientid=3&name=main&type=live"
)


@pytest.fixture(autouse=True)
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RTMP_ADDRESS = "rtmp://localhost:1935"
    monkeypatch.setattr(queue, "send", lambda name, *keys, queue: None)


def call(what: str, added: str = "", secret: str | None = None) -> int:
    query = urlencode({"secret": publishing.secret() if secret is None else secret})
    client = Client(enforce_csrf_checks=True)
    body = f"{SAID}&{added}"
    return client.post(f"/rtmp/{what}/?{query}", body, content_type="application/x-www-form-urlencoded").status_code


def test_a_publisher_comes_stays_and_leaves() -> None:
    assert call("begin") == 204
    assert str(Publication.objects.get()) == "localhost/live/main from 192.0.2.9"
    assert str(RecordJob.objects.get().stream) == "localhost/live/main"
    assert call("go-on") == 204
    assert call("end") == 204
    assert Publication.objects.count() == 0


@pytest.mark.parametrize("secret", ["", "x", "é"])
def test_only_our_server_is_answered(secret: str) -> None:
    assert [call(what, secret=secret) for what in ("begin", "go-on", "end")] == [403] * 3
    assert Publication.objects.count() == 0


def test_what_a_publisher_adds_does_not_name_another_stream() -> None:
    assert call("begin", "name=other&app=secret&addr=127.0.0.1&clientid=1") == 204
    assert str(Publication.objects.get()) == "localhost/live/main from 192.0.2.9"


def test_the_key_is_what_a_publisher_adds() -> None:
    key = stream_keys.rotate(streams.get_or_create(StreamName("localhost", "live", "main")))

    assert [call("begin", added) for added in ("", "key=x", f"key={key}")] == [403, 403, 204]
    stream_keys.rotate(streams.get_or_create(StreamName("localhost", "live", "main")))
    assert call("go-on", f"key={key}") == 403


def test_a_fault_of_ours_ends_no_stream_that_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(publisher: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(publishing, "go_on", away)

    assert call("go-on") == 204
