"""Editing projects through Alibaba's own Python SDK against a running studio."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from alibabacloud_ice20201109 import models
from alibabacloud_ice20201109.client import Client

from tests.installation import Installation
from tests.rpc.calling import Caller
from tests.rpc.test_sdk import client_of, finished, refusal, submission

pytestmark = pytest.mark.servers
LIVE = '[{"appName":"live","domainName":"example.com","liveUrl":"rtmp://example.com/live/main","streamName":"main"}]'


@pytest.fixture(params=["", "v2"], ids=["ACS3-HMAC-SHA256", "HMAC-SHA1"])
def client(studio: Installation, operator: Caller, request: pytest.FixtureRequest) -> Client:
    return client_of(studio, operator, **({"signature_algorithm": request.param} if request.param else {}))


def test_the_way_of_a_live_project_from_reservation_to_an_edited_clip(client: Client, tmp_path: Path) -> None:
    config = {"OutputMediaConfig": {"StorageLocation": "media.oss.example.com", "Path": tmp_path.name},
              "OutputMediaTarget": "oss-object", "ReservationTime": "2999-06-21T08:05:00Z"}  # fmt: skip
    project = client.create_editing_project(
        models.CreateEditingProjectRequest(
            title="Mätch", project_type="LiveEditingProject", business_config=json.dumps(config)
        )
    ).body.project
    assert (project.status, project.status_name, project.business_status) == (1, "Draft", "Reserving")
    assert (project.duration, project.create_source) == (0.0, "LiveEditingOpenAPI")
    key = project.project_id
    attached = client.add_editing_project_materials(
        models.AddEditingProjectMaterialsRequest(project_id=key, material_maps=json.dumps({"liveStream": LIVE}))
    ).body
    assert (attached.project_id, attached.live_materials[0].stream_name) == (key, "main")
    client.update_editing_project(
        models.UpdateEditingProjectRequest(project_id=key, title="Final", business_status="ReservationCanceled")
    )

    submitted = client.submit_live_editing_job(submission("ignored.mp4", project_id=key)).body
    assert submitted.media_url.startswith(f"https://media.oss.example.com/{tmp_path.name}/live-main-")
    job = finished(client, submitted.job_id)
    assert (job.status, job.project_id) == ("Success", key)

    told = in_state(client, key, "Produced")
    assert (told.title, told.business_status, told.duration) == ("Final", "ReservationCanceled", 0.0)
    timeline = {"VideoTracks": [{"VideoTrackClips": [{"MediaId": job.media_id}, {"MediaId": job.media_id, "Out": 1}]}]}
    edited = converted(client, json.dumps(timeline))
    (track,) = json.loads(edited.timeline)["VideoTracks"]
    assert [clip["TimelineIn"] for clip in track["VideoTrackClips"]] == [0, pytest.approx(2, abs=0.1)]
    materials = client.get_editing_project_materials(
        models.GetEditingProjectMaterialsRequest(project_id=edited.project_id)
    ).body
    assert [info.media_id for info in materials.media_infos] == [job.media_id]
    client.delete_editing_project_materials(
        models.DeleteEditingProjectMaterialsRequest(
            project_id=edited.project_id, material_ids=job.media_id, material_type="video"
        )
    )


def in_state(client: Client, key: str, state: str) -> models.GetEditingProjectResponseBodyProject:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        project = client.get_editing_project(models.GetEditingProjectRequest(project_id=key)).body.project
        if project.status == state:
            return project
        time.sleep(0.1)
    pytest.fail(f"The project is still {project.status}.")


def converted(client: Client, timeline: str) -> models.GetEditingProjectResponseBodyProject:
    """As a web editor waits for it; the timeline travels in the body."""
    request = models.CreateEditingProjectRequest(title="Edit", timeline=timeline)
    key = client.create_editing_project(request).body.project.project_id
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        asked = models.GetEditingProjectRequest(project_id=key, request_source="WebSDK")
        project = client.get_editing_project(asked).body.project
        if project.timeline_convert_status == "Converted":
            return project
        time.sleep(0.1)
    pytest.fail(f"{project.timeline_convert_status}: {project.timeline_convert_error_message}")


def test_projects_are_searched_listed_and_deleted(client: Client, tmp_path: Path) -> None:
    keys = [
        client.create_editing_project(models.CreateEditingProjectRequest(title=tmp_path.name)).body.project.project_id
        for _ in range(2)
    ]

    page = client.search_editing_project(models.SearchEditingProjectRequest(page_size=2, status="Draft")).body
    assert ([each.project_id for each in page.project_list], page.max_results) == (keys[::-1], 2)
    first = client.list_editing_projects(models.ListEditingProjectsRequest(max_results="1", status="Draft")).body
    request = models.ListEditingProjectsRequest(max_results="1", status="Draft", next_token=first.next_token)
    second = client.list_editing_projects(request).body
    assert [each.project_id for each in (*first.project_list, *second.project_list)] == keys[::-1]

    client.delete_editing_projects(models.DeleteEditingProjectsRequest(project_ids=",".join(keys)))
    assert in_state(client, keys[0], "Deleted").project_id == keys[0]
    request = models.ListEditingProjectsRequest(keyword=keys[0])
    assert client.list_editing_projects(request).body.project_list == []


def test_refusals_are_the_sdks_own_exceptions(client: Client, studio: Installation, viewer: Caller) -> None:
    for call, request, refused in (
        (client.create_editing_project, models.CreateEditingProjectRequest(), (400, "MissingParameter")),
        (client.create_editing_project, models.CreateEditingProjectRequest(title="x", timeline="{"),
         (400, "InvalidParameter")),
        (client.update_editing_project, models.UpdateEditingProjectRequest(project_id="x"), (404, "ProjectNotFound")),
        (client.get_editing_project, models.GetEditingProjectRequest(project_id="x"), (404, "ProjectNotFound")),
        (client.search_editing_project, models.SearchEditingProjectRequest(page_size=101), (400, "InvalidParameter")),
        (client.list_editing_projects, models.ListEditingProjectsRequest(max_results="0"), (400, "InvalidParameter")),
        (client.delete_editing_projects, models.DeleteEditingProjectsRequest(), (400, "MissingParameter")),
        (client.add_editing_project_materials,
         models.AddEditingProjectMaterialsRequest(project_id="x", material_maps='{"video":"y"}'),
         (404, "ProjectNotFound")),
        (client.get_editing_project_materials, models.GetEditingProjectMaterialsRequest(), (400, "MissingParameter")),
        (client.delete_editing_project_materials,
         models.DeleteEditingProjectMaterialsRequest(project_id="x", material_ids="y", material_type="film"),
         (400, "InvalidParameter")),
        (client.submit_live_editing_job, submission("x.mp4", project_id="x"), (404, "ProjectNotFound")),
        (client_of(studio, viewer).create_editing_project, models.CreateEditingProjectRequest(title="x"),
         (403, "Forbidden")),
    ):  # fmt: skip
        assert refusal(call, request)[:2] == refused
