"""An HLS playlist becomes a recording: fetch, index, store, and only then the rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import basename
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from editing import storage
from editing.errors import Conflict, InvalidPlaylist, MediaError, StartRequired, UnreadableMedia
from editing.media.index import SegmentIndex, index_segment
from editing.media.playlist import Entry, MasterPlaylist, MediaPlaylist, parse
from editing.models import AnchorRow, Bucket, GapRow, ParameterSet, Recording, SegmentRow, Stream
from editing.timeline.frames import pack
from editing.timeline.instant import SECOND, Instant, Range
from editing.timeline.parameters import Parameters
from editing.timeline.ticks import TICKS_PER_SECOND, Anchor
from editing.worker import fetch
from editing.worker.timekeeper import Placed, Timekeeper

BATCH = 100
_SAME = 2 * SECOND
"""Two dates of one segment may be so far apart: servers round them, and slide them with their window."""

Progress = Callable[[int, int], None]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry with the instant at which it should begin and the hash that tells it from others."""

    entry: Entry
    expected: Instant
    source: str


def run(source: str, listed: list[Listed], stream: Stream, bucket: Bucket, *, progress: Progress) -> Recording:
    """Import what is listed and no recording of the stream has yet; the recording that now has it.

    Raises StorageFailure, or Conflict where another import adds to the same recording.
    """
    recording, fresh = _recording_for(source, listed, stream, bucket)
    settings.SCRATCH_DIR.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="import-", dir=settings.SCRATCH_DIR) as folder:
        _Import(recording, listed[len(listed) - len(fresh) :], progress).run(Path(folder))
    Recording.objects.filter(pk=recording.pk).update(ended=True)
    recording.refresh_from_db()
    return recording


def read_playlist(source: str, say: Say) -> MediaPlaylist:
    """The media playlist at a path or address; of a master playlist its best variant, and that is said."""
    playlist = parse(fetch.text(source), source)
    if isinstance(playlist, MasterPlaylist):
        best = playlist.best
        say(f"{source} is a master playlist; taking its best variant, {best.uri} ({best.bandwidth} bit/s).")
        playlist = parse(fetch.text(best.uri), best.uri)
    if isinstance(playlist, MasterPlaylist):
        raise InvalidPlaylist("The variant is a master playlist again.", field="playlist")
    if not playlist.entries:
        raise InvalidPlaylist("The playlist names no segments yet.", field="playlist")
    return playlist


def listed(playlist: MediaPlaylist, start: Instant | None) -> list[Listed]:
    """The entries with their instants. Raises StartRequired where neither the playlist nor `start` gives one."""
    return list(_listed(playlist, start))


def _listed(playlist: MediaPlaylist, start: Instant | None) -> Iterator[Listed]:
    expected = next((entry.date for entry in playlist.entries if entry.date is not None), start)
    if expected is None:
        raise StartRequired(
            "The playlist has no EXT-X-PROGRAM-DATE-TIME; say when it begins with --start 2026-11-20T10:00:00Z.",
            field="start",
        )
    for entry in playlist.entries:  # those before the first date end where it begins
        if entry.date is not None:
            break
        expected -= entry.duration if any(later.date is not None for later in playlist.entries) else 0
    for entry in playlist.entries:
        expected = entry.date if entry.date is not None else expected
        yield Listed(entry, expected, _identity(entry))
        expected += entry.duration


def _identity(entry: Entry) -> str:
    """By name and number, not by path: the same playlist may be reached in several ways."""
    return hashlib.sha256(f"{basename(urlsplit(entry.uri).path)}|{entry.sequence}".encode()).hexdigest()


def _recording_for(source: str, listed: list[Listed], stream: Stream, bucket: Bucket) -> tuple[Recording, list[Listed]]:
    """The recording that has some of these segments, or a new one, and what it does not have yet."""
    known: dict[str, list[tuple[Instant, int]]] = {}
    sources = [each.source for each in listed]
    for model in (SegmentRow, GapRow):
        for at in range(0, len(sources), 500):
            rows = model.objects.filter(recording__stream=stream, source__in=sources[at : at + 500])
            for identity, begins, owner in rows.values_list("source", "start", "recording"):
                known.setdefault(identity, []).append((begins, owner))
    last, owner_id = -1, None
    for position, each in enumerate(listed):
        for begins, owner in known.get(each.source, ()):
            if abs(begins - each.expected) <= _SAME:
                last, owner_id = position, owner
    if owner_id is not None:
        return Recording.objects.get(pk=owner_id), listed[last + 1 :]
    origin = hashlib.sha256(f"{listed[0].source}|{listed[0].expected // SECOND}".encode()).hexdigest()
    recording, _ = Recording.objects.get_or_create(
        stream=stream, origin=origin, defaults={"bucket": bucket, "source": source, "ended": False}
    )
    return recording, listed


@dataclass
class _Batch:
    """Rows that are written together, once their files are in the bucket."""

    segments: list[SegmentRow] = field(default_factory=list)
    gaps: list[GapRow] = field(default_factory=list)


