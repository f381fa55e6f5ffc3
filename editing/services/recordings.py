"""Recordings: import them, say what they hold, play them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO

from editing import storage
from editing.errors import Conflict, InvalidInput, NotFound, StorageFailure
from editing.media import playlist as hls
from editing.media.frames import jpeg_at
from editing.models import Bucket, RecordFile, Recording, RecordJob
from editing.models.recording import SegmentQuerySet
from editing.services import links, media, streams
from editing.timeline.clips import StreamName
from editing.timeline.coverage import Coverage, Gap, Segment, follows
from editing.timeline.frames import ENTRIES
from editing.timeline.instant import SECOND, Instant, Range
from editing.worker import ingest, listing

_OUTLINED = ("pk", "start", "end", "first_pts", "end_pts", "frames", "anchor_id")
LONGEST_PLAYLIST = links.LONGEST_PLAYLIST
LONGEST_PREVIEW = 6 * 3600 * SECOND
"""Of a recording that grows: its playlist is asked for again and again."""
_LOOK_BACK = 4
"""Segments in which a place is looked for where decoding can begin, for a single picture."""


@dataclass(frozen=True)
class Outline:
    """What is recorded, where one segment of `coverage` stands for all that simply go on, and when each began."""

    coverage: Coverage
    starts: list[Instant]


@dataclass
class _Run:
    """Segments that go on from one to the next: the first one's key, and where the last one ends."""

    first: int
    anchor: int
    end: Instant
    end_pts: int
    frames: int


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
    listed = listing.listed(listing.read(playlist, say), start)
    return ingest.run(playlist, listed, streams.get_or_create(stream), bucket, progress=progress)


def coverage(recording: Recording, within: Range | None = None) -> Coverage:
    """What the recording holds, without the frames' index: for playlists."""
    return Coverage(_rows(recording, within).values_of(), _gaps(recording))


def outline(recording: Recording, within: Range | None = None) -> Outline:
    """The same for rulers and lists, which want it of a whole day at once: segments that simply go on are one."""
    starts: list[Instant] = []
    runs: list[_Run] = []
    for key, start, end, first_pts, end_pts, frames, anchor in _rows(recording, within).values_list(*_OUTLINED):
        starts.append(start)
        run = runs[-1] if runs else None
        if (
            run
            and run.anchor == anchor
            and abs(first_pts - run.end_pts) <= (end_pts - first_pts) // max(frames, 1) // 2
        ):
            run.end, run.end_pts, run.frames = end, end_pts, run.frames + frames
        else:
            runs.append(_Run(key, anchor, end, end_pts, frames))
    of = {run.first: run for run in runs}
    firsts = recording.segments.filter(pk__in=of).defer("packed").values_of()
    found = [
        replace(each, end=of[each.id].end, end_pts=of[each.id].end_pts, frames=of[each.id].frames) for each in firsts
    ]
    return Outline(Coverage(found, _gaps(recording)), starts)


def _rows(recording: Recording, within: Range | None) -> SegmentQuerySet:
    rows = recording.segments.defer("packed").order_by("start")
    if within:
        first = rows.filter(start__lte=within.start).order_by("-start").values_list("start", flat=True).first()
        rows = rows.filter(start__gte=first if first is not None else within.start, start__lt=within.end)
    return rows


def _gaps(recording: Recording) -> list[Gap]:
    gaps = recording.gaps.values_list("start", "end", "reason")
    return [Gap(Range(start, end), reason) for start, end, reason in gaps]


def playlist(recording: Recording, *, uri: Callable[[Segment], str], within: Range | None = None) -> str:
    """The recording, or a part of it rounded to whole segments, as an HLS playlist.

    Raises NotFound where there is nothing to play, InvalidInput for more than 25 hours at once.
    """
    whole = recording.range
    if whole is None:
        raise NotFound("Nothing is recorded yet.")
    wanted = within or whole
    if wanted.duration > LONGEST_PLAYLIST:
        raise InvalidInput("A playlist covers at most 25 hours; give start and end.", field="end")
    segments = coverage(recording, wanted).touching(wanted)
    if not segments:
        raise NotFound("Nothing is recorded in this range.", field="start")
    ended = recording.ended or wanted.end < whole.end
    return hls.write(segments, uri=uri, ended=ended, first=segments[0].sequence)


