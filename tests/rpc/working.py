"""For every operation a call that works, and the studio in which it does: for those who vary or time them."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import User

from editing.models import Bucket, EditingJob, Project, Recording, RecordJob, RecordTemplate
from editing.services import projects, record_jobs, record_templates
from editing.worker import edit
from tests.rpc.calling import Caller, caller
from tests.services.test_editing_jobs import clip, submit

TIMES = ("2026-11-20T10:00:01Z", "2026-11-20T10:00:03Z")
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


def furnish(opal: User) -> Caller:
    """One of everything, for an operator; a recording of the main stream is there already."""
    edit.run(submit(opal, clip()).pk)
    for title in ("project", "another", "third"):
        projects.create(opal, title=title)
    template, _ = (record_templates.create(name=name, formats=[TEMPLATE]) for name in ("template", "second template"))
    media = Bucket.objects.get(name="media")
    job = record_jobs.create(opal, name="x", url="rtmp://example.com/live/main", bucket=media, template=template)
    Recording.objects.update(record_job=job, playlist="record/main.m3u8")
    return caller(opal)


def ask(call: Caller, action: str, params: dict[str, Any]) -> tuple[int, Any]:
    return call(action, **spoken(params))


def spoken(params: dict[str, Any]) -> dict[str, str]:
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
    return {name: value.encode(errors="ignore").decode() for name, value in said.items()}
