import pytest
from django.contrib.auth.models import User
from django.test import Client

from editing.models import AccessKey, EditingJob, JobState, MediaAsset, Recording
from editing.services import access_keys
from editing.worker import edit
from tests.conftest import signed_in
from tests.services.test_editing_jobs import clip, submit

PAGES = ["stream", "recording", "bucket", "editingjob", "mediaasset", "accesskey", "worker"]


def act(client: Client, page: str, action: str, *keys: object):
    data = {"action": action, "_selected_action": list(keys)}
    return client.post(f"/admin/editing/{page}/", data, follow=True)


@pytest.mark.parametrize("page", PAGES)
def test_only_operators_enter(page: str, recording: Recording, ed: User, vera: User, opal: User) -> None:
    address = f"/admin/editing/{page}/"

    assert signed_in(opal).get(address).status_code == 200
    for client in (Client(), signed_in(ed), signed_in(vera)):
        assert client.get(address).status_code == 302


def test_jobs_are_cancelled_and_retried_by_action(recording: Recording, opal: User) -> None:
    job = submit(opal, clip())
    client = signed_in(opal)

    act(client, "editingjob", "cancel", job.pk)
    assert EditingJob.objects.get().state == JobState.CANCELLED

    refused = act(client, "editingjob", "cancel", job.pk)
    assert "cannot be cancelled any more" in refused.content.decode()

    act(client, "editingjob", "retry", job.pk)
    assert EditingJob.objects.get().state == JobState.QUEUING


def test_a_jobs_state_is_read_only(recording: Recording, opal: User) -> None:
    job = submit(opal, clip())

    page = signed_in(opal).get(f"/admin/editing/editingjob/{job.pk}/change/")
    answer = signed_in(opal).post(f"/admin/editing/editingjob/{job.pk}/change/", {"state": "Success"})

    assert (page.status_code, answer.status_code) == (200, 403)
    assert b'name="state"' not in page.content
    assert EditingJob.objects.get().state == JobState.QUEUING


def test_an_access_key_is_made_shown_once_and_revoked(opal: User, ed: User) -> None:
    client = signed_in(opal)

    page = client.post("/admin/editing/accesskey/add/", {"user": ed.pk}, follow=True).content.decode()

    key = AccessKey.objects.get()
    secret = access_keys.secret_of(key)
    assert (key.user, secret in page) == (ed, True)
    assert secret not in client.get("/admin/editing/accesskey/").content.decode()
    assert access_keys.authenticate(key.pk, secret) == ed

    act(client, "accesskey", "revoke", key.pk)
    assert access_keys.authenticate(key.pk, secret) is None


def test_assets_and_recordings_are_deleted_with_their_files(recording: Recording, opal: User) -> None:
    edit.run(submit(opal, clip()).pk)
    client = signed_in(opal)

    act(client, "mediaasset", "delete_with_files", MediaAsset.objects.get().pk)
    act(client, "recording", "delete_with_files", recording.pk)

    assert (MediaAsset.objects.count(), Recording.objects.count()) == (0, 0)


def test_a_bucket_is_made_but_keeps_its_name(opal: User) -> None:
    client = signed_in(opal)
    client.post(
        "/admin/editing/bucket/add/", {"name": "archive", "kind": "oss", "endpoint": "e.example", "active": "on"}
    )

    page = client.get("/admin/editing/bucket/").content.decode()
    assert "archive" in page
