"""Live recording as IMS clients see it."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User

from editing import queue, storage
from editing.models import Bucket, MediaAsset, RecordFile, Recording, RecordJob, RecordTemplate
from editing.services import record_jobs
from tests.rpc.calling import Caller, caller

URL = "rtmp://example.com:1936/live/main?key=secret"
JOB = {
    "Name": "任务 1",
    "StreamInput": json.dumps({"Type": "rtmp", "Url": URL}),
    "RecordOutput": json.dumps({"Type": "oss", "Endpoint": "oss.example.com", "Bucket": "media"}),
    "NotifyUrl": "http://example.com/hook",
}
FORMATS = '[{"Format":"M3U8","SliceDuration":5}]'
PREFIXES = {
    "OssObjectPrefix": "record/{JobId}/{Sequence}_{EscapedStartTime}_{EscapedEndTime}",
    "SliceOssObjectPrefix": "record/{JobId}/{UnixTimestamp}_{Sequence}",
}


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    messages: list[str] = []
    monkeypatch.setattr(queue, "send", lambda name, *keys, queue: messages.extend(keys))
    return messages


@pytest.fixture
def call(opal: User) -> Caller:
    return caller(opal)


@pytest.fixture
def shipped(db: None) -> str:
    return str(UUID(RecordTemplate.objects.get(name="live editing").pk))


def done(call: Caller, action: str, **params: str) -> Any:
    status, body = call(action, **params)
    assert status == 200, body
    body.pop("RequestId")
    return body


def refusal(call: Caller, action: str, **params: str) -> tuple[int, str, str]:
    status, body = call(action, **params)
    return status, body["Code"], body["Message"]


def submitted(call: Caller, template: str, **changes: str) -> str:
    key: str = done(call, "SubmitLiveRecordJob", **{**JOB, "TemplateId": template, **changes})["JobId"]
    return key


def test_a_job_is_made_sent_and_told(call: Caller, shipped: str, sent: list[str]) -> None:
    key = submitted(call, shipped)

    row = RecordJob.objects.get()
    assert (str(UUID(row.pk)), sent) == (key, [row.pk])
    told = done(call, "GetLiveRecordJob", JobId=key)["RecordJob"]
    assert told.pop("CreateTime").endswith("Z")
    assert told == {
        "JobId": key,
        "Name": "任务 1",
        "TemplateId": shipped,
        "TemplateName": "live editing",
        "NotifyUrl": "http://example.com/hook",
        "Status": "initial",
        "StreamInput": {"Type": "rtmp", "Url": URL},
        "RecordOutput": {"Type": "oss", "Endpoint": "oss.example.com", "Bucket": "media"},
    }


def test_a_stopped_job_is_told_as_paused(call: Caller, shipped: str) -> None:
    stopped, paused, other = (submitted(call, shipped, Name=f"job {n}") for n in range(3))
    record_jobs.stop(RecordJob.objects.get(name="job 0"))
    record_jobs.pause(RecordJob.objects.get(name="job 1"))

    assert done(call, "GetLiveRecordJob", JobId=stopped)["RecordJob"]["Status"] == "paused"
    listed = done(call, "ListLiveRecordJobs", Status="paused", SortBy="asc")
    assert [job["JobId"] for job in listed["LiveRecordJobs"]] == [stopped, paused]
    assert [job["JobId"] for job in done(call, "ListLiveRecordJobs", Status="initial")["LiveRecordJobs"]] == [other]


def test_jobs_are_listed_by_pages_and_found_by_words(call: Caller, shipped: str) -> None:
    keys = [submitted(call, shipped, Name=f"Stage {n}") for n in range(3)]

    first = done(call, "ListLiveRecordJobs", PageSize="2")
    assert [job["JobId"] for job in first.pop("LiveRecordJobs")] == [keys[2], keys[1]]
    assert first == {"PageNo": 1, "PageSize": 2, "SortBy": "desc", "TotalCount": 3}
    second = done(call, "ListLiveRecordJobs", PageSize="2", PageNo="2")
    assert [job["JobId"] for job in second["LiveRecordJobs"]] == keys[:1]
    for keyword in (keys[1], "age 1", UUID(keys[1]).hex):
        found = done(call, "ListLiveRecordJobs", Keyword=keyword)
        assert [job["JobId"] for job in found["LiveRecordJobs"]] == [keys[1]]
    assert done(call, "ListLiveRecordJobs", EndTime="2020-01-01T00:00:00Z")["TotalCount"] == 0


@pytest.mark.parametrize(
    ("changes", "code", "about"),
    [
        ({"Name": ""}, "MissingParameter", '"Name"'),
        ({"StreamInput": ""}, "MissingParameter", '"StreamInput"'),
        ({"StreamInput": '{"Type":"rtmp"}'}, "MissingParameter", '"StreamInput.Url"'),
        ({"StreamInput": '{"Type":"srt","Url":"rtmp://a/b/c"}'}, "InvalidParameter", '"StreamInput.Type"'),
        ({"StreamInput": '{"Type":"rtmp","Url":"http://a/b/c"}'}, "InvalidParameter", '"StreamInput.Url"'),
        ({"RecordOutput": '{"Type":"oss"}'}, "MissingParameter", '"RecordOutput.Bucket"'),
        ({"RecordOutput": '{"Type":"oss","Bucket":"nobody"}'}, "InvalidParameter", '"RecordOutput.Bucket"'),
        ({"RecordOutput": '{"Type":"oss","Bucket":"media","Endpoint":"x.y"}'}, "InvalidParameter", "RecordOutput"),
        ({"RecordOutput": '{"Type":"vod","Bucket":"media"}'}, "InvalidParameter", '"RecordOutput.Type"'),
        ({"TemplateId": ""}, "MissingParameter", '"TemplateId"'),
        ({"TemplateId": "x"}, "ResourceNotFound", "record template x"),
        ({"NotifyUrl": "ftp://example.com"}, "InvalidParameter", '"NotifyUrl"'),
    ],
)
def test_a_job_that_cannot_be_is_refused(
    call: Caller, shipped: str, changes: dict[str, str], code: str, about: str
) -> None:
    refused = refusal(call, "SubmitLiveRecordJob", **{**JOB, "TemplateId": shipped, **changes})

    assert refused[:2] == (404 if code == "ResourceNotFound" else 400, code)
    assert about in refused[2]
    assert not RecordJob.objects.exists()


def test_what_cannot_be_listed_is_refused_by_name(call: Caller) -> None:
    for action, params, name in (
        ("ListLiveRecordJobs", {"Status": "stopped"}, "Status"),
        ("ListLiveRecordJobs", {"SortBy": "up"}, "SortBy"),
        ("ListLiveRecordJobs", {"StartTime": "2026-01-01T00:00:00Z", "EndTime": "2026-02-01T00:00:00Z"}, "EndTime"),
        ("ListLiveRecordFiles", {"PageSize": "4"}, "PageSize"),
        ("ListLiveRecordFiles", {"PageSize": "31"}, "PageSize"),
        ("ListLiveRecordFiles", {"StartTime": "2026-01-01T00:00:00Z", "EndTime": "2026-01-06T00:00:00Z"}, "EndTime"),
        ("ListLiveRecordFiles", {"RecordFormat": "avi"}, "RecordFormat"),
        ("ListLiveRecordTemplates", {"Type": "own"}, "Type"),
    ):
        refused = refusal(call, action, **params)
        assert refused[:2] == (400, "InvalidParameter")
        assert f'"{name}"' in refused[2]
    assert refusal(call, "GetLiveRecordJob", JobId="x")[:2] == (404, "ResourceNotFound")
    assert refusal(call, "GetLiveRecordJob")[:2] == (400, "MissingParameter")


def test_viewers_and_editors_look_but_do_not_record(vera: User, ed: User, call: Caller, shipped: str) -> None:
    key = submitted(call, shipped)

    for user in (vera, ed):
        mine = caller(user)
        shown = done(mine, "GetLiveRecordJob", JobId=key)["RecordJob"]
        assert (shown["StreamInput"]["Url"], shown["NotifyUrl"]) == ("", "")
        for action, params in (
            ("SubmitLiveRecordJob", JOB),
            ("CreateLiveRecordTemplate", {}),
            ("UpdateLiveRecordTemplate", {}),
            ("DeleteLiveRecordTemplate", {}),
            ("DeleteLiveRecordFiles", {}),
        ):
            assert refusal(mine, action, **params)[:2] == (403, "Forbidden")


@pytest.fixture
def file(recording: Recording, call: Caller, shipped: str, media: Bucket) -> Recording:
    """Twelve seconds of the first job, as its worker would have left them."""
    submitted(call, shipped)
    recording.record_job, recording.playlist = RecordJob.objects.get(), "record/main.m3u8"
    recording.save()
    return recording


def test_files_are_listed_by_their_index_files(call: Caller, file: Recording) -> None:
    listed = done(call, "ListLiveRecordFiles")
    (told,) = listed.pop("Files")

    assert listed == {"PageNo": 1, "PageSize": "10", "SortBy": "asc", "TotalCount": "1"}
    assert told.pop("CreateTime").endswith("Z")
    assert json.loads(told.pop("RecordOutput")) == {"Type": "oss", "Endpoint": "oss.example.com", "Bucket": "media"}
    assert told == {
        "RecordId": f"00000000-0000-0000-0000-{file.pk:012x}",
        "RecordUrl": "https://media.oss.example.com/record/main.m3u8",
        "JobId": str(UUID(RecordJob.objects.get().pk)),
        "JobName": "任务 1",
        "StreamUrl": URL,
        "Format": "m3u8",
        "StartTime": "2026-11-20T10:00:00Z",
        "EndTime": "2026-11-20T10:00:12Z",
        "Duration": 12.0,
        "Width": 320,
        "Height": 180,
    }


def test_files_are_found_by_job_time_and_format(call: Caller, file: Recording) -> None:
    job = str(UUID(RecordJob.objects.get().pk))
    for params, count in (
        ({"JobIds.1": job, "JobIds.2": "other"}, "1"),
        ({"JobIds.1": "other"}, "0"),
        ({"RecordFormat": "M3U8"}, "1"),
        ({"RecordFormat": "FLV"}, "0"),
        ({"StartTime": "2026-11-20T10:00:11Z", "EndTime": "2026-11-20T10:01:00Z"}, "1"),
        ({"StartTime": "2026-11-20T10:00:12Z"}, "0"),
        ({"EndTime": "2026-11-20T10:00:00Z"}, "0"),
    ):
        assert done(call, "ListLiveRecordFiles", **params)["TotalCount"] == count, params


@pytest.fixture
def movie(file: Recording) -> RecordFile:
    """The recording as one file, as the worker would have made and filed it; its FLV is still to be made."""
    RecordFile.objects.create(recording=file, format="flv", key="record/main.flv")
    storage.save_bytes(b"a film", file.bucket, "record/main.mp4")
    asset = MediaAsset.objects.create(bucket=file.bucket, key="record/main.mp4", title="main", size=6, facts={})
    state = RecordFile.State.MADE
    return RecordFile.objects.create(recording=file, format="mp4", key=asset.key, asset=asset, state=state)


def test_whole_files_are_listed_beside_the_index_file(call: Caller, file: Recording, movie: RecordFile) -> None:
    index, whole = done(call, "ListLiveRecordFiles")["Files"]

    assert whole.pop("CreateTime") >= index.pop("CreateTime")
    named = {"RecordId": str(UUID(movie.pk)), "RecordUrl": "https://media.oss.example.com/record/main.mp4"}
    assert whole == {**index, **named, "Format": "mp4"}
    for given, formats in (("MP4", ["mp4"]), ("m3u8", ["m3u8"]), ("flv", [])):
        found = done(call, "ListLiveRecordFiles", RecordFormat=given)
        assert ([row["Format"] for row in found["Files"]], found["TotalCount"]) == (formats, str(len(formats)))
    backwards = done(call, "ListLiveRecordFiles", SortBy="desc", **{"JobIds.1": index["JobId"]})["Files"]
    assert [row["Format"] for row in backwards] == ["mp4", "m3u8"]
    assert done(call, "ListLiveRecordFiles", StartTime="2026-11-20T10:00:12Z")["TotalCount"] == "0"


@pytest.mark.parametrize(("with_file", "left"), [("True", False), ("false", True)])
def test_a_whole_file_is_deleted_with_its_asset_and_the_recording_stays(
    call: Caller, movie: RecordFile, with_file: str, left: bool
) -> None:
    name = str(UUID(movie.pk))

    for code in ("OK", "ResourceNotFound"):
        told = done(call, "DeleteLiveRecordFiles", **{"RecordIds.1": name, "RemoveFile": with_file})
        assert [(row["RecordId"], row["Code"]) for row in told["DeleteFileInfoList"]] == [(name, code)]

    assert [row["Format"] for row in done(call, "ListLiveRecordFiles")["Files"]] == ["m3u8"]
    assert storage.exists(movie.recording.bucket, movie.key) is left
    assert not MediaAsset.objects.exists()


def test_a_whole_file_that_went_with_its_asset_is_listed_no_more(call: Caller, movie: RecordFile) -> None:
    assert movie.asset is not None
    done(call, "DeleteMediaInfos", MediaIds=movie.asset.pk, DeletePhysicalFiles="true")

    assert [row["Format"] for row in done(call, "ListLiveRecordFiles")["Files"]] == ["m3u8"]


@pytest.mark.parametrize(("with_files", "left"), [("True", False), ("false", True)])
def test_files_are_deleted_each_with_what_became_of_it(
    call: Caller, file: Recording, with_files: str, left: bool
) -> None:
    bucket, key = file.bucket, file.segments.values_list("key", flat=True)[0]
    name = f"00000000-0000-0000-0000-{file.pk:012x}"

    told = done(call, "DeleteLiveRecordFiles", **{"RecordIds.1": name, "RecordIds.2": "x", "RemoveFile": with_files})

    assert told["Message"] == "OK"
    assert [(row["RecordId"], row["Code"]) for row in told["DeleteFileInfoList"]] == [
        (name, "OK"),
        ("x", "ResourceNotFound"),
    ]
    assert not Recording.objects.exists()
    assert storage.exists(bucket, key) is left


def test_a_file_that_grows_is_not_deleted(call: Caller, file: Recording) -> None:
    RecordJob.objects.update(recording=file)

    (told,) = done(call, "DeleteLiveRecordFiles", **{"RecordIds.1": str(UUID(int=file.pk))})["DeleteFileInfoList"]
    assert told["Code"] == "OperationDenied"
    assert "stop the job first" in told["Message"]
    assert Recording.objects.exists()


def test_a_template_is_made_changed_told_and_deleted(call: Caller) -> None:
    key = done(call, "CreateLiveRecordTemplate", Name="short", RecordFormat=FORMATS)["TemplateId"]

    told = done(call, "GetLiveRecordTemplate", TemplateId=key)["RecordTemplate"]
    assert told.pop("CreateTime").endswith("Z")
    assert told.pop("LastModified").endswith("Z")
    whole = {"Format": "m3u8", "CycleDuration": 21600, "SliceDuration": 5, **PREFIXES}
    assert told == {"TemplateId": key, "Name": "short", "Type": "custom", "RecordFormatList": [whole]}

    job = submitted(call, key)
    done(call, "UpdateLiveRecordTemplate", TemplateId=key, Name="long", RecordFormat='[{"Format":"m3u8"}]')
    now = done(call, "GetLiveRecordTemplate", TemplateId=key)["RecordTemplate"]
    then = done(call, "GetLiveRecordTemplate", TemplateId=key, JobId=job)["RecordTemplate"]
    assert (now["Name"], now["RecordFormatList"][0]["SliceDuration"]) == ("long", 30)
    assert (then["Name"], then["RecordFormatList"]) == ("short", [whole])

    done(call, "DeleteLiveRecordTemplate", TemplateId=key)
    assert refusal(call, "GetLiveRecordTemplate", TemplateId=key)[:2] == (404, "ResourceNotFound")
    kept = done(call, "GetLiveRecordJob", JobId=job)["RecordJob"]
    assert (kept["TemplateId"], kept["TemplateName"]) == (key, "short")
    assert done(call, "GetLiveRecordTemplate", TemplateId=key, JobId=job)["RecordTemplate"] == then


def test_templates_are_listed(call: Caller, shipped: str) -> None:
    mine = done(call, "CreateLiveRecordTemplate", Name="short", RecordFormat=FORMATS)["TemplateId"]

    everything = done(call, "ListLiveRecordTemplates")
    assert everything["RecordTemplateList"][0]["TemplateId"] == mine
    assert {name: everything[name] for name in ("PageNo", "PageSize", "SortBy", "TotalCount")} == {
        "PageNo": 1,
        "PageSize": 10,
        "SortBy": "desc",
        "TotalCount": 3,
    }
    for params, names in (
        ({"Type": "custom"}, ["short"]),
        ({"Type": "system", "SortBy": "asc"}, ["live editing", "long segments"]),
        ({"Keyword": "edit"}, ["live editing"]),
        ({"Keyword": mine}, ["short"]),
        ({"TemplateIds.1": mine, "TemplateIds.2": shipped}, ["short", "live editing"]),
    ):
        found = done(call, "ListLiveRecordTemplates", **params)["RecordTemplateList"]
        assert [template["Name"] for template in found] == names


@pytest.mark.parametrize(
    ("formats", "code", "name"),
    [
        ("", "MissingParameter", "RecordFormat"),
        ("[]", "InvalidParameter", "RecordFormat"),
        ("{}", "InvalidParameter", "RecordFormat"),
        ("[{}]", "MissingParameter", "RecordFormat[0].Format"),
        ('[{"Format":"avi"}]', "InvalidParameter", "RecordFormat[0].Format"),
        ('[{"Format":"m3u8","SliceDuration":1}]', "InvalidParameter", "RecordFormat[0].SliceDuration"),
        ('[{"Format":"m3u8","CycleDuration":1}]', "InvalidParameter", "RecordFormat[0].CycleDuration"),
        ('[{"Format":"m3u8","OssObjectPrefix":"a/{X}"}]', "InvalidParameter", "RecordFormat[0].OssObjectPrefix"),
        ('[{"Format":"m3u8","SliceOssObjectPrefix":"a"}]', "InvalidParameter", "RecordFormat[0].SliceOssObjectPrefix"),
    ],
)
def test_a_template_that_cannot_be_is_refused_by_its_field(call: Caller, formats: str, code: str, name: str) -> None:
    refused = refusal(call, "CreateLiveRecordTemplate", Name="mine", RecordFormat=formats)

    assert refused[:2] == (400, code)
    assert f'"{name}"' in refused[2]


def test_shipped_templates_stay_as_they_are(call: Caller, shipped: str) -> None:
    changes = {"Name": "mine", "RecordFormat": FORMATS}
    assert refusal(call, "UpdateLiveRecordTemplate", TemplateId=shipped, **changes)[:2] == (403, "Forbidden")
    assert refusal(call, "DeleteLiveRecordTemplate", TemplateId=shipped)[:2] == (403, "Forbidden")
    assert refusal(call, "DeleteLiveRecordTemplate", TemplateId="x")[:2] == (404, "ResourceNotFound")
