"""Publishing to us over REST."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from editing import queue
from editing.models import PublishingRule, RecordTemplate
from editing.services import publishing
from editing.services.publishing import Publisher
from tests.conftest import signed_in

STREAMS, RULES = "/api/v1/published-streams/", "/api/v1/publishing-rules/"


@pytest.fixture(autouse=True)
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RTMP_ADDRESS = "rtmp://localhost:1935"
    monkeypatch.setattr(queue, "send", lambda name, *keys, queue: None)


def test_a_stream_gets_a_key_another_one_and_none(opal: User) -> None:
    client = signed_in(opal)

    made = client.post(STREAMS, {"app": "live", "stream": "main"}, content_type="application/json")

    stream = made.json()
    assert (made.status_code, made["Location"]) == (201, f"http://testserver{STREAMS}{stream['id']}/")
    assert stream["stream"] == {"domain": "localhost", "app": "live", "stream": "main"}
    assert stream["publish_url"] == f"rtmp://localhost:1935/live/main?key={stream['key']}"
    path = f"{STREAMS}{stream['id']}/key/"
    assert client.post(path).json()["key"] not in (stream["key"], None)
    assert client.delete(path).status_code == 204
    assert client.get(f"{STREAMS}{stream['id']}/").json()["key"] is None


def test_it_says_who_is_on_air_and_shows_keys_to_operators_only(opal: User, vera: User) -> None:
    publishing.invite("live", "other")
    publishing.begin(Publisher("live", "main", "1", "192.0.2.9", ""))

    listed = signed_in(vera).get(STREAMS).json()["results"]

    assert [(each["stream"]["stream"], bool(each["on_air"]), each["key"]) for each in listed] == [
        ("main", True, None),
        ("other", False, None),
    ]
    assert listed[0]["on_air"]["address"] == "192.0.2.9"
    assert [each["publish_url"] for each in listed] == [None, None]
    assert signed_in(opal).get(STREAMS, {"stream": "other"}).json()["results"][0]["key"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"app": "other", "stream": "main"}, 422, "app"),
        ({"app": "live", "stream": "a b"}, 422, "stream"),
        ({"app": "live"}, 400, "stream"),
    ],
)
def test_what_cannot_be_published_is_refused_by_its_field(opal: User, body: Any, status: int, field: str) -> None:
    answer = signed_in(opal).post(STREAMS, body, content_type="application/json")

    assert (answer.status_code, answer.json()["field"]) == (status, field)


def test_an_applications_rule_is_replaced(opal: User) -> None:
    client, template = signed_in(opal), RecordTemplate.objects.get(name="long segments")
    assert client.get(RULES).json() == [{"app": "live", "auto_record": True, "template": None, "bucket": None}]

    body = {"auto_record": False, "template": template.pk, "bucket": "media"}
    answer = client.put(f"{RULES}live/", body, content_type="application/json")

    assert answer.json() == {"app": "live", **body}
    assert PublishingRule.objects.get().auto_record is False
    assert client.put(f"{RULES}other/", body, content_type="application/json").status_code == 422


def test_others_change_nothing(ed: User, opal: User) -> None:
    stream = publishing.invite("live", "main")
    client = signed_in(ed)

    answers = [
        client.post(STREAMS, {"app": "live", "stream": "x"}, content_type="application/json"),
        client.post(f"{STREAMS}{stream.pk}/key/"),
        client.delete(f"{STREAMS}{stream.pk}/key/"),
        client.put(f"{RULES}live/", {"auto_record": False}, content_type="application/json"),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4


def test_without_a_server_there_are_none(opal: User, settings: Any) -> None:
    settings.RTMP_ADDRESS = ""

    assert signed_in(opal).get(STREAMS).json()["count"] == 0
    answer = signed_in(opal).post(STREAMS, {"app": "live", "stream": "main"}, content_type="application/json")
    assert (answer.status_code, answer.json()["detail"]) == (404, "There is no RTMP server here.")
