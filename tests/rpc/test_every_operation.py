"""Every operation through every one of Alibaba's clients that has it: a call that works and one that is refused."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from editing.rpc.actions import ACTIONS
from tests.installation import Installation
from tests.rpc.calling import Caller
from tests.rpc.clients import CLIENTS, PYTHON, Ask, has, node, sdk
from tests.rpc.failing import FAILING, FORBIDDEN
from tests.rpc.working import WORKING

pytestmark = pytest.mark.servers
NOTHING: tuple[str, ...] = ()
ANSWERS: dict[str, tuple[str, ...]] = {
    "SubmitLiveEditingJob": ("ProjectId", "JobId", "MediaId", "MediaURL"),
    "GetLiveEditingJob": ("LiveEditingJob.OutputMediaConfig.MediaURL", "LiveEditingJob.MediaProduceConfig.Mode"),
    "GetLiveEditingIndexFile": ("IndexFile",),
    "GetMediaProducingJob": ("MediaProducingJob.Status",),
    "ListMediaProducingJobs": ("MediaProducingJobList.0.JobId", "MaxResults"),
    "GetMediaInfo": ("MediaInfo.MediaBasicInfo.Status", "MediaInfo.FileInfoList.0.FileBasicInfo.FileUrl"),
    "BatchGetMediaInfos": ("MediaInfos.0.MediaBasicInfo.MediaId",),
    "ListMediaBasicInfos": ("MediaInfos.0.MediaId", "TotalCount"),
    "RegisterMediaInfo": ("MediaId",),
    "UpdateMediaInfo": ("MediaId",),
    "DeleteMediaInfos": ("IgnoredList.0",),
    "CreateEditingProject": ("Project.ProjectId", "Project.StatusName"),
    "UpdateEditingProject": NOTHING,
    "GetEditingProject": ("Project.Status", "Project.TimelineConvertStatus"),
    "SearchEditingProject": ("MaxResults", "TotalCount"),
    "ListEditingProjects": ("ProjectList.0.ProjectId", "MaxResults"),
    "DeleteEditingProjects": NOTHING,
    "AddEditingProjectMaterials": ("ProjectId", "ProjectMaterials.0"),
    "GetEditingProjectMaterials": ("ProjectId",),
    "DeleteEditingProjectMaterials": NOTHING,
    "SubmitLiveRecordJob": ("JobId",),
    "GetLiveRecordJob": ("RecordJob.StreamInput.Url", "RecordJob.RecordOutput.Bucket"),
    "ListLiveRecordJobs": ("LiveRecordJobs.0.JobId", "TotalCount"),
    "ListLiveRecordFiles": ("PageSize", "TotalCount", "SortBy"),
    "DeleteLiveRecordFiles": ("DeleteFileInfoList.0.Code", "Message"),
    "CreateLiveRecordTemplate": ("TemplateId",),
    "GetLiveRecordTemplate": ("RecordTemplate.RecordFormatList.0.Format",),
    "UpdateLiveRecordTemplate": NOTHING,
    "DeleteLiveRecordTemplate": NOTHING,
    "ListLiveRecordTemplates": ("RecordTemplateList.0.TemplateId",),
    "SetEventCallback": ("Success",),
    "GetEventCallback": ("CallbackType",),
}
"""What at least is in an answer; a client's typed model loses what is not spelled or shaped as it expects."""
Fill = Callable[[Mapping[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def endpoint(studio: Installation) -> str:
    return studio.address.removeprefix("http://")


@pytest.fixture(scope="module")
def known(studio: Installation, endpoint: str, operator: Caller) -> Iterator[dict[str, str]]:
    """What the calls are about: a job, its asset, a record job that finds no stream, a template."""

    def made(action: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        return sdk(endpoint, operator, action, params).body

    job = made("SubmitLiveEditingJob", WORKING["SubmitLiveEditingJob"] | _place(uuid4().hex))
    template = made("CreateLiveRecordTemplate", WORKING["CreateLiveRecordTemplate"])["TemplateId"]
    record = made("SubmitLiveRecordJob", WORKING["SubmitLiveRecordJob"] | _address() | {"TemplateId": template})
    studio.job(job["JobId"], until=lambda found: found["state"] == "Success")
    yield {"<job>": job["JobId"], "<media>": job["MediaId"], "<template>": template, "<record job>": record["JobId"]}
    for row in made("ListLiveRecordJobs", {"PageSize": "100"})["LiveRecordJobs"]:
        studio.api(f"record-jobs/{UUID(row['JobId']).hex}/stop/", {})


def _place(name: str) -> dict[str, Any]:
    return {"OutputMediaConfig": {"MediaURL": f"oss://media/{name}.mp4"}}


def _address() -> dict[str, Any]:
    return {"StreamInput": {"Type": "rtmp", "Url": f"rtmp://127.0.0.1:9/live/{uuid4().hex}"}}


@pytest.fixture
def fill(endpoint: str, operator: Caller, known: dict[str, str]) -> Fill:
    """Ids for the placeholders of a call, and new names for what may be there once."""

    def made(action: str, name: str) -> str:
        told = sdk(endpoint, operator, action, WORKING[action]).body
        return str(told["Project"]["ProjectId"] if name == "project" else told["TemplateId"])

    makers = dict.fromkeys(("<project>", "<another>", "<third>"), ("CreateEditingProject", "project"))
    makers |= {"<second template>": ("CreateLiveRecordTemplate", "template")}

    def filled(params: Mapping[str, Any]) -> dict[str, Any]:
        def of(value: Any) -> Any:
            if isinstance(value, dict):
                return {name: of(inner) for name, inner in value.items()}
            if isinstance(value, list):
                return [of(inner) for inner in value]
            if isinstance(value, str) and value in makers:
                return made(*makers[value])
            return known.get(value, value) if isinstance(value, str) else value

        return {name: of(value) for name, value in params.items()}

    return filled


PAIRS = [(client, action) for client in CLIENTS for action in sorted(ACTIONS) if has(client, action)]


@pytest.fixture(scope="module")
def nodes() -> Iterator[Callable[[str], Ask]]:
    """By the name of the package, each started when it is first asked for."""
    with ExitStack() as stack:
        yield cache(lambda package: stack.enter_context(node(package)))


@pytest.fixture
def ask(client: str, nodes: Callable[[str], Ask]) -> Ask:
    if client in PYTHON:
        return PYTHON[client]
    if shutil.which("node") is None or not Path(os.environ.get("NODE_PATH", ""), client).is_dir():
        pytest.skip(f"Node does not find {client}; npm install it, and set NODE_PATH to that node_modules")
    return nodes(client)


def fresh(action: str) -> dict[str, Any]:
    """What has to be another thing with each call."""
    if action == "SubmitLiveEditingJob":
        return _place(uuid4().hex)
    if action == "SubmitLiveRecordJob":
        return _address()
    return {"InputURL": f"oss://media/{uuid4().hex}.mp4"} if action == "RegisterMediaInfo" else {}


def at(body: Any, path: str) -> Any:
    for part in path.split("."):
        body = body[int(part)] if part.isdigit() else body[part]
    return body


def test_no_operation_lacks_a_call_that_works_and_one_that_fails() -> None:
    assert set(WORKING) == set(FAILING) == set(ANSWERS) == set(ACTIONS)
    lacking = {(client, action) for client in CLIENTS for action in ACTIONS if not has(client, action)}
    assert lacking == {("legacy", "ListEditingProjects"), ("legacy", "ListMediaProducingJobs")}


@pytest.mark.parametrize(("client", "action"), PAIRS)
def test_it_works(ask: Ask, action: str, endpoint: str, operator: Caller, fill: Fill) -> None:
    told = ask(endpoint, operator, action, fill(WORKING[action] | fresh(action)))

    assert (told.status, told.code) == (200, "")
    assert told.request_id == str(UUID(told.request_id)).upper()
    for path in ANSWERS[action]:
        assert at(told.body, path) not in (None, ""), told.body


@pytest.mark.parametrize(("client", "action"), PAIRS)
def test_it_is_refused(ask: Ask, action: str, endpoint: str, operator: Caller, viewer: Caller) -> None:
    params, refusal = FAILING[action]
    told = ask(endpoint, viewer if refusal == FORBIDDEN else operator, action, params)

    assert (told.status, told.code, told.body) == (*refusal, {})
