"""Alibaba's own Python SDK against a running studio: it cannot tell."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from html import unescape
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from uuid import uuid4

import pytest
from alibabacloud_ice20201109 import models
from alibabacloud_ice20201109.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException, ThrottlingException
from alibabacloud_tea_openapi.utils_models import Config
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import RequestFactory

from tests.installation import Installation, installation
from tests.rpc.calling import Caller
from tests.rpc.conftest import key_of
from tests.samples import watch

pytestmark = pytest.mark.servers
CLIPS = '[{"StartTime": " 2026-11-20T10:00:02Z", "EndTime": "2026-11-20T10:00:04Z"}]'
STREAM = '{"AppName":"live","DomainName":"example.com","StreamName":"main"}'


def client_of(studio: Installation, key: Caller, **options: str) -> Client:
    endpoint = studio.address.removeprefix("http://")
    config = Config(access_key_id=key.key, access_key_secret=key.secret, endpoint=endpoint, protocol="http", **options)
    return Client(config)


@pytest.fixture(params=["", "v2"], ids=["ACS3-HMAC-SHA256", "HMAC-SHA1"])
def client(studio: Installation, operator: Caller, request: pytest.FixtureRequest) -> Client:
    return client_of(studio, operator, **({"signature_algorithm": request.param} if request.param else {}))


def submission(key: str, **changes: Any) -> models.SubmitLiveEditingJobRequest:
    whole: dict[str, Any] = {
        "clips": CLIPS,
        "live_stream_config": STREAM,
        "output_media_config": json.dumps({"MediaURL": f"oss://media/{key}"}),
        "media_produce_config": '{ "Mode": "RoughFast" }',
        "output_media_target": "oss-object",
        "project_id": "",
        "user_data": '{"key": "välue *~+"}',
    }
    return models.SubmitLiveEditingJobRequest(**{**whole, **changes})


def finished(client: Client, job_id: str) -> models.GetLiveEditingJobResponseBodyLiveEditingJob:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        job = client.get_live_editing_job(models.GetLiveEditingJobRequest(job_id=job_id)).body.live_editing_job
        if job.status in ("Success", "Failed"):
            return job
        time.sleep(0.1)
    pytest.fail(f"The job is still {job.status}.")


def test_the_way_from_a_stream_to_a_downloaded_clip(client: Client, tmp_path: Path) -> None:
    index = client.get_live_editing_index_file(
        models.GetLiveEditingIndexFileRequest(app_name="live", domain_name="example.com", stream_name="main")
    ).body.index_file
    assert fetched(index).startswith(b"#EXTM3U")

    key = f"{tmp_path.name}.mp4"
    submitted = client.submit_live_editing_job(submission(key)).body
    job = finished(client, submitted.job_id)

    assert (job.status, job.code, job.message, job.clips) == ("Success", None, None, CLIPS)
    assert job.live_stream_config.stream_name == "main"
    assert job.media_produce_config.mode == "RoughFast"
    assert job.output_media_config.media_url == submitted.media_url == f"https://media.oss.example.com/{key}"
    assert (job.user_data, job.media_id, job.project_id) == (
        '{"key": "välue *~+"}',
        submitted.media_id,
        submitted.project_id,
    )
    media = client.get_media_info(models.GetMediaInfoRequest(media_id=job.media_id, auth_timeout=600)).body.media_info
    file = media.file_info_list[0]
    assert (file.file_basic_info.width, file.video_stream_info_list[0].codec_name) == ("320", "h264")
    (tmp_path / "clip.mp4").write_bytes(fetched(file.file_basic_info.file_url))
    assert watch(tmp_path / "clip.mp4").numbers == list(range(50, 100))


def fetched(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return bytes(answer.read())


def test_the_sample_on_the_page_is_a_program_that_works(
    studio: Installation, operator: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = RequestFactory(HTTP_HOST=studio.address.removeprefix("http://")).get("/sdk/")
    asked.user = AnonymousUser()
    page = render_to_string("sdk/guide.html", request=asked)
    sample = unescape(page.partition("<pre><code>")[2].partition("</code></pre>")[0])
    keys = (("AccessKeyId", operator.key), ("AccessKeySecret", operator.secret))
    for placeholder, value in keys:
        assert f'"{placeholder}"' in sample
        sample = sample.replace(f'"{placeholder}"', f'"{value}"')

    exec(compile(sample, "sample", "exec"), {})

    job_id, media_id = capsys.readouterr().out.split()
    assert finished(client_of(studio, operator), job_id).media_id == media_id


def test_jobs_are_listed_and_read_as_producing_jobs(client: Client, tmp_path: Path) -> None:
    ids = [client.submit_live_editing_job(submission(f"{tmp_path.name}-{n}.mp4")).body.job_id for n in range(3)]
    finished(client, ids[-1])

    request = models.ListMediaProducingJobsRequest(job_type="LiveEditingJob", max_results=2)
    page = client.list_media_producing_jobs(request).body
    request.next_token = page.next_token
    rest = client.list_media_producing_jobs(request).body
    seen = [job.job_id for job in (*page.media_producing_job_list, *rest.media_producing_job_list)]
    assert (page.max_results, seen[:3]) == ("2", ids[::-1])

    one = client.get_media_producing_job(models.GetMediaProducingJobRequest(job_id=ids[-1])).body.media_producing_job
    assert (one.status, one.progress, one.duration) == ("Success", 100, pytest.approx(2, abs=0.1))


def test_assets_are_read_several_at_once_and_listed(client: Client, tmp_path: Path) -> None:
    media_id = finished(client, client.submit_live_editing_job(submission(f"{tmp_path.name}.mp4")).body.job_id).media_id

    some = client.batch_get_media_infos(
        models.BatchGetMediaInfosRequest(media_ids=f"{media_id},nobody", addition_type="FileInfo")
    ).body
    assert (some.media_infos[0].media_id, some.ignored_list) == (media_id, ["nobody"])
    assert some.media_infos[0].file_info_list[0].file_basic_info.file_name == f"{tmp_path.name}.mp4"
    listed = client.list_media_basic_infos(
        models.ListMediaBasicInfosRequest(media_id=media_id, include_file_basic_info=True, source="oss")
    ).body
    assert (listed.total_count, listed.max_results, listed.next_token) == (1, 10, "")
    assert listed.media_infos[0].media_basic_info.title == tmp_path.name


def test_an_asset_is_registered_described_and_deleted(client: Client, tmp_path: Path) -> None:
    job = finished(client, client.submit_live_editing_job(submission(f"{tmp_path.name}.mp4")).body.job_id)
    gone = client.delete_media_infos(models.DeleteMediaInfosRequest(media_ids=job.media_id)).body
    assert (gone.ignored_list, gone.forbidden_list) == ([], [])

    registration = models.RegisterMediaInfoRequest(
        input_url=job.media_url, title="Tör", media_tags="a,b", overwrite=False, client_token=uuid4().hex,
        register_config='{"NeedSprite":"false","NeedSnapshot":"true"}',
    )  # fmt: skip
    media_id = client.register_media_info(registration).body.media_id
    assert client.register_media_info(registration).body.media_id == media_id
    client.update_media_info(models.UpdateMediaInfoRequest(media_id=media_id, media_tags="c", append_tags=True))
    media = prepared(client, media_id)
    basic = media.media_basic_info
    assert (basic.title, basic.media_tags, basic.status) == ("Tör", "a,b,c", "Normal")
    assert fetched(basic.cover_url).startswith(b"\xff\xd8")

    away = models.DeleteMediaInfosRequest(input_urls=job.media_url, delete_physical_files=True)
    assert client.delete_media_infos(away).body.ignored_list == []
    assert client.delete_media_infos(away).body.ignored_list == [job.media_url]
    with pytest.raises(HTTPError) as raised:
        fetched(media.file_info_list[0].file_basic_info.file_url)
    assert raised.value.code == 404
    raised.value.close()
    twice = models.RegisterMediaInfoRequest(input_url="oss://nobody/a.mp4")
    assert refusal(client.register_media_info, twice)[:2] == (400, "InvalidParameter")
    assert refusal(client.update_media_info, models.UpdateMediaInfoRequest(media_id="x"))[0] == 404
    assert refusal(client.delete_media_infos, models.DeleteMediaInfosRequest())[:2] == (400, "MissingParameter")


def prepared(client: Client, media_id: str) -> models.GetMediaInfoResponseBodyMediaInfo:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        media = client.get_media_info(models.GetMediaInfoRequest(media_id=media_id)).body.media_info
        if media.media_basic_info.status != "Preparing":
            return media
        time.sleep(0.1)
    pytest.fail("The asset is still being prepared.")


def test_the_asynchronous_client_is_answered_too(studio: Installation, operator: Caller, tmp_path: Path) -> None:
    client = client_of(studio, operator)

    async def both() -> tuple[str, str]:
        submitted = (await client.submit_live_editing_job_async(submission(f"{tmp_path.name}.mp4"))).body
        request = models.GetLiveEditingJobRequest(job_id=submitted.job_id)
        return submitted.job_id, (await client.get_live_editing_job_async(request)).body.live_editing_job.job_id

    one, other = asyncio.run(both())
    assert one == other


def refusal(call: Any, *arguments: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientException) as raised:
        call(*arguments)
    error = raised.value
    assert error.request_id == error.request_id.upper()
    assert error.data["Recommend"].endswith(f"/sdk/#{error.code}")
    return error.status_code, error.code, error.message


def test_refusals_are_the_sdks_own_exceptions(client: Client, viewer: Caller, studio: Installation) -> None:
    status, code, message = refusal(client.get_live_editing_job, models.GetLiveEditingJobRequest())
    assert (status, code) == (400, "MissingParameter")
    assert message.startswith('code: 400, The input parameter "JobId" that is mandatory')
    unknown = models.GetMediaInfoRequest(media_id="nobody")
    assert refusal(client.get_media_info, unknown)[:2] == (404, "ResourceNotFound")
    assert refusal(client.submit_live_editing_job, submission("a.exe"))[:2] == (400, "InvalidParameter")
    assert refusal(client.get_live_editing_index_file, models.GetLiveEditingIndexFileRequest())[0] == 400
    assert refusal(client.get_media_producing_job, models.GetMediaProducingJobRequest(job_id="x"))[0] == 404
    assert refusal(client.list_media_producing_jobs, models.ListMediaProducingJobsRequest(max_results=0))[0] == 400
    assert refusal(client.list_media_basic_infos, models.ListMediaBasicInfosRequest(sort_by="up"))[0] == 400
    assert refusal(client.batch_get_media_infos, models.BatchGetMediaInfosRequest())[0] == 400
    stage = models.SubmitMediaProducingJobRequest(timeline="{}")
    assert refusal(client.submit_media_producing_job, stage)[:2] == (404, "InvalidAction.NotFound")
    looking = client_of(studio, viewer)
    assert refusal(looking.submit_live_editing_job, submission("b.mp4"))[:2] == (403, "Forbidden")


@pytest.mark.parametrize("algorithm", [{}, {"signature_algorithm": "v2"}], ids=["acs3", "v2"])
def test_wrong_keys_are_refused(studio: Installation, operator: Caller, algorithm: dict[str, str]) -> None:
    request = models.GetLiveEditingJobRequest(job_id="x")

    for key, refused in (
        (Caller(operator.key, "wrong"), (400, "SignatureDoesNotMatch")),
        (Caller("LEnobody", operator.secret), (404, "InvalidAccessKeyId.NotFound")),
    ):
        assert refusal(client_of(studio, key, **algorithm).get_live_editing_job, request)[:2] == refused


def test_temporary_credentials_are_refused(studio: Installation, operator: Caller) -> None:
    client = client_of(studio, operator, security_token="t")

    request = models.GetLiveEditingJobRequest(job_id="x")
    assert refusal(client.get_live_editing_job, request)[:2] == (400, "InvalidSecurityToken.Malformed")


def test_too_many_calls_in_a_second_are_throttled_in_every_process(tmp_path: Path) -> None:
    with installation(tmp_path / "home", RPC_CALLS_PER_SECOND="2") as slow:
        slow.start()
        client = client_of(slow, key_of(slow))
        with pytest.raises(ThrottlingException) as raised:
            many_calls(client)

    assert (raised.value.code, raised.value.status_code, raised.value.retry_after) == ("Throttling.User", 429, 1000)


def many_calls(client: Client) -> None:
    for _ in range(20):
        client.list_media_producing_jobs(models.ListMediaProducingJobsRequest())
