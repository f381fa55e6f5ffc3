"""The clips of a live project on the API: read, and replaced by compare-and-set."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from editing.models import Bucket, Project, Recording
from editing.services import project_clips, projects
from editing.services.project_storage import Business
from tests.conftest import signed_in

STREAM = {"domain": "example.com", "app": "live", "stream": "main"}
ONE = {"stream": STREAM, "start": "2026-11-20T10:00:01.000Z", "end": "2026-11-20T10:00:03.000Z", "cover": None}
TWO = ONE | {"end": "2026-11-20T10:00:02.000Z", "cover": "2026-11-20T10:00:01.500Z"}


@pytest.fixture
def project(ed: User, recording: Recording, media: Bucket) -> Project:
    return projects.create(ed, title="Match", kind=Project.Kind.LIVE, business=Business(bucket=media))


def put(user: User, project: Project, revision: Any, *clips: Any) -> tuple[int, Any]:
    body = {"revision": revision, "clips": clips}
    answer = signed_in(user).put(f"/api/v1/projects/{project.pk}/clips/", body, content_type="application/json")
    return answer.status_code, answer.json()


def read(user: User, project: Project) -> Any:
    return signed_in(user).get(f"/api/v1/projects/{project.pk}/clips/").json()


def test_clips_are_read_replaced_and_said_again(ed: User, project: Project, client: Client) -> None:
    assert read(ed, project) == {"revision": 0, "clips": []}

    status, first = put(ed, project, 0, ONE, TWO)
    assert (status, first["revision"]) == (200, 1)
    assert [{**clip, "id": None} for clip in first["clips"]] == [{**clip, "id": None} for clip in (ONE, TWO)]
    assert read(ed, project) == first

    status, second = put(ed, project, 1, *reversed(first["clips"]))
    assert (status, second) == (200, {"revision": 2, "clips": first["clips"][::-1]})
    assert put(ed, project, 2) == (200, {"revision": 3, "clips": []})
    kept = Project.objects.get()
    assert (kept.changed_by, kept.materials.get().stream) == ("LiveEditingOpenAPI", "main")


def test_the_page_shows_what_a_program_has_put_there(ed: User, project: Project, recording: Recording) -> None:
    project_clips.work_on(ed, project)
    _, said = put(ed, project, 0, ONE)

    page = signed_in(ed).get(f"/recordings/{recording.pk}/").content.decode()

    assert said["clips"][0]["id"] in page


def test_what_others_have_changed_is_not_replaced(ed: User, opal: User, project: Project) -> None:
    put(opal, project, 0, TWO)

    status, refused = put(ed, project, 0, ONE)

    assert (status, refused["code"], refused["field"]) == (409, "ClipsChanged", "revision")
    assert [clip["end"] for clip in read(ed, project)["clips"]] == [TWO["end"]]


@pytest.mark.parametrize(
    ("clips", "status", "field"),
    [
        ([ONE | {"end": ONE["start"]}], 422, "clips[0].end"),
        ([ONE, ONE | {"cover": "2026-11-20T11:00:00Z"}], 422, "clips[1].cover"),
        ([TWO, TWO], 422, "clips[1].cover"),
        ([ONE | {"stream": STREAM | {"stream": "nobody"}}], 422, "clips[0].stream"),
        ([ONE | {"id": "0123abcd"}] * 2, 422, "clips"),
        ([ONE | {"id": "x"}], 400, "clips[0].id"),
        ([ONE | {"end": "soon"}], 400, "clips[0].end"),
        ([ONE | {"mode": "Rough"}], 400, "clips[0].mode"),
        ([7], 400, "clips[0]"),
        ([ONE] * 501, 400, "clips"),
    ],
)
def test_what_is_wrong_is_named(ed: User, project: Project, clips: list[Any], status: int, field: str) -> None:
    refused, body = put(ed, project, 0, *clips)

    assert (refused, body["field"]) == (status, field)
    assert read(ed, project)["revision"] == 0


@pytest.mark.parametrize("revision", [-1, 1 << 31, "x", None, 1.5])
def test_a_revision_is_a_number_that_can_be(ed: User, project: Project, revision: Any) -> None:
    status, body = put(ed, project, revision, ONE)

    assert (status, body["field"]) == (400, "revision")


def test_an_ordinary_project_has_none(ed: User, recording: Recording) -> None:
    project = projects.create(ed, title="x")

    assert read(ed, project)["clips"] == []
    assert put(ed, project, 0, ONE)[0] == 422


def test_viewers_read_and_change_nothing(vera: User, sam: User, project: Project) -> None:
    assert read(vera, project)["revision"] == 0
    assert put(vera, project, 0, ONE)[0] == 403
    assert put(sam, project, 0, ONE)[0] == 403
