"""What is the same for every action: who may ask, how often, in which form, and how refusals look."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from editing import errors
from editing.models import AccessKey, EditingJob, Recording, SignedCall
from editing.rpc.errors import refusal_of
from tests.conftest import signed_in
from tests.rpc.calling import Caller, caller
from tests.services.test_editing_jobs import clip, submit


@pytest.fixture
def call(vera: User) -> Caller:
    return caller(vera)


def test_browsers_get_the_dashboard_at_the_same_address(vera: User) -> None:
    assert Client().get("/")["Location"] == "/sign-in/?next=/"
    page = signed_in(vera).get("/?page=1").content.decode()
    assert "No streams yet" in page
    assert signed_in(vera).post("/", {"page": "1"}).status_code == 405


@pytest.mark.parametrize("address", ["/?Action=GetLiveEditingJob", "/?a=b&Action=GetLiveEditingJob"])
def test_who_names_an_action_is_answered_by_the_api(db: None, address: str) -> None:
    answer = Client().get(address)

    assert (answer.status_code, answer.json()["Code"]) == (400, "MissingParameter")


def test_an_action_in_a_form_is_one_too(call: Caller) -> None:
    answer = Client().post("/", "Version=2020-11-09&Action=X", content_type="application/x-www-form-urlencoded")

    assert answer.json()["Message"].startswith('The input parameter "AccessKeyId"')


def test_a_session_is_no_signature(opal: User) -> None:
    assert signed_in(opal).get("/?Action=ListMediaProducingJobs").json()["Code"] == "MissingParameter"


def test_a_refusal_has_all_that_an_sdk_reads(call: Caller) -> None:
    status, body = call("SubmitLiveTranscodeJob")

    request_id = body.pop("RequestId")
    assert (len(request_id), request_id) == (36, request_id.upper())
    assert (status, body) == (
        404,
        {
            "HostId": "testserver",
            "Code": "InvalidAction.NotFound",
            "Message": "Specified api is not found, please check your url and method.",
            "Recommend": "http://testserver/sdk/#InvalidAction.NotFound",
        },
    )


def test_another_version_is_refused(call: Caller) -> None:
    assert call.acs3("GetMediaInfo", signed={"x-acs-version": "2019-11-09"})[1]["Code"] == "InvalidVersion"
    assert call.rpc("GetMediaInfo", Version="")[1]["Code"] == "InvalidVersion"


def test_two_names_for_the_action_are_refused(call: Caller) -> None:
    _, body = call("GetMediaInfo", Action="GetLiveEditingJob")

    assert (body["Code"], '"Action"' in body["Message"]) == ("InvalidParameter", True)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(call: Caller, method: str) -> None:
    status, body = call.acs3("GetMediaInfo", method=method)

    assert (status, body["Code"]) == (403, "UnsupportedHTTPMethod")


def test_a_parameter_that_comes_twice_is_refused_by_name(call: Caller) -> None:
    for query, form in (([("JobId", "a"), ("JobId", "b")], []), ([("JobId", "a")], [("JobId", "a")])):
        status, body = call.acs3("GetLiveEditingJob", query=query, form=form)
        assert (status, body["Code"]) == (400, "InvalidParameter")
        assert '"JobId" is not valid. It is given more than once.' in body["Message"]


def test_a_body_that_is_no_form_is_refused(call: Caller) -> None:
    status, body = call.acs3("GetMediaInfo", form=[("a", "b")], signed={"content-type": "application/json"})

    assert (status, body["Code"], '"Content-Type"' in body["Message"]) == (400, "InvalidParameter", True)


def test_a_body_that_is_too_long_is_refused(call: Caller, settings: LazySettings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    status, body = call.acs3("GetMediaInfo", form=[("MediaId", "x" * 101)])
    assert (status, body["Code"]) == (400, "InvalidParameter")
    assert "at most 100 bytes" in body["Message"]
    unnamed = call.client.post("/", "x" * 101, content_type="application/x-www-form-urlencoded")
    assert (unnamed.status_code, unnamed.json()["Message"]) == (400, body["Message"])


def test_parameters_without_number_are_refused(call: Caller) -> None:
    status, body = call.acs3("GetMediaInfo", form=[(f"MediaIds.{number}", "x") for number in range(10_001)])

    assert (status, body["Code"]) == (400, "InvalidParameter")
    assert "at most 10000 parameters" in body["Message"]


def test_bytes_that_are_no_text_are_refused(call: Caller) -> None:
    status, body = call.acs3("GetMediaInfo", address="/?MediaId=%FF")

    assert (status, body["Code"]) == (400, "InvalidParameter")
    assert "is not UTF-8" in body["Message"]


def within_the_last_second() -> None:
    """The calls so far, however slow the machine is."""
    SignedCall.objects.update(at=timezone.now() + timedelta(minutes=1))


def test_a_key_has_a_share_of_each_second(call: Caller, ed: User, settings: LazySettings) -> None:
    settings.RPC_CALLS_PER_SECOND = 3
    other = caller(ed)

    seen = [call("ListMediaProducingJobs")[0] for _ in range(3)]
    within_the_last_second()
    status, body = call("ListMediaProducingJobs")

    assert (seen, status, body["Code"]) == ([200] * 3, 429, "Throttling.User")
    assert other("ListMediaProducingJobs")[0] == 200
    SignedCall.objects.filter(access_key=AccessKey.objects.get(pk=call.key)).delete()
    assert call("ListMediaProducingJobs")[0] == 200


def test_a_throttled_call_says_when_to_come_again(call: Caller, settings: LazySettings) -> None:
    settings.RPC_CALLS_PER_SECOND = 1
    call("ListMediaProducingJobs")
    within_the_last_second()
    call("ListMediaProducingJobs")

    assert (call.headers["x-acs-retry-after"], call.headers["Retry-After"]) == ("1000", "1")


def test_a_mistake_of_ours_is_told_without_its_inside(call: Caller, recording: Recording, ed: User) -> None:
    job = submit(ed, clip())
    EditingJob.objects.update(clips=["not a clip"])

    status, body = call("GetLiveEditingJob", JobId=job.pk)
    assert (status, body["Code"]) == (500, "InternalError")
    assert body["Message"] == "The request processing has failed due to some unknown error."


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.NotFound("No."), 404, "ResourceNotFound"),
        (errors.NotFound("No.", field="clips[2].stream"), 400, "InvalidParameter"),
        (errors.OutputKeyTaken("No.", field="clips[2].stream"), 400, "InvalidParameter"),
        (errors.OutputKeyTaken("No."), 403, "OperationDenied"),
        (errors.PermissionDenied("No."), 403, "Forbidden"),
        (errors.StorageFailure("No."), 503, "ServiceUnAvailable"),
        (errors.UnreadableMedia("No."), 500, "InternalError"),
    ],
)
def test_our_errors_have_codes_of_theirs(error: errors.EditingError, status: int, code: str) -> None:
    refusal = refusal_of(error, {"clips[].stream": "Clips[].StreamName"})

    assert (refusal.status, refusal.code) == (status, code)
    assert refusal.message == (
        'The specified parameter "Clips[2].StreamName" is not valid. No.' if error.field else "No."
    )
