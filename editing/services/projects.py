"""Editing projects: create, change, find, delete, convert, and where their jobs store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from editing import queue, storage
from editing.errors import AssetExists, InvalidInput, NotFound, ProjectNotFound, StaleState, WrongProjectState
from editing.models import BusinessState, ConvertState, MediaAsset, Project, ProjectState
from editing.models.project_states import BUSINESS_MOVES
from editing.services import media, project_materials
from editing.services.project_materials import Materials
from editing.services.project_storage import LONGEST_FOLDER, Business, written
from editing.timeline import document
from editing.timeline.layout import lay_out
from editing.worker import convert
from editing.worker import projects as worker

stream_is_on, stream_ended, loading_failed = worker.stream_is_on, worker.stream_ended, worker.loading_failed
"""What whoever records a live project's streams tells of them."""

CHANGEABLE = frozenset({"title", "description", "cover_url", "timeline", "template_id", "clips_param"})
_ASKABLE = (BusinessState.RESERVING, BusinessState.CANCELLED)


def create(
    user: Any,
    *,
    title: str,
    kind: Project.Kind = Project.Kind.EDITING,
    template_type: Project.Template = Project.Template.TIMELINE,
    business: Business | None = None,
    materials: Materials | None = None,
    source: Project.Source = Project.Source.OPEN_API,
    **details: str,
) -> Project:
    """A project; `details` are those of CHANGEABLE. It is a Draft until it has a timeline or a template.

    Raises InvalidInput, naming what is wrong, also for live projects that say nowhere to store.
    """
    said = business or Business()
    if kind == Project.Kind.LIVE and said.bucket is None:
        raise InvalidInput("A live editing project needs a place to store in.", field="bucket")
    if len(said.folder) > LONGEST_FOLDER:
        raise InvalidInput(f"A folder has at most {LONGEST_FOLDER} characters.", field="folder")
    if said.folder:
        storage.check_key(said.folder, field="folder")
    project = Project(
        owner=user,
        title=title,
        kind=kind,
        template_type=template_type,
        business_config=said.text or written(said),
        bucket=said.bucket,
        folder=said.folder,
        reserved_at=said.reserved_at,
        created_by=source,
        changed_by=source,
    )
    if kind == Project.Kind.LIVE and said.reserved_at:
        project.business_state = BusinessState.RESERVING
    _describe(project, details)
    if _has_content(project):
        project.state = ProjectState.EDITING
    with transaction.atomic():
        project.save(force_insert=True)
        project_materials.add(project, materials or Materials(), by=user)
    return project


def update(
    project: Project, *, business_state: str = "", source: Project.Source = Project.Source.OPEN_API, **details: str
) -> Project:
    """Replace what is given. A new timeline makes a project Editing again, and its conversion void.

    Raises ProjectNotFound for a deleted one, InvalidInput, WrongProjectState.
    """
    for _ in range(3):
        try:
            with transaction.atomic():
                _hold(
                    [project.pk]
                )  # of two who change it at once, one comes second and sees what the first has written
                project.refresh_from_db()
                check_present(project)
                _update(project, business_state, source, dict(details))
        except StaleState:
            continue
        else:
            return project
    raise WrongProjectState("The project is being changed by others; try again.")


