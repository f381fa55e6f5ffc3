"""The clips an editor has chosen and not yet merged, in order. They live in the session, across recordings."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.http import HttpRequest

from editing.models import Recording
from editing.timeline.clips import Clip, StreamName
from editing.timeline.instant import Instant, Range

_KEY = "clips"
MOST = 500


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
    def clip(self) -> Clip:
        return Clip(StreamName(self.domain, self.app, self.stream), Range(self.start, self.end), self.cover)


class ClipList:
    """The list of one session; every change is kept at once."""

    def __init__(self, request: HttpRequest) -> None:
        self._session = request.session
        self.chosen = [Chosen(**row) for row in request.session.get(_KEY, [])]

    @property
    def clips(self) -> list[Clip]:
        return [each.clip for each in self.chosen]

    @property
    def duration(self) -> int:
        return sum(each.duration for each in self.chosen)

    def add(self, recording: Recording, wanted: Range, cover: Instant | None = None) -> None:
        """At the end of the list; a cover takes the place of the one there is."""
        name = recording.stream.full_name
        clip = Chosen(_id(), recording.pk, name.domain, name.app, name.stream, wanted.start, wanted.end, cover)
        self._keep(_with_one_cover([*self.chosen, clip][:MOST], clip))

    def begin_with(self, clips: Sequence[tuple[Recording, Clip]]) -> None:
        """Begin anew with these; of several covers the first counts."""
        self._keep([])
        for recording, clip in reversed(clips[:MOST]):
            self.add(recording, clip.range, clip.cover)
        self._keep(self.chosen[::-1])

    def change(self, clip_id: str, wanted: Range, cover: Instant | None = None) -> None:
        """Other times for a clip, and the instant of the picture that shall be the cover, if it is in this clip."""
        for position, each in enumerate(self.chosen):
            if each.id == clip_id:
                changed = replace(each, start=wanted.start, end=wanted.end, cover=cover)
                self._keep(_with_one_cover([*self.chosen[:position], changed, *self.chosen[position + 1 :]], changed))

    def duplicate(self, clip_id: str) -> None:
        doubled = [
            [each, replace(each, id=_id(), cover=None)] if each.id == clip_id else [each] for each in self.chosen
        ]
        self._keep([each for group in doubled for each in group][:MOST])

    def remove(self, clip_id: str) -> None:
        self._keep([each for each in self.chosen if each.id != clip_id])

    def clear(self) -> None:
        self._keep([])

    def move(self, clip_id: str, by: int) -> None:
        """Up (−1) or down (+1); past an end it stays."""
        order = [each.id for each in self.chosen]
        if clip_id in order:
            at = order.index(clip_id)
            order.insert(max(at + by, 0), order.pop(at))
            self.arrange(order)

    def arrange(self, order: Sequence[str]) -> None:
        """Put the clips in the given order; those it does not name keep theirs, at the end."""
        rank = {clip_id: number for number, clip_id in enumerate(order)}
        self._keep(sorted(self.chosen, key=lambda each: rank.get(each.id, len(rank))))

    def _keep(self, chosen: list[Chosen]) -> None:
        self.chosen = chosen
        rows: list[dict[str, Any]] = [asdict(each) for each in chosen]
        self._session[_KEY] = rows


def _with_one_cover(chosen: list[Chosen], newest: Chosen) -> list[Chosen]:
    """A merge has one cover: where the newest clip names it, no other does."""
    if newest.cover is None:
        return chosen
    return [each if each is newest else replace(each, cover=None) for each in chosen]


def _id() -> str:
    return secrets.token_hex(4)
