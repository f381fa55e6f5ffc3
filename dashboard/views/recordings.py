"""A recording on its timeline."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import condition, require_POST, require_safe

from dashboard.access import load, needs
from dashboard.clip_list import ClipList
from dashboard.forms import MergeForm
from editing.errors import Conflict
from editing.models import Recording
from editing.models.roles import Verb
from editing.services import links, recordings
from editing.timeline.coverage import Coverage

_ROWS = Recording.objects.select_related("stream", "bucket")


@needs(Verb.SEE)
@require_safe
def detail(request: HttpRequest, recording_id: int) -> HttpResponse:
    """Player, timeline, clips."""
    recording = load(_ROWS, request, pk=recording_id)
    context = {
        "recording": recording,
        "playlist": links.playlist_url(recording) if recording.range else "",
        "longest": recordings.LONGEST_PLAYLIST // 1_000_000,
        "clips": ClipList(request),
        "merge": MergeForm(),
    }
    return render(request, "recordings/recording.html", context)


@needs(Verb.SEE)
@require_safe
def timeline(request: HttpRequest, recording_id: int) -> HttpResponse:
    """What the timeline draws, as JSON; a browser that has it asks again for nothing."""
    return _timeline(request, load(_ROWS, request, pk=recording_id))


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


@needs(Verb.OPERATE)
@require_POST
def delete(request: HttpRequest, recording_id: int) -> HttpResponse:
    recording = load(_ROWS, request, pk=recording_id)
    stream_id = recording.stream_id
    try:
        recordings.delete(recording)
    except Conflict as error:
        messages.error(request, error.message)
        return redirect("recording", recording.pk)
    return redirect("stream", stream_id)


def _version(request: HttpRequest, recording: Recording) -> str:
    return f'"{recording.pk}-{recording.segment_count}-{recording.end}-{recording.gaps.count()}"'


@condition(etag_func=_version)
def _timeline(request: HttpRequest, recording: Recording) -> JsonResponse:
    answer = JsonResponse(_drawn(recordings.coverage(recording)))
    patch_cache_control(answer, private=True, no_cache=True)
    return answer


def _drawn(found: Coverage) -> dict[str, Any]:
    """Instants in whole microseconds; each segment by its start."""
    return {
        "covered": [[part.start, part.end] for part in found.covered()],
        "gaps": [[gap.range.start, gap.range.end, gap.reason] for gap in found.gaps()],
        "segments": [segment.start for segment in found.segments],
    }
