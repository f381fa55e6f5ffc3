"""One delivery to its address: claim, sign, send, note what came of it, and when to try again.

A worker may die at any line: the lease lapses and the sweep sends the delivery again. So it may arrive twice, under
one `webhook-id`, and is never lost.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import random
import secrets
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from editing.models import Delivery, DeliveryAttempt, DeliveryState, EventCallback
from editing.models.sealed import CALLBACK_KEYS, unseal
from editing.worker import outbox
from editing.worker.lease import stopping
from editing.worker.outbound import Answer, NotReached, post

log = logging.getLogger(__name__)

_FIRST_PAUSE, _FACTOR, _LONGEST_PAUSE = 5.0, 3.0, 4 * 3600.0
_SPARED_FOR = timedelta(minutes=1)
_GONE = 410
"""What a receiver answers that wants nothing of the kind any more."""


def run(delivery_id: str) -> None:
    """Send it if it is due. What comes of it is on its row; nothing is raised but what a database raises."""
    if stopping.is_set():
        Delivery.objects.filter(pk=delivery_id).update(sent_at=None)
        return
    delivery = _claim(delivery_id)
    if delivery is None:
        return
    begun = time.monotonic()
    at, answer, error = timezone.now(), None, ""
    try:
        answer = _send(delivery, at)
        error = "" if answer.good else _refusal(answer)
    except NotReached as failure:
        error = str(failure)
    except Exception:
        log.exception("Delivery %s failed.", delivery_id)
        error = "Something went wrong on our side; the workers' log says what."
    attempt = DeliveryAttempt(
        delivery=delivery,
        at=at,
        seconds=time.monotonic() - begun,
        status=answer.status if answer else None,
        answer=answer.text if answer else "",
        error=error[:255],
    )
    if not _note(delivery, attempt, asked=answer.wait if answer else 0):
        return
    if answer is None:
        _spare(delivery)
    elif answer.good:
        _send_next(delivery)


def pause_after(attempts: int) -> float:
    """Seconds until the next attempt: 5 s, 15 s, 45 s … up to four hours, each a fifth longer or shorter by chance, so
    that what failed together does not come back together."""
    pause = min(_FIRST_PAUSE * _FACTOR ** (attempts - 1), _LONGEST_PAUSE)
    return pause * random.uniform(0.8, 1.2)  # noqa: S311 - nobody gains by guessing it


def headers(delivery: Delivery, at: datetime, key: str) -> dict[str, str]:
    """Those of IMS and those of Standard Webhooks (standardwebhooks.com), whose secret is whsec_ and the key in
    base64. Without a key nothing is signed."""
    stamp = str(int(at.timestamp()))
    found = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "live-editing-studio",
        "webhook-id": delivery.message_id,
        "webhook-timestamp": stamp,
    }
    if key:
        signed = f"{delivery.message_id}.{stamp}.{delivery.body}".encode()
        digest = base64.b64encode(hmac.new(key.encode(), signed, hashlib.sha256).digest()).decode()
        # IMS prescribes MD5 of these three; what it does not cover, the body, the other signature does.
        plain = f"{delivery.address}|{stamp}|{key}".encode()
        found |= {
            "X-ICE-TIMESTAMP": stamp,
            "X-ICE-SIGNATURE": hashlib.md5(plain, usedforsecurity=False).hexdigest(),
            "webhook-signature": f"v1,{digest}",
        }
    return found


def _claim(delivery_id: str) -> Delivery | None:
    lease = {
        "lease_token": secrets.token_hex(16),
        "lease_until": timezone.now() + timedelta(seconds=3 * settings.CALLBACK_SECONDS),
    }
    if Delivery.objects.due().filter(pk=delivery_id).update(**lease):
        return Delivery.objects.get(pk=delivery_id)
    # Another one must arrive first, or it is too early: its message is used up.
    Delivery.objects.free().filter(pk=delivery_id).update(sent_at=None)
    return None


def _send(delivery: Delivery, at: datetime) -> Answer:
    signed = headers(delivery, at, _key(delivery))
    return post(delivery.address, delivery.body.encode(), signed, within=settings.CALLBACK_SECONDS)


def _key(delivery: Delivery) -> str:
    """The key of the settings it is sent for, or of those of whose job it is."""
    callback = delivery.callback
    if callback is None and delivery.owner_id is not None:
        callback = EventCallback.objects.filter(user=delivery.owner_id).first()
    if callback is None or not callback.signs:
        return ""
    return unseal(bytes(callback.encrypted_key), CALLBACK_KEYS)


def _refusal(answer: Answer) -> str:
    if 300 <= answer.status < 400:
        return f"It answered {answer.status}; redirects are not followed."
    return f"It answered {answer.status}."


def _note(delivery: Delivery, attempt: DeliveryAttempt, *, asked: float) -> bool:
    """Whether it was still ours to say. The receiver may have asked for a longer pause than we would make."""
    now, attempts = timezone.now(), delivery.attempts + 1
    pause = max(pause_after(attempts), min(asked, _LONGEST_PAUSE))
    next_at = now + timedelta(seconds=pause)
    changes = {"state": DeliveryState.DELIVERED, "ended_at": now}
    if attempt.error:
        over = attempt.status == _GONE or next_at > delivery.give_up_at
        changes = {"state": DeliveryState.FAILED, "ended_at": now} if over else {"next_at": next_at}
    with transaction.atomic():
        mine = Delivery.objects.filter(pk=delivery.pk, lease_token=delivery.lease_token)
        if not mine.update(
            attempts=F("attempts") + 1,
            status=attempt.status,
            error=attempt.error,
            lease_token="",
            lease_until=None,
            **changes,
        ):
            log.warning("Delivery %s was taken from this worker.", delivery.pk)
            return False
        attempt.save()
    return True


def _spare(delivery: Delivery) -> None:
    """What else is for a server that does not answer is not tried for a while: each try would hold up what is for
    others."""
    until = timezone.now() + _SPARED_FOR
    same = Delivery.objects.free().filter(origin=delivery.origin, next_at__lt=until).exclude(pk=delivery.pk)
    same.update(next_at=until)


def _send_next(delivery: Delivery) -> None:
    """What waited for this one need not wait for the sweep, and what found nobody there need not wait any longer."""
    silent = Delivery.objects.free().filter(origin=delivery.origin, status=None, next_at__gt=timezone.now())
    silent.update(next_at=timezone.now())
    waiting = Delivery.objects.due().filter(subject=delivery.subject, address=delivery.address)
    if (following := waiting.order_by("pk").first()) is not None:
        outbox.send(following.pk)
