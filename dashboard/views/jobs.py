"""Editing jobs: follow them, stop them, try again."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import load, needs
from editing.errors import Conflict
from editing.models import EditingJob
from editing.models.roles import Verb
from editing.services import editing_jobs, links

_ROWS = EditingJob.objects.select_related("bucket", "owner", "asset", "asset__bucket")


@needs(Verb.SEE)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    page = Paginator(_ROWS.visible_to(request.user), 25).get_page(request.GET.get("page"))
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
    return render(request, "jobs/job.html", {**_context(job), "events": job.events.all()})


@needs(Verb.SEE)
@require_safe
def progress(request: HttpRequest, job_id: str) -> HttpResponse:
    """How it goes; with the result once there is one."""
    return _progress(request, load(_ROWS, request, pk=job_id))


@needs(Verb.EDIT)
@require_POST
def cancel(request: HttpRequest, job_id: str) -> HttpResponse:
    return _act(request, job_id, editing_jobs.cancel)


@needs(Verb.EDIT)
@require_POST
def retry(request: HttpRequest, job_id: str) -> HttpResponse:
    return _act(request, job_id, editing_jobs.retry)


def _act(request: HttpRequest, job_id: str, verb: Any) -> HttpResponse:
    job = load(_ROWS, request, pk=job_id)
    try:
        verb(job)
    except Conflict as error:
        return _progress(request, job, problem=error.message)
    return _progress(request, job)


def _progress(request: HttpRequest, job: EditingJob, **context: Any) -> HttpResponse:
    return render(request, "jobs/_progress.html", {**_context(job), **context})


def _context(job: EditingJob) -> dict[str, Any]:
    asset = getattr(job, "asset", None)
    context: dict[str, Any] = {"job": job, "asset": asset, "quarter": job.progress // 25 * 25}
    if asset:
        context |= asset_links(asset)
    return context


def asset_links(asset: Any) -> dict[str, str]:
    """Addresses to play and to fetch an asset."""
    name = asset.key.rpartition("/")[2]
    return {
        "playback": links.file_url(asset.bucket, asset.key),
        "download": links.file_url(asset.bucket, asset.key, download=name),
        "poster": links.file_url(asset.bucket, asset.poster) if asset.poster else "",
    }
