"""The clips that editors have chosen in a live project and not merged yet. They are kept with the project, so that
every browser and everybody who works on it sees the same list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from editing.errors import InvalidInput, WrongProjectState
from editing.models import Bucket, CurrentProject, Project, ProjectState
from editing.services import project_materials, projects
from editing.services.project_storage import Business
from editing.timeline.clips import StreamName

Rows = list[dict[str, Any]]
_TRIES = 50


def current(user: Any) -> Project | None:
    """The live project that this user works on; nothing before the first one, and after it was deleted."""
    rows = CurrentProject.objects.exclude(project__state=ProjectState.DELETED)
    row = rows.filter(user=user.pk).select_related("project", "project__bucket").first()
    return row.project if row else None


def work_on(user: Any, project: Project) -> None:
    """From now on the user's clips go to this project, in every browser. Raises InvalidInput for an ordinary one."""
    if project.kind != Project.Kind.LIVE:
        raise InvalidInput("Clips of recordings are chosen in live editing projects.", field="project")
    CurrentProject.objects.update_or_create(user=user, defaults={"project": project})


def current_or_new(user: Any, *, title: str) -> Project:
    """The project that the user works on, made now if there is none; its jobs store in the first active bucket.

    Raises InvalidInput where there is no bucket.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # of two first clips at once, one comes second
        found = current(user)
        if found is None:
            business = Business(bucket=Bucket.objects.active().first())
            source = Project.Source.LIVE_CONSOLE
            found = projects.create(user, title=title[:128], kind=Project.Kind.LIVE, business=business, source=source)
            work_on(user, found)
    return found


def change(project: Project, make: Callable[[Rows], Rows]) -> None:
    """Replace the list by what `make` makes of it: of the newest one, whoever has changed it meanwhile.

    Raises ProjectNotFound where the project has been deleted.
    """
    for _ in range(_TRIES):
        rows = make(project.clips)
        if rows == project.clips or _replaced(project, rows):
            project.clips = rows
            return
        project.refresh_from_db(fields=("clips", "clips_revision", "state"))
        projects.check_present(project)
    raise WrongProjectState("The clips are being changed by others; try again.")


def add_stream(project: Project, name: StreamName) -> None:
    """Clips of this stream are chosen in the project: it is one of its materials."""
    project_materials.attach_stream(project, name)


def _replaced(project: Project, rows: Rows) -> bool:
    seen = Project.objects.present().filter(pk=project.pk, clips_revision=project.clips_revision)
    changed = {"changed_at": timezone.now(), "changed_by": Project.Source.LIVE_CONSOLE}
    if not seen.update(clips=rows, clips_revision=F("clips_revision") + 1, **changed):
        return False
    project.clips_revision += 1
    return True
