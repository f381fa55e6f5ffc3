"""Callbacks as a program sees them that was written for Alibaba's: set by the SDK, received, checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from alibabacloud_ice20201109 import models
from alibabacloud_tea_openapi.exceptions import ClientException

from tests.installation import Installation, wait_for
from tests.receiving import KEY, is_signed, receiver
from tests.rpc.calling import Caller
from tests.rpc.test_sdk import client_of, submission
from tests.rpc.test_sdk_record import job_of, nginx, quick
from tests.rtmp import Publisher, Server
from tests.samples import Kind

__all__ = ["nginx"]
pytestmark = pytest.mark.servers


@pytest.mark.parametrize("algorithm", ["", "v2"], ids=["ACS3-HMAC-SHA256", "HMAC-SHA1"])
def test_a_program_is_told_that_its_job_is_done(
    studio: Installation, operator: Caller, tmp_path: Path, algorithm: str
) -> None:
    client = client_of(studio, operator, **({"signature_algorithm": algorithm} if algorithm else {}))
    with receiver() as hook:
        done = client.set_event_callback(
            models.SetEventCallbackRequest(
                callback_type="HTTP",
                callback_url=hook.url("/all"),
                event_type_list="ProduceMediaComplete",
                auth_switch="on",
                auth_key=KEY,
            )
        ).body
        assert done.success is True
        found = client.get_event_callback().body
        assert (found.callback_type, found.callback_url, found.event_type_list) == (
            "HTTP", hook.url("/all"), "ProduceMediaComplete")  # fmt: skip
        assert (found.auth_switch, found.auth_key) == ("on", KEY)

        hook.answers[:] = [500, 500]
        data = json.dumps({"NotifyAddress": hook.url("/job"), "own": "välue"}, ensure_ascii=False)
        job = client.submit_live_editing_job(submission(f"{tmp_path.name}.mp4", user_data=data)).body
        wait_for(lambda: len(hook.received) == 4, 90, lambda: f"{hook.received} {studio.output}")

    assert sorted(each.path for each in hook.received) == ["/all", "/all", "/job", "/job"]
    for each in hook.received:
        assert is_signed(each, hook.url(each.path))
    for path in ("/all", "/job"):
        first, second = (each for each in hook.received if each.path == path)
        assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    message = hook.events[0]["MessageBody"]
    assert hook.events[0]["EventType"] == "ProduceMediaComplete"
    assert message["Status"] == "Success"
    assert (message["JobId"], message["MediaId"], message["ProjectId"]) == (job.job_id, job.media_id, job.project_id)
    assert message["UserData"] == data


def test_a_program_is_told_how_its_stream_is_recorded(
    studio: Installation,
    operator: Caller,
    nginx: Server,
) -> None:
    client = client_of(studio, operator)
    with receiver() as hook:
        client.set_event_callback(
            models.SetEventCallbackRequest(
                callback_url="https://nobody.invalid/", event_type_list="Nothing", auth_switch="on", auth_key=KEY
            )
        )
        hook.answers[:] = [500]
        request = job_of(nginx.url("told"), quick(client))
        request.notify_url = hook.url("/record")
        with Publisher(nginx.url("told"), Kind(seconds=8, gop=25)) as publisher:
            key = client.submit_live_record_job(request).body.job_id
            wait_for(lambda: len(hook.received) == 2, 90, lambda: f"{hook.received} {studio.output}")
            publisher.finish()
        studio.api(f"record-jobs/{key.replace('-', '')}/stop/", {})
        wait_for(lambda: len(hook.received) == 4, 90, lambda: f"{hook.received} {studio.output}")

    assert all(is_signed(each, hook.url("/record")) for each in hook.received)
    assert hook.received[0].body == hook.received[1].body
    first, stopped, file = hook.events[1:]
    assert [each["EventType"] for each in (first, stopped)] == ["LiveRecordTaskStatus"] * 2
    assert {each["MessageBody"]["JobId"] for each in hook.events} == {key}
    assert [each["MessageBody"]["Status"] for each in (first, stopped)] == ["started", "paused"]
    assert file["EventType"] == "LiveRecordFileCreated"
    listed = client.list_live_record_files(models.ListLiveRecordFilesRequest(job_ids=[key])).body.files[0]
    told = file["MessageBody"]
    assert (told["RecordId"], told["RecordUrl"]) == (listed.record_id, listed.record_url)
    assert (told["StartTime"], told["EndTime"], told["Duration"]) == (
        listed.start_time, listed.end_time, listed.duration)  # fmt: skip
    assert (told["Width"], told["Height"], told["Format"]) == (listed.width, listed.height, listed.format)


def test_what_cannot_be_is_refused_as_the_sdk_expects(studio: Installation, operator: Caller, viewer: Caller) -> None:
    client = client_of(studio, operator)
    queue = models.SetEventCallbackRequest(callback_type="MNS", callback_queue_name="ice-callback-q")
    with pytest.raises(ClientException, match="There are no message queues here") as refused:
        client.set_event_callback(queue)
    assert refused.value.code == "InvalidParameter"
    with pytest.raises(ClientException) as refused:
        client_of(studio, viewer).get_event_callback()
    assert refused.value.code == "Forbidden"
