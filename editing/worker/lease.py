"""The right to work on a job: claimed by compare-and-set, kept alive by a thread, lost to whoever it lapses for."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Q
from django.utils import timezone

from editing.errors import StaleState
from editing.media.report import Stage
from editing.models import EditingJob, JobState
from editing.models.states import move

log = logging.getLogger(__name__)

stopping = threading.Event()
"""Set when this process is asked to end: its jobs stop and go back into the queue."""

_BEAT = 0.25
"""Seconds between two writes: progress more than twice a second, and a cancellation seen well within one."""


class Lease:
    """A claimed job. Inside the `with` a thread renews it and writes the progress that `progress` was told.

    `stopped` says that work must end: it was cancelled, the lease is lost, or the process is ending.
    """

    def __init__(self, job: EditingJob) -> None:
        self.job = job
        self.token = job.lease_token
        self.cancelled = self.lost = False
        self._stage, self._done = "", 0.0
        self._begun = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease-{job.pk[:8]}", daemon=True)

    @classmethod
    def claim(cls, job_id: str) -> Self | None:
        """Take a queued job; None where there is nothing to take any more."""
        job = EditingJob.objects.filter(pk=job_id, state=JobState.QUEUING, waiting="").select_related("bucket").first()
        if job is None:
            return None
        changes: dict[str, Any] = {"lease_token": secrets.token_hex(16), "lease_until": _until()}
        try:
            move(
                job,
                JobState.PROCESSING,
                detail="started",
                started_at=timezone.now(),
                attempts=job.attempts + 1,
                progress=0,
                **changes,
            )
        except StaleState:
            return None
        return cls(job)

    @property
    def mine(self) -> Q:
        """What must still be true of the row for this worker to write to it."""
        return Q(lease_token=self.token, state=JobState.PROCESSING)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._over.set()
        self._thread.join()

    def stopped(self) -> bool:
        return self.cancelled or self.lost or stopping.is_set()

    def progress(self, stage: Stage, done: float) -> None:
        self._stage, self._done = stage.value, done

    def renew(self) -> bool:
        """Write progress and the lease's new end; whether it is still ours."""
        rows = EditingJob.objects.filter(self.mine, pk=self.job.pk)
        ours = bool(
            rows.update(
                lease_until=_until(), stage=self._stage, progress=min(int(self._done * 100), 99), eta=self._eta()
            )
        )
        self.lost = not ours
        self.cancelled = self.cancelled or rows.filter(cancel_requested=True).exists()
        return ours

    def _beat(self) -> None:
        last = time.monotonic()
        while not self._over.wait(_BEAT) and not self.lost:
            try:
                self.renew()
                last = time.monotonic()
            except DatabaseError:
                log.warning("The lease on job %s could not be renewed.", self.job.pk, exc_info=True)
                self.lost = time.monotonic() - last > settings.JOB_LEASE_SECONDS
        connection.close()

    def _eta(self) -> int | None:
        spent = time.monotonic() - self._begun
        return round(spent / self._done - spent) if self._done > 0.02 and spent > 1 else None


def _until() -> Any:
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)
