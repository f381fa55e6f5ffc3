"""Who may do what on the API."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from editing.models import Recording
from editing.services import access_keys
from tests.api.test_editing_jobs import JOBS, body, post
from tests.conftest import bearer, signed_in

READS = [
    "/api/v1/streams/",
    "/api/v1/recordings/",
    "/api/v1/editing-jobs/",
    "/api/v1/media-assets/",
    "/api/v1/buckets/",
    "/api/schema/",
    "/api/docs/",
]


@pytest.mark.django_db
@pytest.mark.parametrize("path", READS)
def test_nobody_gets_in_without_signing_in(path: str) -> None:
    answer = Client().get(path)

    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("path", READS)
def test_an_account_without_a_role_sees_nothing(sam: User, path: str) -> None:
    assert signed_in(sam).get(path).status_code == 403


@pytest.mark.parametrize("path", READS)
def test_a_viewer_sees_everything(vera: User, path: str) -> None:
    assert signed_in(vera).get(path).status_code == 200


@pytest.mark.parametrize("path", [JOBS, JOBS + "plan/", JOBS + "x/cancel/", JOBS + "x/retry/"])
def test_a_viewer_changes_nothing(recording: Recording, vera: User, path: str) -> None:
    assert post(signed_in(vera), body(), path).status_code == 403


def test_a_viewer_deletes_no_asset(vera: User) -> None:
    assert signed_in(vera).delete("/api/v1/media-assets/x/").status_code == 403


def test_editors_and_operators_submit(recording: Recording, ed: User, opal: User) -> None:
    assert post(signed_in(ed), body()).status_code == 202
    assert post(signed_in(opal), body(output={"key": "b.mp4"})).status_code == 202


def test_a_program_acts_with_its_users_roles(recording: Recording, vera: User) -> None:
    headers = bearer(vera)

    assert Client().get(JOBS, headers=headers).status_code == 200
    assert post(Client(), body(), **headers).status_code == 403


@pytest.mark.parametrize("credentials", ["Bearer x:y", "Bearer x", "Bearer "])
@pytest.mark.django_db
def test_wrong_credentials_are_refused(credentials: str) -> None:
    answer = Client().get(JOBS, headers={"Authorization": credentials})

    assert (answer.status_code, answer.json()["code"]) == (401, "AuthenticationFailed")


def test_a_revoked_key_no_longer_opens(vera: User) -> None:
    key, secret = access_keys.create(vera)
    access_keys.revoke(key, by=vera)

    assert Client().get(JOBS, headers={"Authorization": f"Bearer {key.pk}:{secret}"}).status_code == 401


def test_a_browser_session_needs_the_csrf_token(recording: Recording, ed: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ed)

    assert post(client, body()).status_code == 403
