"""Editing jobs: plan, submit, cancel, retry. Each refusal names the field and says what would be right."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from editing import queue
from editing.errors import (
    InvalidInput,
    JobNotCancellable,
    JobNotRetryable,
    OutputKeyTaken,
    StaleState,
)
from editing.models import EditingJob, JobState, Project
from editing.models.states import move
from editing.services import callbacks, covers, idempotency, plans
from editing.services.plans import Output, Planned
from editing.timeline.clips import Clip, HolePolicy, Mode, until
from editing.timeline.describe import describe
from editing.timeline.instant import from_datetime, to_datetime
from editing.worker import projects
from editing.worker.ending import end
from editing.worker.events import notify_address
from editing.worker.plans import clips_of, rows_of, streams_of, unfinished, why_waiting

__all__ = ["Output", "Planned", "cancel", "plan", "retry", "submit", "suggest_key"]

LONGEST_USER_DATA = 512
_LONGEST_NAME = 80
_AS_NEW: dict[str, Any] = {
    "attempts": 0,
    "error_code": "",
    "error_message": "",
    "progress": 0,
    "eta": None,
    "cancel_requested": False,
    "started_at": None,
    "finished_at": None,
    "report": None,
}
plan = plans.make
"""A dry run: the same refusals as `submit`, and nothing is written."""


def submit(
    user: Any,
    *,
    clips: Sequence[Clip],
    mode: Mode,
    output: Output,
    holes: HolePolicy = HolePolicy.SKIP,
    user_data: str = "",
    idempotency_key: str = "",
    request: dict[str, Any] | None = None,
    project: Project | None = None,
) -> EditingJob:
    """A job that merges `clips`, in their order, into `output`; it is in the queue when this returns.

    A clip may end at UNTIL_NOW, or in the future of a stream that is being recorded: then the job waits for its media.
    With an idempotency key the same request gives the same job however often it comes. `request` is kept with the job
    for the face that was asked. A `project` becomes Producing; one that is new is saved with the job. Raises what
    `plan` raises, and InvalidInput (user data), OutputKeyTaken, IdempotencyConflict.
    """
    check_user_data(user_data)
    job = _job(user, clips, mode, output, holes, user_data)
    job.request = request
    buckets = [output.bucket.name, *([output.cover[0].name] if output.cover else [])]
    said = output.options | ({"key": project.pk} if project else {})  # it makes another name up each time
    sent = idempotency.fingerprint(job.clips, mode, buckets, said, holes, user_data)
    if known := idempotency.find(user, idempotency_key, sent):
        return known
    clips = until(clips, from_datetime(timezone.now()))
    job.clips = rows_of(clips)
    try:
        planned = plans.make(clips, mode=mode, output=output, holes=holes)
        job.cover_bucket, job.cover_key = output.cover or covers.beside((output.bucket, output.key))
        job.waiting, job.plan = planned.waiting, describe(planned.plan) if planned.plan else None
        with transaction.atomic():
            if project and project._state.adding:
                project.save()
            job.project = project
            job.save(force_insert=True)
            idempotency.keep(user, idempotency_key, sent, job)
            _enqueue(job, "submitted")
            projects.follow(job)
    except (IntegrityError, OutputKeyTaken) as error:
        # The same request may have come twice at once; then the other one's job is what this one asked for.
        if known := idempotency.find(user, idempotency_key, sent):
            return known
        raise error if isinstance(error, OutputKeyTaken) else _taken(job) from None
    return job


def cancel(job: EditingJob) -> EditingJob:
    """Stop a job. One that waits is Cancelled at once; one that runs within a second. Raises JobNotCancellable."""
    while job.active:
        try:
            if job.state == JobState.PROCESSING:
                running = EditingJob.objects.filter(pk=job.pk, state=JobState.PROCESSING)
                if running.update(cancel_requested=True):
                    break
            else:
                end(job, JobState.CANCELLED, "cancelled by a user", waiting="")
                projects.follow(job)
                return job
        except StaleState:
            pass
        job.refresh_from_db()
    if not job.active:
        raise JobNotCancellable(f"The job is {job.state} and cannot be cancelled any more.")
    job.refresh_from_db()
    return job


def retry(job: EditingJob) -> EditingJob:
    """Put a failed or cancelled job back into the queue. Raises JobNotRetryable, OutputKeyTaken, NotFound."""
    if job.state not in (JobState.FAILED, JobState.CANCELLED):
        raise JobNotRetryable(f"The job is {job.state}; only failed and cancelled jobs can be retried.")
    if job.cover_bucket:
        covers.check_free((job.cover_bucket, job.cover_key), (job.bucket, job.key), job=job)
    try:
        with transaction.atomic():
            _enqueue(job, "retried", **_AS_NEW, waiting=_waiting(job))
            projects.follow(job)
    except StaleState:
        raise JobNotRetryable("Somebody else has just retried the job.") from None
    except IntegrityError:
        raise _taken(job) from None
    return job


def suggest_key(clips: Sequence[Clip], *, folder: str = "") -> str:
    """A readable name for a merge of these clips that no file or unfinished job has, such as
    clips/live-main-20261120-103000.mp4."""
    stem = f"{folder or 'clips'}/{stem_of(clips)}"
    taken = set(EditingJob.objects.filter(key__startswith=stem).values_list("key", flat=True))
    names = [f"{stem}.mp4", *(f"{stem}-{number}.mp4" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def stem_of(clips: Sequence[Clip]) -> str:
    """What a merge of these clips might be called: live-main-20261120-103000."""
    first = clips[0]
    moment = to_datetime(first.range.start).strftime("%Y%m%d-%H%M%S")
    name = re.sub(r"[^\w.-]+", "-", f"{first.stream.app}-{first.stream.stream}")[:_LONGEST_NAME]
    return f"{name}-{moment}"


def check_user_data(user_data: str) -> None:
    """Raises InvalidInput unless it is empty or JSON of at most 512 bytes; a NotifyAddress in it is one that can be."""
    try:
        if len(user_data.encode()) > LONGEST_USER_DATA:
            raise InvalidInput(f"User data is longer than {LONGEST_USER_DATA} bytes.", field="user_data")
        json.loads(user_data or "null")
    except ValueError:
        raise InvalidInput('User data is not JSON; write for example {"key": "value"}.', field="user_data") from None
    if address := notify_address(user_data):
        callbacks.check_address(address, field="user_data")


def _job(user: Any, clips: Sequence[Clip], mode: Mode, output: Output, holes: HolePolicy, user_data: str) -> EditingJob:
    return EditingJob(
        owner=user,
        mode=mode.value,
        holes=holes.value,
        clips=rows_of(clips),
        bucket=output.bucket,
        user_data=user_data,
        **output.options,
    )


def _taken(job: EditingJob) -> OutputKeyTaken:
    """What to say when the database has refused the job: another one has just taken its name or that of its cover."""
    if EditingJob.objects.unfinished().filter(bucket=job.bucket, key=job.key).exclude(pk=job.pk).exists():
        problem = f"An unfinished job already writes {job.key} in bucket {job.bucket}; choose another name."
        return OutputKeyTaken(problem, field="output.key")
    problem = f"An unfinished job already writes its cover to {job.cover_key}; choose another name for it."
    return OutputKeyTaken(problem, field=covers.FIELD)


def _enqueue(job: EditingJob, detail: str, **changes: Any) -> None:
    now = timezone.now()
    move(job, JobState.QUEUING, detail=detail, queued_at=now, sent_at=now, **changes)
    if not job.waiting:
        queue.send(queue.EDIT, job.pk, queue=queue.of_mode(job.mode))


def _waiting(job: EditingJob) -> str:
    clips = clips_of(job)
    return why_waiting(unfinished(clips, streams_of(clips)))
