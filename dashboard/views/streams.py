"""Streams and what is recorded of them."""

from __future__ import annotations

from django.db.models import Count, F, OuterRef, Subquery, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import load, needs
from dashboard.forms import KeepForm
from editing.errors import InvalidInput
from editing.models import Recording, Stream
from editing.models.roles import Verb
from editing.services import links, streams
from editing.services.paging import KeyPaginator


@needs(Verb.SEE)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All streams as a wall, the one recorded last first, each with its newest recording."""
    newest = Recording.objects.filter(stream=OuterRef("pk"), start__isnull=False).order_by("-start")
    rows = Stream.objects.visible_to(request.user).annotate(
        recordings_made=Count("recordings"),
        recorded_until=Subquery(newest.values("end")[:1]),
        newest=Subquery(newest.values("pk")[:1]),
    )
    ordered = rows.order_by(F("recorded_until").desc(nulls_last=True), "domain", "app", "name")
    page = KeyPaginator(ordered, 48).get_page(request.GET.get("page"))
    recordings = Recording.objects.select_related("bucket").in_bulk([stream.newest for stream in page if stream.newest])
    cards = [(stream, found := recordings.get(stream.newest), _poster(found)) for stream in page]
    return render(request, "streams/streams.html", {"page": page, "cards": cards})


@needs(Verb.SEE)
@require_safe
def detail(request: HttpRequest, stream_id: int) -> HttpResponse:
    """A stream's recordings."""
    stream = load(Stream.objects.all(), request, pk=stream_id)
    return _detail(request, stream, KeepForm.of(stream))


@needs(Verb.OPERATE)
@require_POST
def keep(request: HttpRequest, stream_id: int) -> HttpResponse:
    """Say how much of it is kept."""
    stream = load(Stream.objects.all(), request, pk=stream_id)
    form = KeepForm(request.POST)
    if form.is_valid():
        try:
            streams.keep(stream, **form.limits())
            return redirect("stream", stream.pk)
        except InvalidInput as error:
            form.add_refusal(error)
    return _detail(request, stream, form)


def _detail(request: HttpRequest, stream: Stream, form: KeepForm) -> HttpResponse:
    page = KeyPaginator(stream.recordings.select_related("bucket"), 50).get_page(request.GET.get("page"))
    rows = [(recording, _poster(recording)) for recording in page]
    size = stream.recordings.aggregate(size=Sum("size"))["size"]
    context = {"stream": stream, "page": page, "rows": rows, "size": size, "form": form}
    return render(request, "streams/stream.html", context)


def _poster(recording: Recording | None) -> str:
    """The address of a recording's picture, if it has one."""
    return links.file_url(recording.bucket, recording.poster) if recording and recording.poster else ""
