"""The older Python SDK, still in many programs: everything in the address, signed with HMAC-SHA1."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import RpcRequest
from aliyunsdkice.request.v20201109.BatchGetMediaInfosRequest import BatchGetMediaInfosRequest
from aliyunsdkice.request.v20201109.DeleteMediaInfosRequest import DeleteMediaInfosRequest
from aliyunsdkice.request.v20201109.GetLiveEditingIndexFileRequest import GetLiveEditingIndexFileRequest
from aliyunsdkice.request.v20201109.GetLiveEditingJobRequest import GetLiveEditingJobRequest
from aliyunsdkice.request.v20201109.GetMediaInfoRequest import GetMediaInfoRequest
from aliyunsdkice.request.v20201109.GetMediaProducingJobRequest import GetMediaProducingJobRequest
from aliyunsdkice.request.v20201109.RegisterMediaInfoRequest import RegisterMediaInfoRequest
from aliyunsdkice.request.v20201109.SubmitLiveEditingJobRequest import SubmitLiveEditingJobRequest
from aliyunsdkice.request.v20201109.UpdateMediaInfoRequest import UpdateMediaInfoRequest

from tests.installation import Installation
from tests.rpc.calling import Caller

pytestmark = pytest.mark.servers


def ask(studio: Installation, key: Caller, request: RpcRequest, **params: Any) -> Any:
    request.set_endpoint(studio.address.removeprefix("http://"))
    for name, value in params.items():
        getattr(request, f"set_{name}")(value)
    client = AcsClient(key.key, key.secret, "cn-shanghai")
    return json.loads(client.do_action_with_exception(request))


def test_a_job_is_submitted_and_read(studio: Installation, operator: Caller, tmp_path: Any) -> None:
    submitted = ask(
        studio,
        operator,
        SubmitLiveEditingJobRequest(),
        Clips='[{"StartTime": "2026-11-20T10:00:02Z", "EndTime": "2026-11-20T10:00:04Z"}]',
        LiveStreamConfig='{"AppName": "live", "DomainName": "example.com", "StreamName": "main"}',
        OutputMediaConfig=json.dumps({"MediaURL": f"https://media.oss.example.com/{tmp_path.name}-ä ~*.mp4"}),
        MediaProduceConfig='{"Mode": "RoughFast"}',
        UserData='{"a": "ü + ~"}',
    )

    told = ask(studio, operator, GetLiveEditingJobRequest(), JobId=submitted["JobId"])["LiveEditingJob"]
    assert (told["MediaId"], told["UserData"]) == (submitted["MediaId"], '{"a": "ü + ~"}')
    assert told["MediaURL"].endswith("-ä ~*.mp4")
    producing = ask(studio, operator, GetMediaProducingJobRequest(), JobId=submitted["JobId"])
    assert producing["MediaProducingJob"]["JobId"] == submitted["JobId"]


def test_an_index_file_is_had(studio: Installation, viewer: Caller) -> None:
    stream = {"AppName": "live", "DomainName": "example.com", "StreamName": "main"}

    answer = ask(studio, viewer, GetLiveEditingIndexFileRequest(), **stream)
    assert answer["IndexFile"].startswith(f"{studio.address}/playback/1/index.m3u8?")


def test_an_asset_is_registered_and_deleted(studio: Installation, operator: Caller, tmp_path: Any) -> None:
    url = f"oss://media/{tmp_path.name}.mp4"
    registered = ask(studio, operator, RegisterMediaInfoRequest(), InputURL=url, Title="Tör ~", MediaTags="a,b")

    told = ask(studio, operator, GetMediaInfoRequest(), InputURL=url)["MediaInfo"]
    assert (told["MediaId"], told["MediaBasicInfo"]["Title"]) == (registered["MediaId"], "Tör ~")
    ask(studio, operator, UpdateMediaInfoRequest(), MediaId=told["MediaId"], Description="ü")
    some = ask(studio, operator, BatchGetMediaInfosRequest(), MediaIds=told["MediaId"])["MediaInfos"]
    assert some[0]["MediaBasicInfo"]["Description"] == "ü"
    gone = ask(studio, operator, DeleteMediaInfosRequest(), MediaIds=told["MediaId"])
    assert (gone["IgnoredList"], gone["ForbiddenList"]) == ([], [])


def test_refusals_are_its_own_exceptions(studio: Installation, operator: Caller) -> None:
    for key, code, status in (
        (operator, "ResourceNotFound", 404),
        (Caller("LEnobody", "x"), "InvalidAccessKeyId.NotFound", 404),
        # Where the server would have signed the same, this SDK blames the secret.
        (Caller(operator.key, "wrong"), "InvalidAccessKeySecret", 400),
    ):
        with pytest.raises(ServerException) as raised:
            ask(studio, key, GetLiveEditingJobRequest(), JobId="nobody")
        assert (raised.value.get_error_code(), raised.value.get_http_status()) == (code, status)
        assert raised.value.get_request_id()
