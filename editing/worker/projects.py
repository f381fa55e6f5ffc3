"""Editing projects follow what happens to their jobs and to their live streams."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from editing.errors import StaleState
from editing.models import (
    BusinessState,
    EditingJob,
    JobState,
    MediaAsset,
    Project,
    ProjectMaterial,
    ProjectState,
    Recording,
    Stream,
)
from editing.models.project_states import BUSINESS_MOVES
from editing.models.states import UNFINISHED

LOADING = timedelta(minutes=3)
"""How long after the reserved time a stream may take to come on."""
_AT_ONCE = 50
_OFF = (BusinessState.NONE, BusinessState.LOADING_FAILED)
_OUTCOMES = {
    JobState.SUCCESS: (ProjectState.PRODUCED, "", ""),
    JobState.CANCELLED: (ProjectState.FAILED, "JobCancelled", "The job was cancelled."),
}


def follow(job: EditingJob) -> None:
    """A project is Producing while one of its jobs is unfinished; after that it is as the last one ended."""
    project = Project.objects.present().filter(pk=job.project_id).first()
    if project is not None:
        _follow(project)


def follow_jobs() -> None:
    """For jobs that ended without their worker, as the sweep ends them."""
    unfinished = EditingJob.objects.filter(project=OuterRef("pk"), state__in=UNFINISHED)
    left = Project.objects.filter(~Exists(unfinished), state=ProjectState.PRODUCING)
    for project in left[:_AT_ONCE]:
        _follow(project)


def _follow(project: Project) -> None:
    jobs = EditingJob.objects.filter(project=project)
    if jobs.unfinished().exists():
        to, code, message = ProjectState.PRODUCING, "", ""
    elif last := jobs.order_by("-finished_at").first():
        to, code, message = _OUTCOMES.get(last.state, (ProjectState.FAILED, last.error_code, last.error_message))
    else:
        return
    if to == project.state or (to != ProjectState.PRODUCING and project.state != ProjectState.PRODUCING):
        return
    try:
        project.move("state", to, error_code=code, error_message=message)
    except StaleState:  # whoever was first has looked at the same jobs; the sweep looks again
        return


def stream_is_on(project: Project) -> None:
    """One of its live streams is being recorded. Does nothing where that is known already."""
    _move(project, BusinessState.BROADCASTING)


def loading_failed(project: Project) -> None:
    """Its streams did not come on in time."""
    _move(project, BusinessState.LOADING_FAILED)


def stream_ended(project: Project, *, assets: Iterable[MediaAsset] = ()) -> Project | None:
    """Its live streams are over: an ordinary project that holds the recording's `assets` is attached to it.

    That project is returned; nothing where the streams were not on.
    """
    with transaction.atomic():
        if not _move(project, BusinessState.FINISHED):
            return None
        other = _attached(project)
        for asset in assets:
            ProjectMaterial.objects.get_or_create(project=other, asset=asset)
    return other


def _attached(project: Project) -> Project:
    """The same one where a stream has come back and ended again."""
    known = ProjectMaterial.objects.filter(project=project, other__isnull=False).select_related("other").first()
    if known and known.other:
        return known.other
    other = Project.objects.create(owner_id=project.owner_id, title=project.title, created_by=project.created_by)
    ProjectMaterial.objects.create(project=project, other=other)
    return other


def _move(project: Project, to: BusinessState) -> bool:
    if to not in BUSINESS_MOVES[project.business_state]:
        return False
    try:
        project.move("business_state", to)
    except StaleState:
        return False
    return True


def watch_streams() -> None:
    """Live projects learn whether their streams are being recorded, and reservations come due.

    At the reserved time whatever records the streams counts.
    """
    now = timezone.now()
    live = Project.objects.present().filter(kind=Project.Kind.LIVE)
    due = Q(business_state__in=_OFF) | Q(business_state=BusinessState.RESERVING, reserved_at__lte=now)
    for stream in Stream.objects.filter(recordings__ended=False).distinct():
        its = ProjectMaterial.objects.filter(domain=stream.domain, app=stream.app, stream=stream.name)
        for project in live.filter(due, materials__in=its):
            stream_is_on(project)
    for project in live.filter(business_state=BusinessState.BROADCASTING):
        if not is_recorded(project):
            stream_ended(project)
    for project in live.filter(business_state=BusinessState.RESERVING, reserved_at__lte=now - LOADING):
        loading_failed(project)


def is_recorded(project: Project) -> bool:
    """Whether one of its live streams is being recorded now."""
    return any(
        Recording.objects.filter(
            stream__domain=material.domain, stream__app=material.app, stream__name=material.stream, ended=False
        ).exists()
        for material in project.materials.exclude(stream="")
    )
