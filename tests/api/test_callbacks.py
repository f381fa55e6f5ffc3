"""Callbacks over the JSON API; how they are delivered is for tests/worker/test_notify.py."""

from __future__ import annotations

import base64
from ipaddress import ip_network
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

from editing import queue
from editing.models import Bucket, Delivery, EventCallback
from editing.services import callbacks
from editing.worker import notify, outbox
from editing.worker.events import Event
from tests.conftest import signed_in
from tests.receiving import KEY, is_signed, receiver

OWN, EVERYBODY = "/api/v1/event-callbacks/own/", "/api/v1/event-callbacks/everybody/"
DELIVERIES = "/api/v1/callback-deliveries/"


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "send", lambda name, *keys, queue: None)


def send(client: Client, method: str, path: str, body: Any = None) -> Any:
    return getattr(client, method)(path, body, content_type="application/json")


def told(user: User, *addresses: str, subject: str = "job") -> None:
    with transaction.atomic():
        outbox.emit(Event("ProduceMediaComplete", subject, user.pk, {"JobId": subject}), *addresses)


def test_events_are_sent_where_one_says_and_nowhere_any_more(ed: User) -> None:
    client = signed_in(ed)
    nothing = {"address": "", "event_types": [], "signs": False, "has_key": False, "changed_at": None}
    assert client.get(OWN).json() == nothing

    given = {"address": "https://ed.example/hook", "event_types": ["ProduceMediaComplete"], "signs": True, "key": KEY}
    answer = send(client, "put", OWN, given)

    assert answer.status_code == 200
    assert client.get(OWN).json() == answer.json()
    assert {name: answer.json()[name] for name in ("address", "event_types", "signs", "has_key")} == {
        "address": "https://ed.example/hook",
        "event_types": ["ProduceMediaComplete"],
        "signs": True,
        "has_key": True,
    }
    assert KEY not in str(answer.json())
    assert KEY.encode() not in bytes(EventCallback.objects.get().encrypted_key)
    assert client.delete(OWN).status_code == 204
    assert client.get(OWN).json() == nothing


def test_what_is_not_given_of_the_key_stays(ed: User) -> None:
    client = signed_in(ed)
    send(client, "put", OWN, {"address": "https://ed.example/", "signs": True, "key": KEY})

    send(client, "put", OWN, {"address": "https://other.example/"})

    callback = callbacks.of(ed)
    assert (callback.address, callback.signs, callbacks.key_of(callback)) == ("https://other.example/", True, KEY)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"address": "ftp://a.example/"}, "address"),
        ({"address": "https://a.example/" + "x" * 256}, "address"),
        ({"event_types": ["ProduceMediaComplet"]}, "event_types[0]"),
        ({"key": "lettersonly"}, "key"),
        ({"key": "Aa1" * 11}, "key"),
        ({"key": "Aa1 ü"}, "key"),
        ({"signs": True}, "key"),
        ({"adress": ""}, "adress"),
    ],
)
def test_what_cannot_be_is_refused_by_name(ed: User, change: dict[str, Any], field: str) -> None:
    answer = send(signed_in(ed), "put", OWN, {"address": "https://a.example/", **change})

    assert (answer.status_code in (400, 422), answer.json()["field"]) == (True, field)
    assert not EventCallback.objects.exists()


def test_a_new_key_is_shown_once_in_both_spellings(ed: User) -> None:
    client = signed_in(ed)
    answer = send(client, "post", f"{OWN}key/")

    key = answer.json()["key"]
    assert answer["Cache-Control"] == "no-store"
    assert base64.b64decode(answer.json()["secret"].removeprefix("whsec_")).decode() == key
    assert len(key) == 32
    assert callbacks.key_of(callbacks.of(ed)) == key
    assert (client.get(OWN).json()["signs"], key in client.get(OWN).content.decode()) == (True, False)
    assert send(client, "post", f"{OWN}key/").json()["key"] != key


def test_operators_alone_say_where_everybodys_events_go(ed: User, opal: User) -> None:
    given = {"address": "https://all.example/"}
    calls = (("get", EVERYBODY), ("put", EVERYBODY), ("delete", EVERYBODY), ("post", f"{EVERYBODY}key/"),
             ("post", f"{EVERYBODY}test/"))  # fmt: skip
    for method, path in calls:
        assert send(signed_in(ed), method, path, given).status_code == 403

    assert send(signed_in(opal), "put", EVERYBODY, given).status_code == 200
    assert EventCallback.objects.get().user is None
    assert signed_in(opal).get(OWN).json()["address"] == ""


