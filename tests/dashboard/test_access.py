"""Who may come in to the pages, and what each role may do there."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from editing.models import EditingJob, Recording
from tests.conftest import signed_in
from tests.services.test_editing_jobs import clip, submit

OPEN = {"sign-in", "sign-out", "healthz"}
ASKED_BY_SERVERS = {"rtmp-begin", "rtmp-go-on", "rtmp-end"}
"""They carry a secret of their own: tests/dashboard/test_rtmp.py."""
GIVEN = {
    "project_id": "0" * 32,
    "stream_id": "1",
    "recording_id": "1",
    "clip_id": "abc",
    "verb": "up",
    "job_id": "0" * 32,
    "asset_id": "0" * 32,
    "key_id": "LE1",
    "whose": "own",
    "delivery_id": "1",
    "segment_id": "1",
    "at": "1",
    "app": "live",
    "template_id": "abc",
    "file_id": "0",
}


def pages() -> Iterator[str]:
    """The address of every page, taken from the address table itself, so that a new page cannot be forgotten."""
    for pattern in get_resolver().url_patterns:
        if isinstance(pattern, URLPattern) and pattern.name not in OPEN | ASKED_BY_SERVERS:
            wanted = pattern.pattern.regex.groupindex
            yield reverse(str(pattern.name), kwargs={name: GIVEN[name] for name in wanted})


@pytest.mark.django_db
@pytest.mark.parametrize("path", sorted(set(pages())))
def test_who_has_not_signed_in_is_asked_to(path: str) -> None:
    for answer in (Client().get(path), Client().post(path)):
        assert (answer.status_code, answer["Location"]) == (302, f"/sign-in/?next={path}")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/jobs/", "/clips/plan/", f"/jobs/{'0' * 32}/progress/", "/account/"])
def test_a_part_of_a_page_that_comes_after_the_session_ended_moves_the_whole_page(path: str) -> None:
    answer = Client().get(path, headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/recordings/7/?a=b"})

    assert (answer.status_code, answer["HX-Redirect"]) == (200, "/sign-in/?next=/recordings/7/%3Fa%3Db")


@pytest.mark.parametrize("path", ["/", "/streams/", "/jobs/", "/projects/", "/record-jobs/", "/assets/", "/callbacks/"])
def test_an_account_without_a_role_sees_nothing_but_why(sam: User, path: str) -> None:
    answer = signed_in(sam).get(path)

    assert answer.status_code == 403
    assert "Your role does not allow this" in answer.content.decode()


def test_an_account_without_a_role_may_still_change_its_password(sam: User) -> None:
    assert signed_in(sam).get("/account/").status_code == 200


def test_a_viewer_sees_a_recording_but_no_controls(recording: Recording, vera: User) -> None:
    page = signed_in(vera).get(f"/recordings/{recording.pk}/").content.decode()

    assert 'id="timeline"' in page
    assert 'id="marks"' not in page
    assert 'id="clips"' not in page
    assert "Delete this recording" not in page


def test_an_editor_gets_the_clip_controls_but_deletes_no_recording(recording: Recording, ed: User) -> None:
    page = signed_in(ed).get(f"/recordings/{recording.pk}/").content.decode()

    assert 'id="marks"' in page
    assert 'id="clips"' in page
    assert "Delete this recording" not in page


def test_an_operator_may_delete_a_recording(recording: Recording, opal: User) -> None:
    page = signed_in(opal).get(f"/recordings/{recording.pk}/").content.decode()

    assert "Delete this recording" in page
    assert signed_in(opal).post(f"/recordings/{recording.pk}/delete/")["Location"] == f"/streams/{recording.stream_id}/"
    assert not Recording.objects.exists()


CHANGES = [
    "/recordings/{recording}/clips/",
    "/clips/abc/change/",
    "/clips/abc/up/",
    "/clips/abc/remove/",
    "/clips/order/",
    "/clips/clear/",
    "/clips/merge/",
    "/jobs/{job}/cancel/",
    "/jobs/{job}/retry/",
]


@pytest.mark.parametrize("path", CHANGES)
def test_a_viewer_changes_nothing(recording: Recording, vera: User, ed: User, path: str) -> None:
    job = submit(ed, clip())

    answer = signed_in(vera).post(path.format(recording=recording.pk, job=job.pk))

    assert answer.status_code == 403
    assert list(EditingJob.objects.values_list("state", flat=True)) == ["Queuing"]


def test_a_viewer_deletes_no_asset_and_an_editor_no_recording(recording: Recording, vera: User, ed: User) -> None:
    assert signed_in(vera).post(f"/assets/{'0' * 32}/delete/").status_code == 403
    assert signed_in(ed).post(f"/recordings/{recording.pk}/delete/").status_code == 403


def test_what_changes_something_needs_a_post(recording: Recording, opal: User) -> None:
    client = signed_in(opal)

    for path in [*CHANGES, "/recordings/{recording}/delete/", f"/assets/{'0' * 32}/delete/", "/account/keys/"]:
        assert client.get(path.format(recording=recording.pk, job="0" * 32)).status_code == 405


def test_a_post_without_the_csrf_token_is_refused(recording: Recording, ed: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ed)

    assert client.post(f"/recordings/{recording.pk}/clips/").status_code == 403


@pytest.mark.django_db
def test_signing_in_leads_to_where_one_wanted_to_go_and_out_to_the_sign_in(vera: User) -> None:
    client = Client()

    into = client.post("/sign-in/", {"username": "vera", "password": "secret", "next": "/jobs/"})
    assert into["Location"] == "/jobs/"
    assert client.get("/jobs/").status_code == 200
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert client.get("/jobs/").status_code == 302


@pytest.mark.django_db
def test_a_wrong_password_is_said_plainly(vera: User) -> None:
    answer = Client().post("/sign-in/", {"username": "vera", "password": "wrong"})

    assert "do not go together" in answer.content.decode()


def test_what_is_not_there_is_not_found(ed: User) -> None:
    client = signed_in(ed)

    for path in (
        "/streams/99/",
        "/recordings/99/",
        f"/jobs/{'0' * 32}/",
        f"/assets/{'0' * 32}/",
        f"/projects/{'0' * 32}/",
        f"/record-jobs/{'0' * 32}/",
        "/nonsense",
    ):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "Not found" in answer.content.decode()


def test_pages_allow_no_foreign_or_inline_scripts_and_styles(recording: Recording, ed: User) -> None:
    client = signed_in(ed)
    for path in ("/", "/jobs/", "/record-jobs/", "/assets/", "/account/", f"/recordings/{recording.pk}/"):
        answer = client.get(path)
        text = answer.content.decode()
        policy = answer["Content-Security-Policy"]
        assert "script-src 'self';" in policy + ";"
        assert "style-src 'self';" in policy + ";"
        assert " style=" not in text
        assert "<style" not in text
        assert " onclick=" not in text
        assert "http://" not in text.replace("http://testserver", "")
