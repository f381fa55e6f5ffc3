"""Whatever a signed call holds, the answer is a refusal that names it or a success: never a fault of ours."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from editing.models import Bucket, EditingJob, Project, Recording, RecordJob, RecordTemplate
from editing.rpc.actions import ACTIONS
from editing.services import projects, record_jobs, record_templates
from editing.worker import edit
from tests.rpc.calling import Caller, caller
from tests.services.test_editing_jobs import clip, submit

TIMES = ["2026-11-20T10:00:01Z", "2026-11-20T10:00:03Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00"]
WORDS = st.sampled_from(
    ["", " ", "0", "-1", "9" * 30, "1e400", "true", "null", "NaN", "[]", "{}", "[[]]", "\x00", "\U0010ffff", "%", "a,,",
     "\ud800", *TIMES, "main", "Accurate", "oss://media/a.mp4", "https://vod-media.oss.example.com/a.mp4", "vod://x",
     "vod-media", "vod-media.oss.example.com", "a.mp4", "Failed", "CreationTime:Asc", "0" * 32]
)  # fmt: skip
LEAVES = WORDS | st.text(max_size=20) | st.none() | st.booleans() | st.integers() | st.floats()
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
NAMES = st.sampled_from(
    ["StartTime", "EndTime", "AppName", "DomainName", "StreamName", "CoverTime", "MediaURL", "StorageLocation",
     "FileName", "Width", "Height", "Bitrate", "Mode", "NeedSnapshot", "CoverConfig",
     "VideoTracks", "VideoTrackClips", "SubtitleTracks", "MainTrack", "Path", "ReservationTime", "video",
     "Type", "Url", "Bucket", "Endpoint", "Format", "CycleDuration", "SliceDuration", "OssObjectPrefix",
     "SliceOssObjectPrefix"]
)  # fmt: skip
STREAM = {"AppName": "live", "DomainName": "example.com", "StreamName": "main"}
WORKING: dict[str, dict[str, Any]] = {
    "SubmitLiveEditingJob": {
        "Clips": [{"StartTime": TIMES[0], "EndTime": TIMES[1]}],
        "LiveStreamConfig": STREAM,
        "OutputMediaConfig": {"MediaURL": "oss://media/new.mp4"},
        "MediaProduceConfig": {"Mode": "RoughFast"},
        "UserData": {"a": 1},
    },
    "GetLiveEditingJob": {"JobId": "<job>"},
    "GetLiveEditingIndexFile": STREAM,
    "GetMediaProducingJob": {"JobId": "<job>"},
    "ListMediaProducingJobs": {"MaxResults": "5"},
    "GetMediaInfo": {"MediaId": "<media>"},
    "BatchGetMediaInfos": {"MediaIds": "<media>"},
    "ListMediaBasicInfos": {"MaxResults": "5"},
    "RegisterMediaInfo": {"InputURL": "oss://media/some.mp4", "RegisterConfig": {"CoverConfig": {"StartTime": 1}}},
    "UpdateMediaInfo": {"MediaId": "<media>", "Title": "x"},
    "DeleteMediaInfos": {"MediaIds": "nobody"},
    "CreateEditingProject": {
        "Title": "x",
        "Timeline": {"VideoTracks": [{"VideoTrackClips": [{"MediaId": "<media>", "In": 1}]}]},
        "ProjectType": "LiveEditingProject",
        "BusinessConfig": {"OutputMediaConfig": {"StorageLocation": "media.oss.example.com", "Path": "a/b"}},
        "MaterialMaps": {"liveStream": '[{"appName":"live","domainName":"example.com","streamName":"main"}]'},
    },
    "UpdateEditingProject": {"ProjectId": "<project>", "Title": "y", "Timeline": {}},
    "GetEditingProject": {"ProjectId": "<project>", "RequestSource": "WebSDK"},
    "SearchEditingProject": {"PageNo": "1"},
    "ListEditingProjects": {"MaxResults": "5"},
    "DeleteEditingProjects": {"ProjectIds": "<third>"},
    "AddEditingProjectMaterials": {"ProjectId": "<project>", "MaterialMaps": {"editingProject": "<another>"}},
    "GetEditingProjectMaterials": {"ProjectId": "<project>"},
    "DeleteEditingProjectMaterials": {"ProjectId": "<project>", "MaterialIds": "x", "MaterialType": "video"},
    "SubmitLiveRecordJob": {
        "Name": "x",
        "StreamInput": {"Type": "rtmp", "Url": "rtmp://example.com/live/main"},
        "RecordOutput": {"Type": "oss", "Endpoint": "oss.example.com", "Bucket": "media"},
        "TemplateId": "<template>",
    },
    "GetLiveRecordJob": {"JobId": "<record job>"},
    "ListLiveRecordJobs": {"PageNo": "1"},
    "ListLiveRecordFiles": {"PageNo": "1"},
    "DeleteLiveRecordFiles": {"RecordIds": ["x"]},
    "CreateLiveRecordTemplate": {"Name": "x", "RecordFormat": [{"Format": "m3u8", "SliceDuration": 5}]},
    "GetLiveRecordTemplate": {"TemplateId": "<template>"},
    "UpdateLiveRecordTemplate": {"TemplateId": "<template>", "Name": "y", "RecordFormat": [{"Format": "m3u8"}]},
    "DeleteLiveRecordTemplate": {"TemplateId": "<second template>"},
    "ListLiveRecordTemplates": {"PageNo": "1"},
    "SetEventCallback": {"CallbackURL": "http://example.com/hook", "EventTypeList": "ProduceMediaComplete"},
    "GetEventCallback": {},
}
TEMPLATE = {"format": "m3u8", "slice_duration": 5}


@pytest.fixture
def call(opal: User, recording: Recording, media: Bucket, settings: LazySettings) -> Caller:
    settings.RPC_CALLS_PER_SECOND = 1_000_000
    edit.run(submit(opal, clip()).pk)
    for title in ("project", "another", "third"):
        projects.create(opal, title=title)
    template, _ = (record_templates.create(name=name, formats=[TEMPLATE]) for name in ("template", "second template"))
    job = record_jobs.create(opal, name="x", url="rtmp://example.com/live/main", bucket=media, template=template)
    Recording.objects.update(record_job=job, playlist="record/main.m3u8")
    return caller(opal)


def ask(call: Caller, action: str, params: dict[str, Any]) -> tuple[int, Any]:
    """JSON is written where it is not text already; the ids are those of what is there."""
    job = EditingJob.objects.earliest("created_at")
    said = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
    ids = {"<job>": job.pk, "<media>": job.media_id}
    ids |= {
        f"<{project.title}>": project.pk
        for project in Project.objects.filter(title__in=("project", "another", "third"))
    }
    ids |= {f"<{row.name}>": row.pk for row in RecordTemplate.objects.all()}
    ids["<record job>"] = RecordJob.objects.earliest("created_at").pk
    for placeholder, key in ids.items():
        said = {name: value.replace(placeholder, key) for name, value in said.items()}
    return call(action, **{name: value.encode(errors="ignore").decode() for name, value in said.items()})


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A call that works, but for one or two parameters, or fields of those, that are anything."""
    action = draw(st.sampled_from(sorted(ACTIONS)))
    params = deepcopy(WORKING[action])
    for _ in range(draw(st.integers(1, 2))):
        name = draw(st.sampled_from([param.name for param in ACTIONS[action].params] or ["Unknown"]))
        value = params.get(name)
        inside = value[0] if isinstance(value, list) and value else value
        if isinstance(inside, dict) and draw(st.integers(0, 3)):
            inside[draw(NAMES)] = draw(TREES)
        else:
            part = draw(st.sampled_from(["", "", "", ".1", ".1.StartTime", ".x.y", ".", "..", ".0.1.2"]))
            params.pop(name, None)
            params[name + part] = draw(WORDS | st.text(max_size=40) | TREES)
    return action, params


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_the_calls_that_are_varied_work(call: Caller, action: str) -> None:
    status, body = ask(call, action, WORKING[action])

    assert status == 200, body


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls())
def test_no_parameters_make_us_fail(call: Caller, drawn: tuple[str, dict[str, Any]]) -> None:
    status, body = ask(call, *drawn)

    assert status < 500, body
    assert ("Code" in body) == (status != 200)
    assert body["RequestId"]
