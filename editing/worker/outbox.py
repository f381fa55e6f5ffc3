"""Events into the outbox, in the transaction that makes them true: what is committed is told, what is not is not."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from editing import queue
from editing.models import Delivery, EventCallback
from editing.worker.events import Event

TRIED_FOR = timedelta(days=1)


def emit(event: Event, *addresses: str) -> None:
    """Have an event delivered to the addresses that its job names and to whoever has asked for such events; once to
    each address. Call it within the transaction of the change."""
    assert transaction.get_connection().in_atomic_block
    listening = EventCallback.objects.filter(Q(user=event.owner_id, user__is_active=True) | Q(user=None)).order_by(
        F("user").asc(nulls_first=True)
    )
    targets = {each.address: each for each in listening if each.wants(event.kind)}
    told: dict[str, EventCallback | None] = {**targets, **{address: None for address in addresses if address}}
    if not told:
        return
    body = event.body(timezone.now())
    for address, callback in told.items():
        put(event, body, address, callback)


def put(event: Event, body: str, address: str, callback: EventCallback | None) -> Delivery:
    now = timezone.now()
    delivery = Delivery.objects.create(
        # Where it goes for everybody is for those to see who operate.
        owner_id=event.owner_id if callback is None else callback.user_id,
        callback=callback,
        event=event.kind,
        subject=event.subject,
        address=address,
        origin=origin_of(address),
        body=body,
        created_at=now,
        next_at=now,
        give_up_at=now + TRIED_FOR,
    )
    send(delivery.pk)
    return delivery


def origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.lower()}"[:300]


def send(*ids: int) -> None:
    """Tell the queue of deliveries."""
    Delivery.objects.filter(pk__in=ids).update(sent_at=timezone.now())
    for each in ids:
        queue.send(queue.NOTIFY, str(each), queue=queue.CALLBACKS)
