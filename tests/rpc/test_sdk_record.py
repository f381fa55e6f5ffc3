"""Live recording through Alibaba's own Python SDK against a running studio, an RTMP server and a publisher."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from alibabacloud_ice20201109 import models
from alibabacloud_ice20201109.client import Client

from tests.installation import Installation
from tests.rpc.calling import Caller
from tests.rpc.test_sdk import client_of, refusal
from tests.rtmp import Publisher, Server, server
from tests.samples import Kind

pytestmark = pytest.mark.servers
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(params=["", "v2"], ids=["ACS3-HMAC-SHA256", "HMAC-SHA1"])
def client(studio: Installation, operator: Caller, request: pytest.FixtureRequest) -> Client:
    return client_of(studio, operator, **({"signature_algorithm": request.param} if request.param else {}))


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("nginx")) as running:
        yield running


def job_of(url: str, template: str) -> models.SubmitLiveRecordJobRequest:
    return models.SubmitLiveRecordJobRequest(
        name="任务 1",
        stream_input=models.SubmitLiveRecordJobRequestStreamInput(type="rtmp", url=url),
        record_output=models.SubmitLiveRecordJobRequestRecordOutput(
            type="oss", endpoint="oss.example.com", bucket="media"
        ),
        template_id=template,
    )


def until(true: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + 60
    while not (found := true()):
        assert time.monotonic() < deadline, what
        time.sleep(0.2)
    return found


def quick(client: Client) -> str:
    """A template whose segments are two seconds long."""
    entry = models.CreateLiveRecordTemplateRequestRecordFormat(format="m3u8", slice_duration=2)
    request = models.CreateLiveRecordTemplateRequest(name="quick", record_format=[entry])
    return str(client.create_live_record_template(request).body.template_id)


def test_a_stream_is_recorded_listed_and_its_files_deleted(
    studio: Installation, operator: Caller, nginx: Server
) -> None:
    client = client_of(studio, operator)
    with Publisher(nginx.url("sdk"), Kind(seconds=8, gop=25)) as publisher:
        key = client.submit_live_record_job(job_of(nginx.url("sdk"), quick(client))).body.job_id

        def files() -> Any:
            request = models.ListLiveRecordFilesRequest(job_ids=[key, NOBODY], page_no=1)
            return client.list_live_record_files(request).body

        growing = until(lambda: files().files, "nothing was recorded")[0]
        job = client.get_live_record_job(models.GetLiveRecordJobRequest(job_id=key)).body.record_job
        assert (job.name, job.status, job.template_name) == ("任务 1", "started", "quick")
        assert (job.stream_input.url, job.record_output.bucket) == (nginx.url("sdk"), "media")
        refused = client.delete_live_record_files(delete(growing.record_id)).body.delete_file_info_list[0]
        assert (refused.record_id, refused.code) == (growing.record_id, "OperationDenied")
        publisher.finish()

    studio.api(f"record-jobs/{key.replace('-', '')}/stop/", {})
    file = until(lambda: "open" not in (file := files().files[0]).record_url and file, "it was not closed")
    assert (file.job_id, file.format, file.width, file.height) == (key, "m3u8", 320, 180)
    assert file.stream_url == nginx.url("sdk")
    assert json.loads(file.record_output)["Bucket"] == "media"
    assert file.duration >= growing.duration
    assert (files().page_size, files().total_count, files().sort_by) == ("10", "1", "asc")
    paused = client.list_live_record_jobs(models.ListLiveRecordJobsRequest(status="paused", keyword=key)).body
    assert [(job.job_id, job.status) for job in paused.live_record_jobs] == [(key, "paused")]

    gone = client.delete_live_record_files(delete(file.record_id)).body
    assert (gone.message, gone.delete_file_info_list[0].code) == ("OK", "OK")
    assert files().files == []


def delete(key: str) -> models.DeleteLiveRecordFilesRequest:
    return models.DeleteLiveRecordFilesRequest(record_ids=[key], remove_file=True)


def test_a_template_is_made_changed_listed_and_deleted(client: Client) -> None:
    key = quick(client)

    entry = models.UpdateLiveRecordTemplateRequestRecordFormat(format="m3u8", cycle_duration=3600)
    client.update_live_record_template(
        models.UpdateLiveRecordTemplateRequest(template_id=key, name="lang", record_format=[entry])
    )
    told = client.get_live_record_template(models.GetLiveRecordTemplateRequest(template_id=key)).body.record_template
    (one,) = told.record_format_list
    assert (told.template_id, told.name, told.type, one.cycle_duration, one.slice_duration) == (
        key, "lang", "custom", 3600, 30,
    )  # fmt: skip
    listed = client.list_live_record_templates(
        models.ListLiveRecordTemplatesRequest(template_ids=[key], type="custom", page_no=1, page_size=5)
    ).body
    assert [template.template_id for template in listed.record_template_list] == [key]
    assert (listed.page_no, listed.page_size, listed.sort_by, listed.total_count) == (1, 5, "desc", 1)
    client.delete_live_record_template(models.DeleteLiveRecordTemplateRequest(template_id=key))
    gone = models.GetLiveRecordTemplateRequest(template_id=key)
    assert refusal(client.get_live_record_template, gone)[:2] == (404, "ResourceNotFound")


def test_what_is_wrong_is_refused_by_name(client: Client, studio: Installation, viewer: Caller) -> None:
    shipped = client.list_live_record_templates(models.ListLiveRecordTemplatesRequest(type="system")).body
    template = shipped.record_template_list[0].template_id
    change = models.UpdateLiveRecordTemplateRequest(
        template_id=template,
        name="x",
        record_format=[models.UpdateLiveRecordTemplateRequestRecordFormat(format="m3u8")],
    )
    for call, request, refused in (
        (client.submit_live_record_job, job_of("rtmp://a/b/c", NOBODY), (404, "ResourceNotFound")),
        (client.submit_live_record_job, job_of("http://a/b/c", template), (400, "InvalidParameter")),
        (client.submit_live_record_job, models.SubmitLiveRecordJobRequest(), (400, "MissingParameter")),
        (client.get_live_record_job, models.GetLiveRecordJobRequest(job_id=NOBODY), (404, "ResourceNotFound")),
        (client.list_live_record_jobs, models.ListLiveRecordJobsRequest(page_size=0), (400, "InvalidParameter")),
        (client.list_live_record_files, models.ListLiveRecordFilesRequest(page_size=31), (400, "InvalidParameter")),
        (client.delete_live_record_files, models.DeleteLiveRecordFilesRequest(), (400, "MissingParameter")),
        (client.create_live_record_template, models.CreateLiveRecordTemplateRequest(name="x"),
         (400, "MissingParameter")),
        (client.update_live_record_template, change, (403, "Forbidden")),
        (client.delete_live_record_template, models.DeleteLiveRecordTemplateRequest(template_id=template),
         (403, "Forbidden")),
        (client.list_live_record_templates, models.ListLiveRecordTemplatesRequest(sort_by="up"),
         (400, "InvalidParameter")),
        (client_of(studio, viewer).submit_live_record_job, job_of("rtmp://a/b/c", template), (403, "Forbidden")),
    ):  # fmt: skip
        assert refusal(call, request)[:2] == refused
