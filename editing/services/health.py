"""Is the studio well? Says what an operator needs and nothing that a stranger may not know."""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from editing import queue
from editing.models import EditingJob, JobState, Worker


def check() -> dict[str, Any]:
    """`ok`, how many workers show signs of life and for which queues, how long jobs have been waiting for one, and
    `problems` in words. It is ok while the database answers and one worker lives."""
    try:
        workers = list(Worker.objects.alive().values_list("queues", flat=True))
        queued = EditingJob.objects.filter(state=JobState.QUEUING, waiting="").order_by("queued_at")
        waiting, oldest = queued.count(), queued.values_list("queued_at", flat=True).first()
    except DatabaseError:
        return {"ok": False, "database": False, "problems": ["The database does not answer."]}
    served = {name for names in workers for name in names.split(",")}
    return {
        "ok": bool(workers),
        "database": True,
        "workers": len(workers),
        "queues": sorted(served),
        "queued_jobs": waiting,
        "oldest_queued_seconds": int((timezone.now() - oldest).total_seconds()) if oldest else 0,
        "problems": _problems(served),
    }


def _problems(served: set[str]) -> list[str]:
    if not served:
        return ["No worker has shown a sign of life for 20 seconds."]
    return [
        f"No worker serves the queue “{name}”."
        for name in (*queue.OF_JOBS, queue.LIVE, queue.SYSTEM)
        if name not in served
    ]
