"""A recording on its timeline."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, F, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import condition, require_POST, require_safe

from dashboard.access import load, needs
from dashboard.clip_list import ClipList
from dashboard.forms import MergeForm
from editing.errors import EditingError, StorageFailure
from editing.models import AnchorRow, Recording
from editing.models.roles import Verb
from editing.services import links, recordings
from editing.timeline.coverage import INTENDED
from editing.timeline.instant import SECOND, Instant, Range

_ROWS = Recording.objects.select_related("stream", "bucket", "record_job")
_ANCHORS_SHOWN = 10
_SMALL = 320


@needs(Verb.SEE)
@require_safe
def detail(request: HttpRequest, recording_id: int) -> HttpResponse:
    """Player, timeline, clips."""
    recording = load(_ROWS, request, pk=recording_id)
    clips = ClipList(request)
    context = {
        "recording": recording,
        "playlist": links.playlist_url(recording) if recording.range else "",
        "longest": recordings.LONGEST_PLAYLIST // 1_000_000,
        "clips": clips,
        "merge": MergeForm(initial={"bucket": clips.project.bucket} if clips.project else None),
        **_facts(recording),
    }
    return render(request, "recordings/recording.html", context)


@needs(Verb.SEE)
@require_safe
def facts(request: HttpRequest, recording_id: int) -> HttpResponse:
    """How it is and was recorded; it asks for itself again while the recording grows."""
    recording = load(_ROWS, request, pk=recording_id)
    return render(request, "recordings/_facts.html", {"recording": recording, **_facts(recording)})


@needs(Verb.SEE)
@require_safe
def timeline(request: HttpRequest, recording_id: int) -> HttpResponse:
    """What the timeline draws, as JSON; a browser that has it asks again for nothing.

    `since`, in microseconds, leaves out what ended before: while a recording grows only its end is asked for.
    """
    since = request.GET.get("since", "0")
    if not since.isdecimal() or len(since) > 18:
        return JsonResponse({"detail": "Give `since` in microseconds since 1970."}, status=400)
    return _timeline(request, load(_ROWS, request, pk=recording_id), int(since))


@needs(Verb.SEE)
@require_safe
def frames(request: HttpRequest, recording_id: int) -> JsonResponse:
    """The instants (µs) of the frames around an instant, last the end of their segment: marks and steps are exact."""
    recording = load(_ROWS, request, pk=recording_id)
    at = request.GET.get("at", "")
    if not at.isdecimal() or len(at) > 18:
        return JsonResponse({"detail": "Give `at` in microseconds since 1970."}, status=400)
    answer = JsonResponse({"frames": recordings.frame_times(recording, int(at))})
    patch_cache_control(answer, private=True, max_age=3600)
    return answer


@needs(Verb.SEE)
@require_safe
def picture(request: HttpRequest, recording_id: str, at: str) -> HttpResponse:
    """What is on the screen at an instant (µs), small: it never changes."""
    recording = load(_ROWS, request, pk=recording_id)
    try:
        found = recordings.picture(recording, int(at), width=_SMALL)
    except EditingError as error:
        raise Http404(error.message) from error
    answer = HttpResponse(found, content_type="image/jpeg")
    patch_cache_control(answer, private=True, max_age=24 * 3600)
    return answer


@needs(Verb.OPERATE)
@require_POST
def delete(request: HttpRequest, recording_id: int) -> HttpResponse:
    recording = load(_ROWS, request, pk=recording_id)
    stream_id = recording.stream_id
    try:
        recordings.delete(recording)
    except StorageFailure as error:
        messages.warning(request, error.message)
    except EditingError as error:
        messages.error(request, error.message)
        return redirect("recording", recording_id)
    return redirect("stream", stream_id)


def _facts(recording: Recording) -> dict[str, Any]:
    job, whole = recording.record_job, recording.range
    paused = Q(reason__in=INTENDED)
    long = Sum(F("end") - F("start"))
    gaps = recording.gaps.exclude(paused).aggregate(count=Count("pk"), missing=long)
    pauses = recording.gaps.filter(paused).aggregate(count=Count("pk"), missing=long)
    arriving = job is not None and job.recording_id == recording.pk and job.held
    return {
        "job": job,
        "arriving": job.vitals if job and arriving else None,
        "bitrate": recording.size * 8 * SECOND // whole.duration if whole and whole.duration else None,
        "gaps": gaps["count"],
        "missing": gaps["missing"],
        "pauses": pauses["count"],
        "paused": pauses["missing"],
        "anchors": _anchors(recording),
    }


def _anchors(recording: Recording) -> list[AnchorRow]:
    """The latest, newest first, each with how far it was `moved` from the one before on the same clock."""
    found = list(recording.anchors.order_by("-pk")[: _ANCHORS_SHOWN + 1])
    for anchor, before in zip(found, [*found[1:], None], strict=False):  # a recording may have none
        same = before is not None and before.epoch == anchor.epoch
        anchor.moved = anchor.utc - before.value.instant(anchor.pts) if before and same else None
    return found[:_ANCHORS_SHOWN]


def _version(request: HttpRequest, recording: Recording, since: int) -> str:
    parts = (recording.pk, recording.segment_count, recording.end, recording.gaps.count(), recording.ended, since)
    return f'"{"-".join(map(str, parts))}"'


@condition(etag_func=_version)
def _timeline(request: HttpRequest, recording: Recording, since: int) -> JsonResponse:
    answer = JsonResponse({**_drawn(recording, since), "ended": recording.ended})
    patch_cache_control(answer, private=True, no_cache=True)
    return answer


def _drawn(recording: Recording, since: Instant) -> dict[str, Any]:
    """Instants in whole microseconds; each segment by its start. All from the segment on that is on at `since`."""
    whole = recording.range
    within = Range(max(since, whole.start), whole.end) if whole and since < whole.end else whole
    outline = recordings.outline(recording, within)
    found = outline.coverage
    start = found.segments[0].start if found.segments else since
    shown = Range(start, whole.end) if whole and since > whole.start else None
    return {
        "start": start,
        "end": whole.end if whole else start,
        "covered": [[part.start, part.end] for part in found.shown()],
        "gaps": [[gap.range.start, gap.range.end, gap.reason, gap.intended] for gap in found.gaps(shown)],
        "clock": [[step.before, step.after] for step in found.clock_steps()],
        "segments": outline.starts,
    }
