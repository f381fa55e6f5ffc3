"""Signatures: the vectors of the protocol, and everything that is not rightly signed."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import RequestFactory
from django.utils import timezone

from editing.models import AccessKey, SignedCall
from editing.rpc import signature, wire
from editing.services import access_keys
from editing.worker import sweep
from tests.rpc.calling import Caller, caller, stamp

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.fixture
def call(vera: User) -> Caller:
    return caller(vera)


def message(address: str, **headers: str) -> wire.Message:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return wire.read(RequestFactory().post(address, data=b"", content_type="", headers=named))  # type: ignore[arg-type]


def test_a_key_that_the_server_cannot_read_any_more_is_told_from_a_wrong_one(
    call: Caller, settings: LazySettings
) -> None:
    settings.SECRET_KEY = "another"

    for status, body in (call("GetLiveEditingJob", JobId="x"), call.rpc("GetLiveEditingJob", JobId="x")):
        assert (status, body["Code"]) == (400, "InvalidAccessKeyId.Inactive")
        assert "SECRET_KEY has changed" in body["Message"]


def test_the_acs3_vector_of_the_protocol() -> None:
    signed = [
        *("accept", "host", "user-agent", "x-acs-action", "x-acs-content-sha256", "x-acs-credentials-provider"),
        *("x-acs-date", "x-acs-signature-nonce", "x-acs-version"),
    ]
    sent = message(
        "/?JobId=abc",
        accept="application/json",
        host="127.0.0.1:38073",
        user_agent="AlibabaCloud (Linux; x86_64) Python/3.11.7 Core/0.4.3 TeaDSL/2",
        x_acs_action="GetLiveEditingJob",
        x_acs_content_sha256=EMPTY,
        x_acs_credentials_provider="static_ak",
        x_acs_date="2026-11-20T10:22:53Z",
        x_acs_signature_nonce="b5b5998b3b3685a251c03da1d506742a",
        x_acs_version="2020-11-09",
    )

    canonical = signature.acs3_canonical_request(sent, signed)
    assert hashlib.sha256(canonical.encode()).hexdigest() == (
        "73808d67315cea0dc254ee2dd67316a497de9c0ea9db6a09fc31c42823cb3460"
    )
    assert signature.acs3("testSK", signature.acs3_string_to_sign(sent, signed)) == (
        "e37a1230e833ef685f1fa6be5b6b3433262c05867500d1ec36df8916c40be9a9"
    )


def test_the_rpc_vector_of_the_protocol() -> None:
    sent = message(
        "/?JobId=j&Version=2020-11-09&Action=GetLiveEditingJob&Format=JSON&RegionId=cn-shanghai"
        "&Timestamp=2026-11-20T10%3A27%3A45Z&SignatureMethod=HMAC-SHA1&SignatureType=&SignatureVersion=1.0"
        "&SignatureNonce=b10cb361c8582514c059215d21ebe164&AccessKeyId=AK&Signature=D8A%2F9KFvCzVbAgdle1ltFifPAnE%3D"
    )

    assert signature.rpc_string_to_sign(sent) == (
        "POST&%2F&AccessKeyId%3DAK%26Action%3DGetLiveEditingJob%26Format%3DJSON%26JobId%3Dj%26RegionId%3Dcn-shanghai"
        "%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3Db10cb361c8582514c059215d21ebe164%26SignatureType%3D"
        "%26SignatureVersion%3D1.0%26Timestamp%3D2026-11-20T10%253A27%253A45Z%26Version%3D2020-11-09"
    )
    assert signature.rpc("SK", signature.rpc_string_to_sign(sent)) == "D8A/9KFvCzVbAgdle1ltFifPAnE="


def test_spaces_signs_and_empty_values_are_signed_as_they_are_meant() -> None:
    sent = message("/?b=t+%C3%A9%2A~&a=&X.10=2&X.2=1%201&plus=%2B&slash=%2F")

    assert signature.canonical_query(sent.query) == "X.10=2&X.2=1%201&a=&b=t%20%C3%A9%2A~&plus=%2B&slash=%2F"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_both_signatures_let_a_call_in(call: Caller, method: str) -> None:
    strange = [("MaxResults", "1"), ("Keyword", "a b+c*~é=&%/"), ("ProjectId", "")]

    assert call.acs3("ListMediaProducingJobs", query=strange, method=method)[0] == 200
    assert call.rpc("ListMediaProducingJobs", method=method, **dict(strange))[0] == 200


def test_both_signatures_cover_a_form(call: Caller) -> None:
    form = [("Keyword", "a b+c*~é"), ("MaxResults", "1")]

    assert call.acs3("ListMediaProducingJobs", form=form)[0] == 200
    assert call.rpc("ListMediaProducingJobs", form=dict(form))[0] == 200


def refused(answer: tuple[int, dict[str, str]]) -> tuple[int, str]:
    return answer[0], answer[1]["Code"]


def test_tampering_is_found(call: Caller) -> None:
    action, query = "ListMediaProducingJobs", [("MaxResults", "1")]
    no = (400, "SignatureDoesNotMatch")

    assert refused(call.acs3(action, query=query, address="/?MaxResults=2")) == no
    assert refused(call.acs3(action, query=query, tampered={"x-acs-action": "ListMediaBasicInfos"})) == no
    assert refused(call.acs3(action, query=query, tampered={"host": "127.0.0.1"})) == no
    assert refused(call.rpc(action, MaxResults="1", tampered={"MaxResults": "2"})) == no
    assert refused(call.rpc(action, tampered={"Action": "ListMediaBasicInfos"})) == no
    call.secret = "x" * 40
    assert refused(call.acs3(action)) == no
    assert refused(call.rpc(action)) == no
    assert not SignedCall.objects.exists()


def test_a_changed_body_is_found(call: Caller) -> None:
    wrong = {"x-acs-content-sha256": EMPTY}

    status, body = call.acs3("ListMediaProducingJobs", form=[("MaxResults", "1")], tampered=wrong)
    assert (status, body["Code"]) == (400, "InvalidParameter")
    assert 'parameter "x-acs-content-sha256"' in body["Message"]
    assert refused(call.acs3("ListMediaProducingJobs", form=[("MaxResults", "1")], signed=wrong))[0] == 400


def test_a_wrong_signature_is_answered_with_what_we_would_have_signed(call: Caller) -> None:
    call.secret = "wrong"

    _, body = call.rpc("GetLiveEditingJob", JobId="j")

    assert body["Message"].startswith(
        "Specified signature is not matched with our calculation. server string to sign is:POST&%2F&AccessKeyId"
    )


def test_a_call_is_good_once(call: Caller) -> None:
    nonce = {"x-acs-signature-nonce": "n" * 32}

    assert call.acs3("ListMediaProducingJobs", signed=nonce)[0] == 200
    assert refused(call.acs3("ListMediaProducingJobs", signed=nonce)) == (400, "SignatureNonceUsed")
    assert refused(call.rpc("ListMediaProducingJobs", SignatureNonce="n" * 32)) == (400, "SignatureNonceUsed")


def test_two_keys_may_use_the_same_nonce(call: Caller, ed: User) -> None:
    nonce = {"x-acs-signature-nonce": "n" * 32}

    assert call.acs3("ListMediaProducingJobs", signed=nonce)[0] == 200
    assert caller(ed).acs3("ListMediaProducingJobs", signed=nonce)[0] == 200


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_clock_that_is_too_far_off_is_refused(call: Caller, minutes: int) -> None:
    then = stamp(datetime.now(UTC) + timedelta(minutes=minutes))

    assert refused(call.acs3("ListMediaProducingJobs", signed={"x-acs-date": then})) == (
        400,
        "InvalidTimeStamp.Expired",
    )
    assert refused(call.rpc("ListMediaProducingJobs", Timestamp=then)) == (400, "InvalidTimeStamp.Expired")


@pytest.mark.parametrize("minutes", [-14, 14])
def test_a_clock_that_is_a_little_off_is_fine(call: Caller, minutes: int) -> None:
    then = stamp(datetime.now(UTC) + timedelta(minutes=minutes))

    assert call.acs3("ListMediaProducingJobs", signed={"x-acs-date": then})[0] == 200


@pytest.mark.parametrize(
    "date", ["", "yesterday", "2026-11-20 10:00:00", "2026-11-20T10:00:00+08:00", "2026-13-20T10:00:00Z"]
)
def test_a_date_that_is_none_is_refused(call: Caller, date: str) -> None:
    assert refused(call.acs3("ListMediaProducingJobs", signed={"x-acs-date": date})) == (400, "InvalidTimeStamp.Format")


def test_keys_that_are_unknown_or_ended_are_refused(call: Caller) -> None:
    key = AccessKey.objects.get()
    assert refused(Caller("LEnobody", "x")("ListMediaProducingJobs")) == (404, "InvalidAccessKeyId.NotFound")
    assert refused(Caller("a b/c", "x").rpc("ListMediaProducingJobs")) == (404, "InvalidAccessKeyId.NotFound")

    User.objects.update(is_active=False)
    assert refused(call("ListMediaProducingJobs")) == (400, "InvalidAccessKeyId.Inactive")
    User.objects.update(is_active=True)
    access_keys.revoke(key, by=key.user)
    assert refused(call("ListMediaProducingJobs")) == (400, "InvalidAccessKeyId.Inactive")


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer abc",
        "ACS3-HMAC-SHA256",
        "ACS3-HMAC-SM3 Credential=a,SignedHeaders=host,Signature=ab",
        "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host;x-acs-action,Signature=ab",
        "ACS3-HMAC-SHA256 Credential=,SignedHeaders=,Signature=",
    ],
)
def test_an_authorization_that_is_not_whole_is_refused(call: Caller, authorization: str) -> None:
    answer = call.acs3("ListMediaProducingJobs", tampered={"authorization": authorization})

    assert refused(answer) == (400, "IncompleteSignature")


@pytest.mark.parametrize("name", ["AccessKeyId", "Signature", "Timestamp", "SignatureNonce"])
def test_a_missing_part_of_the_older_signature_is_named(call: Caller, name: str) -> None:
    status, body = call.rpc("ListMediaProducingJobs", tampered={name: ""})

    assert (status, body["Code"]) == (400, "MissingParameter")
    assert f'parameter "{name}"' in body["Message"]


@pytest.mark.parametrize("params", [{"SignatureMethod": "HMAC-SHA256"}, {"SignatureVersion": "2.0"}])
def test_other_older_signatures_are_refused_by_name(call: Caller, params: dict[str, str]) -> None:
    status, body = call.rpc("ListMediaProducingJobs", **params)

    assert (status, body["Code"]) == (400, "InvalidParameter")
    assert next(iter(params)) in body["Message"]


def test_temporary_credentials_are_refused_by_name(call: Caller) -> None:
    for answer, name in (
        (call.acs3("ListMediaProducingJobs", signed={"x-acs-security-token": "t"}), "x-acs-security-token"),
        (call.rpc("ListMediaProducingJobs", SecurityToken="t"), "SecurityToken"),
    ):
        assert refused(answer) == (400, "InvalidSecurityToken.Malformed")
        assert name in answer[1]["Message"]


@pytest.mark.parametrize("nonce", ["", "n" * 129])
def test_a_nonce_has_a_length(call: Caller, nonce: str) -> None:
    status, body = call.acs3("ListMediaProducingJobs", signed={"x-acs-signature-nonce": nonce})

    assert (status, body["Code"]) == (400, "InvalidParameter" if nonce else "MissingParameter")


def test_use_is_noted(call: Caller) -> None:
    call("ListMediaProducingJobs")

    assert AccessKey.objects.get().last_used_at is not None


def test_the_sweep_forgets_nonces_that_no_clock_makes_good_again(call: Caller) -> None:
    call("ListMediaProducingJobs")
    SignedCall.objects.update(at=timezone.now() - timedelta(minutes=29))
    sweep.run()
    assert SignedCall.objects.count() == 1

    SignedCall.objects.update(at=timezone.now() - timedelta(minutes=31))
    sweep.run()
    assert not SignedCall.objects.exists()


def test_a_host_that_is_not_ours_is_refused_in_json(call: Caller) -> None:
    status, body = call.acs3("ListMediaProducingJobs", signed={"host": "elsewhere.example.com"})

    assert (status, body["Code"], body["HostId"]) == (400, "InvalidParameter", "elsewhere.example.com")
    assert "ALLOWED_HOSTS" in body["Message"]
