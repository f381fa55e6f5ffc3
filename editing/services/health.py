"""Is the studio well?"""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from editing.models import EditingJob, JobState, Worker


def check() -> dict[str, Any]:
    """`ok`, the workers that show signs of life, how many jobs wait and for how long, `problems` in words."""
    try:
        workers = list(Worker.objects.alive().values_list("name", "queues"))
        queued = EditingJob.objects.filter(state=JobState.QUEUING, waiting="").order_by("queued_at")
        oldest = queued.values_list("queued_at", flat=True).first()
        waiting = queued.count()
    except DatabaseError:
        return {"ok": False, "database": False, "problems": ["The database does not answer."]}
    return {
        "ok": bool(workers),
        "database": True,
        "workers": [{"name": name, "queues": queues.split(",")} for name, queues in workers],
        "queued_jobs": waiting,
        "oldest_queued_seconds": int((timezone.now() - oldest).total_seconds()) if oldest else 0,
        "problems": [] if workers else ["No worker has shown a sign of life for 20 seconds."],
    }
