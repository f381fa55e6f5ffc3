"""What a broker or a dead worker lost is found in the rows and put back into the queue."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from editing import queue
from editing.errors import StaleState
from editing.models import EditingJob, JobState, Stream, Worker
from editing.models.states import move
from editing.worker import scratch
from editing.worker.plans import clips_of, waiting_for

log = logging.getLogger(__name__)

_AT_ONCE = 20
_KEEP_MESSAGES = 60


def run() -> None:
    """One round. Running it twice, or in two places, is harmless."""
    _take_back_lapsed()
    _release_waiting()
    _send_again()
    scratch.sweep()
    _sweep_broker()
    Worker.objects.filter(seen_at__lt=timezone.now() - timedelta(days=1)).delete()


def _take_back_lapsed() -> None:
    """Jobs whose worker has gone silent go back into the queue, or fail if that has happened too often."""
    lapsed = EditingJob.objects.filter(state=JobState.PROCESSING, lease_until__lt=timezone.now())
    for job in lapsed[:_AT_ONCE]:
        still = Q(lease_token=job.lease_token, lease_until__lt=timezone.now())
        try:
            if job.cancel_requested:
                move(job, JobState.CANCELLED, where=still, detail="cancelled", finished_at=timezone.now())
            elif job.attempts >= settings.JOB_ATTEMPTS:
                _give_up(job, still)
            else:
                move(job, JobState.QUEUING, where=still, detail="its worker was lost", lease_token="", stage="")
                _send(job)
        except StaleState:
            continue


def _give_up(job: EditingJob, still: Q) -> None:
    move(
        job,
        JobState.FAILED,
        where=still,
        detail="WorkerLost",
        error_code="WorkerLost",
        error_message=f"Its worker died {job.attempts} times; look at the workers' log and memory.",
        finished_at=timezone.now(),
    )


def _release_waiting() -> None:
    """Jobs that waited for media which has come, or will not come any more."""
    for job in EditingJob.objects.filter(state=JobState.QUEUING).exclude(waiting="").order_by("queued_at"):
        clips = clips_of(job)
        streams = {
            clip.stream: Stream.objects.get(domain=clip.stream.domain, app=clip.stream.app, name=clip.stream.stream)
            for clip in clips
        }
        if waiting_for(clips, streams):
            continue
        if EditingJob.objects.filter(pk=job.pk, state=JobState.QUEUING).exclude(waiting="").update(waiting=""):
            _send(job)


def _send_again() -> None:
    """Queued jobs that nobody has taken for a while: their message may be lost. A second one is harmless."""
    overdue = timezone.now() - timedelta(seconds=settings.RESEND_SECONDS)
    queued = EditingJob.objects.filter(state=JobState.QUEUING, waiting="", sent_at__lt=overdue)
    for job in queued.order_by("queued_at")[:_AT_ONCE]:
        _send(job)


def _send(job: EditingJob) -> None:
    EditingJob.objects.filter(pk=job.pk).update(sent_at=timezone.now())
    queue.send(queue.EDIT, job.pk, queue=queue.of_mode(job.mode))


def _sweep_broker() -> None:
    """The embedded broker keeps what it has delivered; nobody reads that again."""
    processed: Path = settings.BROKER_DIR / "processed"
    if not processed.is_dir():
        return
    for path in processed.iterdir():
        try:
            if path.stat().st_mtime < time.time() - _KEEP_MESSAGES:
                path.unlink()
        except FileNotFoundError:
            continue
