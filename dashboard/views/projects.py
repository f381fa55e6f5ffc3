"""Editing projects: all of them, one with its clips and jobs, and live ones made, worked on and reserved."""

from __future__ import annotations

from functools import reduce
from operator import or_

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import load, needs
from dashboard.project_forms import LiveProjectForm
from editing.errors import EditingError
from editing.models import BusinessState, EditingJob, Project, ProjectState, Recording
from editing.models.project_states import BUSINESS_MOVES
from editing.models.roles import Verb
from editing.services import project_clips, projects
from editing.services.paging import KeyPaginator

_MOST_JOBS = 50
_ROWS = Project.objects.select_related("bucket", "owner")
_RESERVATION = {"reserve": BusinessState.RESERVING, "cancel": BusinessState.CANCELLED}
_LIVE = _ROWS.filter(kind=Project.Kind.LIVE).exclude(state=ProjectState.DELETED)


@needs(Verb.SEE)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    rows = _ROWS.visible_to(request.user).exclude(state=ProjectState.DELETED)
    page = KeyPaginator(rows, 25).get_page(request.GET.get("page"))
    return render(request, "projects/projects.html", {"page": page, "form": LiveProjectForm()})


@needs(Verb.EDIT)
@require_POST
def create(request: HttpRequest) -> HttpResponse:
    """A live project, which its maker works on from now on; what is wrong stands at its field."""
    form = LiveProjectForm(request.POST)
    if form.is_valid():
        try:
            project = projects.create(request.user, **form.request())
        except EditingError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            project_clips.work_on(request.user, project)
            return redirect("project", project.pk)
    page = KeyPaginator(_ROWS.visible_to(request.user).exclude(state=ProjectState.DELETED), 25).get_page(1)
    return render(request, "projects/projects.html", {"page": page, "form": form})


@needs(Verb.EDIT)
@require_POST
def work_on(request: HttpRequest, project_id: str) -> HttpResponse:
    """From now on clips go to this project; on to a recording to choose them from."""
    project = load(_LIVE, request, pk=project_id)
    project_clips.work_on(request.user, project)
    recording = _recording_of(project)
    return redirect("recording", recording.pk) if recording else redirect("streams")


@needs(Verb.EDIT)
@require_POST
def reserve(request: HttpRequest, project_id: str, verb: str) -> HttpResponse:
    """Reserve again, or cancel the reservation."""
    project = load(_LIVE, request, pk=project_id)
    if verb not in _RESERVATION:
        raise Http404
    try:
        projects.update(project, business_state=_RESERVATION[verb], source=Project.Source.LIVE_CONSOLE)
    except EditingError as error:
        messages.error(request, error.message)
    return redirect("project", project_id)


@needs(Verb.SEE)
@require_safe
def detail(request: HttpRequest, project_id: str) -> HttpResponse:
    """Also of a deleted one, to which jobs still lead."""
    project = load(_ROWS, request, pk=project_id)
    jobs = EditingJob.objects.visible_to(request.user).filter(project=project).select_related("bucket")
    materials = project.materials.select_related("asset", "other")
    current = project_clips.current(request.user)
    context = {
        "project": project,
        "jobs": jobs[:_MOST_JOBS],
        "materials": materials,
        "is_current": current == project,
        "is_live": project.kind == Project.Kind.LIVE and project.state != ProjectState.DELETED,
        "clips_length": sum(row["end"] - row["start"] for row in project.clips),
        "moves": {move.value for move in BUSINESS_MOVES[project.business_state]} if project.reserved_at else set(),
    }
    return render(request, "projects/project.html", context)


def _recording_of(project: Project) -> Recording | None:
    """That of its first clip, or the newest of its streams."""
    rows = Recording.objects.exclude(start=None)
    if project.clips:
        found: Recording | None = rows.filter(pk=project.clips[0]["recording"]).first()
        return found
    names = project.materials.exclude(stream="").values_list("domain", "app", "stream")
    its = [Q(stream__domain=domain, stream__app=app, stream__name=name) for domain, app, name in names]
    return rows.filter(reduce(or_, its)).order_by("-start").first() if its else None
