"""The examples of IMS's own API pages, sent as they stand there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User

from editing.models import Bucket, EditingJob
from editing.services import recordings
from editing.timeline.clips import StreamName
from editing.timeline.instant import parse_instant
from tests.rpc.calling import Caller, caller
from tests.samples import BASIC, Kind, playlist

CLIPS = (
    r'[{\"StartTime\": \" 2021-06-21T08:01:00Z\", \"EndTime\": \" 2021-06-21T08:03:00Z\" , "AppName": "app", '
    r'"DomainName": "domain.com", "StreamName": "stream"}, '
    r"{\"StartTime\": \" 2021-06-21T08:05:00Z\", \"EndTime\": \" 2021-06-21T08:09:00Z\" }]"
)
STREAM = '{ "AppName": "app", "DomainName": "domain.com", "StreamName": "stream" }'
OSS = '{ "MediaURL": "https://ice-auto-test.oss-cn-shanghai.aliyuncs.com/testfile.mp4" }'
VOD = '{ "StorageLocation": "bucket.oss-cn-shanghai.aliyuncs.com", "FileName": "output.mp4" }'
SUBMIT = {
    "Clips": CLIPS,
    "LiveStreamConfig": STREAM,
    "OutputMediaConfig": OSS,
    "MediaProduceConfig": '{ "Mode": "AccurateFast"}',
    "UserData": '{"key": "value"}',
    "OutputMediaTarget": "oss-object",
}
COVERED = {"CoverTime": "2021-06-21T08:03:00Z", "CoverUrl": "https://ice-auto-test.oss-cn-shanghai.aliyuncs.com/c.jpg"}
BUSINESS = (
    '{ "OutputMediaConfig" : { "StorageLocation": "test-bucket.oss-cn-shanghai.aliyuncs.com", "Path": "test-path" }, '
    '"OutputMediaTarget": "oss-object", "ReservationTime": "2021-06-21T08:05:00Z" }'
)
JOB = {
    "JobId": str,
    "ProjectId": str,
    "Status": str,
    "Clips": str,
    "UserData": str,
    "CreationTime": str,
    "ModifiedTime": str,
    "MediaId": str,
    "MediaURL": str,
    "LiveStreamConfig": dict,
    "MediaProduceConfig": dict,
    "OutputMediaConfig": dict,
}


@pytest.fixture
def call(ed: User) -> Caller:
    """To a studio that has their buckets, and something of what their clips are of."""
    for name, kind in (("ice-auto-test", "oss"), ("bucket", "vod"), ("test-bucket", "oss")):
        Bucket.objects.create(name=name, kind=kind, endpoint="oss-cn-shanghai.aliyuncs.com")
    for kind, start in ((BASIC, "2021-06-21T08:01:00Z"), (Kind(seconds=6), "2021-06-21T08:05:00Z")):
        recordings.import_playlist(
            str(playlist(kind)),
            stream=StreamName("domain.com", "app", "stream"),
            bucket=Bucket.objects.get(name="media"),
            start=parse_instant(start),
        )
    return caller(ed)


def done(call: Caller, action: str, **params: str) -> Any:
    status, body = call(action, **params)
    assert status == 200, body
    return body


def test_a_job_is_submitted_and_told_in_its_words_and_types(call: Caller) -> None:
    answer = done(call, "SubmitLiveEditingJob", **SUBMIT)

    assert answer["MediaURL"] == json.loads(OSS)["MediaURL"]
    assert [row["end"] - row["start"] for row in EditingJob.objects.get().clips] == [120_000_000, 240_000_000]
    job = done(call, "GetLiveEditingJob", JobId=answer["JobId"])["LiveEditingJob"]
    assert {name: type(value) for name, value in job.items()} == JOB
    assert (job["Clips"], job["UserData"]) == (CLIPS, SUBMIT["UserData"])
    assert job["LiveStreamConfig"] == json.loads(STREAM)


def test_the_other_form_of_the_output_goes_to_vod(call: Caller) -> None:
    answer = done(
        call, "SubmitLiveEditingJob", **{**SUBMIT, "OutputMediaConfig": VOD, "OutputMediaTarget": "vod-media"}
    )

    assert answer["VodMediaId"] == answer["MediaId"]
    config = done(call, "GetLiveEditingJob", JobId=answer["JobId"])["LiveEditingJob"]["OutputMediaConfig"]
    assert config == json.loads(VOD)


def test_a_clip_may_name_its_cover(call: Caller) -> None:
    clips = json.loads(CLIPS.replace('\\"', '"'))
    done(call, "SubmitLiveEditingJob", **{**SUBMIT, "Clips": json.dumps([clips[0] | COVERED, clips[1]])})

    job = EditingJob.objects.get()
    assert (job.cover_key, job.clips[0]["cover"]) == ("c.jpg", parse_instant("2021-06-21T08:03:00Z"))


def test_a_live_project_is_made_and_converted_for_the_web(call: Caller) -> None:
    made = done(call, "CreateEditingProject", Title="t", ProjectType="LiveEditingProject", BusinessConfig=BUSINESS)[
        "Project"
    ]
    assert made["BusinessConfig"] == BUSINESS
    answer = done(call, "SubmitLiveEditingJob", **SUBMIT, ProjectId=made["ProjectId"])
    assert answer["MediaURL"].startswith("https://test-bucket.oss-cn-shanghai.aliyuncs.com/test-path/")

    told = done(call, "GetEditingProject", ProjectId=made["ProjectId"], RequestSource="WebSDK")["Project"]
    assert (told["Status"], told["TimelineConvertStatus"]) == ("Producing", "Converting")


def test_masked_ids_are_unknown(call: Caller) -> None:
    for action, params, refused in (
        ("GetLiveEditingJob", {"JobId": "****d80e4e4044975745c14b****"}, (404, "ResourceNotFound")),
        ("GetEditingProject", {"ProjectId": "****fb2101bf24b2754cb318787dc****"}, (404, "ProjectNotFound")),
        ("GetLiveRecordJob", {"JobId": "ab0e3e76-1e9d-11ed-ba64-0c42a1b73d66"}, (404, "ResourceNotFound")),
        ("GetLiveTranscodeJob", {"JobId": "****20b48fb04483915d4f2cd8ac****"}, (404, "InvalidAction.NotFound")),
    ):
        status, body = call(action, **params)
        assert (status, body["Code"]) == refused
