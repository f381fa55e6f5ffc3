"""Stored segments become rows: anchors, gaps and counts with them, all of a batch or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import F

from editing.errors import Conflict
from editing.media.index import SegmentIndex
from editing.models import AnchorRow, GapRow, ParameterSet, Recording, SegmentRow
from editing.timeline.frames import pack
from editing.timeline.instant import Range
from editing.timeline.parameters import Parameters
from editing.worker.timekeeper import Placed, Timekeeper


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the bucket. `source` is what tells it from others, `dated` whether its source gave it a date."""

    key: str
    size: int
    source: str
    dated: bool = True


@dataclass
class _Batch:
    segments: list[SegmentRow] = field(default_factory=list)
    gaps: list[GapRow] = field(default_factory=list)


class Filing:
    """The rows of one recording while it grows. It goes on where the recording ends; `write` saves what was added.

    `guard` runs within the transaction and raises where this is not ours to write any more.
    """

    def __init__(self, recording: Recording, guard: Callable[[], None] = lambda: None) -> None:
        self.recording, self._guard = recording, guard
        self.sequence = 0
        self.parameters: Parameters | None = None
        self.clock = Timekeeper(start=None)
        self._anchor: AnchorRow | None = None
        self._batch = _Batch()
        self._sets: dict[str, ParameterSet] = {}
        self._known = self._latest()
        self._resume()

    def _resume(self) -> None:
        last = self.recording.segments.select_related("anchor", "parameters").order_by("-sequence").first()
        if last is None:
            return
        self.sequence, self.parameters, self._anchor = last.sequence + 1, last.parameters.parameters, last.anchor
        self.clock = Timekeeper(None, last.anchor.epoch, last.anchor.value, last.end_pts, last.end)
        for gap in self.recording.gaps.filter(end__gt=last.end).order_by("start"):
            self.clock.skip(gap.end - max(gap.start, last.end), gap.reason)

    @property
    def waiting(self) -> int:
        """How many rows are not written yet."""
        return len(self._batch.segments) + len(self._batch.gaps)

    def segment(self, found: SegmentIndex, placed: Placed, stored: Stored) -> SegmentRow:
        """Add a segment, which takes the number `sequence`, and the gap before it."""
        if placed.gap:
            self.gap(placed.gap, placed.gap_reason)
        row = SegmentRow(
            recording=self.recording,
            stream=self.recording.stream,
            anchor=self._anchor_of(placed, dated=stored.dated),
            parameters=self._parameter_set(found.parameters),
            sequence=self.sequence,
            start=placed.range.start,
            end=placed.range.end,
            first_pts=found.first_pts,
            end_pts=found.end_pts,
            frames=len(found.index.video) if found.index.video else 0,
            size=stored.size,
            key=stored.key,
            source=stored.source,
            checksum=found.checksum,
            packed=pack(found.index),
        )
        self._batch.segments.append(row)
        self.parameters = found.parameters
        self.sequence += 1
        return row

    def gap(self, missing: Range, reason: str, source: str = "") -> None:
        self._batch.gaps.append(
            GapRow(recording=self.recording, start=missing.start, end=missing.end, reason=reason[:255], source=source)
        )

    def write(self) -> None:
        """Save what was added. Raises Conflict where somebody else has added to the recording, and what `guard` raises;
        then nothing is written."""
        batch, self._batch = self._batch, _Batch()
        with transaction.atomic():
            self._claim()
            _save_anchors(batch.segments)
            SegmentRow.objects.bulk_create(batch.segments)
            GapRow.objects.bulk_create(batch.gaps)
            self._count(batch.segments)
            self._known = self._latest()

    def _anchor_of(self, placed: Placed, *, dated: bool) -> AnchorRow:
        if placed.anchor_reason or self._anchor is None:
            self._anchor = AnchorRow(
                recording=self.recording,
                epoch=placed.epoch,
                utc=placed.anchor.utc,
                pts=placed.anchor.pts,
                reason=placed.anchor_reason,
            )
        elif dated:
            self._anchor.drift = placed.drift
        return self._anchor

    def _parameter_set(self, parameters: Parameters) -> ParameterSet:
        identity = parameters.identity
        if identity not in self._sets:
            self._sets[identity], _ = ParameterSet.objects.get_or_create(
                identity=identity, defaults={"facts": parameters.to_json()}
            )
        return self._sets[identity]

    def _claim(self) -> None:
        """Hold the recording while rows are written, and see that they are still the next ones."""
        Recording.objects.select_for_update().get(pk=self.recording.pk)
        self._guard()
        if any(there > known for there, known in zip(self._latest(), self._known, strict=True)):
            raise Conflict("Somebody else is adding to this recording.")

    def _latest(self) -> tuple[int, int]:
        """Of its last segment and its last gap; what goes at the beginning changes nothing here."""
        segment = self.recording.segments.order_by("-sequence").values_list("sequence", flat=True).first()
        gap = self.recording.gaps.order_by("-pk").values_list("pk", flat=True).first()
        return -1 if segment is None else segment, gap or 0

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


def _save_anchors(segments: list[SegmentRow]) -> None:
    for anchor in {id(row.anchor): row.anchor for row in segments}.values():
        anchor.save()
    for row in segments:
        row.anchor_id = row.anchor.pk
