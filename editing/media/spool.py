"""Slices that wait to be stored: a folder that outlives the process that filled it, and never grows without bounds."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from editing.errors import MediaError
from editing.media.index import SegmentIndex, index_segment
from editing.timeline.instant import Instant
from editing.timeline.ticks import Anchor, microseconds


@dataclass(frozen=True)
class SliceFacts:
    """What is known of a slice besides its bytes.

    `anchor` ties the clock of its epoch to UTC as measured by now: when packets arrived against what they said.
    `begins` says that its epoch begins with it, `before` why something may be missing before it; `near` is a time (in
    ticks) close to its first, unwrapped.
    """

    epoch: int
    anchor: Anchor
    near: int
    begins: bool
    before: str
    damaged: int


@dataclass(frozen=True)
class Slice:
    """A whole segment in the spool. `path.name` is unique and rises."""

    path: Path
    index: SegmentIndex
    facts: SliceFacts

    @property
    def date(self) -> Instant:
        """When its first picture was there, by the clock of this machine."""
        return self.facts.anchor.instant(self.index.first_pts)

    @property
    def duration(self) -> int:
        return microseconds(self.index.end_pts - self.index.first_pts)


class Spool:
    """One recorder's folder. A slice is there once it has its name without “.part”; its facts are there before it."""

    def __init__(self, folder: Path, *, limit: int) -> None:
        """More than `limit` bytes are not kept."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.limit = folder, limit
        self._session = f"{time.time_ns() // 1000:017d}-"
        self._number = 0

    @property
    def used(self) -> int:
        """Bytes of the slices that wait."""
        return sum(_size(path) for path in self.folder.glob("*.ts"))

    def draft(self) -> Path:
        """Where the next slice may be written."""
        self._number += 1
        return self.folder / f"{self._session}{self._number:06d}.ts.part"

    def keep(self, draft: Path, facts: SliceFacts, index: SegmentIndex | None = None) -> Slice | None:
        """Take a finished draft in, with its index where that is known; None where there is no room for it.

        Raises UnreadableMedia where it holds no whole frame; then it is gone.
        """
        try:
            if self.used + _size(draft) > self.limit:
                return None
            path = draft.with_suffix("")
            index = index or _index(draft, facts)
            path.with_suffix(".json").write_text(json.dumps(asdict(facts)))
            draft.rename(path)
        finally:
            draft.unlink(missing_ok=True)
        return Slice(path, index, facts)

    def left(self) -> Iterator[Slice]:
        """The slices that somebody before us could not store any more, oldest first. Half-written ones go."""
        for draft in self._foreign("*.part"):
            draft.unlink(missing_ok=True)
        for path in sorted(self._foreign("*.ts")):
            try:
                facts = _facts(json.loads(path.with_suffix(".json").read_text()))
                found = Slice(path, _index(path, facts), facts)
            except (OSError, ValueError, KeyError, MediaError):  # the machine died while it was written
                forget(path)
                continue
            yield found

    def _foreign(self, pattern: str) -> list[Path]:
        return [path for path in self.folder.glob(pattern) if not path.name.startswith(self._session)]

    def remove_if_empty(self) -> None:
        """Whoever has nothing left to store leaves nothing behind."""
        with suppress(OSError):
            self.folder.rmdir()


def forget(path: Path) -> None:
    """A slice that is stored leaves the spool."""
    path.unlink(missing_ok=True)
    path.with_suffix(".json").unlink(missing_ok=True)


def _index(path: Path, facts: SliceFacts) -> SegmentIndex:
    with path.open("rb") as file:
        return index_segment(file, near=facts.near)


def _facts(said: dict[str, Any]) -> SliceFacts:
    return SliceFacts(**{**said, "anchor": Anchor(**said["anchor"])})


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # it has just been stored
        return 0
