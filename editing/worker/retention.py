"""Old segments go where their stream says so: rows first, then files, never what a job still needs.

What goes is always the beginning of a recording, so that what stays needs no explaining; while a waiting or running job
needs a segment, it and those after it stay. A recording that is open keeps its last segment.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Sum
from django.utils import timezone

from editing import storage
from editing.errors import EditingError
from editing.models import EditingJob, RecordFile, Recording, RecordJob, SegmentRow, Stream
from editing.models.states import UNFINISHED
from editing.timeline.instant import SECOND, from_datetime
from editing.worker import record_playlist
from editing.worker.coverage import coverage_of
from editing.worker.plans import clips_of

log = logging.getLogger(__name__)

DAY = 24 * 3600 * SECOND
_AT_ONCE = 200
"""Segments of a recording in one round; the next round takes the next."""


def run() -> None:
    """One round over all streams that keep only so much."""
    for stream in Stream.objects.exclude(keep_days=None, keep_bytes=None):
        for recording, count in _surplus(stream):
            try:
                _shorten(recording, count)
            except EditingError:  # its files are found again by nobody, and harm nobody
                log.warning("Files of %s could not be removed.", recording, exc_info=True)


def _needed(stream: Stream) -> frozenset[int]:
    """The segments that unfinished jobs will read."""
    jobs = EditingJob.objects.filter(state__in=UNFINISHED)
    ranges = [clip.range for job in jobs for clip in clips_of(job) if clip.stream == stream.full_name]
    return frozenset(segment.id for segment in coverage_of(stream, ranges).segments) if ranges else frozenset()


def _surplus(stream: Stream) -> Iterator[tuple[Recording, int]]:
    """Recordings, the oldest first, each with how many segments at its beginning are too old or too much."""
    recordings = stream.recordings.exclude(start=None).select_related("bucket").order_by("start", "pk")
    spare = _spare_bytes(stream)
    oldest = from_datetime(timezone.now()) - stream.keep_days * DAY if stream.keep_days is not None else None
    for recording in recordings:
        too_old = recording.start is not None and oldest is not None and recording.start < oldest
        if not too_old and spare <= 0:
            return
        count = 0
        for end, size in recording.segments.order_by("sequence").values_list("end", "size")[:_AT_ONCE]:
            if spare <= 0 and (oldest is None or end > oldest):
                break
            count, spare = count + 1, spare - size
        if count:
            yield recording, count


def _spare_bytes(stream: Stream) -> int:
    """How much there is beyond what is kept."""
    if stream.keep_bytes is None:
        return 0
    there: int = stream.recordings.aggregate(size=Sum("size"))["size"] or 0
    return there - stream.keep_bytes


def _shorten(recording: Recording, count: int) -> None:
    """Remove up to `count` segments from the beginning."""
    with transaction.atomic():
        Recording.objects.select_for_update().get(pk=recording.pk)
        recording.refresh_from_db()
        if RecordFile.objects.waiting().filter(recording=recording).exists():
            return
        going = _going(recording, count, _needed(recording.stream))
        if not going:
            return
        segments = recording.segments.filter(sequence__lte=going[-1].sequence)
        first = recording.segments.filter(sequence__gt=going[-1].sequence).order_by("sequence").first()
        segments._raw_delete(segments.db)  # nothing hangs on a segment
        keys = [row.key for row in going]
        if first is None:
            keys += recording.other_keys
            recording.delete()
        else:
            _begin_with(recording, first, going)
    if first is not None and recording.ended and recording.playlist:
        record_playlist.save(recording, recording.playlist)  # of one that grows, its worker writes it
    for key in keys:
        storage.delete(recording.bucket, key)


def _going(recording: Recording, count: int, needed: frozenset[int]) -> list[SegmentRow]:
    rows = list(recording.segments.defer("packed").order_by("sequence")[: count + 1])
    open_ = not recording.ended or RecordJob.objects.filter(recording=recording).exists()
    candidates = rows[:-1] if len(rows) > count or open_ else rows
    kept = next((at for at, row in enumerate(candidates) if row.pk in needed), len(candidates))
    return candidates[:kept]


def _begin_with(recording: Recording, first: SegmentRow, gone: list[SegmentRow]) -> None:
    """What told of the time before goes, too."""
    recording.gaps.filter(end__lte=first.start).delete()
    recording.anchors.filter(~Exists(SegmentRow.objects.filter(anchor=OuterRef("pk")))).filter(
        Q(pk__lt=first.anchor_id)
    ).delete()
    Recording.objects.filter(pk=recording.pk).update(
        start=first.start,
        segment_count=F("segment_count") - len(gone),
        size=F("size") - sum(row.size for row in gone),
    )
