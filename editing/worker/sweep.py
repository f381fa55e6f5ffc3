"""What a broker or a dead worker lost is found in the rows and put back into the queue."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Max, Q
from django.utils import timezone

from editing import queue
from editing.errors import NotFound, StaleState
from editing.models import ConvertState, EditingJob, JobState, MediaAsset, Project, SignedCall, Worker
from editing.models.states import move
from editing.worker import notify_sweep, projects, record_movies, record_sweep, retention, scratch, stills
from editing.worker.ending import end
from editing.worker.plans import clips_of, streams_of, unfinished

log = logging.getLogger(__name__)

_AT_ONCE = 20
_KEEP_MESSAGES = 60


def run() -> None:
    """One round. Running it twice, or in two places, is harmless; what goes wrong in one step stays in it."""
    for step in _STEPS:
        try:
            step()
        except Exception:
            log.exception("A step of the sweep failed: %s.", step.__name__.strip("_"))


def _take_back_lapsed() -> None:
    """Jobs whose worker has gone silent go back into the queue, or fail if that has happened too often."""
    lapsed = EditingJob.objects.filter(state=JobState.PROCESSING, lease_until__lt=timezone.now())
    for job in lapsed[:_AT_ONCE]:
        still = Q(lease_token=job.lease_token, lease_until__lt=timezone.now())
        try:
            if job.cancel_requested:
                end(job, JobState.CANCELLED, "cancelled", where=still)
            elif job.attempts >= settings.JOB_ATTEMPTS:
                _give_up(job, still)
            else:
                move(job, JobState.QUEUING, where=still, detail="its worker was lost", lease_token="", stage="")
                _send(job)
        except StaleState:
            continue


def _give_up(job: EditingJob, still: Q) -> None:
    end(
        job,
        JobState.FAILED,
        "WorkerLost",
        where=still,
        error_code="WorkerLost",
        error_message=f"Its worker died {job.attempts} times; look at the workers' log and memory.",
    )


def _release_waiting() -> None:
    """Jobs that waited for media which has come, or will not come any more."""
    for job in EditingJob.objects.filter(state=JobState.QUEUING).exclude(waiting="").order_by("queued_at"):
        waiting = EditingJob.objects.filter(pk=job.pk, state=JobState.QUEUING).exclude(waiting="")
        if not _still_waits(job) and waiting.update(waiting=""):
            _send(job)


def _still_waits(job: EditingJob) -> bool:
    clips = clips_of(job)
    try:
        return bool(unfinished(clips, streams_of(clips)))
    except NotFound:  # its worker will say so
        return False


def _send_again() -> None:
    """Queued jobs whose message was lost. In a long queue nothing is lost and nothing sent; a second one is harmless.

    A message is lost if its queue is empty, or if a job that was sent later has been taken before it. Workers that
    end leave their jobs unsent.
    """
    overdue = timezone.now() - timedelta(seconds=settings.RESEND_SECONDS)
    unsent = Q(sent_at=None)
    jobs = EditingJob.objects.filter(unsent | Q(sent_at__lt=overdue), state=JobState.QUEUING, waiting="")
    for name in queue.OF_JOBS:
        queued = jobs.filter(mode__in=queue.modes_of(name)).order_by("queued_at")
        if not queued.exists() or (waiting := queue.waiting(name)) is None:
            continue
        if waiting:
            queued = queued.filter(unsent | Q(sent_at__lt=_newest_taken(name)))
        for job in queued[:_AT_ONCE]:
            _send(job)


def _newest_taken(name: str) -> datetime:
    """When the newest message among the running jobs of a queue was sent."""
    running = EditingJob.objects.filter(state=JobState.PROCESSING, mode__in=queue.modes_of(name))
    newest: datetime | None = running.aggregate(newest=Max("sent_at"))["newest"]
    return newest or datetime.min.replace(tzinfo=UTC)


def _send(job: EditingJob) -> None:
    EditingJob.objects.filter(pk=job.pk).update(sent_at=timezone.now())
    queue.send(queue.EDIT, job.pk, queue=queue.of_mode(job.mode))


def _prepare_again() -> None:
    """Registered files whose message was lost, or whose storage did not answer; preparing twice is harmless."""
    overdue = timezone.now() - timedelta(seconds=settings.RESEND_SECONDS)
    for asset in MediaAsset.objects.preparing().filter(sent_at__lt=overdue).order_by("sent_at")[:_AT_ONCE]:
        MediaAsset.objects.filter(pk=asset.pk).update(sent_at=timezone.now())
        queue.send(queue.PREPARE, asset.pk, queue=queue.FAST)


def _convert_again() -> None:
    """Projects whose message was lost; converting twice is harmless."""
    overdue = timezone.now() - timedelta(seconds=settings.RESEND_SECONDS)
    converting = Project.objects.present().filter(convert_state=ConvertState.CONVERTING, sent_at__lt=overdue)
    for project in converting.order_by("sent_at")[:_AT_ONCE]:
        Project.objects.filter(pk=project.pk).update(sent_at=timezone.now())
        queue.send(queue.CONVERT, project.pk, queue=queue.FAST)


def _sweep_scratch() -> None:
    running = EditingJob.objects.filter(state=JobState.PROCESSING).values_list("pk", "lease_token")
    scratch.sweep(in_use={scratch.name_of(job_id, token) for job_id, token in running})


def _forget_workers() -> None:
    Worker.objects.filter(seen_at__lt=timezone.now() - timedelta(days=1)).delete()


def _sweep_broker() -> None:
    """The embedded broker keeps what it has delivered; nobody reads that again.

    Delivery moves the file, and a move changes the inode: a message that was long in the queue is not old here.
    """
    processed: Path = settings.BROKER_DIR / "processed"
    if not processed.is_dir():
        return
    for path in processed.iterdir():
        try:
            if path.stat().st_ctime < time.time() - _KEEP_MESSAGES:
                path.unlink()
        except FileNotFoundError:
            continue


def _forget_calls() -> None:
    """Nonces that no clock within the window could make good again."""
    SignedCall.objects.spent().delete()


_STEPS = (
    *(_take_back_lapsed, _release_waiting, _send_again, _prepare_again, _convert_again),
    *(record_sweep.run, record_movies.send_again, retention.run, projects.follow_jobs, projects.watch_streams),
    *(notify_sweep.send_due, notify_sweep.prune),
    *(stills.hand_out, _sweep_scratch, _sweep_broker, _forget_workers, _forget_calls),
)
