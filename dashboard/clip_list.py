"""The clips an editor has chosen and not yet merged, in order, across recordings. The live project that the editor
works on keeps them: they are there in every browser, and for everybody who works on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

from django.http import HttpRequest

from editing.errors import ProjectNotFound
from editing.models import Project, Recording
from editing.services import project_clips
from editing.services.project_clips import MOST, Chosen, new_id
from editing.timeline.clips import Clip
from editing.timeline.instant import Instant, Range, to_datetime


class ClipList:
    """The list of the project that the user works on; every change is kept at once, whatever others do meanwhile."""

    def __init__(self, request: HttpRequest) -> None:
        self._user = request.user
        self._take(project_clips.current(request.user))

    @property
    def clips(self) -> list[Clip]:
        return [each.clip for each in self.chosen]

    @property
    def duration(self) -> int:
        return sum(each.duration for each in self.chosen)

    @property
    def revision(self) -> int:
        """Tells whether somebody has changed the list since."""
        return self.project.clips_revision if self.project else 0

    def add(self, recording: Recording, wanted: Range, cover: Instant | None = None) -> None:
        """At the end of the list; a cover takes the place of the one there is. The first clip of all begins a project.

        Raises InvalidInput where no bucket could store its results.
        """
        name = recording.stream.full_name
        clip = Chosen(new_id(), recording.pk, name.domain, name.app, name.stream, wanted.start, wanted.end, cover)
        while True:
            project = project_clips.current_or_new(self._user, title=_title(recording))
            self._take(project)
            self._change(lambda chosen: _with_one_cover([*chosen, clip][:MOST], clip))
            if self.project is not None:  # else it was deleted under our hands
                return project_clips.add_stream(project, name)

    def begin_with(self, clips: Sequence[tuple[Recording, Clip]]) -> None:
        """Begin anew with these; of several covers the first counts."""
        self.clear()
        covered = False
        for recording, clip in clips[:MOST]:
            self.add(recording, clip.range, None if covered else clip.cover)
            covered = covered or clip.cover is not None

    def change(self, clip_id: str, wanted: Range, cover: Instant | None = None) -> None:
        """Other times for a clip, and the instant of the picture that shall be the cover, if it is in this clip."""

        def changed(chosen: list[Chosen]) -> list[Chosen]:
            found = next((each for each in chosen if each.id == clip_id), None)
            if found is None:
                return chosen
            other = replace(found, start=wanted.start, end=wanted.end, cover=cover)
            return _with_one_cover([other if each is found else each for each in chosen], other)

        self._change(changed)

    def duplicate(self, clip_id: str) -> None:
        """The copy comes next, without the cover."""
        name = new_id()

        def doubled(chosen: list[Chosen]) -> list[Chosen]:
            groups = [[one, replace(one, id=name, cover=None)] if one.id == clip_id else [one] for one in chosen]
            return [each for group in groups for each in group][:MOST]

        self._change(doubled)

    def remove(self, *clip_ids: str) -> None:
        self._change(lambda chosen: [each for each in chosen if each.id not in clip_ids])

    def clear(self) -> None:
        self._change(lambda chosen: [])

    def move(self, clip_id: str, by: int) -> None:
        """Up (−1) or down (+1); past an end it stays."""
        self._change(lambda chosen: _moved(chosen, clip_id, by))

    def arrange(self, order: Sequence[str]) -> None:
        """Put the clips in the given order; those it does not name keep theirs, at the end."""
        self._change(lambda chosen: _arranged(chosen, order))

    def _change(self, make: Callable[[list[Chosen]], list[Chosen]]) -> None:
        if self.project is None:
            return
        try:
            project_clips.change(self.project, lambda rows: [asdict(each) for each in make(_chosen(rows))])
            self._take(self.project)
        except ProjectNotFound:
            self._take(None)

    def _take(self, project: Project | None) -> None:
        self.project = project
        self.chosen = _chosen(project.clips) if project else []


def _chosen(rows: project_clips.Rows) -> list[Chosen]:
    return [Chosen(**row) for row in rows]


def _moved(chosen: list[Chosen], clip_id: str, by: int) -> list[Chosen]:
    order = [each.id for each in chosen]
    if clip_id not in order:
        return chosen
    at = order.index(clip_id)
    order.insert(max(at + by, 0), order.pop(at))
    return _arranged(chosen, order)


def _arranged(chosen: list[Chosen], order: Sequence[str]) -> list[Chosen]:
    rank = {clip_id: number for number, clip_id in enumerate(order)}
    return sorted(chosen, key=lambda each: rank.get(each.id, len(rank)))


def _title(recording: Recording) -> str:
    """For a project that nobody has named."""
    return f"{recording.stream.name}, {to_datetime(recording.start or 0):%-d %B %Y}"


def _with_one_cover(chosen: list[Chosen], newest: Chosen) -> list[Chosen]:
    """A merge has one cover: where the newest clip names it, no other does."""
    if newest.cover is None:
        return chosen
    return [each if each is newest else replace(each, cover=None) for each in chosen]
