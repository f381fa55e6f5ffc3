"""The pages of callbacks."""

from __future__ import annotations

import re
from ipaddress import ip_network

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

from editing import queue
from editing.models import Bucket, Delivery, EventCallback, RecordJob
from editing.services import callbacks, record_jobs
from editing.worker import notify, outbox
from editing.worker.events import Event
from tests.conftest import signed_in
from tests.receiving import KEY, is_signed, receiver

SETTINGS = "/callbacks/settings/"


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "send", lambda name, *keys, queue: None)


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def told(user: User, *addresses: str, subject: str = "job") -> Delivery:
    with transaction.atomic():
        outbox.emit(Event("ProduceMediaComplete", subject, user.pk, {"Word": "<für>"}), *addresses)
    return Delivery.objects.latest("pk")


def test_an_editor_says_where_events_go_and_sees_a_test_arrive(ed: User, settings: LazySettings) -> None:
    settings.CALLBACK_NETWORKS = [ip_network("127.0.0.1")]
    client = signed_in(ed)
    assert "Nothing was told yet" in page(client, "/callbacks/")
    assert "There is no key yet" in page(client, SETTINGS)
    with receiver() as hook:
        given = {"own-address": hook.url(), "own-event_types": ["LiveRecordFileCreated"], "own-signs": "on",
                 "own-key": KEY}  # fmt: skip
        assert client.post(f"{SETTINGS}own/", given)["Location"] == SETTINGS
        shown = page(client, SETTINGS)
        assert hook.url() in shown
        assert "There is a key." in shown
        assert KEY not in shown
        assert "Events of everybody" not in shown

        sent = client.post(f"{SETTINGS}own/test/")["Location"]
        assert "On its way" in page(client, sent)
        notify.run(str(Delivery.objects.get().pk))

    assert is_signed(hook.received[0], hook.url())
    shown = page(client, sent)
    assert "Arrived" in shown
    assert "<strong>200</strong>" in shown
    assert "answered 200" in shown
    assert "hx-trigger" not in shown.partition('-status"')[2].partition(">")[0], "it asks no more"


def test_refusals_are_shown_at_their_field(ed: User) -> None:
    client = signed_in(ed)

    shown = client.post(f"{SETTINGS}own/", {"own-address": "here", "own-key": ""}).content.decode()
    assert re.search(r'name="own-address".*?Give an http or https address', shown, re.DOTALL)
    shown = client.post(f"{SETTINGS}own/", {"own-address": "https://a.example/", "own-signs": "on"}).content.decode()
    assert re.search(r'name="own-key".*?What is signed needs a key', shown, re.DOTALL)
    assert not EventCallback.objects.exists()


def test_a_new_key_is_shown_once_and_settings_are_removed(opal: User) -> None:
    client = signed_in(opal)

    shown = client.post(f"{SETTINGS}everybody/key/")

    key = callbacks.key_of(callbacks.of(None))
    assert key
    assert key in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert key not in page(client, SETTINGS)
    client.post(f"{SETTINGS}everybody/remove/")
    assert not EventCallback.objects.exists()


def test_everybodys_events_are_for_operators_and_viewers_have_none(ed: User, opal: User, vera: User) -> None:
    assert "Events of everybody" in page(signed_in(opal), SETTINGS)
    for verb in ("", "key/", "test/", "remove/"):
        assert signed_in(ed).post(f"{SETTINGS}everybody/{verb}").status_code == 404
        assert signed_in(vera).post(f"{SETTINGS}own/{verb}").status_code == 403
    assert signed_in(opal).post(f"{SETTINGS}nobody/").status_code == 404
    assert signed_in(vera).get(SETTINGS).status_code == 403
    assert signed_in(vera).get("/callbacks/").status_code == 200
    assert signed_in(opal).post(f"{SETTINGS}own/test/", follow=True).status_code == 200


def test_deliveries_are_filtered_and_paged_and_only_ones_own(ed: User, opal: User) -> None:
    for number in range(30):
        told(ed, f"https://a.example/{number}")
    theirs = told(opal, "https://opal.example/", subject="theirs")
    Delivery.objects.filter(address="https://a.example/7").update(state="failed", error="It answered 500.")
    client = signed_in(ed)

    first = page(client, "/callbacks/?event=ProduceMediaComplete")
    assert "https://a.example/29" in first
    assert "opal.example" not in first
    assert 'href="?event=ProduceMediaComplete&amp;page=2"' in first
    failed = page(client, "/callbacks/?state=failed&event=&job=")
    assert re.findall(r"https://a.example/\d+", failed) == ["https://a.example/7"]
    assert "It answered 500." in failed
    assert "None of these" in page(client, "/callbacks/?job=other")
    assert "Select a valid choice" in page(client, "/callbacks/?state=nonsense")
    assert "opal.example" in page(signed_in(opal), "/callbacks/?job=theirs")
    assert client.get(f"/callbacks/{theirs.pk}/").status_code == 404
    assert client.post(f"/callbacks/{theirs.pk}/redeliver/").status_code == 404


def test_one_is_shown_with_its_body_and_sent_again(ed: User, vera: User) -> None:
    delivery = told(ed, "https://a.example/")
    Delivery.objects.update(state="failed", error="It answered 500.", attempts=9)
    client = signed_in(ed)
    shown = page(client, f"/callbacks/{delivery.pk}/")
    assert "Given up" in shown
    assert "&quot;Word&quot;: &quot;&lt;für&gt;&quot;" in shown

    answer = client.post(f"/callbacks/{delivery.pk}/redeliver/").content.decode()

    assert "On its way" in answer
    assert "No worker has shown a sign of life" in answer
    assert Delivery.objects.get().state == "waiting"
    assert signed_in(vera).post(f"/callbacks/{delivery.pk}/redeliver/").status_code == 403


def test_what_was_told_of_a_job_is_found_from_its_page_and_back(opal: User, vera: User, media: Bucket) -> None:
    client = signed_in(opal)
    given = {"name": "Main", "url": "rtmp://example.com/live/main", "bucket": "media",
             "notify_url": "https://opal.example/?k=1"}  # fmt: skip
    client.post("/record-jobs/create/", given)
    job = RecordJob.objects.get()
    assert job.notify_url == "https://opal.example/?k=1"
    path = f"/record-jobs/{job.pk}/"
    assert "https://opal.example/?k=1" in page(client, path)
    assert "opal.example" not in page(signed_in(vera), path)
    assert "What was told of it" not in page(client, path)

    record_jobs.pause(job)

    assert f'href="/callbacks/?job={job.pk}"' in page(client, path)
    assert f'href="{path}"' in page(client, f"/callbacks/{Delivery.objects.get().pk}/")
    refused = client.post("/record-jobs/create/", {**given, "notify_url": "here"}).content.decode()
    assert "Give an http or https address" in refused