class _Import:
    def __init__(self, recording: Recording, fresh: list[Listed], progress: Progress) -> None:
        self.recording, self.fresh, self.progress = recording, fresh, progress
        self.batch = _Batch()
        self.sequence = 0
        self.parameters: Parameters | None = None
        self.anchor_row: AnchorRow | None = None
        self.sets: dict[str, ParameterSet] = {}
        self.clock = self._resume()

    def _resume(self) -> Timekeeper:
        """Go on where the recording ends."""
        last = self.recording.segments.select_related("anchor", "parameters").order_by("-sequence").first()
        if last is None:
            return Timekeeper(start=self.fresh[0].expected if self.fresh else None)
        self.sequence, self.parameters, self.anchor_row = last.sequence + 1, last.parameters.parameters, last.anchor
        anchor = Anchor(last.anchor.utc, last.anchor.pts)
        return Timekeeper(None, last.anchor.epoch, anchor, last.end_pts, last.end)

    def run(self, folder: Path) -> None:
        there = [(each, each.entry.uri) for each in self.fresh]
        for done, (listed, copy) in enumerate(fetch.ahead(there, folder), 1):
            self._take(listed, copy)
            self.progress(done, len(there))
            if len(self.batch.segments) + len(self.batch.gaps) >= BATCH:
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
        near = None if entry.discontinuity else self.clock.near
        with copy.open("rb") as file:
            found = index_segment(file, near=near, declared=declared, known=self.parameters)
        placed = self.clock.place(found, entry.date, discontinuity=entry.discontinuity)
        if placed.repeated:
            return
        if placed.gap:
            self._gap_row(placed.gap, placed.gap_reason, "")
        self._store(listed, found, placed, copy)
        if found.flaw:
            rest = declared - (found.end_pts - found.first_pts)
            end = placed.range.end + max(rest, TICKS_PER_SECOND // 30) * 100 // 9
            self._gap_row(Range(placed.range.end, end), found.flaw, "")
            self.clock.skip(end - placed.range.end, found.flaw)

    def _store(self, listed: Listed, found: SegmentIndex, placed: Placed, copy: Path) -> None:
        stream = self.recording.stream
        key = f"recordings/{stream.full_name}/{self.recording.pk}/{self.sequence:06d}.ts"
        size = copy.stat().st_size
        storage.publish(copy, self.recording.bucket, key)
        if placed.anchor_reason or self.anchor_row is None:
            self.anchor_row = AnchorRow(
                recording=self.recording,
                epoch=placed.epoch,
                utc=placed.anchor.utc,
                pts=placed.anchor.pts,
                reason=placed.anchor_reason,
            )
        self.anchor_row.drift = placed.drift if not placed.anchor_reason else 0
        self.parameters = found.parameters
        self.batch.segments.append(
            SegmentRow(
                recording=self.recording,
                stream=stream,
                anchor=self.anchor_row,
                parameters=self._parameter_set(found.parameters),
                sequence=self.sequence,
                start=placed.range.start,
                end=placed.range.end,
                first_pts=found.first_pts,
                end_pts=found.end_pts,
                frames=len(found.index.video) if found.index.video else 0,
                size=size,
                key=key,
                source=listed.source,
                packed=pack(found.index),
            )
        )
        self.sequence += 1

    def _parameter_set(self, parameters: Parameters) -> ParameterSet:
        identity = parameters.identity
        if identity not in self.sets:
            self.sets[identity], _ = ParameterSet.objects.get_or_create(
                identity=identity, defaults={"facts": parameters.to_json()}
            )
        return self.sets[identity]

    def _gap(self, listed: Listed, reason: str) -> None:
        """A segment that is not there: its time is missing, the import goes on."""
        begins = self.clock.expected()
        begins = listed.expected if begins is None or listed.entry.date is not None else begins
        self._gap_row(Range(begins, begins + listed.entry.duration), reason, listed.source)
        if self.clock.end is None:
            return  # nothing was recorded yet: the first segment's own date will do
        self.clock.skip(listed.entry.duration, reason)

    def _gap_row(self, missing: Range, reason: str, source: str) -> None:
        self.batch.gaps.append(
            GapRow(recording=self.recording, start=missing.start, end=missing.end, reason=reason[:255], source=source)
        )

    def _write(self) -> None:
        batch, self.batch = self.batch, _Batch()
        try:
            with transaction.atomic():
                self._save_anchors(batch.segments)
                SegmentRow.objects.bulk_create(batch.segments)
                GapRow.objects.bulk_create(batch.gaps)
                self._count(batch.segments)
        except IntegrityError:
            raise Conflict("Another import is adding to this recording; run this one again when it is done.") from None

    def _save_anchors(self, segments: list[SegmentRow]) -> None:
        for anchor in {id(row.anchor): row.anchor for row in segments}.values():
            anchor.save()
        for row in segments:
            row.anchor_id = row.anchor.pk

    def _count(self, segments: list[SegmentRow]) -> None:
        if not segments:
            return
        start, end = min(row.start for row in segments), max(row.end for row in segments)
        rows = Recording.objects.filter(pk=self.recording.pk)
        size = sum(row.size for row in segments)
        rows.update(segment_count=F("segment_count") + len(segments), size=F("size") + size)
        rows.filter(start=None).update(start=start)
        rows.filter(start__gt=start).update(start=start)
        rows.filter(end=None).update(end=end)
        rows.filter(end__lt=end).update(end=end)
