"""From a job's row to its plan: the same for whoever submits it and for whoever cuts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils import timezone

from editing.errors import NotFound
from editing.models import EditingJob, Recording, Stream
from editing.timeline import plan as planning
from editing.timeline.clips import Clip, HolePolicy, Mode, StreamName
from editing.timeline.coverage import Coverage
from editing.timeline.instant import SECOND, Range, from_datetime
from editing.timeline.plan import CutPlan
from editing.timeline.target import Size
from editing.worker.coverage import coverage_of


def coverages(clips: Sequence[Clip], streams: Mapping[StreamName, Stream]) -> dict[StreamName, Coverage]:
    """What is recorded of each stream in and around its clips."""
    return {
        name: coverage_of(stream, [clip.range for clip in clips if clip.stream == name])
        for name, stream in streams.items()
    }


def streams_of(clips: Sequence[Clip]) -> dict[StreamName, Stream]:
    """The streams that clips are taken from. Raises NotFound, naming the first clip whose stream is not there."""
    found: dict[StreamName, Stream] = {}
    for number, clip in enumerate(clips):
        if clip.stream not in found:
            name = clip.stream
            stream = Stream.objects.filter(domain=name.domain, app=name.app, name=name.stream).first()
            if stream is None:
                raise NotFound(f"There is no stream {name}.", field=f"clips[{number}].stream")
            found[name] = stream
    return found


def unfinished(clips: Sequence[Clip], streams: Mapping[StreamName, Stream]) -> list[int]:
    """Which clips (by position) reach past the newest segment of a stream that is being recorded.

    That is waited for, but not much longer than the range's end by the wall clock: what has not come by then is
    missing.
    """
    now = from_datetime(timezone.now())
    return [
        number
        for number, clip in enumerate(clips)
        if clip.range.end + settings.MEDIA_WAIT_SECONDS * SECOND >= now
        and _reaches_past_the_edge(clip, streams[clip.stream])
    ]


def why_waiting(late: Sequence[int]) -> str:
    """What `unfinished` means, in words; nothing where no clip is."""
    return f"Clip {late[0] + 1} ends after what is recorded so far; waiting for the rest." if late else ""


def _reaches_past_the_edge(clip: Clip, stream: Stream) -> bool:
    edges = Recording.objects.filter(stream=stream, ended=False).values_list("end", flat=True)
    return bool(edges) and clip.range.end > max(edge or 0 for edge in edges)


def plan_of(job: EditingJob) -> CutPlan:
    """The plan of a job as things are now. Raises what planning raises."""
    clips = clips_of(job)
    return planning.make(
        clips,
        coverages(clips, streams_of(clips)),
        Mode(job.mode),
        size=Size(job.width, job.height),
        bitrate=job.bitrate,
        holes=HolePolicy(job.holes),
    )


def rows_of(clips: Sequence[Clip]) -> list[dict[str, Any]]:
    """Clips as a job keeps them, instants in µs."""
    return [
        {
            "domain": clip.stream.domain,
            "app": clip.stream.app,
            "stream": clip.stream.stream,
            "start": clip.range.start,
            "end": clip.range.end,
            "cover": clip.cover,
        }
        for clip in clips
    ]


def clips_of(job: EditingJob) -> list[Clip]:
    """The clips of a job."""
    return [
        Clip(StreamName(row["domain"], row["app"], row["stream"]), Range(row["start"], row["end"]), row["cover"])
        for row in job.clips
    ]