def _hold(keys: Iterable[str]) -> None:
    """Until the transaction ends nobody else changes these; all take them in the same order, so that none waits for
    another in a circle."""
    list(Project.objects.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk"))


def _update(project: Project, business_state: str, source: Project.Source, details: dict[str, str]) -> None:
    _describe(project, details)
    project.changed_by, project.changed_at = source, timezone.now()
    length = ("duration",) if "timeline" in details else ()
    columns = {name: getattr(project, name) for name in (*details, *length, "changed_by", "changed_at")}
    if not Project.objects.present().filter(pk=project.pk).update(**columns):
        raise StaleState("The project has been deleted.")
    if business_state:
        _ask_for(project, business_state)
    if details.keys() & {"timeline", "template_id", "clips_param"}:
        if project.convert_state != ConvertState.UNCONVERTED:
            project.move("convert_state", ConvertState.UNCONVERTED, frontend="", convert_problem="")
        if project.state not in (ProjectState.EDITING, ProjectState.PRODUCING) and _has_content(project):
            project.move("state", ProjectState.EDITING, detail="changed")


def _ask_for(project: Project, to: str) -> None:
    """Clients may reserve and cancel; the rest follows from the streams."""
    if to not in _ASKABLE:
        raise InvalidInput(f"It may be set to {' or '.join(_ASKABLE)} only.", field="business_state")
    if project.kind != Project.Kind.LIVE or project.reserved_at is None:
        raise InvalidInput("Only live editing projects with a ReservationTime are reserved.", field="business_state")
    if to == project.business_state:
        return
    if to not in BUSINESS_MOVES[project.business_state]:
        raise WrongProjectState(f"The project is {project.business_state}; it cannot become {to} any more.")
    project.move("business_state", to, detail="asked for", loading_since=None)
    if to == BusinessState.RESERVING:
        project.materials.update(record_job=None)


def get(user: Any, key: str) -> Project:
    """Also one that was deleted. Raises ProjectNotFound."""
    project: Project | None = Project.objects.visible_to(user).filter(pk=key).select_related("bucket").first()
    if project is None:
        raise ProjectNotFound(f"Project {key} not found.")
    return project


def present(user: Any, key: str) -> Project:
    """One that is not deleted. Raises ProjectNotFound."""
    project = get(user, key)
    check_present(project)
    return project


def live(user: Any, key: str) -> Project:
    """One of live editing, which jobs can belong to. Raises ProjectNotFound, InvalidInput."""
    project = present(user, key)
    if project.kind != Project.Kind.LIVE:
        raise InvalidInput(f"It must be a live editing project; this is an {project.kind}.", field="project")
    return project


def delete(user: Any, keys: Sequence[str]) -> None:
    """All of them or none; their jobs go on and their materials stay. Raises ProjectNotFound."""
    with transaction.atomic():
        _hold(keys)
        for project in [present(user, key) for key in dict.fromkeys(keys)]:
            while project.state != ProjectState.DELETED:
                try:
                    project.move("state", ProjectState.DELETED, changed_at=timezone.now())
                except StaleState:
                    project.refresh_from_db()


def start_converting(project: Project) -> Project:
    """Have the timeline converted for web editors, if that has not been done. Its files become assets and materials
    of the project. What goes wrong is written on the project."""
    if project.convert_state != ConvertState.UNCONVERTED or project.state == ProjectState.DELETED:
        return project
    try:
        with transaction.atomic():
            project.move("convert_state", ConvertState.CONVERTING, sent_at=timezone.now())
            queue.send(queue.CONVERT, project.pk, queue=queue.FAST)
            try:
                with transaction.atomic():
                    _attach_media(project)
            except (InvalidInput, NotFound) as error:
                project.move("convert_state", ConvertState.FAILED, convert_problem=error.message)
    except StaleState:  # somebody else asked at the same time
        project.refresh_from_db()
    return project


def _attach_media(project: Project) -> None:
    read = document.read(project.timeline)
    known = convert.assets_of(read)
    for key, url in read.media:
        asset = known.get(key or url)
        if asset is None and not url:
            raise NotFound(f"There is no media asset {key}.")
        project_materials.attach(project, asset or _registered(project, url))


def _registered(project: Project, url: str) -> MediaAsset:
    bucket, key = storage.resolve(url, field=document.FIELD)
    try:
        return media.register(project.owner, bucket, key)
    except AssetExists:  # somebody else registered it at the same time
        return MediaAsset.objects.get(bucket=bucket, key=key)


def found(
    user: Any,
    *,
    states: Iterable[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    **exact: str,
) -> Any:
    """The projects that are not deleted and are like this; `exact` names columns, empty values do not count."""
    wanted = Q() if since is None else Q(created_at__gte=since)
    wanted &= Q() if until is None else Q(created_at__lte=until)
    wanted &= Q(state__in=list(states)) if states else Q()
    rows = Project.objects.visible_to(user).present().filter(wanted)
    return rows.filter(**{name: value for name, value in exact.items() if value})


def _describe(project: Project, details: dict[str, str]) -> None:
    if unknown := set(details) - CHANGEABLE:
        raise TypeError(f"Projects have no {', '.join(sorted(unknown))}.")
    for name, value in details.items():
        setattr(project, name, value)
    if details.get("timeline") and project.template_id and "template_id" not in details:
        project.template_id = details["template_id"] = ""
        project.clips_param = details["clips_param"] = ""
    if details.get("template_id") and project.timeline and "timeline" not in details:
        project.timeline = details["timeline"] = ""
    if project.timeline and project.template_id:
        raise InvalidInput("Give a timeline or a template, not both.", field="template_id")
    if project.template_id and not project.clips_param:
        raise InvalidInput("A template needs the parameters of its clips.", field="clips_param")
    if "timeline" in details:
        read = document.read(project.timeline)
        project.duration = lay_out(read, convert.length_or_nothing(convert.assets_of(read))).duration


def _has_content(project: Project) -> bool:
    return bool(project.template_id) or project.timeline.strip() not in ("", "{}")


def check_present(project: Project) -> None:
    """Raises ProjectNotFound for one that was deleted."""
    if project.state == ProjectState.DELETED:
        raise ProjectNotFound(f"Project {project.pk} not found.")
