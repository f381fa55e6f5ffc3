"""Editing projects as IMS clients see them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from editing.models import EditingJob, MediaAsset, Project, Recording
from editing.services import editing_jobs
from editing.worker import convert, edit, prepare
from tests.rpc.calling import Caller, caller, stamp
from tests.rpc.test_live_editing import CLIPS, FAST, STREAM
from tests.services.test_editing_jobs import clip, submit

CONFIG = """{ "OutputMediaConfig" : { "StorageLocation": "media.oss.example.com", "Path": "matches/1" },
 "OutputMediaTarget": "oss-object", "ReservationTime": "2021-06-21T08:05:00Z" }"""
LIVE = '[{"appName":"live","domainName":"example.com","liveUrl":"rtmp://example.com/live/main","streamName":"main"}]'


@pytest.fixture
def call(ed: User) -> Caller:
    return caller(ed)


@pytest.fixture
def asset(recording: Recording, ed: User) -> MediaAsset:
    """Two seconds."""
    edit.run(submit(ed, clip(2, 4)).pk)
    return MediaAsset.objects.get()


def done(call: Caller, action: str, **params: str) -> Any:
    status, body = call(action, **params)
    assert status == 200, body
    body.pop("RequestId")
    return body


def created(call: Caller, **params: str) -> Any:
    return done(call, "CreateEditingProject", **{"Title": "Match", **params})["Project"]


def live(call: Caller, **params: str) -> str:
    given = {"ProjectType": "LiveEditingProject", "BusinessConfig": CONFIG, **params}
    key: str = created(call, **given)["ProjectId"]
    return key


def got(call: Caller, key: str, **params: str) -> Any:
    return done(call, "GetEditingProject", ProjectId=key, **params)["Project"]


def refusal(call: Caller, action: str, **params: str) -> tuple[int, str, str]:
    status, body = call(action, **params)
    return status, body["Code"], body["Message"]


def timeline(*clips: dict[str, Any]) -> str:
    return json.dumps({"VideoTracks": [{"VideoTrackClips": list(clips)}]})


def test_a_new_project_is_told_with_the_number_of_its_status(call: Caller, asset: MediaAsset) -> None:
    written = timeline({"MediaId": asset.pk}, {"MediaId": asset.pk, "Out": 0.5})

    told = created(call, Description="Cup", CoverURL="https://x.example.com/a.jpg", Timeline=written)

    project = Project.objects.get()
    assert told.pop("Duration") == pytest.approx(2.5, abs=0.05)
    assert told == {
        "ProjectId": project.pk,
        "Title": "Match",
        "Description": "Cup",
        "CoverURL": "https://x.example.com/a.jpg",
        "Timeline": written,
        "TemplateId": "",
        "ClipsParam": "",
        "TemplateType": "Timeline",
        "Status": 2,
        "StatusName": "Editing",
        "ProjectType": "EditingProject",
        "BusinessConfig": "",
        "BusinessStatus": "",
        "CreateSource": "OpenAPI",
        "ModifiedSource": "OpenAPI",
        "CreateTime": stamp(project.created_at),
        "ModifiedTime": stamp(project.created_at),
    }


def test_get_says_the_name_of_the_status_and_the_timeline_as_it_was_written(call: Caller, asset: MediaAsset) -> None:
    written = f" {timeline({'MediaId': asset.pk})}"
    told = got(call, created(call, Timeline=written)["ProjectId"])

    assert (told["Status"], told["Timeline"], told["TimelineConvertStatus"]) == ("Editing", written, "Unconverted")
    assert "StatusName" not in told
    assert "TimelineConvertErrorMessage" not in told


def test_a_live_project_repeats_its_configuration_and_waits_for_its_stream(call: Caller) -> None:
    told = created(
        call, ProjectType="LiveEditingProject", BusinessConfig=CONFIG, MaterialMaps=json.dumps({"liveStream": LIVE})
    )

    assert (told["BusinessConfig"], told["BusinessStatus"], told["CreateSource"], told["Status"]) == (
        CONFIG, "Reserving", "LiveEditingOpenAPI", 1,
    )  # fmt: skip
    assert done(call, "GetEditingProjectMaterials", ProjectId=told["ProjectId"]) == {
        "ProjectId": told["ProjectId"],
        "MediaInfos": [],
        "LiveMaterials": [
            {
                "AppName": "live",
                "DomainName": "example.com",
                "LiveUrl": "rtmp://example.com/live/main",
                "StreamName": "main",
            }
        ],
        "ProjectMaterials": [],
    }


@pytest.mark.parametrize(
    ("params", "code", "says"),
    [
        ({"Title": ""}, "MissingParameter", '"Title"'),
        ({"Timeline": "{"}, "InvalidParameter", '"Timeline" is not valid. It is not JSON'),
        ({"Timeline": timeline({})}, "InvalidParameter", "VideoTracks[0].VideoTrackClips[0] must have either"),
        ({"TemplateId": "t"}, "InvalidParameter", '"ClipsParam"'),
        ({"TemplateId": "t", "ClipsParam": "{}", "Timeline": timeline({"MediaId": "x"})}, "InvalidParameter",
         '"TemplateId" is not valid. Give a timeline or a template'),
        ({"ProjectType": "LiveEditingProject"}, "InvalidParameter", "BusinessConfig.OutputMediaConfig.StorageLocation"),
        ({"BusinessConfig": '{"OutputMediaConfig":{"StorageLocation":"nobody.oss.example.com"}}'}, "InvalidParameter",
         "BusinessConfig.OutputMediaConfig.StorageLocation"),
        ({"BusinessConfig": '{"OutputMediaConfig":{"StorageLocation":"media.oss.example.com","Path":"../x"}}'},
         "InvalidParameter", "BusinessConfig.OutputMediaConfig.Path"),
        ({"BusinessConfig": '{"OutputMediaTarget":"vod-media","OutputMediaConfig":{"StorageLocation":'
                            '"media.oss.example.com"}}'}, "InvalidParameter", "its kind is oss"),
        ({"BusinessConfig": '{"ReservationTime":"soon"}'}, "InvalidParameter", "BusinessConfig.ReservationTime"),
        ({"MaterialMaps": '{"video":"nobody"}'}, "InvalidParameter", '"MaterialMaps.video" is not valid. There is no'),
        ({"MaterialMaps": '{"liveStream":"[{}]"}'}, "MissingParameter", "MaterialMaps.liveStream[0].domainName"),
        ({"MaterialMaps": '{"film":"x"}'}, "InvalidParameter", "MaterialMaps.film"),
    ],
)  # fmt: skip
def test_what_cannot_be_created_is_refused_by_name(call: Caller, params: dict[str, str], code: str, says: str) -> None:
    status, said, message = refusal(call, "CreateEditingProject", **{"Title": "Match", **params})

    assert (status, said) == (400, code)
    assert says in message
    assert not Project.objects.exists()


def test_an_update_replaces_what_is_given(call: Caller, asset: MediaAsset) -> None:
    key = created(call, Description="kept")["ProjectId"]

    done(call, "UpdateEditingProject", ProjectId=key, Title="Final", Timeline=timeline({"MediaId": asset.pk, "Out": 1}))

    told = got(call, key)
    assert (told["Title"], told["Description"], told["Status"], told["Duration"]) == ("Final", "kept", "Editing", 1.0)


def test_reservations_are_cancelled_and_made_again(call: Caller) -> None:
    key = live(call)

    done(call, "UpdateEditingProject", ProjectId=key, BusinessStatus="ReservationCanceled")
    assert got(call, key)["BusinessStatus"] == "ReservationCanceled"
    done(call, "UpdateEditingProject", ProjectId=key, BusinessStatus="Reserving")
    assert got(call, key)["BusinessStatus"] == "Reserving"

    said = refusal(call, "UpdateEditingProject", ProjectId=key, BusinessStatus="BroadCasting")
    assert said[:2] == (400, "InvalidParameter")
    assert '"BusinessStatus"' in said[2]
    plain = created(call)["ProjectId"]
    assert refusal(call, "UpdateEditingProject", ProjectId=plain, BusinessStatus="Reserving")[0] == 400


def test_a_deleted_project_is_told_as_such_and_found_nowhere_else(call: Caller) -> None:
    key, other = created(call)["ProjectId"], created(call)["ProjectId"]

    done(call, "DeleteEditingProjects", ProjectIds=key)

    assert got(call, key)["Status"] == "Deleted"
    for action, params in (
        ("UpdateEditingProject", {"Title": "x"}),
        ("AddEditingProjectMaterials", {"MaterialMaps": json.dumps({"editingProject": other})}),
        ("GetEditingProjectMaterials", {}),
        ("DeleteEditingProjectMaterials", {"MaterialIds": "x", "MaterialType": "video"}),
    ):
        assert refusal(call, action, ProjectId=key, **params)[:2] == (404, "ProjectNotFound")
    assert refusal(call, "DeleteEditingProjects", ProjectIds=f"{other},{key}")[:2] == (404, "ProjectNotFound")
    listed = done(call, "ListEditingProjects")["ProjectList"]
    assert [each["ProjectId"] for each in listed] == [other]
    assert [each["ProjectId"] for each in done(call, "SearchEditingProject")["ProjectList"]] == [other]


def test_search_pages_by_number_and_tells_timelines(call: Caller) -> None:
    keys = [created(call, Title=f"{number}")["ProjectId"] for number in range(3)]
    live(call)
    for number, key in enumerate(keys):
        Project.objects.filter(pk=key).update(created_at=timezone.now() - timedelta(minutes=10 - number))

    first = done(call, "SearchEditingProject", PageSize="2", SortBy="CreationTime:Asc")
    second = done(call, "SearchEditingProject", PageSize="2", PageNo="2", SortBy="CreationTime:Asc")

    assert [each["ProjectId"] for page in (first, second) for each in page["ProjectList"]] == keys
    assert (first["MaxResults"], first["NextToken"], first["TotalCount"]) == (2, "", 3)
    assert {"Timeline", "Duration", "ErrorCode"} <= first["ProjectList"][0].keys()
    assert refusal(call, "SearchEditingProject", Status="Nonsense")[:2] == (400, "InvalidParameter")


def test_lists_page_by_token_and_leave_timelines_out(call: Caller) -> None:
    keys = [created(call)["ProjectId"], live(call)]

    first = done(call, "ListEditingProjects", MaxResults="1")
    second = done(call, "ListEditingProjects", MaxResults="1", NextToken=first["NextToken"])

    assert [each["ProjectId"] for page in (first, second) for each in page["ProjectList"]] == keys[::-1]
    assert (first["MaxResults"], second["NextToken"]) == (1, "")
    assert not {"Timeline", "Duration", "TemplateId"} & first["ProjectList"][0].keys()
    for params in ({"Keyword": keys[0]}, {"ProjectType": "EditingProject"}, {"CreateSource": "OpenAPI"}):
        assert [each["ProjectId"] for each in done(call, "ListEditingProjects", **params)["ProjectList"]] == keys[:1]
    assert done(call, "ListEditingProjects", Status="Produced")["ProjectList"] == []


def test_materials_are_attached_and_detached(call: Caller, asset: MediaAsset) -> None:
    key, other = created(call)["ProjectId"], created(call)["ProjectId"]
    maps = json.dumps({"video": asset.pk, "editingProject": other})

    told = done(call, "AddEditingProjectMaterials", ProjectId=key, MaterialMaps=maps)
    assert told == done(call, "AddEditingProjectMaterials", ProjectId=key, MaterialMaps=maps)

    (info,) = told["MediaInfos"]
    assert (info["MediaId"], info["MediaBasicInfo"]["MediaType"], told["ProjectMaterials"]) == (
        asset.pk, "video", [other],
    )  # fmt: skip
    assert info["FileInfoList"][0]["FileBasicInfo"]["FileName"] == "out.mp4"
    wrong = {"ProjectId": key, "MaterialMaps": json.dumps({"audio": asset.pk})}
    assert '"MaterialMaps.audio" is not valid' in refusal(call, "AddEditingProjectMaterials", **wrong)[2]

    gone = {"ProjectId": key, "MaterialIds": asset.pk}
    done(call, "DeleteEditingProjectMaterials", **gone, MaterialType="audio")
    assert done(call, "GetEditingProjectMaterials", ProjectId=key)["MediaInfos"]
    done(call, "DeleteEditingProjectMaterials", **gone, MaterialType="video")
    assert done(call, "GetEditingProjectMaterials", ProjectId=key)["MediaInfos"] == []
    assert refusal(call, "DeleteEditingProjectMaterials", **gone)[:2] == (400, "MissingParameter")
    assert MediaAsset.objects.get() == asset


def test_a_web_editor_gets_a_converted_timeline_and_its_files_as_materials(call: Caller, asset: MediaAsset) -> None:
    """The file is not an asset any more when the project is created, and becomes one."""
    url = asset.bucket.url(asset.key)
    asset.delete()
    written = timeline({"MediaURL": url})
    key = created(call, Timeline=written)["ProjectId"]

    told = got(call, key, RequestSource="WebSDK")
    assert (told["TimelineConvertStatus"], told["Timeline"], told["Duration"]) == ("Converting", written, 0.0)
    convert.run(key)  # it waits for the file's length
    assert got(call, key)["TimelineConvertStatus"] == "Converting"
    new = MediaAsset.objects.get()
    prepare.run(new.pk)
    convert.run(key)

    told = got(call, key, RequestSource="WebSDK")
    (clip,) = json.loads(told["Timeline"])["VideoTracks"][0]["VideoTrackClips"]
    assert (told["TimelineConvertStatus"], clip["MediaId"], clip["TimelineOut"]) == (
        "Converted", new.pk, pytest.approx(2, abs=0.05),
    )  # fmt: skip
    assert told["Duration"] == pytest.approx(2, abs=0.05)
    assert got(call, key)["Timeline"] == written
    materials = done(call, "GetEditingProjectMaterials", ProjectId=key)
    assert [info["MediaId"] for info in materials["MediaInfos"]] == [new.pk]


def test_why_a_timeline_cannot_be_converted_is_told_until_it_is_replaced(call: Caller) -> None:
    key = created(call, Timeline=timeline({"MediaURL": "https://elsewhere.oss.example.com/a.mp4"}))["ProjectId"]

    told = got(call, key, RequestSource="WebSDK")
    assert told["TimelineConvertStatus"] == "ConvertFailed"
    assert "There is no active bucket behind" in told["TimelineConvertErrorMessage"]

    done(call, "UpdateEditingProject", ProjectId=key, Timeline="{}")
    told = got(call, key, RequestSource="WebSDK")
    assert told["TimelineConvertStatus"] == "Converting"
    convert.run(key)
    assert got(call, key, RequestSource="WebSDK")["TimelineConvertStatus"] == "Converted"


def test_who_may_only_look_changes_nothing(call: Caller, vera: User) -> None:
    key, looking = created(call)["ProjectId"], caller(vera)

    assert got(looking, key, RequestSource="WebSDK")["TimelineConvertStatus"] == "Unconverted"
    for action, params in (
        ("CreateEditingProject", {"Title": "x"}),
        ("UpdateEditingProject", {"ProjectId": key}),
        ("DeleteEditingProjects", {"ProjectIds": key}),
        ("AddEditingProjectMaterials", {"ProjectId": key}),
        ("DeleteEditingProjectMaterials", {"ProjectId": key}),
    ):
        assert refusal(looking, action, **params)[:2] == (403, "Forbidden")


def test_jobs_of_a_project_store_where_it_says_and_drive_its_status(call: Caller, recording: Recording) -> None:
    key = live(call)
    named = '{"MediaURL":"https://media.oss.example.com/ignored.mp4"}'
    request = {"Clips": CLIPS, "LiveStreamConfig": STREAM, "MediaProduceConfig": FAST, "ProjectId": key}

    said = done(call, "SubmitLiveEditingJob", **request, OutputMediaConfig=named)
    other = done(call, "SubmitLiveEditingJob", **request)

    assert said["ProjectId"] == key
    assert said["MediaURL"] != other["MediaURL"]
    begin = "https://media.oss.example.com/matches/1/live-main-20261120-100001-"
    assert said["MediaURL"].startswith(begin)
    assert got(call, key)["Status"] == "Producing"
    edit.run(said["JobId"])
    assert got(call, key)["Status"] == "Producing"
    edit.run(other["JobId"])
    assert got(call, key)["Status"] == "Produced"
    assert done(call, "GetLiveEditingJob", JobId=said["JobId"])["LiveEditingJob"]["ProjectId"] == key
    jobs = done(call, "ListMediaProducingJobs", ProjectId=key)["MediaProducingJobList"]
    assert {job["JobId"] for job in jobs} == {said["JobId"], other["JobId"]}


def test_a_project_tells_how_its_last_job_failed(call: Caller, recording: Recording) -> None:
    key = live(call)
    request = {"Clips": CLIPS, "LiveStreamConfig": STREAM, "MediaProduceConfig": FAST, "ProjectId": key}
    job = EditingJob.objects.get(pk=done(call, "SubmitLiveEditingJob", **request)["JobId"])

    editing_jobs.cancel(job)

    (told,) = done(call, "ListEditingProjects", Keyword=key)["ProjectList"]
    assert (told["Status"], told["ErrorCode"], told["ErrorMessage"]) == (
        "ProduceFailed", "JobCancelled", "The job was cancelled.",
    )  # fmt: skip
    editing_jobs.retry(job)
    assert got(call, key)["Status"] == "Producing"


def test_a_submit_without_a_project_makes_one_that_stores_there(call: Caller, recording: Recording) -> None:
    config = '{"MediaURL":"oss://media/day/goal.mp4"}'
    request = {"Clips": CLIPS, "LiveStreamConfig": STREAM, "MediaProduceConfig": FAST}

    said = done(call, "SubmitLiveEditingJob", **request, OutputMediaConfig=config)

    told = got(call, said["ProjectId"])
    assert (told["ProjectType"], told["Title"], told["Status"]) == ("LiveEditingProject", "goal", "Producing")
    assert json.loads(told["BusinessConfig"])["OutputMediaConfig"] == {
        "StorageLocation": "media.oss.example.com",
        "Path": "day",
    }
    again = done(call, "SubmitLiveEditingJob", **request, ProjectId=said["ProjectId"])
    assert again["MediaURL"].startswith("https://media.oss.example.com/day/live-main-")


def test_a_refused_submit_leaves_no_project(call: Caller, recording: Recording) -> None:
    assert refusal(call, "SubmitLiveEditingJob", Clips=CLIPS, LiveStreamConfig=STREAM,
                   OutputMediaConfig='{"MediaURL":"oss://media/a.exe"}')[0] == 400  # fmt: skip
    ordinary = created(call)["ProjectId"]
    said = refusal(call, "SubmitLiveEditingJob", Clips=CLIPS, LiveStreamConfig=STREAM, ProjectId=ordinary)
    assert said[:2] == (400, "InvalidParameter")
    assert '"ProjectId"' in said[2]
    assert Project.objects.get().pk == ordinary
