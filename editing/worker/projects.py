"""Editing projects follow what happens to their jobs and to their live streams."""

from __future__ import annotations

from collections.abc import Iterable

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
from editing.timeline.instant import from_datetime
from editing.worker import recording_assets

_AT_ONCE = 50
_IS_ON = Q(recordings__ended=False) | Q(record_jobs__recording__isnull=False)
"""Of streams. A recording that an operator has paused is still open, and so is one between two files."""
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

    From the reserved time on whatever records the streams counts.
    """
    now = timezone.now()
    live = Project.objects.present().filter(kind=Project.Kind.LIVE)
    due = Q(business_state__in=_OFF) | Q(business_state=BusinessState.RESERVING, reserved_at__lte=now)
    for stream in Stream.objects.filter(_IS_ON).distinct():
        its = ProjectMaterial.objects.filter(domain=stream.domain, app=stream.app, stream=stream.name)
        for project in live.filter(due, materials__in=its):
            stream_is_on(project)
    for project in live.filter(business_state=BusinessState.BROADCASTING):
        if not any(recorded(material) for material in project.materials.exclude(stream="")):
            stream_ended(project, assets=_assets_since(project))


def recorded(material: ProjectMaterial) -> bool:
    """Whether this live stream is being recorded now. It is while its recording is only paused."""
    return Stream.objects.filter(_IS_ON, **_stream_of(material)).exists()


def _stream_of(material: ProjectMaterial) -> dict[str, str]:
    return {"domain": material.domain, "app": material.app, "name": material.stream}


def _assets_since(project: Project) -> list[MediaAsset]:
    """What has been recorded of its streams since they came on."""
    on = project.events.filter(column="business_state", new=BusinessState.BROADCASTING).latest("id")
    since = from_datetime(on.at)
    found = [
        recording_assets.asset_of(recording, owner_id=project.owner_id)
        for material in project.materials.exclude(stream="")
        for stream in Stream.objects.filter(**_stream_of(material))
        for recording in Recording.objects.filter(stream=stream, end__gt=since).order_by("start")
    ]
    return [asset for asset in found if asset]
