"""An HLS playlist becomes a recording: fetch, index, store, and only then the rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from editing import storage
from editing.errors import Conflict, MediaError, UnreadableMedia
from editing.media.frames import first_picture
from editing.media.index import SegmentIndex, index_segment
from editing.models import AnchorRow, Bucket, GapRow, ParameterSet, Recording, SegmentRow, Stream
from editing.timeline.frames import pack
from editing.timeline.instant import SECOND, Instant, Range
from editing.timeline.parameters import Parameters
from editing.timeline.ticks import TICKS_PER_SECOND, Anchor
from editing.worker import fetch
from editing.worker.listing import Listed
from editing.worker.timekeeper import Placed, Timekeeper

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
    Recording.objects.filter(pk=recording.pk).update(ended=True, poster=_poster(recording))
    recording.refresh_from_db()
    return recording


def folder_of(recording: Recording) -> str:
    """Where the files of a recording are in its bucket: its number tells it from others, names are for people."""
    name = recording.stream.full_name
    parts = (_shortened(part) for part in (name.domain, name.app, name.stream))
    return f"recordings/{'/'.join(parts)}/{recording.pk}"


def _poster(recording: Recording) -> str:
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
        self.interrupted = False
        self.rows = self._count_rows()
        self.clock = self._resume()

    def _resume(self) -> Timekeeper:
        """Go on where the recording ends."""
        last = self.recording.segments.select_related("anchor", "parameters").order_by("-sequence").first()
        if last is None:
            return Timekeeper(start=self.fresh[0].expected if self.fresh else None)
        self.sequence, self.parameters, self.anchor_row = last.sequence + 1, last.parameters.parameters, last.anchor
        anchor = Anchor(last.anchor.utc, last.anchor.pts)
        clock = Timekeeper(None, last.anchor.epoch, anchor, last.end_pts, last.end)
        for gap in self.recording.gaps.filter(end__gt=last.end).order_by("start"):
            clock.skip(gap.end - max(gap.start, last.end), gap.reason)
        return clock

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
        interrupted = entry.discontinuity or self.interrupted
        near = None if interrupted else self.clock.near
        with copy.open("rb") as file:
            found = index_segment(file, near=near, declared=declared, known=self.parameters)
        placed = self.clock.place(found, entry.date, discontinuity=interrupted)
        self.interrupted = False
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
        key = f"{folder_of(self.recording)}/{self.sequence:06d}.ts"
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
        elif listed.entry.date is not None:
            self.anchor_row.drift = placed.drift
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
                checksum=found.checksum,
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
        self.interrupted = self.interrupted or listed.entry.discontinuity
        begins = self.clock.expected()
        begins = listed.expected if begins is None or listed.entry.date is not None else begins
        self._gap_row(Range(begins, begins + listed.entry.duration), reason, listed.source)
        self.clock.skip(listed.entry.duration, reason)

    def _gap_row(self, missing: Range, reason: str, source: str) -> None:
        self.batch.gaps.append(
            GapRow(recording=self.recording, start=missing.start, end=missing.end, reason=reason[:255], source=source)
        )

    def _write(self) -> None:
        batch, self.batch = self.batch, _Batch()
        try:
            with transaction.atomic():
                self._claim()
                self._save_anchors(batch.segments)
                SegmentRow.objects.bulk_create(batch.segments)
                GapRow.objects.bulk_create(batch.gaps)
                self._count(batch.segments)
        except IntegrityError:
            raise _conflict() from None
        self.rows += len(batch.segments) + len(batch.gaps)

    def _claim(self) -> None:
        """Hold the recording while rows are written, and see that they are still the next ones."""
        Recording.objects.select_for_update().get(pk=self.recording.pk)
        if self._count_rows() != self.rows:
            raise _conflict()

    def _count_rows(self) -> int:
        return self.recording.segments.count() + self.recording.gaps.count()

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


def _conflict() -> Conflict:
    return Conflict("Another import is adding to this recording; run this one again when it is done.")
