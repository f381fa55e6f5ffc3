from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from editing import queue
from editing.models import Bucket, RecordJob
from editing.services import record_jobs, record_templates
from tests.conftest import signed_in

JOBS, TEMPLATES = "/api/v1/record-jobs/", "/api/v1/record-templates/"
URL = "rtmp://example.com/live/main?key=secret"


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "send", lambda name, *keys, queue: None)


@pytest.fixture
def client(opal: User, media: Bucket) -> Client:
    return signed_in(opal)


def post(client: Client, path: str, body: Any = None) -> Any:
    return client.post(path, body, content_type="application/json")


def created(client: Client, **values: Any) -> Any:
    return post(client, JOBS, {"name": "Main stage", "url": URL, "bucket": "media", **values})


def test_a_job_is_made_found_and_told_about(client: Client) -> None:
    answer = created(client, end_at="2099-01-01T00:00:00+01:00")

    job = answer.json()
    assert (answer.status_code, answer["Location"]) == (201, f"http://testserver{JOBS}{job['id']}/")
    assert client.get(f"{JOBS}{job['id']}/").json() == job
    assert {name: job[name] for name in ("name", "url", "bucket", "state", "template_name", "end_at", "held")} == {
        "name": "Main stage",
        "url": URL,
        "bucket": "media",
        "state": "initial",
        "template_name": "live editing",
        "end_at": "2098-12-31T23:00:00.000Z",
        "held": False,
    }
    assert job["stream"] == {"domain": "example.com", "app": "live", "stream": "main"}
    assert (job["vitals"], job["pauses"], [each["new"] for each in job["events"]]) == (None, [], ["initial"])
    listed = client.get(JOBS, {"state": "initial", "stream": "main"}).json()["results"]
    assert [each["id"] for each in listed] == [job["id"]]
    assert client.get(JOBS, {"state": "paused"}).json()["count"] == 0


def test_a_job_does_what_it_is_told(client: Client) -> None:
    path = f"{JOBS}{created(client).json()['id']}/"

    said = [post(client, f"{path}{verb}/").json()["state"] for verb in ("pause", "resume", "stop", "start")]
    refused = post(client, f"{path}resume/")

    assert said == ["paused", "started", "stopped", "initial"]
    assert (refused.status_code, refused.json()["code"]) == (409, "JobNotMovable")
    pauses = client.get(path).json()["pauses"]
    assert [pause["reason"] for pause in pauses] == ["paused by an operator", "stopped"]
    assert all(pause["end"].endswith("Z") for pause in pauses)


def test_what_a_worker_says_of_the_stream_is_shown(client: Client) -> None:
    path = f"{JOBS}{created(client).json()['id']}/"
    vitals = {
        "last_packet": 1795190400000000,
        "received": 5,
        "bitrate": 4_000_000,
        "fps": 25.0,
        "dropped": 1,
        "damaged": 1,
        "connections": 2,
        "spooled": 3,
        "reason": "nothing came",
        "fault": "",
        "warning": "",
    }
    RecordJob.objects.update(vitals=vitals)

    assert client.get(path).json()["vitals"] == {**vitals, "last_packet": "2026-11-20T16:00:00.000Z"}


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"url": "http://example.com/live/main"}, "InvalidInput", "url"),
        ({"end_at": "2020-01-01T00:00:00Z"}, "InvalidInput", "end_at"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(client: Client, values: Any, code: str, field: str) -> None:
    answer = created(client, **values)

    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, code, field)


@pytest.mark.parametrize("values", [{"bucket": "nowhere"}, {"template": "x"}, {"start_at": "soon"}, {"typo": 1}])
def test_a_malformed_request_names_its_field(client: Client, values: Any) -> None:
    answer = created(client, **values)

    assert answer.status_code in (400, 422)
    assert next(iter(values)) in answer.content.decode()
    assert RecordJob.objects.count() == 0


def test_name_callback_and_end_are_changed(client: Client) -> None:
    path = f"{JOBS}{created(client).json()['id']}/"

    answer = client.patch(path, {"name": "Other"}, content_type="application/json")

    assert answer.json()["name"] == "Other"
    assert client.patch(path, {"url": URL}, content_type="application/json").status_code in (400, 422)


def test_a_template_is_made_changed_and_deleted(client: Client) -> None:
    made = post(client, TEMPLATES, {"name": "own", "formats": [{"format": "m3u8", "slice_duration": 4}]})
    path = f"{TEMPLATES}{made.json()['id']}/"
    body = {"name": "mine", "formats": [{"format": "m3u8"}]}
    changed = client.put(path, body, content_type="application/json")

    assert (made.status_code, made.json()["kind"], made.json()["formats"][0]["slice_duration"]) == (201, "custom", 4)
    assert (changed.json()["name"], changed.json()["formats"][0]["slice_duration"]) == ("mine", 6)
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    names = [each["name"] for each in client.get(TEMPLATES, {"kind": "system", "ordering": "name"}).json()["results"]]
    assert names == ["live editing", "long segments"]


def test_a_shipped_template_stays(client: Client) -> None:
    answer = client.delete(f"{TEMPLATES}{record_templates.default().pk}/")

    assert (answer.status_code, answer.json()["code"]) == (403, "PermissionDenied")


def test_others_see_jobs_without_their_address_and_change_nothing(
    client: Client, opal: User, ed: User, vera: User
) -> None:
    job = record_jobs.create(opal, name="a", url=URL, bucket=Bucket.objects.get(name="media"))

    for user in (ed, vera):
        other = signed_in(user)
        assert other.get(f"{JOBS}{job.pk}/").json()["url"] is None
        assert created(other).status_code == 403
        assert post(other, f"{JOBS}{job.pk}/stop/").status_code == 403
        assert post(other, TEMPLATES, {}).status_code == 403
