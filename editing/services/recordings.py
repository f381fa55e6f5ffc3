"""Recordings: import them, say what they hold, play them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from django.db.models import QuerySet

from editing import storage
from editing.errors import InvalidInput, NotFound
from editing.media import playlist as hls
from editing.models import Bucket, GapRow, Recording, SegmentRow, Stream
from editing.services import streams
from editing.timeline.clips import StreamName
from editing.timeline.coverage import Coverage, Gap, Segment
from editing.timeline.frames import FrameKind
from editing.timeline.instant import SECOND, Instant, Range
from editing.worker import ingest

LONGEST_PLAYLIST = 12 * 3600 * SECOND
_LOOK_BACK = 4
_FARTHEST = 256


def import_playlist(
    playlist: str,
    *,
    stream: StreamName,
    bucket: Bucket,
    start: Instant | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    say: Callable[[str], None] = lambda sentence: None,
) -> Recording:
    """Import an HLS playlist (path or http(s) address) into a recording of `stream`; what is there already stays.

    `start` counts where the playlist gives no dates. `progress` hears (done, all) segments, `say` what people should
    know. Raises InvalidPlaylist, StartRequired, InvalidInput for a name no stream can have, StorageFailure, Conflict.
    """
    streams.check(stream)
    if not bucket.active:
        raise InvalidInput(f"Bucket {bucket} is not active.", field="bucket")
    listed = ingest.listed(ingest.read_playlist(playlist, say), start)
    return ingest.run(playlist, listed, streams.get_or_create(stream), bucket, progress=progress)


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


def coverage(recording: Recording, within: Range | None = None) -> Coverage:
    """What the recording holds, without the frames' index: for rulers, lists and playlists."""
    rows = recording.segments.defer("packed").order_by("start")
    if within:
        first = rows.filter(start__lte=within.start).order_by("-start").values_list("start", flat=True).first()
        rows = rows.filter(start__gte=first if first is not None else within.start, start__lt=within.end)
    gaps = recording.gaps.values_list("start", "end", "reason")
    return Coverage(rows.values_of(), [Gap(Range(start, end), reason) for start, end, reason in gaps])


def playlist(recording: Recording, *, uri: Callable[[Segment], str], within: Range | None = None) -> str:
    """The recording, or a part of it rounded to whole segments, as an HLS playlist.

    Raises NotFound where there is nothing to play, InvalidInput for more than twelve hours at once.
    """
    whole = recording.range
    if whole is None:
        raise NotFound("Nothing is recorded yet.")
    wanted = within or whole
    if wanted.duration > LONGEST_PLAYLIST:
        raise InvalidInput("A playlist covers at most twelve hours; give start and end.", field="end")
    segments = coverage(recording, wanted).touching(wanted)
    if not segments:
        raise NotFound("Nothing is recorded in this range.", field="start")
    ended = recording.ended or wanted.end < whole.end
    return hls.write(segments, uri=uri, ended=ended, first=segments[0].sequence)


def delete(recording: Recording) -> None:
    """Remove a recording with its files. Outputs that were made from it stay."""
    keys = list(recording.segments.values_list("key", flat=True))
    bucket = recording.bucket
    recording.delete()
    for key in [*keys, *([recording.poster] if recording.poster else [])]:
        storage.delete(bucket, key)


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
    return [*_back_to_entry(before), *inside.values_of(), *after.values_of()]


def _back_to_entry(before: QuerySet[SegmentRow]) -> list[Segment]:
    """The segment that begins at or before a range, and those before it until one in which a decoder can begin."""
    found: list[Segment] = []
    count = _LOOK_BACK
    while len(found) < count <= _FARTHEST:
        nearest = list(before.values_list("pk", flat=True)[:count])
        found = SegmentRow.objects.filter(pk__in=nearest).order_by("start").values_of()
        if any(_has_idr(segment) for segment in found[:-1]):
            return found
        count *= 4
    return found


def _has_idr(segment: Segment) -> bool:
    video = segment.index.video
    return video is not None and any(video.kind(position) is FrameKind.IDR for position in range(len(video)))
