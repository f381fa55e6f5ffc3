"""Deliveries whose time has come, that were lost, or that nobody needs any more."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from editing import queue
from editing.models import Delivery
from editing.worker import outbox

_AT_ONCE = 200
_PRUNED_AT_ONCE = 1000


def send_due() -> None:
    """At once what was not sent since it became due or whose worker died; what may still be in the queue only while
    that is empty, and seldom."""
    overdue = timezone.now() - timedelta(seconds=settings.RESEND_SECONDS)
    at_once = Q(sent_at=None) | Q(sent_at__lt=F("next_at")) | Q(lease_until__gt=F("sent_at"))
    due = Delivery.objects.due().order_by("next_at")
    outbox.send(*due.filter(at_once).values_list("pk", flat=True)[:_AT_ONCE])
    lost = due.filter(sent_at__lt=overdue).exclude(at_once)
    if lost.exists() and queue.waiting(queue.CALLBACKS) == 0:
        outbox.send(*lost.values_list("pk", flat=True)[:_AT_ONCE])


def prune() -> None:
    """The log goes back CALLBACK_KEEP_DAYS days."""
    old = Delivery.objects.filter(ended_at__lt=timezone.now() - timedelta(days=settings.CALLBACK_KEEP_DAYS))
    Delivery.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:_PRUNED_AT_ONCE])).delete()
