"""The wall: every stream that is live, as it looks now."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from dashboard.access import load, needs
from editing.errors import EditingError
from editing.models import SegmentRow, Stream
from editing.models.roles import Verb
from editing.services import on_air


@needs(Verb.SEE)
@require_safe
def wall(request: HttpRequest) -> HttpResponse:
    return render(request, "wall/wall.html", {"cards": on_air.streams(request.user)})


@needs(Verb.SEE)
@require_safe
def cards(request: HttpRequest) -> HttpResponse:
    """The cards alone; they ask for themselves again."""
    return render(request, "wall/_cards.html", {"cards": on_air.streams(request.user)})


@needs(Verb.SEE)
@require_safe
def picture(request: HttpRequest, stream_id: int, segment_id: int) -> HttpResponse:
    """The picture of a segment, which never changes."""
    stream = load(Stream.objects.all(), request, pk=stream_id)
    rows = SegmentRow.objects.select_related("recording__bucket").defer("packed")
    try:
        found = on_air.picture(get_object_or_404(rows, pk=segment_id, stream=stream))
    except EditingError:
        raise Http404 from None
    answer = HttpResponse(found, content_type="image/jpeg")
    patch_cache_control(answer, private=True, max_age=3600, immutable=True)
    return answer
