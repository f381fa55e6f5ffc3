"""Editing projects on the API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from editing.models import Bucket, Project, Recording
from tests.conftest import MAIN, signed_in
from tests.services.test_editing_jobs import clip, submit

PROJECTS = "/api/v1/projects/"
LIVE = {
    "title": "Match",
    "kind": "LiveEditingProject",
    "bucket": "media",
    "folder": "matches/1",
    "reserved_at": "2026-11-20T10:00:00+01:00",
    "streams": [{"domain": "example.com", "app": "live", "stream": "main"}],
}


@pytest.fixture
def client(ed: User) -> Client:
    return signed_in(ed)


def post(client: Client, body: dict[str, Any]) -> Any:
    return client.post(PROJECTS, body, content_type="application/json")


def test_a_live_project_is_created_read_changed_and_deleted(client: Client) -> None:
    answer = post(client, LIVE)

    project = Project.objects.get()
    assert (answer.status_code, answer["Location"]) == (201, f"http://testserver{PROJECTS}{project.pk}/")
    made = project.created_at.isoformat().replace("+00:00", "Z")
    assert answer.json() == {
        "id": project.pk,
        "kind": "LiveEditingProject",
        "title": "Match",
        "description": "",
        "cover_url": "",
        "state": "Draft",
        "business_state": "Reserving",
        "error": None,
        "duration": 0.0,
        "bucket": "media",
        "folder": "matches/1",
        "reserved_at": "2026-11-20T09:00:00Z",
        "created_by": "OpenAPI",
        "changed_by": "OpenAPI",
        "created_at": made,
        "changed_at": project.changed_at.isoformat().replace("+00:00", "Z"),
        "timeline": {},
        "materials": {
            "media_assets": [],
            "streams": [{"domain": "example.com", "app": "live", "stream": "main"}],
            "projects": [],
        },
        "events": [],
    }
    assert json.loads(project.business_config) == {
        "OutputMediaConfig": {"StorageLocation": "media.oss.example.com", "Path": "matches/1"},
        "OutputMediaTarget": "oss-object",
        "ReservationTime": "2026-11-20T09:00:00.000Z",
    }
    changes = {"business_state": "ReservationCanceled", "timeline": {"AudioTracks": [{}]}}
    changed = client.patch(f"{PROJECTS}{project.pk}/", changes, content_type="application/json").json()
    assert (changed["business_state"], changed["state"], changed["timeline"]) == (
        "ReservationCanceled", "Editing", {"AudioTracks": [{}]},
    )  # fmt: skip
    assert changed == client.get(f"{PROJECTS}{project.pk}/").json()
    assert client.delete(f"{PROJECTS}{project.pk}/").status_code == 204
    assert client.get(f"{PROJECTS}{project.pk}/").status_code == 404
    assert client.get(PROJECTS).json()["results"] == []


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"title": ""}, 400, "title"),
        ({"nonsense": 1}, 400, "nonsense"),
        ({"timeline": {"VideoTracks": 1}}, 422, "timeline"),
        ({"timeline": []}, 400, "timeline"),
        ({"bucket": "nobody"}, 400, "bucket"),
        ({"folder": "../x"}, 422, "folder"),
        ({"reserved_at": "soon"}, 400, "reserved_at"),
    ],
)
def test_what_is_wrong_is_named(client: Client, changes: dict[str, Any], status: int, field: str) -> None:
    answer = post(client, LIVE | changes)

    assert answer.status_code == status
    assert field in answer.content.decode()
    assert not Project.objects.exists()


def test_jobs_are_listed_by_their_project(client: Client, recording: Recording, ed: User) -> None:
    post(client, LIVE)
    job = submit(ed, clip(stream=MAIN), project=Project.objects.get())
    submit(ed, clip(), key="other.mp4")

    jobs = client.get("/api/v1/editing-jobs/", {"project": Project.objects.get().pk}).json()["results"]

    assert [each["id"] for each in jobs] == [job.pk]
    assert client.get(PROJECTS, {"state": "Producing", "kind": "LiveEditingProject"}).json()["count"] == 1
    assert client.get(PROJECTS, {"state": "Draft"}).json()["count"] == 0


def test_viewers_look_and_change_nothing(client: Client, vera: User, media: Bucket) -> None:
    post(client, LIVE)
    address = f"{PROJECTS}{Project.objects.get().pk}/"
    looking = signed_in(vera)

    assert looking.get(address).status_code == 200
    assert post(looking, LIVE).status_code == 403
    assert looking.patch(address, {}, content_type="application/json").status_code == 403
    assert looking.delete(address).status_code == 403
