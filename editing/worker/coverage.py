"""What is recorded in and around some ranges of a stream, however long the table of segments is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import QuerySet

from editing.models import GapRow, SegmentRow, Stream
from editing.timeline.coverage import Coverage, Gap, Segment
from editing.timeline.instant import Range

_LOOK_BACK = 4
_FARTHEST = 256


def coverage_of(stream: Stream, ranges: Sequence[Range]) -> Coverage:
    """What is recorded of the stream in and around the ranges, with what a decoder needs before each of them.

    Looked up by (stream, start) only: from the last segment that begins at or before a range to the first one after
    it. An overlap condition on both ends would read the table from its beginning.
    """
    rows: dict[int, Segment] = {}
    for wanted in _joined(ranges):
        for segment in _around(stream, wanted):
            rows[segment.id] = segment
    recordings = {segment.recording for segment in rows.values()}
    gaps = GapRow.objects.filter(recording__in=recordings).values_list("start", "end", "reason")
    return Coverage(rows.values(), [Gap(Range(start, end), reason) for start, end, reason in gaps])


def _joined(ranges: Iterable[Range]) -> list[Range]:
    joined: list[Range] = []
    for each in sorted(ranges):
        if joined and each.start <= joined[-1].end:
            joined[-1] = Range(joined[-1].start, max(joined[-1].end, each.end))
        else:
            joined.append(each)
    return joined


def _around(stream: Stream, wanted: Range) -> list[Segment]:
    rows = SegmentRow.objects.filter(stream=stream)
    before = rows.filter(start__lte=wanted.start).order_by("-start")
    inside = rows.filter(start__gt=wanted.start, start__lt=wanted.end).order_by("start")
    after = rows.filter(start__gte=wanted.end).order_by("start")[:1]
    found = [*_back_to_entry(before), *inside.values_of()]
    return [*found, *_between(found), *after.values_of()]


def _between(found: Iterable[Segment]) -> list[Segment]:
    """What a clock that was set has put elsewhere in time: segments of a recording between some of its segments."""
    missing: list[Segment] = []
    for number, own in _numbers(found).items():
        if absent := sorted(set(range(min(own), max(own))) - own):
            missing += SegmentRow.objects.filter(
                recording=number, sequence__gte=absent[0], sequence__lte=absent[-1]
            ).values_of()
    return missing


def _numbers(found: Iterable[Segment]) -> dict[int, set[int]]:
    numbers: dict[int, set[int]] = {}
    for segment in found:
        numbers.setdefault(segment.recording, set()).add(segment.sequence)
    return numbers


def _back_to_entry(before: QuerySet[SegmentRow]) -> list[Segment]:
    """The segment that begins at or before a range, and those before it until one in which a decoder can begin."""
    found: list[Segment] = []
    count = _LOOK_BACK
    while count <= _FARTHEST:
        nearest = list(before.values_list("pk", flat=True)[:count])
        found = SegmentRow.objects.filter(pk__in=nearest).order_by("start").values_of()
        if len(nearest) < count or any(_can_begin(segment) for segment in found[:-1]):
            return found
        count *= 4
    return found


def _can_begin(segment: Segment) -> bool:
    video = segment.index.video
    return bool(video and video.entries)
