"""States that change only by compare-and-set, each change with an event row.

A state is a column, a table of allowed moves and a history. `move` is the one door: it updates the row only where
it still is in the state the caller saw, so that of two who act at once exactly one wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from django.db import models, transaction
from django.utils import timezone

from editing.errors import StaleState


class JobState(models.TextChoices):
    """Life of an editing job; the names are those of IMS, Cancelled is ours.

    Init ──→ Queuing ──→ Processing ──→ Success
              ↑   ↓ ↖________↓ (lease lost: back to the queue)
              │   ├─────────→ Failed
              │   └─────────→ Cancelled
              └── Failed (retry)
    """

    INIT = "Init"
    QUEUING = "Queuing"
    PROCESSING = "Processing"
    SUCCESS = "Success"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


JOB_MOVES: dict[JobState, frozenset[JobState]] = {
    JobState.INIT: frozenset({JobState.QUEUING, JobState.FAILED, JobState.CANCELLED}),
    JobState.QUEUING: frozenset({JobState.PROCESSING, JobState.FAILED, JobState.CANCELLED}),
    JobState.PROCESSING: frozenset({JobState.SUCCESS, JobState.FAILED, JobState.CANCELLED, JobState.QUEUING}),
    JobState.FAILED: frozenset({JobState.QUEUING}),
    JobState.SUCCESS: frozenset(),
    JobState.CANCELLED: frozenset({JobState.QUEUING}),
}
UNFINISHED = (JobState.INIT, JobState.QUEUING, JobState.PROCESSING)


class RecordState(models.TextChoices):
    """Life of a record job; the names are those of IMS, stopped is ours (IMS shows it as paused).

    initial ──→ started ──→ stopped
       │  ↑      ↓   ↑         │
       │  │     paused ──→ stopped
       │  └────────────────────┘ (started again)
       └──→ paused, stopped
    """

    INITIAL = "initial"
    STARTED = "started"
    PAUSED = "paused"
    STOPPED = "stopped"


RECORD_MOVES: dict[RecordState, frozenset[RecordState]] = {
    RecordState.INITIAL: frozenset({RecordState.STARTED, RecordState.PAUSED, RecordState.STOPPED}),
    RecordState.STARTED: frozenset({RecordState.PAUSED, RecordState.STOPPED}),
    RecordState.PAUSED: frozenset({RecordState.STARTED, RecordState.PAUSED, RecordState.STOPPED}),
    RecordState.STOPPED: frozenset({RecordState.INITIAL}),
}


class Stateful(Protocol):
    """A row with a state, the table of its moves, and its history."""

    moves: Any
    state: Any
    events: Any
    pk: Any


def move(job: Stateful, to: str, *, where: models.Q | None = None, detail: str = "", **changes: Any) -> None:
    """Take `job` from the state it was loaded in to `to`, writing `changes` and one event in the same transaction.

    `where` narrows the compare further (the lease a worker holds, say). Raises StaleState where the row has moved on;
    then nothing was written. ValueError for a move that the table does not have: that is a mistake in our code.
    """
    if to not in job.moves[job.state]:
        raise ValueError(f"A job cannot move from {job.state} to {to}.")
    with transaction.atomic():
        found: Any = type(job)
        rows = found.objects.filter(pk=job.pk, state=job.state).filter(where or models.Q())
        if not rows.update(state=to, **changes):
            raise StaleState(f"The job is no longer {job.state}.")
        job.events.create(old=job.state, new=to, at=timezone.now(), detail=detail)
    job.state = to
    for name, value in changes.items():
        setattr(job, name, value)


def compare_and_set(
    row: Any,
    field: str,
    to: str,
    moves: Mapping[str, frozenset[Any]],
    *,
    where: models.Q | None = None,
    detail: str = "",
    **changes: Any,
) -> None:
    """The same as `move` for a row with several states: `field` is the one that moves, and its event says so."""
    old = getattr(row, field)
    if to not in moves[old]:
        raise ValueError(f"{field} cannot move from {old or 'nothing'} to {to}.")
    with transaction.atomic():
        rows = type(row).objects.filter(where or models.Q(), pk=row.pk, **{field: old})
        if not rows.update(**{field: to}, **changes):
            raise StaleState(f"{field} is no longer {old or 'nothing'}.")
        row.events.create(old=old, new=to, at=timezone.now(), detail=detail[:255], column=field)
    for name, value in ({field: to} | changes).items():
        setattr(row, name, value)