def preview_url(recording: Recording) -> str:
    """A time-limited address of the recording as HLS; of a long one, the end that plays at once while it grows."""
    whole, longest = recording.range, LONGEST_PLAYLIST if recording.ended else LONGEST_PREVIEW
    if whole is None or whole.duration <= longest:
        return links.playlist_url(recording)
    return links.playlist_url(recording, start=whole.end - longest)


def frame_times(recording: Recording, instant: Instant) -> list[Instant]:
    """The instants of all frames of the segment that is on at the instant, and last its end; nothing in a hole."""
    before = recording.segments.filter(stream=recording.stream_id, start__lte=instant).order_by("-start")[:1]
    segment = next(iter(before.values_of()), None)
    video = segment.index.video if segment else None
    if segment is None or video is None or instant not in segment.range:
        return []
    return [segment.anchor.instant(pts) for pts in (*sorted(video.pts), segment.end_pts)]


def picture(recording: Recording, instant: Instant, *, width: int) -> bytes:
    """What is on the screen at an instant as JPEG, no wider than that. Raises NotFound in a hole, UnreadableMedia,
    StorageFailure."""
    before = recording.segments.filter(stream=recording.stream_id, start__lte=instant).order_by("-start")
    nearest = before.values_list("pk", flat=True)[:_LOOK_BACK]
    segments = recording.segments.filter(pk__in=list(nearest)).order_by("start").values_of()
    if not segments or instant not in segments[-1].range:
        raise NotFound("Nothing is recorded at this instant.", field="at")
    pts = segments[-1].anchor.first_pts_at(instant + 1) - 1  # the last tick that is not after the instant
    return jpeg_at(_since_entry(segments, pts), pts, width=width, open_segment=partial(_opened, recording.bucket))


def _since_entry(segments: Sequence[Segment], pts: int) -> Sequence[Segment]:
    """The last of the segments, and before it those without which a decoder would not get the frame at `pts` right."""
    first = len(segments) - 1
    while first and not _begins(segments[first], pts) and follows(segments[first - 1], segments[first]):
        first -= 1
    return segments[first:]


def _begins(segment: Segment, pts: int) -> bool:
    """Whether a decoder can begin in it at or before a time."""
    video = segment.index.video
    entries = (video.pts[number] for number in range(len(video.pts)) if video.kind(number) in ENTRIES) if video else ()
    return any(entry <= pts for entry in entries)


def _opened(bucket: Bucket, segment: Segment) -> BinaryIO:
    return storage.open_file(bucket, segment.key)


def delete(recording: Recording, *, keep_files: bool = False) -> None:
    """Remove a recording, with its files or without. Outputs that were made from it stay.

    Rows go first: a file without a row harms nobody. Raises Conflict while a record job adds to it, StorageFailure
    where files stay behind; the recording is gone then, too.
    """
    if RecordJob.objects.filter(recording=recording).exists():
        raise Conflict("A record job is adding to this recording; stop the job first.")
    bucket, keys = recording.bucket, list(recording.segments.values_list("key", flat=True))
    recording.delete()
    left, reason = 0, ""
    for key in [] if keep_files else [*keys, *recording.other_keys]:
        try:
            storage.delete(bucket, key)
        except StorageFailure as error:
            left, reason = left + 1, error.message
    if left:
        raise StorageFailure(f"The recording is gone, but {left} of its files stay in bucket {bucket}: {reason}")


def delete_file(file: RecordFile, *, keep_file: bool = False) -> None:
    """Remove a whole file of a recording with its asset; the recording stays. Raises StorageFailure, OutputKeyTaken."""
    if file.asset:
        media.delete(file.asset, keep_file=keep_file)
    elif not keep_file:
        storage.delete(file.recording.bucket, file.key)
    RecordFile.objects.filter(pk=file.pk).delete()
