"""Callbacks: where events go, with which key they are signed, and what became of each."""

from __future__ import annotations

import base64
import re
import secrets
import string
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from editing.errors import BeingSent, InvalidInput, NotFound, PermissionDenied
from editing.models import Delivery, DeliveryState, EventCallback
from editing.models.roles import Verb, can
from editing.models.sealed import CALLBACK_KEYS, seal, unseal
from editing.worker import events, outbox

KINDS = events.KINDS
"""The events that are sent, and what each says."""
LONGEST_ADDRESS, LONGEST_JOB_ADDRESS, LONGEST_KEY = 256, 1024, 32
MOST_TYPES = 64
_TYPE = re.compile(r"[A-Za-z]{1,64}")
_KEY = re.compile(r"(?=.*[A-Z])(?=.*[a-z])(?=.*[0-9])[!-~]{1,32}")


def check_address(address: str, *, field: str, most: int = LONGEST_JOB_ADDRESS) -> None:
    """Raises InvalidInput unless it is an http(s) address. Whether its name resolves, and to what, is looked at when
    something is sent there."""
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or "@" in parts.netloc or not re.fullmatch("[!-~]+", address) or len(address) > most:
        raise InvalidInput(
            f"Give an http or https address of at most {most} characters, without a password in it.", field=field
        )


def of(user: User | None) -> EventCallback:
    """The settings of a user, or those for everybody's events; empty ones that are not saved where there are none."""
    return EventCallback.objects.filter(user=user).first() or EventCallback(user=user)


def shown_to(by: User, user: User | None) -> EventCallback:
    """The same for somebody to look at. Raises PermissionDenied where they are not theirs."""
    if user is None:
        _check_may(user, by)
    return of(user)


def set_up(
    user: User | None,
    *,
    by: User,
    address: str,
    event_types: Sequence[str] = (),
    signs: bool | None = None,
    key: str = "",
) -> EventCallback:
    """Say where events go. What signs and the key are stays as it was where it is not given.

    Without a user for everybody's events, which only operators may. Raises InvalidInput, PermissionDenied.
    """
    _check_may(user, by)
    if address:
        check_address(address, field="address", most=LONGEST_ADDRESS)
    if len(event_types) > MOST_TYPES or not all(_TYPE.fullmatch(each) for each in event_types):
        raise InvalidInput(f"Event types are words like {next(iter(KINDS))}, up to {MOST_TYPES}.", field="event_types")
    if key and not _KEY.fullmatch(key):
        raise InvalidInput(
            f"A key has up to {LONGEST_KEY} characters, capitals, small letters and digits among them.", field="key"
        )
    with transaction.atomic():
        callback = _locked(user)
        callback.address, callback.event_types = address, list(dict.fromkeys(event_types))
        callback.signs = callback.signs if signs is None else signs
        callback.encrypted_key = seal(key, CALLBACK_KEYS) if key else callback.encrypted_key
        if callback.signs and not callback.has_key:
            raise InvalidInput("What is signed needs a key.", field="key")
        callback.save()
    return callback


def renew_key(user: User | None, *, by: User) -> tuple[EventCallback, str]:
    """A new key, with which everything is signed from now on; nothing will show it again. Raises PermissionDenied."""
    _check_may(user, by)
    key = _random_key()
    with transaction.atomic():
        callback = _locked(user)
        callback.encrypted_key, callback.signs = seal(key, CALLBACK_KEYS), True
        callback.save()
    return callback, key


def key_of(callback: EventCallback) -> str:
    """The key in clear, empty where there is none."""
    return unseal(bytes(callback.encrypted_key), CALLBACK_KEYS) if callback.has_key else ""


def standard_secret(key: str) -> str:
    """A key as libraries for Standard Webhooks take it."""
    return f"whsec_{base64.b64encode(key.encode()).decode()}"


def remove(user: User | None, *, by: User) -> None:
    """Nothing is sent for these settings any more, nor signed with their key. Raises PermissionDenied."""
    _check_may(user, by)
    with transaction.atomic():
        callback = EventCallback.objects.select_for_update().filter(user=user).first()
        if callback is None:
            return
        waiting = Delivery.objects.filter(callback=callback, state=DeliveryState.WAITING)
        waiting.update(state=DeliveryState.FAILED, error="The callback was removed.", ended_at=timezone.now())
        callback.delete()


def test(user: User | None, *, by: User) -> Delivery:
    """Send an event of its own kind to where events go. Raises NotFound where that is nowhere, PermissionDenied."""
    _check_may(user, by)
    callback = of(user)
    if not callback.address:
        raise NotFound("There is no address to send a test to.", field="address")
    event = events.Event(events.TEST, f"test-{secrets.token_hex(8)}", by.pk, {"Message": "It works."})
    with transaction.atomic():
        return outbox.put(event, event.body(timezone.now()), callback.address, callback)


def redeliver(delivery: Delivery) -> Delivery:
    """Send it now, whether it has arrived, failed or waits; then for a day as if it were new. Raises BeingSent."""
    now = timezone.now()
    rest = Delivery.objects.exclude(state=DeliveryState.WAITING).filter(pk=delivery.pk)
    waiting = Delivery.objects.free().filter(pk=delivery.pk)
    again = {
        "state": DeliveryState.WAITING,
        "attempts": 0,
        "next_at": now,
        "give_up_at": now + outbox.TRIED_FOR,
        "ended_at": None,
    }
    with transaction.atomic():
        if not (rest.update(**again) or waiting.update(**again)):
            raise BeingSent("It is being sent just now.")
        outbox.send(delivery.pk)
    delivery.refresh_from_db()
    return delivery


def _check_may(user: User | None, by: User) -> None:
    if user is None and not can(by, Verb.OPERATE):
        raise PermissionDenied("Only operators say where everybody's events go.")
    if user is not None and (user.pk != by.pk or not can(by, Verb.EDIT)):
        raise PermissionDenied("Only who may edit has events, and only one's own can be sent elsewhere.")


def _locked(user: User | None) -> EventCallback:
    """Its row, held until the transaction ends."""
    EventCallback.objects.bulk_create([EventCallback(user=user)], ignore_conflicts=True)
    return EventCallback.objects.select_for_update().get(user=user)


def _random_key() -> str:
    """Of 32 letters and digits some are capitals, small letters and digits but for one case in hundreds."""
    alphabet = string.ascii_letters + string.digits
    while not _KEY.fullmatch(key := "".join(secrets.choice(alphabet) for _ in range(LONGEST_KEY))):
        continue
    return key
