"""Editing projects: all of them, and one with its jobs."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.access import load, needs
from editing.models import EditingJob, Project, ProjectState
from editing.models.roles import Verb

_MOST_JOBS = 50
_ROWS = Project.objects.select_related("bucket", "owner")


@needs(Verb.SEE)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    rows = _ROWS.visible_to(request.user).exclude(state=ProjectState.DELETED)
    page = Paginator(rows, 25).get_page(request.GET.get("page"))
    return render(request, "projects/projects.html", {"page": page})


@needs(Verb.SEE)
@require_safe
def detail(request: HttpRequest, project_id: str) -> HttpResponse:
    """Also of a deleted one, to which jobs still lead."""
    project = load(_ROWS, request, pk=project_id)
    jobs = EditingJob.objects.visible_to(request.user).filter(project=project).select_related("bucket")
    materials = project.materials.select_related("asset", "other")
    context = {"project": project, "jobs": jobs[:_MOST_JOBS], "materials": materials}
    return render(request, "projects/project.html", context)
