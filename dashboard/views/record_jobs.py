"""Record jobs: what is recorded live, how it goes, and the operators' verbs."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import account_of, load, needs
from dashboard.forms import RecordJobForm
from editing import queue
from editing.errors import Conflict, InvalidInput
from editing.models import Delivery, RecordFile, RecordJob, RecordState
from editing.models.roles import Verb
from editing.services import health, record_files, record_jobs
from editing.services.paging import KeyPaginator

_ROWS = RecordJob.objects.select_related("stream", "bucket")
_VERBS = {
    "pause": record_jobs.pause,
    "resume": record_jobs.resume,
    "stop": record_jobs.stop,
    "start": record_jobs.start,
}


@needs(Verb.SEE)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return _index(request, RecordJobForm())


@needs(Verb.OPERATE)
@require_POST
def create(request: HttpRequest) -> HttpResponse:
    form = RecordJobForm(request.POST)
    if form.is_valid():
        try:
            return redirect("record-job", record_jobs.create(account_of(request), **form.cleaned_data).pk)
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
    return _index(request, form)


@needs(Verb.SEE)
@require_safe
def detail(request: HttpRequest, job_id: str) -> HttpResponse:
    return render(request, "record_jobs/record_job.html", _context(request, load(_ROWS, request, pk=job_id)))


@needs(Verb.SEE)
@require_safe
def status(request: HttpRequest, job_id: str) -> HttpResponse:
    """How it goes; it asks for itself again, for a job that rests may be resumed by others."""
    return render(request, "record_jobs/_status.html", _context(request, load(_ROWS, request, pk=job_id)))


@needs(Verb.OPERATE)
@require_POST
def act(request: HttpRequest, job_id: str, verb: str) -> HttpResponse:
    job = load(_ROWS, request, pk=job_id)
    if verb not in _VERBS:
        raise Http404
    problem = ""
    try:
        _VERBS[verb](job)
    except Conflict as error:
        job.refresh_from_db()
        problem = error.message
    return render(request, "record_jobs/_status.html", {**_context(request, job), "problem": problem})


@needs(Verb.OPERATE)
@require_POST
def retry_file(request: HttpRequest, file_id: str) -> HttpResponse:
    """Have a file of a recording made that could not be made; the answer is its job's status."""
    file = load(RecordFile.objects.exclude(recording__record_job=None), request, pk=file_id)
    problem = ""
    try:
        record_files.retry(file)
    except Conflict as error:
        problem = error.message
    job = load(_ROWS, request, pk=file.recording.record_job_id)
    return render(request, "record_jobs/_status.html", {**_context(request, job), "problem": problem})


def _index(request: HttpRequest, form: RecordJobForm) -> HttpResponse:
    page = KeyPaginator(_ROWS.visible_to(request.user), 25).get_page(request.GET.get("page"))
    return render(request, "record_jobs/record_jobs.html", {"page": page, "form": form})


def _context(request: HttpRequest, job: RecordJob) -> dict[str, Any]:
    return {
        "job": job,
        "formats": [entry["format"] for entry in job.formats],
        "slice": next(entry["slice_duration"] for entry in job.formats if entry["format"] == "m3u8"),
        "recordings": job.recordings.exclude(start=None).order_by("-pk").prefetch_related("files")[:10],
        "stored": job.recordings.aggregate(size=Sum("size"))["size"],
        "anchor": job.recording.anchors.order_by("-pk").first() if job.recording else None,
        "pauses": job.pauses.order_by("-pk")[:10],
        "events": job.events.order_by("-pk")[:20],
        "told": Delivery.objects.visible_to(request.user).filter(subject=job.pk).exists(),
        "unserved": "" if job.held or job.state == RecordState.STOPPED else health.unserved(queue.LIVE),
    }
