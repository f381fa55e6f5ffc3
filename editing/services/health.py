"""Is the studio well? Says what an operator needs and nothing that a stranger may not know."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from editing import queue
from editing.models import EditingJob, JobState, PauseReason, RecordJob, RecordState, Worker
from editing.worker import room

_MAY_WAIT = timedelta(seconds=20)
_QUEUES = (*queue.OF_JOBS, queue.LIVE, queue.CALLBACKS, queue.SYSTEM)


def check() -> dict[str, Any]:
    """`ok`, how many workers show signs of life and for which queues, how long jobs have been waiting for one, and
    `problems` in words. It is ok while the database answers and one worker lives."""
    try:
        workers = list(Worker.objects.alive().values_list("queues", flat=True))
        queued = EditingJob.objects.filter(state=JobState.QUEUING, waiting="").order_by("queued_at")
        recording = _problems_of_recording()
        waiting, oldest = queued.count(), queued.values_list("queued_at", flat=True).first()
    except DatabaseError:
        return {"ok": False, "database": False, "problems": ["The database does not answer."]}
    served = _served(workers)
    return {
        "ok": bool(workers),
        "database": True,
        "workers": len(workers),
        "queues": sorted(served),
        "queued_jobs": waiting,
        "oldest_queued_seconds": int((timezone.now() - oldest).total_seconds()) if oldest else 0,
        "problems": [*_problems(served), *recording],
    }


def unserved(name: str) -> str:
    """Why nobody takes what is in that queue; nothing where somebody does."""
    served = _served(Worker.objects.alive().values_list("queues", flat=True))
    return next(iter(_problems(served, (name,))), "")


def _served(workers: Iterable[str]) -> set[str]:
    return {name for names in workers for name in names.split(",")}


def _problems(served: set[str], queues: tuple[str, ...] = _QUEUES) -> list[str]:
    if not served:
        return ["No worker has shown a sign of life for 20 seconds."]
    return [f"No worker serves the queue “{name}”." for name in queues if name not in served]


def _problems_of_recording() -> list[str]:
    """Strangers may read this: numbers, and no names."""
    free = RecordJob.objects.wanting().free().filter(created_at__lt=timezone.now() - _MAY_WAIT).count()
    full = RecordJob.objects.filter(state=RecordState.PAUSED, pause_reason=PauseReason.DISK).count()
    stuck = RecordJob.objects.exclude(problem="").exclude(lease_token="").count()
    return [
        *([f"Record jobs that no worker has taken: {free}; LIVE_WORKERS is how many one takes."] if free else []),
        *([f"Record jobs that cannot store what they record: {stuck}."] if stuck else []),
        *([f"Record jobs that wait for room on the disk: {full}."] if full else []),
        *filter(None, [room.warning(room.free_here())]),
    ]
