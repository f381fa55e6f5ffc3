"""Who may do what on the API."""

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from editing.models import EditingJob, Recording
from editing.services import access_keys
from tests.api.test_editing_jobs import JOBS, body, post
from tests.conftest import bearer, make_user, signed_in

NOBODY = "0" * 32
RECORD_JOBS, TEMPLATES = "/api/v1/record-jobs/", "/api/v1/record-templates/"
CALLBACKS, DELIVERIES = "/api/v1/event-callbacks/", "/api/v1/callback-deliveries/"
PUBLISHED, RULES = "/api/v1/published-streams/", "/api/v1/publishing-rules/"
READS = [
    "/api/v1/streams/",
    "/api/v1/recordings/",
    "/api/v1/editing-jobs/",
    "/api/v1/media-assets/",
    "/api/v1/projects/",
    "/api/v1/buckets/",
    "/api/v1/recordings/1/",
    "/api/v1/recordings/1/coverage/",
    "/api/v1/recordings/1/playback/",
    "/api/v1/recordings/1/segments/",
    f"{JOBS}{NOBODY}/",
    f"/api/v1/media-assets/{NOBODY}/",
    RECORD_JOBS,
    f"{RECORD_JOBS}{NOBODY}/",
    TEMPLATES,
    f"{TEMPLATES}{NOBODY}/",
    "/api/v1/record-files/",
    f"/api/v1/record-files/{NOBODY}/",
    f"/api/v1/projects/{NOBODY}/",
    f"/api/v1/projects/{NOBODY}/clips/",
    DELIVERIES,
    f"{DELIVERIES}1/",
    f"{CALLBACKS}own/",
    PUBLISHED,
    f"{PUBLISHED}1/",
    RULES,
    "/api/schema/",
    "/api/docs/",
]
CHANGES = [
    ("POST", JOBS),
    ("POST", f"{JOBS}plan/"),
    ("POST", f"{JOBS}{NOBODY}/cancel/"),
    ("POST", f"{JOBS}{NOBODY}/retry/"),
    ("DELETE", f"/api/v1/media-assets/{NOBODY}/"),
    ("POST", "/api/v1/projects/"),
    ("PATCH", f"/api/v1/projects/{NOBODY}/"),
    ("DELETE", f"/api/v1/projects/{NOBODY}/"),
    ("PUT", f"/api/v1/projects/{NOBODY}/clips/"),
    ("PUT", f"{CALLBACKS}own/"),
]
OF_CALLBACKS = [
    ("POST", f"{CALLBACKS}own/key/"),
    ("POST", f"{CALLBACKS}own/test/"),
    ("DELETE", f"{CALLBACKS}own/"),
    ("POST", f"{DELIVERIES}1/redeliver/"),
]
OPERATIONS = [
    ("PATCH", "/api/v1/streams/1/"),
    ("POST", RECORD_JOBS),
    ("PATCH", f"{RECORD_JOBS}{NOBODY}/"),
    ("POST", f"/api/v1/record-files/{NOBODY}/retry/"),
    *(("POST", f"{RECORD_JOBS}{NOBODY}/{verb}/") for verb in ("pause", "resume", "stop", "start")),
    ("POST", TEMPLATES),
    ("PUT", f"{TEMPLATES}{NOBODY}/"),
    ("DELETE", f"{TEMPLATES}{NOBODY}/"),
    ("POST", PUBLISHED),
    ("POST", f"{PUBLISHED}1/key/"),
    ("DELETE", f"{PUBLISHED}1/key/"),
    ("PUT", f"{RULES}live/"),
]


EVERYTHING = [("GET", path) for path in READS] + CHANGES + OF_CALLBACKS + OPERATIONS


def test_an_access_key_from_before_another_secret_key_is_said_to_be(vera: User, settings: LazySettings) -> None:
    header = bearer(vera)
    settings.SECRET_KEY = "another"

    answer = Client().get("/api/v1/streams/", headers=header)

    assert (answer.status_code, answer.json()["code"]) == (401, "AuthenticationFailed")
    assert "SECRET_KEY has changed" in answer.json()["detail"]


def ask(client: Client, method: str, path: str) -> HttpResponse:
    return client.generic(method, path, "{}", content_type="application/json")


def test_no_address_is_forgotten_here() -> None:
    """The description knows every operation; those of lists that differ only in numbers and names count once."""
    paths = SchemaGenerator().get_schema(public=True)["paths"]
    described = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    listed = {
        (
            method,
            path.replace(NOBODY, "{id}")
            .replace("/1/", "/{id}/")
            .replace("/own/", "/{whose}/")
            .replace("/live/", "/{app}/"),
        )
        for method, path in EVERYTHING
    }

    assert described - listed == {("GET", "/api/v1/streams/{id}/"), ("GET", "/api/v1/buckets/{name}/")}


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path"), [*EVERYTHING, ("GET", "/api/v1/nonsense"), ("POST", "/api/")])
def test_nobody_gets_in_without_signing_in(method: str, path: str) -> None:
    answer = ask(Client(), method, path)

    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.json()["code"] == "NotAuthenticated"


@pytest.mark.parametrize(("method", "path"), EVERYTHING)
def test_an_account_without_a_role_may_nothing(sam: User, method: str, path: str) -> None:
    answer = ask(signed_in(sam), method, path)

    assert (answer.status_code, answer.json()["code"]) == (403, "PermissionDenied")


@pytest.mark.parametrize("path", READS)
def test_a_viewer_sees_everything_that_is_there(vera: User, path: str) -> None:
    assert signed_in(vera).get(path).status_code == (404 if NOBODY in path or "/1/" in path else 200)


@pytest.mark.parametrize(("method", "path"), CHANGES + OF_CALLBACKS + OPERATIONS)
def test_a_viewer_changes_nothing(vera: User, method: str, path: str) -> None:
    assert ask(signed_in(vera), method, path).status_code == 403


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.parametrize("role", ["editor", "operator"])
def test_editors_and_operators_may(db: None, role: str, method: str, path: str) -> None:
    assert ask(signed_in(make_user("eve", role)), method, path).status_code == (404 if NOBODY in path else 400)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_operators_alone_say_what_is_recorded(ed: User, opal: User, method: str, path: str) -> None:
    assert ask(signed_in(ed), method, path).status_code == 403
    assert ask(signed_in(opal), method, path).status_code == (404 if NOBODY in path or "/1/" in path else 400)


def test_editors_and_operators_submit(recording: Recording, ed: User, opal: User) -> None:
    assert post(signed_in(ed), body()).status_code == 202
    assert post(signed_in(opal), body(output={"key": "b.mp4"})).status_code == 202


def test_a_program_acts_with_its_users_roles(recording: Recording, vera: User) -> None:
    headers = bearer(vera)

    assert Client().get(JOBS, headers=headers).status_code == 200
    assert post(Client(), body(), **headers).status_code == 403


def test_a_program_of_an_account_that_is_closed_gets_in_no_more(vera: User) -> None:
    headers = bearer(vera)
    User.objects.filter(pk=vera.pk).update(is_active=False)

    assert Client().get(JOBS, headers=headers).status_code == 401


@pytest.mark.parametrize("credentials", ["Bearer x:y", "Bearer x", "Bearer ", "Bearer é:ü", "Bearer \x00:x"])
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

    answer = post(client, body())

    assert (answer.status_code, answer.json()["code"]) == (403, "PermissionDenied")
    assert EditingJob.objects.count() == 0