def test_a_test_is_sent_to_the_address(ed: User, settings: LazySettings) -> None:
    settings.CALLBACK_NETWORKS = [ip_network("127.0.0.1")]
    client = signed_in(ed)
    refused = send(client, "post", f"{OWN}test/")
    assert (refused.status_code, refused.json()["field"]) == (422, "address")
    with receiver() as hook:
        send(client, "put", OWN, {"address": hook.url(), "event_types": ["ProduceMediaComplete"], "signs": True,
                                  "key": KEY})  # fmt: skip
        answer = send(client, "post", f"{OWN}test/")
        notify.run(str(answer.json()["id"]))

    assert answer.status_code == 202
    assert hook.events[0]["EventType"] == "CallbackTest"
    assert is_signed(hook.received[0], hook.url())
    assert client.get(f"{DELIVERIES}{answer.json()['id']}/").json()["state"] == "delivered"


def test_deliveries_are_listed_filtered_and_shown_to_those_they_concern(ed: User, opal: User) -> None:
    told(ed, "https://a.example/", "https://b.example/", subject="first")
    told(opal, "https://a.example/", subject="second")
    Delivery.objects.filter(address="https://b.example/").update(state="failed")

    listed = signed_in(ed).get(DELIVERIES).json()["results"]
    assert [each["address"] for each in listed] == ["https://b.example/", "https://a.example/"]
    assert set(listed[0]) == {"id", "message_id", "event", "job", "address", "state", "attempts", "status", "error",
                              "next_at", "created_at", "ended_at"}  # fmt: skip
    theirs = Delivery.objects.get(subject="second")
    assert signed_in(ed).get(f"{DELIVERIES}{theirs.pk}/").status_code == 404

    operator = signed_in(opal)
    wanted: list[tuple[dict[str, str], int]] = [
        ({}, 3),
        ({"state": "failed"}, 1),
        ({"job": "second"}, 1),
        ({"event": "Other"}, 0),
        ({"address": "https://a.example/"}, 2),
        ({"created_before": "2020-01-01T00:00:00Z"}, 0),
    ]
    for filters, count in wanted:
        assert operator.get(DELIVERIES, filters).json()["count"] == count, filters
    shown = operator.get(f"{DELIVERIES}{theirs.pk}/").json()
    assert (shown["body"], shown["tries"]) == (theirs.body, [])


def test_a_delivery_is_sent_again_by_its_owner(ed: User, opal: User) -> None:
    told(ed, "https://a.example/")
    Delivery.objects.update(state="failed", attempts=9)
    path = f"{DELIVERIES}{Delivery.objects.get().pk}/redeliver/"

    answer = send(signed_in(ed), "post", path)

    assert (answer.status_code, answer.json()["state"], answer.json()["attempts"]) == (202, "waiting", 0)
    assert send(signed_in(opal), "post", path).status_code == 202


def test_a_record_jobs_address_is_set_changed_and_shown_to_operators(opal: User, vera: User, media: Bucket) -> None:
    client = signed_in(opal)
    body = {"name": "Main", "url": "rtmp://example.com/live/main", "bucket": "media"}
    plain = send(client, "post", "/api/v1/record-jobs/", body).json()
    assert plain["notify_url"] == ""

    job = send(client, "post", "/api/v1/record-jobs/", {**body, "notify_url": "https://a.example/?k=1"}).json()
    assert job["notify_url"] == "https://a.example/?k=1"
    path = f"/api/v1/record-jobs/{job['id']}/"
    assert signed_in(vera).get(path).json()["notify_url"] is None
    assert (
        send(client, "patch", path, {"notify_url": "https://b.example/"}).json()["notify_url"] == "https://b.example/"
    )
    assert send(client, "patch", path, {"name": "Other"}).json()["notify_url"] == "https://b.example/"
    refused = send(client, "patch", path, {"notify_url": "b.example"})
    assert (refused.status_code, refused.json()["field"]) == (422, "notify_url")
