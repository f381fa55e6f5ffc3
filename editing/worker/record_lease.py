"""The right to record a job: claimed under a lock, renewed by a thread, and the token that fences its rows."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from editing.errors import StaleState
from editing.models import RecordJob
from editing.worker.lease import stopping

log = logging.getLogger(__name__)

_BEAT = 0.5
"""Seconds: an operator's pause is seen well within two."""
_TO_RENEW = 2 * _BEAT


class RecordLease:
    """A claimed record job. Inside the `with` a thread renews it, tells how the stream is and sees what is wanted.

    A database that is away for a while ends nothing: nobody else can claim the job meanwhile, and rows are written
    only with the token.
    """

    def __init__(self, job: RecordJob, *, wanted: bool) -> None:
        self.job, self.token, self.wanted = job, job.lease_token, wanted
        self.lost = False
        self.problem = ""
        self.vitals: Callable[[], dict[str, Any]] = dict
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"record-lease-{job.pk[:8]}", daemon=True)

    @classmethod
    def claim(cls, job_id: str) -> Self | None:
        """Take a job that is to be recorded, or to be finished; None where there is nothing to take.

        A clock that is set forward makes every lease look lapsed: its holder is given time to renew it.
        """
        free = RecordJob.objects.unfinished().free().filter(pk=job_id)
        lapsed = free.exclude(lease_token="").values_list("lease_until", flat=True).first()
        if lapsed:
            time.sleep(_TO_RENEW)
            free = free.filter(lease_until=lapsed)
        with transaction.atomic():
            row = RecordJob.objects.select_for_update().filter(pk=job_id)
            if row.first() is None or not free.exists():
                return None
            row.update(lease_token=secrets.token_hex(16), lease_until=_until(), problem="")
        job = RecordJob.objects.select_related("stream", "bucket", "recording").get(pk=job_id)
        return cls(job, wanted=_wanted(job.pk))

    @property
    def mine(self) -> Q:
        """What must still be true of the row for this worker to write to it."""
        return Q(lease_token=self.token)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._over.set()
        self._thread.join()

    def stopped(self) -> bool:
        return not self.wanted or self.lost or stopping.is_set()

    def check(self) -> None:
        """Within a transaction: hold the row, and raise StaleState where the job is somebody else's by now."""
        if RecordJob.objects.select_for_update().filter(self.mine, pk=self.job.pk).first() is None:
            self.lost = True
            raise StaleState("The lease is lost.")

    def renew(self) -> None:
        """Write the lease's new end and how things are, and see what is wanted."""
        rows = RecordJob.objects.filter(self.mine, pk=self.job.pk)
        self.lost = not rows.update(lease_until=_until(), vitals=self.vitals(), problem=self.problem[:512])
        self.wanted = _wanted(self.job.pk)

    def release(self) -> None:
        """Let somebody else have it. The sweep sends it, if it is wanted."""
        rows = RecordJob.objects.filter(self.mine, pk=self.job.pk)
        rows.update(lease_token="", lease_until=None, sent_at=None)

    def _beat(self) -> None:
        while not self._over.wait(_BEAT) and not self.lost:
            try:
                self.renew()
            except DatabaseError:
                log.warning("The lease on record job %s could not be renewed.", self.job.pk, exc_info=True)
                connection.close()  # the next one may be better
        connection.close()


def _wanted(job_id: str) -> bool:
    return RecordJob.objects.wanting().filter(pk=job_id).exists()


def _until() -> datetime:
    return timezone.now() + timedelta(seconds=settings.RECORD_LEASE_SECONDS)
