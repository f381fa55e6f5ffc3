"""Several clients change one thing at the same time: nothing is lost, and nobody is told that we failed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from editing import queue
from editing.models import Bucket, EditingJob, MediaAsset, Project, ProjectMaterial, Recording
from editing.services import projects
from tests.rpc.calling import caller
from tests.rpc.working import STREAM, TIMES

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS = 4
Params = dict[str, Any]


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "send", lambda *_, **__: None)


@pytest.fixture
def project(ed: User) -> Project:
    return projects.create(ed, title="one")


@pytest.fixture
def assets(media: Bucket) -> list[MediaAsset]:
    return [
        MediaAsset.objects.create(bucket=media, key=f"{number}.mp4", title=str(number), size=1, facts={})
        for number in range(CLIENTS)
    ]


def at_once(user: User, *calls: tuple[str, Params]) -> list[tuple[int, Any]]:
    """Each call by a client with a key of its own, all let go together; the answers in the order of the calls."""
    keys, start = [caller(user) for _ in calls], Barrier(len(calls))

    def ask(number: int) -> tuple[int, Any]:
        action, params = calls[number]
        said = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
        try:
            start.wait(30)
            return keys[number](action, **said)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(ask, range(len(calls))))


def statuses(answers: Sequence[tuple[int, Any]]) -> list[int]:
    return [status for status, _ in answers]


def rounds(of: Callable[[int], tuple[str, Params]]) -> list[tuple[str, Params]]:
    return [of(number) for number in range(CLIENTS)]


def test_tags_that_are_appended_are_all_there(ed: User, assets: list[MediaAsset]) -> None:
    told = at_once(ed, *rounds(lambda number: ("UpdateMediaInfo", {
        "MediaId": assets[0].pk, "MediaTags": f"t{number}", "AppendTags": "true"})))  # fmt: skip

    assert statuses(told) == [200] * CLIENTS
    assets[0].refresh_from_db()
    assert sorted(assets[0].tags) == [f"t{number}" for number in range(CLIENTS)]


def test_materials_added_in_any_order_are_there_once(ed: User, project: Project, assets: list[MediaAsset]) -> None:
    ids = [asset.pk for asset in assets]
    live = json.dumps([{"appName": "live", "domainName": "example.com", "streamName": "main"}])

    def call(number: int) -> tuple[str, Params]:
        order = ids[number:] + ids[:number]
        return "AddEditingProjectMaterials", {
            "ProjectId": project.pk, "MaterialMaps": {"video": ",".join(order), "liveStream": live}}  # fmt: skip

    assert statuses(at_once(ed, *rounds(call))) == [200] * CLIENTS
    assert sorted(row.asset_id or "" for row in ProjectMaterial.objects.all()) == ["", *sorted(ids)]


def test_different_fields_of_a_project_are_all_changed(ed: User, project: Project, assets: list[MediaAsset]) -> None:
    MediaAsset.objects.update(duration=3_000_000)
    timeline = {"VideoTracks": [{"VideoTrackClips": [{"MediaId": assets[0].pk}]}]}
    cover = "http://example.com/a.jpg"
    changes: Params = {"Title": "two", "Description": "what it is", "Timeline": timeline, "CoverURL": cover}

    calls = [("UpdateEditingProject", {"ProjectId": project.pk, name: value}) for name, value in changes.items()]
    told = at_once(ed, *calls)

    assert statuses(told) == [200] * 4
    project.refresh_from_db()
    assert (project.title, project.description, project.cover_url) == ("two", "what it is", cover)
    assert (json.loads(project.timeline), project.duration, project.state) == (timeline, 3_000_000, "Editing")


def test_a_timeline_and_a_template_do_not_both_stay(ed: User, project: Project) -> None:
    told = at_once(
        ed,
        ("UpdateEditingProject", {"ProjectId": project.pk, "Timeline": {"AudioTracks": [{}]}}),
        ("UpdateEditingProject", {"ProjectId": project.pk, "TemplateId": "t", "ClipsParam": {"a": 1}}),
    )

    assert statuses(told) == [200, 200]
    project.refresh_from_db()
    assert bool(project.timeline) != bool(project.template_id)


def test_projects_deleted_crosswise_are_gone(ed: User) -> None:
    keys = [projects.create(ed, title=str(number)).pk for number in range(6)]

    told = at_once(ed, *rounds(lambda number: (
        "DeleteEditingProjects", {"ProjectIds": ",".join(keys[::-1] if number % 2 else keys)})))  # fmt: skip

    assert sorted(statuses(told)) == [200, *[404] * (CLIENTS - 1)]
    assert not Project.objects.present().exists()


def test_of_jobs_with_one_output_one_is_taken(ed: User, recording: Recording) -> None:
    told = at_once(ed, *rounds(lambda number: ("SubmitLiveEditingJob", {
        "Clips": [{"StartTime": TIMES[0], "EndTime": TIMES[1]}], "LiveStreamConfig": STREAM,
        "OutputMediaConfig": {"MediaURL": "oss://media/one.mp4"}})))  # fmt: skip

    assert sorted(statuses(told)) == [200, *[400] * (CLIENTS - 1)]
    assert EditingJob.objects.count() == 1


def test_a_file_is_registered_once(ed: User, media: Bucket) -> None:
    told = at_once(ed, *rounds(lambda number: ("RegisterMediaInfo", {"InputURL": "oss://media/one.mp4"})))

    assert sorted(statuses(told)) == [200, *[400] * (CLIENTS - 1)]
    assert MediaAsset.objects.count() == 1
