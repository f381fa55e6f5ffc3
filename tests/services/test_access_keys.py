from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import Group, User
from django.utils import timezone

from editing.errors import KeyOutdated, NotFound, PermissionDenied
from editing.models import AccessKey
from editing.services import access_keys

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice")


def test_a_key_and_its_secret_authenticate_its_user(alice: User) -> None:
    key, secret = access_keys.create(alice)

    assert access_keys.authenticate(key.pk, secret) == alice


def test_nothing_else_authenticates(alice: User) -> None:
    key, secret = access_keys.create(alice)

    assert access_keys.authenticate(key.pk, secret[:-1]) is None
    assert access_keys.authenticate(key.pk, "") is None
    assert access_keys.authenticate("LEunknown", secret) is None
    assert access_keys.authenticate("LEunknown", "") is None


def test_the_secret_is_not_in_the_database_but_can_be_had_back(alice: User) -> None:
    key, secret = access_keys.create(alice)
    stored = AccessKey.objects.get(pk=key.pk)

    assert secret.encode() not in bytes(stored.encrypted_secret)
    assert access_keys.secret_of(stored) == secret


def test_a_key_from_before_the_servers_secret_was_changed_is_said_to_be(
    alice: User, settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    key, secret = access_keys.create(alice)
    assert not access_keys.is_outdated(key)
    settings.SECRET_KEY = "another"

    with pytest.raises(KeyOutdated, match="SECRET_KEY has changed"):
        access_keys.authenticate(key.pk, secret)

    assert access_keys.is_outdated(key)
    assert f"{key.pk} was made under another SECRET_KEY" in caplog.text
    assert secret not in caplog.text


def test_a_revoked_key_and_a_disabled_user_are_refused(alice: User) -> None:
    first, first_secret = access_keys.create(alice)
    second, second_secret = access_keys.create(alice)

    access_keys.revoke(first, by=alice)
    assert access_keys.authenticate(first.pk, first_secret) is None
    assert access_keys.authenticate(second.pk, second_secret) == alice

    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert access_keys.authenticate(second.pk, second_secret) is None


def test_only_operators_revoke_the_keys_of_others(alice: User) -> None:
    key, secret = access_keys.create(alice)
    bob = User.objects.create_user("bob")

    with pytest.raises(PermissionDenied):
        access_keys.revoke(key, by=bob)
    assert access_keys.authenticate(key.pk, secret) == alice

    bob = User.objects.get(pk=bob.pk)
    bob.groups.add(Group.objects.get(name="operator"))
    assert access_keys.revoke(key, by=User.objects.get(pk=bob.pk)).revoked_at is not None


def test_use_is_noted_at_most_once_a_minute(alice: User) -> None:
    key, secret = access_keys.create(alice)
    access_keys.authenticate(key.pk, secret)
    key.refresh_from_db()
    first = key.last_used_at
    assert first is not None

    access_keys.authenticate(key.pk, secret)
    key.refresh_from_db()
    assert key.last_used_at == first

    AccessKey.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    access_keys.authenticate(key.pk, secret)
    key.refresh_from_db()
    assert key.last_used_at is not None
    assert key.last_used_at > first


def test_the_default_account_is_the_first_operator(alice: User) -> None:
    with pytest.raises(NotFound, match="no operator account"):
        access_keys.operator()

    alice.groups.add(Group.objects.get(name="operator"))
    User.objects.create_superuser("root")

    assert access_keys.operator() == alice
