"""Calls that programs sign: each nonce once, and not more in a second than a key may make. Holds across processes."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from editing.errors import NonceUsed, TooManyCalls
from editing.models import AccessKey, SignedCall


def admit(key: AccessKey, nonce: str) -> None:
    """Let one call of `key` in and remember its nonce. Raises TooManyCalls, NonceUsed.

    A call that is turned away for being one too many leaves no trace: its nonce is still good, and a program that
    keeps knocking gets in as soon as its earlier calls are a second old.
    """
    now = timezone.now()
    recent = SignedCall.objects.filter(access_key=key, at__gt=now - timedelta(seconds=1))
    if recent.count() >= settings.RPC_CALLS_PER_SECOND:
        raise TooManyCalls(f"The access key has made {settings.RPC_CALLS_PER_SECOND} calls in the last second.")
    try:
        with transaction.atomic():
            SignedCall.objects.create(access_key=key, nonce=nonce, at=now)
    except IntegrityError:
        raise NonceUsed("The nonce was used already; each call needs a new one.") from None
