"""Editing jobs: follow them, stop them, try again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from dashboard.access import load, needs
from editing import queue
from editing.errors import Conflict
from editing.models import Delivery, EditingJob, JobState, MediaAsset
from editing.models.roles import Verb
from editing.services import editing_jobs, health, links
from editing.services.paging import KeyPaginator
from editing.timeline.instant import Instant
from editing.worker.plans import clips_of

HTMX_STOP_POLLING = 286
_SPEED_FROM = 5
_NOT_PLAYED = frozenset({"ts", "mkv", "flv", "m3u8"})
_ROWS = EditingJob.objects.select_related(
    "bucket", "owner", "cover_bucket", "asset", "asset__bucket", "asset__cover_bucket"
)


@needs(Verb.SEE)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    page = KeyPaginator(_ROWS.visible_to(request.user), 25).get_page(request.GET.get("page"))
    return render(request, "jobs/jobs.html", {"page": page})


@needs(Verb.SEE)
@require_safe
def row(request: HttpRequest, job_id: str) -> HttpResponse:
    """One line of the list; it asks for itself again while the job is active."""
    return render(request, "jobs/_row.html", {"job": load(_ROWS, request, pk=job_id)})


@needs(Verb.SEE)
@require_safe
def detail(request: HttpRequest, job_id: str) -> HttpResponse:
    job = load(_ROWS, request, pk=job_id)
    return render(request, "jobs/job.html", {**_context(job), **_facts(request, job)})


@needs(Verb.SEE)
@require_safe
def progress(request: HttpRequest, job_id: str) -> HttpResponse:
    """How it goes; with the result once there is one, and then nobody needs to ask any more."""
    job = load(_ROWS, request, pk=job_id)
    answer = _progress(request, job)
    if job.active:
        return answer
    answer.status_code = HTMX_STOP_POLLING
    return trigger_client_event(answer, "job-ended")


@needs(Verb.SEE)
@require_safe
def facts(request: HttpRequest, job_id: str) -> HttpResponse:
    """What was asked for and what came out; asked for again when the job has ended."""
    job = load(_ROWS, request, pk=job_id)
    return render(request, "jobs/_facts.html", {"job": job, **_facts(request, job)})


@needs(Verb.EDIT)
@require_POST
def cancel(request: HttpRequest, job_id: str) -> HttpResponse:
    return _act(request, job_id, editing_jobs.cancel)


@needs(Verb.EDIT)
@require_POST
def retry(request: HttpRequest, job_id: str) -> HttpResponse:
    return _act(request, job_id, editing_jobs.retry)


def _act(request: HttpRequest, job_id: str, verb: Callable[[EditingJob], EditingJob]) -> HttpResponse:
    job = load(_ROWS, request, pk=job_id)
    try:
        verb(job)
    except Conflict as error:
        job.refresh_from_db()
        return _progress(request, job, problem=error.message)
    return trigger_client_event(_progress(request, job), "job-ended")


def _progress(request: HttpRequest, job: EditingJob, **context: Any) -> HttpResponse:
    return render(request, "jobs/_progress.html", {**_context(job), **context})


def _context(job: EditingJob) -> dict[str, Any]:
    asset = getattr(job, "asset", None)
    context: dict[str, Any] = {
        "job": job,
        "asset": asset,
        "quarter": job.progress // 25 * 25,
        "queued_because": _queued_because(job),
        "waits_until": max((clip.range.end for clip in clips_of(job)), default=None) if job.waiting else None,
        "speed": _speed(job),
        "took": (job.finished_at - job.started_at).total_seconds() if job.finished_at and job.started_at else None,
    }
    return context | asset_links(asset) if asset else context


def _facts(request: HttpRequest, job: EditingJob) -> dict[str, Any]:
    told = Delivery.objects.visible_to(request.user).filter(subject=job.pk).exists()
    return {"events": job.events.all(), "told": told, **_cover(job)}


def _cover(job: EditingJob) -> dict[str, Any]:
    asset = getattr(job, "asset", None)
    place = {"cover_place": f"{job.cover_bucket} / {job.cover_key}"} if job.cover_bucket else {}
    return {**(asset_links(asset) if asset else {}), **place, "cover_at": cover_at(job)}


def cover_at(job: EditingJob) -> Instant | None:
    """The instant of the picture that somebody chose for the cover: the first that a clip names."""
    return next((row["cover"] for row in job.clips if row["cover"] is not None), None)


def _queued_because(job: EditingJob) -> str:
    """Why it has not begun, if it has not."""
    if job.state != JobState.QUEUING or job.waiting:
        return job.waiting
    if problem := health.unserved(queue.of_mode(job.mode)):
        return problem
    before = EditingJob.objects.filter(state=JobState.QUEUING, waiting="", queued_at__lt=job.queued_at).count()
    return f"{before} job{'s' if before > 1 else ''} before it" if before else ""


def _speed(job: EditingJob) -> str:
    """How much faster than it plays it is being made, once that means something."""
    if job.state != JobState.PROCESSING or not job.plan or not job.started_at or job.progress < _SPEED_FROM:
        return ""
    spent = (timezone.now() - job.started_at).total_seconds()
    return f"{job.plan['duration'] * job.progress / 100 / max(spent, 0.1):.1f}× as fast as it plays"


def asset_links(asset: MediaAsset) -> dict[str, str]:
    """Addresses to play, to fetch and to picture an asset; none to play what no browser does."""
    name = asset.key.rpartition("/")[2]
    return {
        "playback": "" if asset.extension in _NOT_PLAYED else links.asset_url(asset),
        "download": links.asset_url(asset, download=name),
        "poster": links.file_url(asset.bucket, asset.poster) if asset.poster else "",
        "cover_url": asset.cover_url or _cover_url(asset),
    }


def _cover_url(asset: MediaAsset) -> str:
    return links.file_url(asset.cover_bucket, asset.cover_key) if asset.cover_bucket else ""
