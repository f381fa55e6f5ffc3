"""An HLS playlist becomes a recording: fetch, index, store, and only then the rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import IntegrityError

from editing import storage
from editing.errors import Conflict, MediaError, UnreadableMedia
from editing.media.frames import first_picture
from editing.media.index import SegmentIndex, index_segment
from editing.models import Bucket, GapRow, Recording, SegmentRow, Stream
from editing.timeline.instant import SECOND, Instant, Range
from editing.timeline.ticks import TICKS_PER_SECOND
from editing.worker import fetch
from editing.worker.filing import Filing, Stored
from editing.worker.listing import Listed
from editing.worker.timekeeper import Placed

BATCH = 100
_SAME = 2 * SECOND
"""Two dates of one segment may be so far apart: servers round them, and slide them with their window."""

_LONGEST_PART = 100

Progress = Callable[[int, int], None]


def run(source: str, listed: list[Listed], stream: Stream, bucket: Bucket, *, progress: Progress) -> Recording:
    """Import what is listed and no recording of the stream has yet; the recording that now has it.

    Raises StorageFailure, or Conflict where another import adds to the same recording.
    """
    recording, fresh = _recording_for(source, listed, stream, bucket)
    settings.SCRATCH_DIR.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="import-", dir=settings.SCRATCH_DIR) as folder:
        _Import(recording, fresh, progress).run(Path(folder))
    Recording.objects.filter(pk=recording.pk).update(ended=True, poster=poster(recording))
    recording.refresh_from_db()
    return recording


def folder_of(recording: Recording) -> str:
    """Where the files of a recording are in its bucket: its number tells it from others, names are for people."""
    name = recording.stream.full_name
    parts = (_shortened(part) for part in (name.domain, name.app, name.stream))
    return f"{storage.RECORDINGS}/{'/'.join(parts)}/{recording.pk}"


def poster(recording: Recording) -> str:
    """The key of a picture of the recording: the one it has, or its first; none where there is no video."""
    first = recording.segments.order_by("sequence").values_list("key", flat=True).first()
    if recording.poster or first is None:
        return recording.poster
    try:
        with storage.open_file(recording.bucket, first) as file:
            picture = first_picture(file)
    except MediaError:
        return ""
    key = f"{folder_of(recording)}/poster.jpg"
    storage.save_bytes(picture, recording.bucket, key)
    return key


def _shortened(part: str) -> str:
    return part.encode()[:_LONGEST_PART].decode(errors="ignore")


def _recording_for(source: str, listed: list[Listed], stream: Stream, bucket: Bucket) -> tuple[Recording, list[Listed]]:
    """The recording that has some of these segments, or a new one, and what follows those it has."""
    owner = _owner(listed, stream)
    if owner is not None:
        there = _sources_of(owner)
        last = max(position for position, each in enumerate(listed) if each.source in there)
        return Recording.objects.get(pk=owner), listed[last + 1 :]
    origin = hashlib.sha256(f"{listed[0].source}|{listed[0].expected // SECOND}".encode()).hexdigest()
    recording, _ = Recording.objects.get_or_create(
        stream=stream, origin=origin, defaults={"bucket": bucket, "source": source, "ended": False}
    )
    return recording, listed


def _owner(listed: list[Listed], stream: Stream) -> int | None:
    """The recording that has the latest of the entries, at about the same instant.

    One such entry is enough: a recorder that was started anew uses the same names and numbers, but at other times,
    and durations that are rounded to seconds move the entries after the last date ever farther away.
    """
    expected = {each.source: each.expected for each in listed}
    span = (min(expected.values()) - _SAME, max(expected.values()) + _SAME)
    found: list[tuple[Instant, int]] = []
    segments = SegmentRow.objects.filter(stream=stream, start__range=span)
    gaps = GapRow.objects.filter(recording__stream=stream, start__range=span)
    for rows in (segments, gaps):
        for source, begins, owner in rows.values_list("source", "start", "recording").iterator():
            if source in expected and abs(begins - expected[source]) <= _SAME:
                found.append((begins, owner))
    return max(found)[1] if found else None


def _sources_of(recording: int) -> set[str]:
    rows = (model.objects.filter(recording=recording).exclude(source="") for model in (SegmentRow, GapRow))
    return {source for each in rows for source in each.values_list("source", flat=True).iterator()}


class _Import:
    def __init__(self, recording: Recording, fresh: list[Listed], progress: Progress) -> None:
        self.recording, self.fresh, self.progress = recording, fresh, progress
        self.filing = Filing(recording)
        self.clock = self.filing.clock
        if self.clock.end is None and fresh:
            self.clock.start = fresh[0].expected
        self.interrupted = False

    def run(self, folder: Path) -> None:
        there = [(each, each.entry.uri) for each in self.fresh]
        for done, (listed, copy) in enumerate(fetch.ahead(there, folder), 1):
            self._take(listed, copy)
            self.progress(done, len(there))
            if self.filing.waiting >= BATCH:
                self._write()
        self._write()

    def _take(self, listed: Listed, copy: Path | UnreadableMedia) -> None:
        entry = listed.entry
        try:
            if entry.gap:
                raise UnreadableMedia("the server marks it as missing")
            if isinstance(copy, UnreadableMedia):
                raise copy
            self._index(listed, copy)
        except MediaError as error:
            self._gap(listed, error.message)
        finally:
            if isinstance(copy, Path):
                copy.unlink(missing_ok=True)

    def _index(self, listed: Listed, copy: Path) -> None:
        entry = listed.entry
        declared = entry.duration * 9 // 100
        interrupted = entry.discontinuity or self.interrupted
        near = None if interrupted else self.clock.near
        with copy.open("rb") as file:
            found = index_segment(file, near=near, declared=declared, known=self.filing.parameters)
        placed = self.clock.place(found, entry.date, discontinuity=interrupted)
        self.interrupted = False
        if placed.repeated:
            return
        self._store(listed, found, placed, copy)
        if found.flaw:
            rest = declared - (found.end_pts - found.first_pts)
            end = placed.range.end + max(rest, TICKS_PER_SECOND // 30) * 100 // 9
            self.filing.gap(Range(placed.range.end, end), found.flaw)
            self.clock.skip(end - placed.range.end, found.flaw)

    def _store(self, listed: Listed, found: SegmentIndex, placed: Placed, copy: Path) -> None:
        key = f"{folder_of(self.recording)}/{self.filing.sequence:06d}.ts"
        size = copy.stat().st_size
        storage.publish(copy, self.recording.bucket, key)
        self.filing.segment(found, placed, Stored(key, size, listed.source, dated=listed.entry.date is not None))

    def _gap(self, listed: Listed, reason: str) -> None:
        """A segment that is not there: its time is missing, the import goes on."""
        self.interrupted = self.interrupted or listed.entry.discontinuity
        begins = self.clock.expected()
        begins = listed.expected if begins is None or listed.entry.date is not None else begins
        self.filing.gap(Range(begins, begins + listed.entry.duration), reason, listed.source)
        self.clock.skip(listed.entry.duration, reason)

    def _write(self) -> None:
        try:
            self.filing.write()
        except (IntegrityError, Conflict):
            raise Conflict("Another import is adding to this recording; run this one again when it is done.") from None
