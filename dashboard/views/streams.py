"""Streams and what is recorded of them."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Count, Max, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.access import load, needs
from editing.models import Recording, Stream
from editing.models.roles import Verb


@needs(Verb.SEE)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All streams, the one recorded last first."""
    newest = Recording.objects.filter(stream=OuterRef("pk")).order_by("-start").values("pk")[:1]
    streams = Stream.objects.visible_to(request.user).annotate(
        recorded_until=Max("recordings__end"), recording_count=Count("recordings"), newest=Subquery(newest)
    )
    page = Paginator(streams.order_by("-recorded_until", "domain", "app", "name"), 50).get_page(request.GET.get("page"))
    return render(request, "streams/streams.html", {"page": page})


@needs(Verb.SEE)
@require_safe
def detail(request: HttpRequest, stream_id: int) -> HttpResponse:
    """A stream's recordings."""
    stream = load(Stream.objects.all(), request, pk=stream_id)
    page = Paginator(stream.recordings.select_related("bucket"), 50).get_page(request.GET.get("page"))
    return render(request, "streams/stream.html", {"stream": stream, "page": page})
