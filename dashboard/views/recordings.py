"""A recording on its timeline."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import load, needs
from dashboard.clip_list import ClipList
from dashboard.views.clips import panel
from editing.models import Recording
from editing.models.roles import Verb
from editing.services import links, recordings
from editing.timeline.coverage import Coverage
from editing.timeline.instant import Range, format_instant

_ROWS = Recording.objects.select_related("stream", "bucket")


@needs(Verb.SEE)
@require_safe
def detail(request: HttpRequest, recording_id: int) -> HttpResponse:
    """Player, timeline, clips."""
    recording = load(_ROWS, request, pk=recording_id)
    found = recordings.coverage(recording)
    context = {
        "recording": recording,
        "timeline": _timeline(recording, found) if recording.range else None,
        "gaps": found.gaps(),
        **panel(request, ClipList(request)),
    }
    return render(request, "recordings/recording.html", context)


@needs(Verb.SEE)
@require_safe
def frame(request: HttpRequest, recording_id: int) -> JsonResponse:
    """The frame on the screen at an instant (µs): where it begins and ends, exactly."""
    recording = load(_ROWS, request, pk=recording_id)
    at = request.GET.get("at", "")
    found = recordings.frame_at(recording, int(at)) if at.isdigit() else None
    if found is None:
        return JsonResponse({"detail": "Nothing is recorded there."}, status=404)
    return JsonResponse({"start": format_instant(found.start), "end": format_instant(found.end)})


@needs(Verb.OPERATE)
@require_POST
def delete(request: HttpRequest, recording_id: int) -> HttpResponse:
    recording = load(_ROWS, request, pk=recording_id)
    stream_id = recording.stream_id
    recordings.delete(recording)
    return redirect("stream", stream_id)


def _timeline(recording: Recording, found: Coverage) -> dict[str, Any]:
    """What the timeline draws; instants in whole milliseconds, which a canvas can count in."""
    whole = recording.range or Range(0, 0)
    limit = recordings.LONGEST_PLAYLIST
    played = Range(max(whole.start, whole.end - limit), whole.end)
    return {
        "start": whole.start / 1000,
        "end": whole.end / 1000,
        "covered": [[part.start / 1000, part.end / 1000] for part in found.covered()],
        "gaps": [[gap.range.start / 1000, gap.range.end / 1000, gap.reason] for gap in found.gaps()],
        "segments": [segment.start / 1000 for segment in found.segments],
        "playlist": links.playlist_url(recording, start=played.start, end=played.end),
    }
