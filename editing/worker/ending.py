"""The end of an editing job, however it comes: the state, and in the same transaction what is told of it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from editing.models import EditingJob, JobState
from editing.models.states import move
from editing.worker import events, outbox

_ANY = Q()


def end(job: EditingJob, state: JobState, detail: str, *, where: Q = _ANY, **changes: Any) -> None:
    """Take a job to Success, Failed or Cancelled. Raises StaleState; then nothing is told."""
    with transaction.atomic():
        move(job, state, where=where, detail=detail[:255], finished_at=timezone.now(), **changes)
        outbox.emit(events.produce_complete(job), events.notify_address(job.user_data))
