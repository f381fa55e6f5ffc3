"""A queued job becomes a file and a media asset: claim, plan, cut, verify, publish, file.

A worker may die at any line: the lease lapses, the sweep puts the job back, and the next run does it all again. What
it publishes has the same name and its asset the same id, so that however often it runs there is one result.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from django.db import transaction
from django.utils import timezone

from editing import storage
from editing.aside import aside
from editing.errors import Cancelled, EditingError, StaleState
from editing.media.cut import cut
from editing.media.probe import probe
from editing.media.report import CutReport, Stage
from editing.models import EditingJob, JobState, MediaAsset
from editing.models.states import move
from editing.timeline.describe import describe
from editing.worker import covers, projects, scratch
from editing.worker.ending import end
from editing.worker.lease import Lease, stopping
from editing.worker.plans import plan_of
from editing.worker.reading import Reading

log = logging.getLogger(__name__)


def run(job_id: str) -> None:
    """Do the job if it is still to be done. Whatever happens is written on its row; nothing is raised."""
    if stopping.is_set():
        EditingJob.objects.filter(pk=job_id, state=JobState.QUEUING).update(sent_at=None)
        return
    lease = Lease.claim(job_id)
    if lease is None:
        return
    _work(lease)
    projects.follow(lease.job)


def _work(lease: Lease) -> None:
    try:
        with lease:
            _edit(lease)
    except Cancelled:
        _stopped(lease)
    except StaleState:
        log.warning("Job %s was taken from this worker.", lease.job.pk)
    except EditingError as error:
        _fail(lease, error.code, error.message)
    except Exception:
        log.exception("Job %s failed.", lease.job.pk)
        _fail(lease, "InternalError", "Something went wrong on our side; the workers' log says what.")


def _edit(lease: Lease) -> None:
    job = lease.job
    plan = plan_of(job)
    _note_plan(lease, describe(plan))
    with scratch.folder(scratch.name_of(job.pk, lease.token), needed=plan.size) as folder:
        output = folder / f"output{PurePosixPath(job.key).suffix.lower()}"
        with Reading(plan, stopped=lease.stopped) as reading, scratch.watched(folder, needed=plan.size) as room:

            def progress(stage: Stage, done: float) -> None:
                room()
                lease.progress(stage, done)

            report = cut(plan, output, open_segment=reading.open, progress=progress, cancelled=lease.stopped)
        lease.progress(Stage.PUBLISHING, 1.0)
        with report.timed(Stage.PUBLISHING):
            pictures = aside(partial(covers.make, plan, output, report), lease.stopped)
            asset = _asset(job, output, covered=bool(pictures))
            if not lease.renew():
                raise StaleState("The lease is lost.")
            if lease.stopped():
                raise Cancelled("Stopped before publishing.")
            with covers.stored(pictures, asset, stopped=lease.stopped):
                storage.publish(output, job.bucket, job.key, stopped=lease.stopped)
    _succeed(lease, asset, report)


def _note_plan(lease: Lease, plan: dict[str, Any]) -> None:
    """More may have been recorded since the submit, or less be left."""
    if lease.job.plan != plan:
        EditingJob.objects.filter(lease.mine, pk=lease.job.pk).update(plan=plan)


def _asset(job: EditingJob, output: Path, *, covered: bool) -> MediaAsset:
    facts = probe(output)
    return MediaAsset(
        id=job.media_id,
        owner_id=job.owner_id,
        title=PurePosixPath(job.key).stem,
        bucket=job.bucket,
        key=job.key,
        size=facts.size,
        duration=facts.duration,
        facts=facts.to_json(),
        poster=f"{storage.POSTERS}/{job.media_id}.jpg" if covered else "",
        cover_bucket=job.cover_bucket if covered else None,
        cover_key=job.cover_key if covered else "",
        stills_wanted=MediaAsset.Stills.ALL,
        job=job,
        created_at=timezone.now(),
    )


def _succeed(lease: Lease, asset: MediaAsset, report: CutReport) -> None:
    replaced = MediaAsset.objects.filter(bucket=asset.bucket, key=asset.key).exclude(pk=asset.pk)
    pictures = [picture for old in replaced for picture in old.pictures if picture not in asset.pictures]
    with transaction.atomic():
        end(
            lease.job,
            JobState.SUCCESS,
            "done",
            where=lease.mine,
            progress=100,
            stage="",
            eta=0,
            report=report.to_json(),
            lease_token="",
            lease_until=None,
        )
        replaced.delete()
        asset.save()
    covers.forget(pictures)


def _stopped(lease: Lease) -> None:
    """Somebody cancelled it, or this process is ending and another shall do it.

    The sweep sends it then: a message sent now would most likely come back here while this process ends.
    """
    if lease.lost:
        return
    if lease.cancelled:
        _leave(lease, partial(end, lease.job, JobState.CANCELLED, "cancelled by a user"))
        return
    back = partial(move, lease.job, JobState.QUEUING, detail="its worker is ending")
    _leave(lease, back, attempts=lease.job.attempts - 1, sent_at=None)


def _fail(lease: Lease, code: str, message: str) -> None:
    _leave(lease, partial(end, lease.job, JobState.FAILED, code), error_code=code, error_message=message)


def _leave(lease: Lease, change: Callable[..., None], **changes: Any) -> None:
    try:
        change(where=lease.mine, stage="", eta=None, lease_token="", lease_until=None, **changes)
    except StaleState:
        log.warning("Job %s was taken from this worker.", lease.job.pk)
