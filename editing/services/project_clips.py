"""The clips that editors have chosen in a live project and not merged yet. They are kept with the project, so that
every browser and everybody who works on it sees the same list."""

from __future__ import annotations

import secrets
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from editing.errors import ClipsChanged, InvalidClips, InvalidInput, NothingRecorded, WrongProjectState
from editing.models import Bucket, CurrentProject, Project, ProjectState, Recording
from editing.services import project_materials, projects
from editing.services.project_storage import Business
from editing.timeline.clips import Clip, StreamName
from editing.timeline.instant import Instant, Range
from editing.timeline.plan import check_clips

Rows = list[dict[str, Any]]
MOST = 500
_TRIES = 50


@dataclass(frozen=True, slots=True)
class Chosen:
    """One chosen clip; instants in µs."""

    id: str
    recording: int
    domain: str
    app: str
    stream: str
    start: Instant
    end: Instant
    cover: Instant | None = None

    @property
    def duration(self) -> int:
        return self.end - self.start

    @property
    def shown_at_cover(self) -> Instant | None:
        """An instant at which the cover is on the screen: a clip's end means its last picture."""
        return None if self.cover is None else min(self.cover, self.end - 1)

    @property
    def clip(self) -> Clip:
        return Clip(StreamName(self.domain, self.app, self.stream), Range(self.start, self.end), self.cover)


def chosen(project: Project) -> list[Chosen]:
    """The clips of a project, in their order."""
    return [Chosen(**row) for row in project.clips]


def new_id() -> str:
    return secrets.token_hex(4)


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
        if rows == project.clips or _replaced(project, rows, Project.Source.LIVE_CONSOLE):
            project.clips = rows
            return
        project.refresh_from_db(fields=("clips", "clips_revision", "state"))
        projects.check_present(project)
    raise WrongProjectState("The clips are being changed by others; try again.")


def replace(
    project: Project,
    *,
    clips: Sequence[tuple[str, Clip]],
    revision: int,
    source: Project.Source = Project.Source.LIVE_OPEN_API,
) -> None:
    """Put these in the place of the clips that were there at `revision`, each with its id or none.

    Raises ClipsChanged where somebody has changed them since, InvalidInput, InvalidClips, NothingRecorded.
    """
    if project.kind != Project.Kind.LIVE:
        raise InvalidInput("Clips of recordings are chosen in live editing projects.", field="project")
    _check([clip for _, clip in clips], [key for key, _ in clips if key])
    rows = [asdict(each) for each in _found(clips)]
    with transaction.atomic():
        for name in {clip.stream for _, clip in clips}:
            add_stream(project, name)
        if revision != project.clips_revision or not _replaced(project, rows, source):
            project.refresh_from_db(fields=("clips_revision", "state"))
            projects.check_present(project)
            said = f"The clips are at revision {project.clips_revision} by now; read them again."
            raise ClipsChanged(said, field="revision")
    project.clips = rows


def _check(clips: Sequence[Clip], keys: Sequence[str]) -> None:
    if len(clips) > MOST:
        raise InvalidClips(f"A project has at most {MOST} clips.", field="clips")
    if clips:
        check_clips(clips)
    covers = [number for number, clip in enumerate(clips) if clip.cover is not None]
    if covers[1:]:
        raise InvalidClips("A merge has one cover; an earlier clip names it.", field=f"clips[{covers[1]}].cover")
    if len(set(keys)) < len(keys):
        raise InvalidClips("Two clips have the same id.", field="clips")


def _found(clips: Sequence[tuple[str, Clip]]) -> list[Chosen]:
    """Each with the recording of its stream that was on when it begins, or the first one after that."""
    recordings: dict[StreamName, list[tuple[Instant, int]]] = {}
    found = []
    for number, (key, clip) in enumerate(clips):
        name = clip.stream
        if name not in recordings:
            its = {"stream__domain": name.domain, "stream__app": name.app, "stream__name": name.stream}
            rows = Recording.objects.exclude(start=None).filter(**its).order_by("start")
            recordings[name] = list(rows.values_list("start", "pk"))
        if not (known := recordings[name]):
            raise NothingRecorded(f"Nothing is recorded of {name}.", field=f"clips[{number}].stream")
        _, recording = known[max(bisect_right(known, clip.range.start, key=lambda row: row[0]) - 1, 0)]
        start, end = clip.range.start, clip.range.end
        found.append(Chosen(key or new_id(), recording, name.domain, name.app, name.stream, start, end, clip.cover))
    return found


def add_stream(project: Project, name: StreamName) -> None:
    """Clips of this stream are chosen in the project: it is one of its materials."""
    project_materials.attach_stream(project, name)


def _replaced(project: Project, rows: Rows, source: Project.Source) -> bool:
    seen = Project.objects.present().filter(pk=project.pk, clips_revision=project.clips_revision)
    changed = {"changed_at": timezone.now(), "changed_by": source}
    if not seen.update(clips=rows, clips_revision=F("clips_revision") + 1, **changed):
        return False
    project.clips_revision += 1
    return True
