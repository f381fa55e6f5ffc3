"""Record jobs that nobody records though somebody should: started late, lost with their worker, or over."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from editing import queue
from editing.errors import StaleState
from editing.models import RecordJob, RecordState
from editing.timeline.instant import from_datetime
from editing.worker import record_states
from editing.worker.record import send

log = logging.getLogger(__name__)


def run() -> None:
    _end_schedules()
    _send_free()


def _end_schedules() -> None:
    """A worker that records sees the end of its schedule itself."""
    now = from_datetime(timezone.now())
    for job in RecordJob.objects.free().filter(end_at__lte=now).exclude(state=RecordState.STOPPED):
        try:
            record_states.stop(job, "its schedule ended")
        except StaleState:
            continue


def _send_free() -> None:
    """At once what was never sent or whose worker died after it was sent; what may still be in the queue (all workers
    are busy, or its message was lost) only while that queue is empty, and seldom."""
    overdue = timezone.now() - timedelta(seconds=settings.RESEND_SECONDS)
    at_once = Q(sent_at=None) | Q(lease_until__gt=F("sent_at"))
    jobs = RecordJob.objects.unfinished().free()
    lost = jobs.filter(sent_at__lt=overdue).exclude(at_once)
    again = list(lost) if lost.exists() and queue.waiting(queue.LIVE) == 0 else []
    for job in [*jobs.filter(at_once), *again]:
        send(job)
