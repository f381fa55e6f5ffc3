"""A queued job becomes a file and a media asset: claim, plan, cut, verify, publish, file.

A worker may die at any line: the lease lapses, the sweep puts the job back, and the next run does it all again. What
it publishes has the same name and its asset the same id, so that however often it runs there is one result.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from django.db import transaction
from django.utils import timezone

from editing import storage
from editing.errors import Cancelled, EditingError, MediaError, StaleState
from editing.media.cut import cut
from editing.media.frames import covers
from editing.media.probe import probe
from editing.media.report import CutReport, Stage
from editing.models import Bucket, EditingJob, JobState, MediaAsset
from editing.models.states import move
from editing.timeline.describe import describe
from editing.timeline.plan import CutPlan
from editing.worker import projects, scratch
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
        with Reading(plan, stopped=lease.stopped) as reading:
            report = cut(
                plan,
                output,
                open_segment=reading.open,
                progress=lease.progress,
                cancelled=lease.stopped,
            )
        lease.progress(Stage.PUBLISHING, 1.0)
        if not lease.renew():
            raise StaleState("The lease is lost.")
        if lease.stopped():
            raise Cancelled("Stopped before publishing.")
        pictures = _covers(plan, output, report)
        asset = _asset(job, output, covered=bool(pictures))
        with report.timed(Stage.PUBLISHING):
            _publish(job, output, asset, pictures, lease.stopped)
    _succeed(lease, asset, report)


def _note_plan(lease: Lease, plan: dict[str, Any]) -> None:
    """More may have been recorded since the submit, or less be left."""
    if lease.job.plan != plan:
        EditingJob.objects.filter(lease.mine, pk=lease.job.pk).update(plan=plan)


def _covers(plan: CutPlan, output: Path, report: CutReport) -> tuple[bytes, bytes] | None:
    """The cover and the smaller poster. A video that was cut right is not lost because a picture of it is."""
    try:
        return covers(plan, output)
    except MediaError as error:
        report.warnings.append(f"It has no cover: {error.message}")
        return None


def _asset(job: EditingJob, output: Path, *, covered: bool) -> MediaAsset:
    facts = probe(output)
    cover = {"cover_bucket": job.cover_bucket or job.bucket, "cover_key": job.cover_key or _beside(job.key)}
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
        **(cover if covered else {}),
        job=job,
        created_at=timezone.now(),
    )


def _beside(key: str) -> str:
    """The name of a cover in the folder of its video."""
    return str(PurePosixPath(key).with_suffix(".jpg"))


def _publish(
    job: EditingJob,
    output: Path,
    asset: MediaAsset,
    pictures: tuple[bytes, bytes] | None,
    stopped: Callable[[], bool],
) -> None:
    if pictures and asset.cover_bucket:
        storage.save_bytes(pictures[0], asset.cover_bucket, asset.cover_key)
        storage.save_bytes(pictures[1], job.bucket, asset.poster)
    storage.publish(output, job.bucket, job.key, stopped=stopped)


def _succeed(lease: Lease, asset: MediaAsset, report: CutReport) -> None:
    replaced = MediaAsset.objects.filter(bucket=asset.bucket, key=asset.key).exclude(pk=asset.pk)
    pictures = [picture for old in replaced for picture in old.pictures if picture not in asset.pictures]
    with transaction.atomic():
        move(
            lease.job,
            JobState.SUCCESS,
            where=lease.mine,
            detail="done",
            finished_at=timezone.now(),
            progress=100,
            stage="",
            eta=0,
            report=report.to_json(),
            lease_token="",
            lease_until=None,
        )
        replaced.delete()
        asset.save()
    for bucket, key in pictures:
        _forget(bucket, key)


def _forget(bucket: Bucket, key: str) -> None:
    """A picture that stays behind harms nobody; the job is done."""
    try:
        storage.delete(bucket, key)
    except EditingError:
        log.warning("The picture %s in bucket %s could not be removed.", key, bucket, exc_info=True)


def _stopped(lease: Lease) -> None:
    """Somebody cancelled it, or this process is ending and another shall do it.

    The sweep sends it then: a message sent now would most likely come back here while this process ends.
    """
    if lease.lost:
        return
    if lease.cancelled:
        _leave(lease, JobState.CANCELLED, "cancelled by a user", finished_at=timezone.now())
        return
    _leave(lease, JobState.QUEUING, "its worker is ending", attempts=lease.job.attempts - 1, sent_at=None)


def _fail(lease: Lease, code: str, message: str) -> None:
    _leave(lease, JobState.FAILED, code, error_code=code, error_message=message, finished_at=timezone.now())


def _leave(lease: Lease, state: JobState, detail: str, **changes: Any) -> None:
    try:
        move(
            lease.job,
            state,
            where=lease.mine,
            detail=detail[:255],
            stage="",
            eta=None,
            lease_token="",
            lease_until=None,
            **changes,
        )
    except StaleState:
        log.warning("Job %s was taken from this worker.", lease.job.pk)
