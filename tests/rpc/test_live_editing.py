"""Live editing as IMS clients ask for it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from editing.models import EditingJob, JobState, Recording, SegmentRow
from editing.services import editing_jobs
from editing.worker import edit
from tests.rpc.calling import Caller, caller
from tests.services.test_editing_jobs import clip, submit

CLIPS = '[ { "StartTime": " 2026-11-20T10:00:01Z", "EndTime": "2026-11-20T10:00:03.500Z" } ]'
STREAM = '{"AppName":"live","DomainName":"example.com","StreamName":"main"}'
OUTPUT = '{"MediaURL":"https://media.oss.example.com/clips/goal.mp4"}'
FAST = '{"Mode": "RoughFast"}'
WHOLE = {"Clips": CLIPS, "LiveStreamConfig": STREAM, "OutputMediaConfig": OUTPUT, "MediaProduceConfig": FAST}


@pytest.fixture
def call(ed: User, recording: Recording) -> Caller:
    return caller(ed)


def submitted(call: Caller, **params: str) -> EditingJob:
    status, body = call("SubmitLiveEditingJob", **{**WHOLE, **params})
    assert status == 200, body
    return EditingJob.objects.get(pk=body["JobId"])


def refusal(call: Caller, **params: str) -> tuple[int, str, str]:
    status, body = call("SubmitLiveEditingJob", **{**WHOLE, **params})
    return status, body["Code"], body["Message"]


def test_a_submit_answers_with_the_ids_of_what_will_be(call: Caller, ed: User) -> None:
    status, body = call("SubmitLiveEditingJob", **WHOLE, UserData='{"key": "value"}', ProjectId="", RegionId="cn-x")

    job = EditingJob.objects.get()
    request_id = body.pop("RequestId")
    assert request_id == request_id.upper()
    assert (status, body) == (
        200,
        {
            "ProjectId": job.project_id,
            "JobId": job.pk,
            "MediaId": job.media_id,
            "MediaURL": "https://media.oss.example.com/clips/goal.mp4",
        },
    )
    assert (job.owner, job.mode, job.state, job.user_data) == (ed, "RoughFast", "Queuing", '{"key": "value"}')
    assert [(row["end"] - row["start"]) for row in job.clips] == [2_500_000]


def test_get_repeats_what_was_said_and_tells_how_it_went(call: Caller) -> None:
    job = submitted(call, UserData='{"a": 1}')
    edit.run(job.pk)
    job.refresh_from_db()

    status, body = call("GetLiveEditingJob", JobId=job.pk)

    told = body["LiveEditingJob"]
    assert job.finished_at is not None
    for name, at in (
        ("CreationTime", job.created_at),
        ("ModifiedTime", job.finished_at),
        ("CompleteTime", job.finished_at),
    ):
        assert told.pop(name) == at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (status, told) == (
        200,
        {
            "JobId": job.pk,
            "ProjectId": job.project_id,
            "Status": "Success",
            "Clips": CLIPS,
            "UserData": '{"a": 1}',
            "MediaId": job.media_id,
            "MediaURL": "https://media.oss.example.com/clips/goal.mp4",
            "LiveStreamConfig": json.loads(STREAM),
            "MediaProduceConfig": {"Mode": "RoughFast"},
            "OutputMediaConfig": {"MediaURL": "https://media.oss.example.com/clips/goal.mp4"},
        },
    )


def test_a_job_from_the_dashboard_is_told_in_the_same_words(call: Caller, ed: User) -> None:
    job = submit(ed, clip(1, 3, cover=2))

    told = call("GetLiveEditingJob", JobId=job.pk)[1]["LiveEditingJob"]

    assert told["LiveStreamConfig"] == json.loads(STREAM)
    assert json.loads(told["Clips"]) == [
        {
            "StartTime": "2026-11-20T10:00:01.000Z",
            "EndTime": "2026-11-20T10:00:03.000Z",
            **json.loads(STREAM),
            "CoverTime": "2026-11-20T10:00:02.000Z",
        }
    ]


def test_sizes_and_the_kind_of_target_come_back_as_numbers_and_names(call: Caller) -> None:
    config = {"StorageLocation": "vod-media.oss.example.com", "FileName": "goal.mp4", "Width": "160", "Height": 90,
              "Bitrate": 800, "VodTemplateGroupId": "VOD_NO_TRANSCODE"}  # fmt: skip
    job = submitted(call, OutputMediaConfig=json.dumps(config), MediaProduceConfig='{"Mode":"Accurate"}')

    assert (job.bucket.name, job.width, job.bitrate) == ("vod-media", 160, 800_000)
    told = call("GetLiveEditingJob", JobId=job.pk)[1]["LiveEditingJob"]
    assert told["OutputMediaConfig"] == {**config, "Width": 160}


def test_a_vod_target_has_a_vod_media_id(call: Caller) -> None:
    config = '{"StorageLocation":"vod-media.oss.example.com","FileName":"goal.mp4"}'

    _, body = call("SubmitLiveEditingJob", **{**WHOLE, "OutputMediaConfig": config, "OutputMediaTarget": "vod-media"})

    assert body["VodMediaId"] == body["MediaId"]


def test_a_clip_may_name_its_own_stream(call: Caller) -> None:
    own = json.loads(CLIPS)[0] | {"StreamName": "main", "AppName": "live"}
    job = submitted(call, Clips=json.dumps([own]), LiveStreamConfig='{"DomainName":"example.com","StreamName":"x"}')

    assert job.clips[0]["stream"] == "main"


def test_clips_may_come_flattened_and_in_the_body(call: Caller) -> None:
    given = {**{name: value for name, value in WHOLE.items() if name not in ("Clips", "LiveStreamConfig")},
             "Clips.2.StartTime": "2026-11-20T10:00:06Z", "Clips.2.EndTime": "2026-11-20T10:00:07Z",
             "Clips.1.StartTime": "2026-11-20T10:00:01Z", "Clips.1.EndTime": "2026-11-20T10:00:02Z",
             "LiveStreamConfig.AppName": "live", "LiveStreamConfig.DomainName": "example.com",
             "LiveStreamConfig.StreamName": "main"}  # fmt: skip
    status, body = call.acs3("SubmitLiveEditingJob", form=list(given.items()))

    assert status == 200, body
    job = EditingJob.objects.get()
    assert [row["start"] % 60_000_000 for row in job.clips] == [1_000_000, 6_000_000]
    told = call("GetLiveEditingJob", JobId=job.pk)[1]["LiveEditingJob"]
    assert [item["StartTime"] for item in json.loads(told["Clips"])] == [
        "2026-11-20T10:00:01.000Z",
        "2026-11-20T10:00:06.000Z",
    ]


def test_cancelled_is_told_as_failed_for_this_reason(call: Caller) -> None:
    job = submitted(call)
    editing_jobs.cancel(job)

    told = call("GetLiveEditingJob", JobId=job.pk)[1]["LiveEditingJob"]

    assert (told["Status"], told["Code"], told["Message"]) == ("Failed", "JobCancelled", "The job was cancelled.")


def test_a_failure_is_told_with_code_and_message(call: Caller, recording: Recording) -> None:
    job = submitted(call)
    recording.segments.all().delete()
    edit.run(job.pk)

    told = call("GetLiveEditingJob", JobId=job.pk)[1]["LiveEditingJob"]

    assert (told["Status"], told["Code"]) == ("Failed", "InvalidMaterial.NotFound")
    assert "Nothing of example.com/live/main is recorded" in told["Message"]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("UnreadableMedia", "InvalidParameter.ResourceContentBad"),
        ("InvalidClips", "InvalidParameter"),
        ("NotFound", "InvalidMaterial.NotFound"),
        ("NoSpace", "QueryMaterialFailed"),
        ("FfmpegFailed", "InternalError"),
        ("WorkerLost", "InternalError"),
        ("InternalError", "InternalError"),
    ],
)
def test_codes_of_failed_jobs_are_those_of_ims(call: Caller, ours: str, theirs: str) -> None:
    job = submitted(call)
    EditingJob.objects.update(state=JobState.FAILED, error_code=ours, error_message="It broke.")

    for action, name in (("GetLiveEditingJob", "LiveEditingJob"), ("GetMediaProducingJob", "MediaProducingJob")):
        told = call(action, JobId=job.pk)[1][name]
        assert (told["Status"], told["Code"], told["Message"]) == ("Failed", theirs, "It broke.")


def test_jobs_of_more_than_a_year_ago_are_forgotten(call: Caller) -> None:
    job = submitted(call)
    EditingJob.objects.update(created_at=timezone.now() - timedelta(days=366))

    status, body = call("GetLiveEditingJob", JobId=job.pk)
    assert (status, body["Code"]) == (404, "ResourceNotFound")


def test_an_unknown_job_and_no_job_are_refused(call: Caller) -> None:
    status, body = call("GetLiveEditingJob", JobId="0" * 32)
    assert (status, body["Code"]) == (404, "ResourceNotFound")
    assert (body["HostId"], body["Recommend"]) == ("testserver", "http://testserver/sdk/#ResourceNotFound")
    status, body = call("GetLiveEditingJob", JobId="")
    assert (status, body["Code"], body["Message"]) == (
        400,
        "MissingParameter",
        'The input parameter "JobId" that is mandatory for processing this request is not supplied.',
    )


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("Clips", {"Clips": ""}),
        ("Clips[0].EndTime", {"Clips": '[{"StartTime":"2026-11-20T10:00:01Z"}]'}),
        ("LiveStreamConfig.DomainName", {"LiveStreamConfig": '{"AppName":"live","StreamName":"main"}'}),
        ("LiveStreamConfig.DomainName", {"LiveStreamConfig": ""}),
        ("OutputMediaConfig", {"OutputMediaConfig": ""}),
        ("OutputMediaConfig.MediaURL", {"OutputMediaConfig": "{}"}),
        ("OutputMediaConfig.StorageLocation", {"OutputMediaConfig": "{}", "OutputMediaTarget": "vod-media"}),
        ("OutputMediaConfig.FileName", {"OutputMediaConfig": '{"StorageLocation":"vod-media.oss.example.com"}'}),
    ],
)
def test_what_is_missing_is_named(call: Caller, name: str, params: dict[str, str]) -> None:
    status, code, message = refusal(call, **params)

    assert (status, code) == (400, "MissingParameter")
    assert f'"{name}"' in message


def time(start: str = "2026-11-20T10:00:01Z", end: str = "2026-11-20T10:00:03Z", **more: Any) -> dict[str, str]:
    return {"Clips": json.dumps([{"StartTime": start, "EndTime": end, **more}])}


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("Clips", {"Clips": "no json"}),
        ("Clips", {"Clips": '{"StartTime":1}'}),
        ("Clips", {"Clips": "[" * 5000}),
        ("Clips", {"Clips": "[NaN]"}),
        ("Clips", {"Clips": "[" + "{}," * 1000 + "{}]"}),
        ("Clips", {"Clips": "[]"}),
        ("Clips[0]", {"Clips": "[7]"}),
        ("Clips[0].StartTime", time(start="today")),
        ("Clips[0].StartTime", time(start=7)),  # type: ignore[arg-type]
        ("Clips[0].EndTime", time(end="2026-11-20T10:00:00Z")),
        ("Clips[0].CoverTime", time(CoverTime="2026-11-20T10:00:09Z")),
        ("Clips[0].CoverUrl", time(CoverUrl="oss://media/a.exe")),
        ("Clips[0].CoverUrl", time(CoverUrl="oss://nobody/a.jpg")),
        ("Clips[0].CoverUrl", time(CoverUrl="oss://vod-media/a.jpg")),
        ("Clips[0].StreamName", time(StreamName="nobody")),
        ("Clips", time(StreamName="no\0body")),
        ("Clips", time(StreamName="\ud800")),
        ("Clips[0]", time(start="2026-11-20T12:00:00Z", end="2026-11-20T12:00:03Z")),
        ("LiveStreamConfig", {"LiveStreamConfig": "[]"}),
        ("MediaProduceConfig.Mode", {"MediaProduceConfig": '{"Mode":"Fast"}'}),
        ("UserData", {"UserData": "{"}),
        ("UserData", {"UserData": json.dumps("x" * 511)}),
        ("OutputMediaTarget", {"OutputMediaTarget": "S3"}),
        ("OutputMediaTarget", {"OutputMediaTarget": "vod-media"}),
        ("OutputMediaConfig", {"OutputMediaConfig": '{"MediaURL":"oss://media/a.mp4","FileName":"a.mp4"}'}),
        ("OutputMediaConfig", {"OutputMediaConfig": '{"MediaURL":"oss://vod-media/a.mp4"}'}),
        ("OutputMediaConfig.MediaURL", {"OutputMediaConfig": '{"MediaURL":"oss://nobody/a.mp4"}'}),
        ("OutputMediaConfig.MediaURL", {"OutputMediaConfig": '{"MediaURL":"ftp://media/a.mp4"}'}),
        ("OutputMediaConfig.MediaURL", {"OutputMediaConfig": '{"MediaURL":"oss://media/../a.mp4"}'}),
        ("OutputMediaConfig.MediaURL", {"OutputMediaConfig": '{"MediaURL":["a"]}'}),
        ("OutputMediaConfig.FileName",
         {"OutputMediaConfig": '{"StorageLocation":"vod-media.oss.example.com","FileName":"a.exe"}'}),
        ("OutputMediaConfig.StorageLocation",
         {"OutputMediaConfig": '{"StorageLocation":"nobody.oss.example.com","FileName":"a.mp4"}'}),
        ("OutputMediaConfig.Width", {"OutputMediaConfig": '{"MediaURL":"oss://media/a.mp4","Width":640}'}),
        ("OutputMediaConfig.Width",
         {"OutputMediaConfig": '{"MediaURL":"oss://media/a.mp4","Width":' + "9" * 4000 + "}"}),
        ("OutputMediaConfig.Width", {"OutputMediaConfig": '{"MediaURL":"oss://media/a.mp4","Width":true}'}),
        ("OutputMediaConfig.VodTemplateGroupId",
         {"OutputMediaConfig": '{"MediaURL":"oss://media/a.mp4","VodTemplateGroupId":"x"}'}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(call: Caller, name: str, params: dict[str, str]) -> None:
    status, code, message = refusal(call, **params)

    assert (status, code) == (400, "InvalidParameter"), message
    assert message.startswith(f'The specified parameter "{name}" is not valid. ')
    assert not EditingJob.objects.exists()


def test_a_name_that_another_job_is_writing_is_refused(call: Caller) -> None:
    submitted(call)

    status, code, message = refusal(call)

    assert (status, code) == (400, "InvalidParameter")
    assert '"OutputMediaConfig" is not valid. An unfinished job already writes clips/goal.mp4' in message


def test_a_project_that_is_not_there_is_said(call: Caller) -> None:
    assert refusal(call, ProjectId="p1")[:2] == (404, "ProjectNotFound")


def test_the_mode_is_accurate_fast_unless_said(call: Caller) -> None:
    status, body = call("SubmitLiveEditingJob", **{**WHOLE, "MediaProduceConfig": ""})

    accepted = status == 200 and EditingJob.objects.get().mode == "AccurateFast"
    assert accepted or body["Message"].startswith('The specified parameter "MediaProduceConfig.Mode" is not valid.')


def test_a_viewer_may_look_and_not_submit(call: Caller, vera: User) -> None:
    job, viewer = submitted(call), caller(vera)

    assert viewer("GetLiveEditingJob", JobId=job.pk)[0] == 200
    assert refusal(viewer)[:2] == (403, "Forbidden")


def test_an_account_without_a_role_sees_nothing(call: Caller, sam: User) -> None:
    assert caller(sam)("GetLiveEditingJob", JobId=submitted(call).pk)[1]["Code"] == "Forbidden"


def test_the_index_file_is_an_address_that_plays(call: Caller, recording: Recording) -> None:
    status, body = call("GetLiveEditingIndexFile", **json.loads(STREAM))

    assert status == 200
    assert body["IndexFile"].startswith(f"http://testserver/playback/{recording.pk}/index.m3u8?expires=")
    playlist = call.client.get(body["IndexFile"].removeprefix("http://testserver"))
    lines = playlist.content.decode().splitlines()
    assert (playlist.status_code, lines[0]) == (200, "#EXTM3U")
    segment = next(line for line in lines if not line.startswith("#"))
    media = call.client.get(f"/playback/{recording.pk}/{segment}")
    assert (media.status_code, len(media.getvalue())) == (200, SegmentRow.objects.earliest("start").size)


def test_of_a_long_recording_the_index_file_plays_the_end(call: Caller, recording: Recording) -> None:
    assert recording.end is not None
    hour = 3600 * 1_000_000
    for ended, hours, kept in ((True, 26, 25), (False, 13, 6), (False, 7, 6)):
        Recording.objects.update(start=recording.end - hours * hour, ended=ended)
        address = call("GetLiveEditingIndexFile", **json.loads(STREAM))[1]["IndexFile"]
        assert address.endswith(f"&start={recording.end - kept * hour}")
        assert call.client.get(address.removeprefix("http://testserver")).status_code == 200


def test_an_index_file_needs_a_stream_that_is_recorded(call: Caller, recording: Recording) -> None:
    stream = json.loads(STREAM)

    for name in stream:
        _, body = call("GetLiveEditingIndexFile", **{**stream, name: ""})
        assert (body["Code"], f'"{name}"' in body["Message"]) == ("MissingParameter", True)
    assert call("GetLiveEditingIndexFile", **{**stream, "StreamName": "x"})[1]["Code"] == "InvalidParameter"
    assert call("GetLiveEditingIndexFile", **stream, ProjectId="p")[1]["Code"] == "ProjectNotFound"
    Recording.objects.update(start=None, end=None)
    assert call("GetLiveEditingIndexFile", **stream)[1]["Code"] == "ResourceNotFound"


def test_states_of_ours_have_names_of_theirs(call: Caller) -> None:
    job, seen = submitted(call), {}
    for state in JobState:
        EditingJob.objects.update(state=state)
        seen[state.value] = call("GetLiveEditingJob", JobId=job.pk)[1]["LiveEditingJob"]["Status"]

    assert seen == {state.value: state.value for state in JobState} | {"Cancelled": "Failed"}
