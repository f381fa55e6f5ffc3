"""Media assets as IMS clients read them."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from django.contrib.auth.models import User
from PIL import Image

from editing import storage
from editing.models import Bucket, MediaAsset, Recording
from editing.worker import edit, prepare, stills
from tests.rpc.calling import Caller, caller, stamp
from tests.samples import number_of
from tests.services.test_editing_jobs import clip, submit

URL = "https://media.oss.example.com/out.mp4"


@pytest.fixture
def call(vera: User) -> Caller:
    return caller(vera)


@pytest.fixture
def asset(recording: Recording, ed: User) -> MediaAsset:
    """Two seconds of picture and sound."""
    edit.run(submit(ed, clip(2, 4)).pk)
    return MediaAsset.objects.get()


def info(call: Caller, **params: str) -> Any:
    status, body = call("GetMediaInfo", **params)
    assert status == 200, body
    return body["MediaInfo"]


def test_an_asset_is_told_with_its_file_and_its_streams_in_text(call: Caller, asset: MediaAsset) -> None:
    told = info(call, MediaId=asset.pk)

    basic, (file,) = told["MediaBasicInfo"], told["FileInfoList"]
    assert basic.pop("CoverURL").startswith("http://testserver/files/media/out.jpg")
    made = stamp(asset.created_at)
    assert {name: value for name, value in basic.items() if value} == {
        "MediaId": asset.pk,
        "InputURL": URL,
        "MediaType": "video",
        "BusinessType": "general",
        "Source": "oss",
        "Title": "out",
        "Status": "Normal",
        "CreateTime": made,
        "ModifiedTime": made,
        "Snapshots": "[]",
        "SpriteImages": "[]",
    }
    address = file["FileBasicInfo"].pop("FileUrl")
    assert call.client.get(address.removeprefix("http://testserver")).getvalue()[4:8] == b"ftyp"
    assert file["FileBasicInfo"] == {
        "FileName": "out.mp4",
        "FileStatus": "Normal",
        "FileType": "source_file",
        "FileSize": str(asset.size),
        "Region": "",
        "FormatName": asset.facts["container"],
        "Duration": f"{asset.duration / 1_000_000:.6f}",
        "Bitrate": f"{asset.facts['bit_rate'] / 1000:.3f}",
        "Width": "320",
        "Height": "180",
        "CreateTime": made,
        "ModifiedTime": made,
    }
    (video,), (audio,) = file["VideoStreamInfoList"], file["AudioStreamInfoList"]
    assert {name: video[name] for name in ("Index", "CodecName", "Width", "Fps", "NumFrames")} == {
        "Index": "0",
        "CodecName": "h264",
        "Width": "320",
        "Fps": "25",
        "NumFrames": "50",
    }
    assert (audio["SampleRate"], audio["Channels"], audio["ChannelLayout"]) == ("48000", "1", "mono")
    assert {type(value) for each in (file["FileBasicInfo"], video, audio) for value in each.values()} == {str}


@pytest.mark.parametrize("url", [URL, "http://media.oss.example.com/out.mp4", "oss://media/out.mp4"])
def test_an_asset_is_found_by_every_form_of_its_url(call: Caller, asset: MediaAsset, url: str) -> None:
    assert info(call, InputURL=url)["MediaId"] == asset.pk


def test_the_media_id_counts_before_the_url(call: Caller, asset: MediaAsset) -> None:
    assert info(call, InputURL="oss://media/x.mp4", MediaId=asset.pk)["MediaId"] == asset.pk
    assert info(call, InputURL=f"vod://{asset.pk}")["MediaId"] == asset.pk


def test_addresses_hold_as_long_as_is_asked_for(call: Caller, asset: MediaAsset) -> None:
    def expires(**params: str) -> int:
        address = info(call, MediaId=asset.pk, **params)["FileInfoList"][0]["FileBasicInfo"]["FileUrl"]
        return int(parse_qs(urlsplit(address).query)["expires"][0])

    assert 7200 - 3600 - 5 <= expires(AuthTimeout="7200") - expires() <= 7200 - 3600 + 5


@pytest.mark.parametrize(
    ("code", "name", "params"),
    [
        ("MissingParameter", "MediaId", {}),
        ("ResourceNotFound", "0" * 32, {"MediaId": "0" * 32}),
        ("ResourceNotFound", "oss://media/x.mp4", {"InputURL": "oss://media/x.mp4"}),
        ("ResourceNotFound", "oss://nobody/x.mp4", {"InputURL": "oss://nobody/x.mp4"}),
        ("InvalidParameter", "InputURL", {"InputURL": "x"}),
        ("InvalidParameter", "AuthTimeout", {"MediaId": "x", "AuthTimeout": "86401"}),
        ("InvalidParameter", "OutputType", {"MediaId": "x", "OutputType": "ftp"}),
        ("InvalidParameter", "ReturnDetailedInfo", {"MediaId": "x", "ReturnDetailedInfo": "x"}),
    ],
)
def test_what_is_missing_unknown_or_wrong_is_said(
    call: Caller, asset: MediaAsset, code: str, name: str, params: dict[str, str]
) -> None:
    _, body = call("GetMediaInfo", **params)

    assert body["Code"] == code
    assert name in body["Message"]


def test_several_are_told_in_the_order_asked_for_and_the_unknown_ignored(call: Caller, asset: MediaAsset) -> None:
    status, body = call("BatchGetMediaInfos", MediaIds=f"nobody, {asset.pk},,{asset.pk}")
    (told,) = body["MediaInfos"]
    assert (status, told["MediaId"], body["IgnoredList"]) == (200, asset.pk, ["nobody"])
    assert "FileInfoList" not in told

    _, body = call("BatchGetMediaInfos", MediaIds=asset.pk, AdditionType="FileInfo,DynamicMetaData")
    assert body["MediaInfos"][0]["FileInfoList"][0]["FileBasicInfo"]["Width"] == "320"
    assert call("BatchGetMediaInfos")[1]["Code"] == "MissingParameter"
    assert call("BatchGetMediaInfos", MediaIds="a," * 101)[1]["Code"] == "InvalidParameter"


def listed(call: Caller, **params: str) -> Any:
    status, body = call("ListMediaBasicInfos", **params)
    assert status == 200, body
    return body


def test_the_list_is_paged_sorted_and_counted(call: Caller, asset: MediaAsset, ed: User) -> None:
    edit.run(submit(ed, clip(4, 6), key="later.mp4").pk)
    titles: list[str] = []
    token = ""
    for _ in range(2):
        body = listed(call, MaxResults="1", NextToken=token, SortBy="asc")
        assert (body["MaxResults"], body["TotalCount"]) == (1, 2)
        titles, token = [*titles, body["MediaInfos"][0]["MediaBasicInfo"]["Title"]], body["NextToken"]

    assert (titles, token) == (["out", "later"], "")
    assert [each["MediaBasicInfo"]["Title"] for each in listed(call)["MediaInfos"]] == ["later", "out"]


def test_the_list_is_filtered(call: Caller, asset: MediaAsset) -> None:
    def count(**params: str) -> int:
        return len(listed(call, **params)["MediaInfos"])

    everything = {"MediaType": "video", "Source": "oss", "Status": "Normal", "BusinessType": "general",
                  "MediaId": asset.pk, "StartTime": "2026-01-01T00:00:00Z"}  # fmt: skip
    assert count(**everything) == 1
    for name, other in (("MediaType", "audio"), ("Source", "vod"), ("Status", "Init"), ("BusinessType", "font"),
                        ("MediaId", "x"), ("StartTime", "2999-01-01T00:00:00Z")):  # fmt: skip
        assert count(**{**everything, name: other}) == 0
    assert count(EndTime="2026-01-01T00:00:00Z") == 0


@pytest.mark.parametrize("flag", ["True", "true", "1"])
def test_files_are_listed_where_asked_for(call: Caller, asset: MediaAsset, flag: str) -> None:
    assert "FileInfoList" not in listed(call)["MediaInfos"][0]
    assert "FileInfoList" not in listed(call, IncludeFileBasicInfo="False")["MediaInfos"][0]
    (file,) = listed(call, IncludeFileBasicInfo=flag)["MediaInfos"][0]["FileInfoList"]
    assert list(file) == ["FileBasicInfo"]


@pytest.fixture
def editor(ed: User) -> Caller:
    return caller(ed)


@pytest.fixture
def file(media: Bucket, recording: Recording) -> str:
    """The URL of two seconds of picture and sound that no asset knows."""
    segment = recording.segments.earliest("start")
    with storage.open_file(recording.bucket, segment.key) as source:
        storage.save_bytes(source.read(), media, "in/goal.ts")
    return "oss://media/in/goal.ts"


def test_a_file_is_registered_described_and_read(editor: Caller, file: str) -> None:
    given = {"Title": "Tor", "Description": "Das dritte", "MediaTags": "a, b,,c", "UserData": '{"a":1}',
             "CoverURL": "https://example.com/c.jpg", "BusinessType": "opening", "ReferenceId": "goal-03",
             "MediaType": "video"}  # fmt: skip
    status, body = editor("RegisterMediaInfo", InputURL=file, **given)
    assert status == 200, body
    basic = info(editor, InputURL=file)["MediaBasicInfo"]
    assert (basic["Status"], basic["MediaId"]) == ("Preparing", body["MediaId"])

    prepare.run(body["MediaId"])
    told = info(editor, MediaId=body["MediaId"])
    assert told["MediaBasicInfo"]["Status"] == "Normal"
    assert {name: told["MediaBasicInfo"][name] for name in given} == {**given, "MediaTags": "a,b,c"}
    assert told["FileInfoList"][0]["FileBasicInfo"]["FormatName"] == "mpegts"


def test_the_poster_is_taken_where_it_is_said(editor: Caller, file: str) -> None:
    def cover(config: str) -> str:
        _, body = editor("RegisterMediaInfo", InputURL=file, MediaType="video", Overwrite="True", RegisterConfig=config)
        prepare.run(body["MediaId"])
        return str(info(editor, MediaId=body["MediaId"])["MediaBasicInfo"]["CoverURL"])

    def number(config: str) -> int:
        answer = editor.client.get(cover(config).removeprefix("http://testserver"))
        with Image.open(BytesIO(answer.getvalue())) as picture:
            return number_of(np.asarray(picture.convert("L")))

    assert number("") == 0
    assert number('{"NeedSprite": "false", "CoverConfig": {"StartTime": 1.25}}') == 31
    assert number('{"CoverConfig": {"StartTime": "0.5"}, "NeedSnapshot": "true"}') == 12
    assert cover('{"NeedSnapshot": false}') == ""


def test_snapshots_and_sprite_are_told_as_json_in_text(call: Caller, asset: MediaAsset) -> None:
    stills.run(asset.pk)

    basic = info(call, MediaId=asset.pk)["MediaBasicInfo"]

    (snapshots,), (sprites,) = json.loads(basic["Snapshots"]), json.loads(basic["SpriteImages"])
    addresses = [*snapshots.pop("snapshotUrls"), *sprites.pop("spriteUrls")]
    assert [call.client.get(each.removeprefix("http://testserver")).getvalue()[:2] for each in addresses] == (
        [b"\xff\xd8"] * 3
    )
    stored = {"bucket": "media", "count": "2", "iceJobId": "", "location": "oss", "templateId": ""}
    names = {"snapshotRegular": f"posters/{asset.pk}/{{Count}}.jpg"}
    assert snapshots == {**stored, **names}
    assert sprites == {
        **stored,
        **names,
        "spriteRegular": f"posters/{asset.pk}/sprite-{{TileCount}}.jpg",
        "tileCount": "1",
    }
    listed = call("ListMediaBasicInfos")[1]["MediaInfos"][0]["MediaBasicInfo"]
    assert json.loads(listed["Snapshots"]) == [snapshots]


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ("", "all"),
        ('{"NeedSprite": false}', "snapshots"),
        ('{"NeedSnapshot": "false"}', "sprite"),
        ('{"NeedSprite": "false", "NeedSnapshot": "false"}', ""),
    ],
)
def test_who_registers_a_video_says_which_pictures_are_wanted(
    editor: Caller, file: str, config: str, wanted: str
) -> None:
    editor("RegisterMediaInfo", InputURL=file, MediaType="video", RegisterConfig=config)

    assert MediaAsset.objects.get().stills_wanted == wanted


def test_the_same_token_gives_the_same_asset_and_another_is_refused(editor: Caller) -> None:
    url = {"InputURL": "oss://media/a.mp4"}
    _, first = editor("RegisterMediaInfo", **url, ClientToken="t" * 32)
    _, second = editor("RegisterMediaInfo", **url, ClientToken="t" * 32)
    assert first["MediaId"] == second["MediaId"]

    status, body = editor("RegisterMediaInfo", **url)
    assert (status, body["Code"]) == (400, "InvalidParameter")
    assert f'"InputURL" is not valid. The file is registered already, as {first["MediaId"]}.' in body["Message"]
    assert editor("RegisterMediaInfo", **url, Overwrite="true")[1]["MediaId"] != first["MediaId"]


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("InputURL", {"InputURL": "vod://x"}),
        ("InputURL", {"InputURL": "oss://nobody/a.mp4"}),
        ("MediaType", {"InputURL": "oss://media/a"}),
        ("MediaType", {"MediaType": "film"}),
        ("Title", {"Title": "ä" * 65}),
        ("Description", {"Description": "x" * 1025}),
        ("MediaTags", {"MediaTags": "a," * 17}),
        ("MediaTags", {"MediaTags": "x" * 33}),
        ("CoverURL", {"CoverURL": "x" * 129}),
        ("UserData", {"UserData": "x"}),
        ("UserData", {"UserData": '"' + "x" * 1023 + '"'}),
        ("BusinessType", {"BusinessType": "x"}),
        ("ReferenceId", {"ReferenceId": "short"}),
        ("ReferenceId", {"ReferenceId": "no spaces"}),
        ("Overwrite", {"Overwrite": "yes"}),
        ("RegisterConfig", {"RegisterConfig": "[]"}),
        ("RegisterConfig.NeedSnapshot", {"RegisterConfig": '{"NeedSnapshot":"x"}'}),
        ("RegisterConfig.CoverConfig.StartTime", {"RegisterConfig": '{"CoverConfig":{"StartTime":-1}}'}),
        ("CateId", {"CateId": "1"}),
        ("WorkflowId", {"WorkflowId": "w"}),
        ("SmartTagTemplateId", {"SmartTagTemplateId": "s"}),
    ],
)
def test_what_cannot_be_said_of_an_asset_is_named(editor: Caller, name: str, params: dict[str, str]) -> None:
    status, body = editor("RegisterMediaInfo", **{"InputURL": "oss://media/a.mp4", **params})

    assert (status, body["Code"]) == (400, "InvalidParameter")
    assert f'"{name}"' in body["Message"]
    assert not MediaAsset.objects.exists()


def test_what_is_said_of_an_asset_changes(editor: Caller, asset: MediaAsset) -> None:
    assert editor("UpdateMediaInfo", MediaId=asset.pk, MediaTags="a,b", Title="One")[1]["MediaId"] == asset.pk
    editor("UpdateMediaInfo", InputURL=URL, MediaTags="b,c", AppendTags="True", Title="", Category="goals")

    basic = info(editor, MediaId=asset.pk)["MediaBasicInfo"]
    assert (basic["MediaTags"], basic["Title"], basic["Category"]) == ("a,b,c", "One", "goals")
    assert editor("UpdateMediaInfo", Title="x")[1]["Code"] == "MissingParameter"
    assert editor("UpdateMediaInfo", MediaId="x")[1]["Code"] == "ResourceNotFound"
    other = editor("RegisterMediaInfo", InputURL="oss://media/b.mp4", ReferenceId="mine-01")[1]["MediaId"]
    assert editor("UpdateMediaInfo", MediaId=asset.pk, ReferenceId="mine-01")[1]["Code"] == "InvalidParameter"
    assert other != asset.pk


def test_assets_are_deleted_with_or_without_their_files(editor: Caller, asset: MediaAsset, media: Bucket) -> None:
    _, body = editor("DeleteMediaInfos", MediaIds=f"{asset.pk},nobody,{asset.pk}")
    assert (body["IgnoredList"], body["ForbiddenList"]) == (["nobody"], [])
    assert storage.exists(media, asset.key)

    editor("RegisterMediaInfo", InputURL=URL)
    _, body = editor("DeleteMediaInfos", InputURLs=f"{URL},oss://media/x.mp4,nonsense", DeletePhysicalFiles="true")
    assert (body["IgnoredList"], body["ForbiddenList"]) == (["oss://media/x.mp4", "nonsense"], [])
    assert not storage.exists(media, asset.key)
    assert not MediaAsset.objects.exists()


def test_what_may_not_go_is_forbidden_and_the_rest_goes(editor: Caller, asset: MediaAsset, ed: User) -> None:
    free = editor("RegisterMediaInfo", InputURL="oss://media/b.mp4")[1]["MediaId"]
    submit(ed, clip(4, 6))

    _, body = editor("DeleteMediaInfos", MediaIds=f"{asset.pk},{free}", DeletePhysicalFiles="True")

    assert (body["ForbiddenList"], body["IgnoredList"]) == ([asset.pk], [])
    assert list(MediaAsset.objects.all()) == [asset]


def test_nothing_to_delete_and_too_much_are_refused(editor: Caller) -> None:
    assert editor("DeleteMediaInfos")[1]["Code"] == "MissingParameter"
    assert editor("DeleteMediaInfos", MediaIds="a," * 21)[1]["Code"] == "InvalidParameter"


@pytest.mark.parametrize("action", ["RegisterMediaInfo", "UpdateMediaInfo", "DeleteMediaInfos"])
def test_a_viewer_changes_nothing(call: Caller, action: str) -> None:
    assert call(action, InputURL=URL, MediaIds="x")[1]["Code"] == "Forbidden"
