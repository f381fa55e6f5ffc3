"""Access keys: a program's credentials, shown once, kept encrypted, acting with its user's roles."""

import hmac
import logging
import secrets
import string
from datetime import timedelta

from cryptography.fernet import InvalidToken
from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from editing.errors import KeyOutdated, NotFound, PermissionDenied
from editing.models import AccessKey
from editing.models.roles import Verb, can
from editing.models.sealed import ACCESS_KEYS, seal, unseal

log = logging.getLogger(__name__)
ALPHABET = string.ascii_letters + string.digits
USE_NOTED_EVERY = timedelta(minutes=1)


def create(user: User) -> tuple[AccessKey, str]:
    """A new key of `user` and its secret, which nothing will show again."""
    secret = _random(40)
    key = AccessKey.objects.create(id="LE" + _random(22), user=user, encrypted_secret=seal(secret, ACCESS_KEYS))
    return key, secret


def authenticate(key_id: str, secret: str) -> User | None:
    """The user whose active key this is, or None. Secrets are compared in constant time. Raises KeyOutdated."""
    key = AccessKey.objects.active().select_related("user").filter(pk=key_id).first()
    expected = secret_of(key) if key else ""
    if not hmac.compare_digest(expected.encode(), secret.encode()) or key is None:
        return None
    note_use(key)
    return key.user


def find(key_id: str) -> AccessKey:
    """The key of that id with its user, whether or not it may still be used. Raises NotFound."""
    known = key_id.isascii() and key_id.isalnum()  # a database would stumble over some others
    key = AccessKey.objects.select_related("user").filter(pk=key_id).first() if known else None
    if key is None:
        raise NotFound("There is no such access key.")
    return key


def secret_of(key: AccessKey) -> str:
    """The secret in clear, which checking a signature needs. Raises KeyOutdated."""
    try:
        return unseal(bytes(key.encrypted_secret), ACCESS_KEYS)
    except InvalidToken:
        log.warning("Access key %s was made under another SECRET_KEY; its user needs a new one.", key.pk)
        raise KeyOutdated(
            "This server's SECRET_KEY has changed since the access key was made; create another on the account page."
        ) from None


def is_outdated(key: AccessKey) -> bool:
    """Whether its secret cannot be read any more, so that its user needs another key."""
    try:
        unseal(bytes(key.encrypted_secret), ACCESS_KEYS)
    except InvalidToken:
        return True
    return False


def revoke(key: AccessKey, *, by: User) -> AccessKey:
    """End a key for good. One's own, or any for those who operate; PermissionDenied otherwise. Twice is harmless."""
    if key.user_id != by.pk and not can(by, Verb.OPERATE):
        raise PermissionDenied("Only operators revoke the keys of others.")
    AccessKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())
    key.refresh_from_db()
    return key


def operator() -> User:
    """The account that keys are made for when nobody is named: the first active operator."""
    operators = User.objects.filter(Q(groups__name="operator") | Q(is_superuser=True), is_active=True)
    found = operators.order_by("pk").first()
    if found is None:
        raise NotFound("There is no operator account yet; `manage.py up` makes one.", field="user")
    return found


def note_use(key: AccessKey) -> None:
    """Written at most once a minute: a busy program must not turn each of its reads into a write."""
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
    AccessKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
