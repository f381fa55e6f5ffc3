"""One's own account: keys that are shown once, and the password."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from editing.models import AccessKey
from editing.services import access_keys
from tests.conftest import signed_in


@pytest.fixture
def client(ed: User) -> Client:
    return signed_in(ed)


def test_a_new_key_shows_its_secret_once_and_works(client: Client, ed: User) -> None:
    created = client.post("/account/keys/").content.decode()

    key, secret = re.search(r"Bearer (LE\w+):(\w+)", created).groups()  # type: ignore[union-attr]
    assert access_keys.authenticate(key, secret) == ed
    page = client.get("/account/").content.decode()
    assert key in page
    assert secret not in page
    assert "Authorization: Bearer AccessKeyId:AccessKeySecret" in page


def test_a_key_that_has_to_be_renewed_is_marked(client: Client) -> None:
    client.post("/account/keys/")
    AccessKey.objects.update(encrypted_secret=b"of another SECRET_KEY")

    assert "Create another, and revoke this one" in client.get("/account/").content.decode()


def test_a_key_is_revoked_by_its_owner_only(client: Client, vera: User) -> None:
    client.post("/account/keys/")
    key = AccessKey.objects.get()

    assert signed_in(vera).post(f"/account/keys/{key.pk}/revoke/").status_code == 404
    assert client.post(f"/account/keys/{key.pk}/revoke/")["Location"] == "/account/"
    key.refresh_from_db()
    assert key.revoked_at is not None
    page = client.get("/account/").content.decode()
    assert "is revoked" in page
    assert "You have no access keys" in page


def test_the_password_is_changed_and_one_stays_signed_in(client: Client, ed: User) -> None:
    new = {"old_password": "secret", "new_password1": "a longer one 7", "new_password2": "a longer one 7"}

    assert client.post("/account/", new)["Location"] == "/account/"
    assert "Your password is changed" in client.get("/account/").content.decode()
    ed.refresh_from_db()
    assert ed.check_password("a longer one 7")


def test_a_wrong_old_password_is_said_at_its_field(client: Client) -> None:
    wrong = {"old_password": "nonsense", "new_password1": "a longer one 7", "new_password2": "a longer one 7"}

    page = client.post("/account/", wrong).content.decode()
    assert "Your old password was entered incorrectly" in re.search(r'name="old_password".*?</div>', page, re.DOTALL)[0]  # type: ignore[index]
