"""What is on now: streams that are published here, that are recorded, or that a record job looks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from editing import storage
from editing.errors import MediaError, NotFound
from editing.media.frames import first_picture
from editing.models import Publication, Recording, RecordJob, RecordState, SegmentRow, Stream
from editing.timeline.instant import SECOND, Instant, from_datetime

_SILENT_AFTER = 5 * SECOND
_PICTURE_WIDTH = 480
_KEEP_PICTURE = 600
"""Seconds; whoever looks at the wall asks for a picture until the next segment is there."""


@dataclass(frozen=True)
class OnAir:
    """A stream that is live or is waited for. `recording` is the one that grows; `picture` the number of its newest
    segment."""

    stream: Stream
    job: RecordJob | None
    recording: Recording | None
    publication: Publication | None
    picture: int | None
    now: Instant

    @property
    def receiving(self) -> bool:
        """Whether its packets come, or it is published to us though nobody records it."""
        if self.job is None or not self.job.held:
            return self.publication is not None
        last = self.job.vitals.get("last_packet")
        return last is not None and self.now - last < _SILENT_AFTER

    @property
    def behind(self) -> int | None:
        """Microseconds from the end of what can be cut to now."""
        end = self.recording.end if self.recording else None
        return None if end is None else max(self.now - end, 0)


def streams(user: Any) -> list[OnAir]:
    """All of them that the user may see: first what is on, then what is waited for."""
    now = from_datetime(timezone.now())
    publications = {each.stream_id: each for each in Publication.objects.on_air()}
    jobs = {job.stream_id: job for job in RecordJob.objects.exclude(state=RecordState.STOPPED).order_by("created_at")}
    open_ = Recording.objects.filter(Q(ended=False) | Q(pk__in=[job.recording_id for job in jobs.values()]))
    recordings = {each.stream_id: each for each in open_.order_by("start", "pk")}
    found = Stream.objects.visible_to(user).filter(pk__in={*publications, *jobs, *recordings})
    pictures = _newest_segments(found)
    cards = [
        OnAir(
            stream=stream,
            job=jobs.get(stream.pk),
            recording=recordings.get(stream.pk),
            publication=publications.get(stream.pk),
            picture=pictures.get(stream.pk),
            now=now,
        )
        for stream in found
    ]
    return sorted(cards, key=lambda card: not card.receiving)


def picture(segment: SegmentRow) -> bytes:
    """The first picture of a segment as a small JPEG. Raises NotFound where it has none, or its file is gone."""
    name = f"picture:{segment.pk}:{segment.checksum}"
    found: bytes | None = cache.get(name)
    if found is None:
        try:
            with storage.open_file(segment.recording.bucket, segment.key) as file:
                found = first_picture(file, width=_PICTURE_WIDTH)
        except MediaError:
            raise NotFound("There is no picture in this segment.") from None
        cache.set(name, found, _KEEP_PICTURE)
    return found


def _newest_segments(found: Iterable[Stream]) -> dict[int, int]:
    """The number of each stream's newest segment."""
    newest = SegmentRow.objects.filter(stream=OuterRef("pk")).order_by("-start").values("pk")[:1]
    rows = Stream.objects.filter(pk__in=[stream.pk for stream in found]).annotate(newest=Subquery(newest))
    return dict(rows.filter(newest__isnull=False).values_list("pk", F("newest")))
