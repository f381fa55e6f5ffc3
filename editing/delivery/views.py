"""Media over HTTP. A signed address is its own permission; there is no sign-in here."""

from __future__ import annotations

from functools import wraps
from typing import Any, Protocol
from zlib import crc32

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_cache_control
from django.views.decorators.http import condition, require_safe

from editing.delivery.files import respond
from editing.errors import InvalidInput, NotFound, PermissionDenied
from editing.models import Bucket, Recording
from editing.services import links, recordings
from editing.timeline.coverage import Segment
from editing.timeline.instant import Range


class View(Protocol):
    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase: ...


def in_plain_words(view: View) -> View:
    """Our refusals as short texts with the right status."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except PermissionDenied as error:
            return _text(error.message, 403)
        except NotFound as error:
            return _text(error.message, 404)
        except InvalidInput as error:
            return _text(error.message, 400)

    return answer


@require_safe
@in_plain_words
def file(request: HttpRequest, bucket: str, key: str) -> HttpResponseBase:
    """A file by its signed address."""
    links.check_file(bucket, key, **_signature(request))
    found = Bucket.objects.filter(name=bucket).first()
    if found is None:
        raise NotFound("There is no such bucket any more.")
    return respond(request, found, key, download=request.GET.get("download", ""))


def _version(request: HttpRequest, recording_id: int) -> str | None:
    """A playlist changes when segments come, and with the address: its signature is written into it."""
    count = Recording.objects.filter(pk=recording_id).values_list("segment_count", "ended").first()
    address = crc32(request.META["QUERY_STRING"].encode())
    return f'"{count[0]}-{int(count[1])}-{address:x}"' if count else None


@require_safe
@in_plain_words
def playlist(request: HttpRequest, recording_id: int) -> HttpResponseBase:
    """A recording as HLS; its segments carry the playlist's own signature."""
    links.check_recording(recording_id, **_signature(request))
    return _playlist(request, recording_id)


@condition(etag_func=_version)
def _playlist(request: HttpRequest, recording_id: int) -> HttpResponse:
    recording = _recording(recording_id)
    signature = _signature(request)
    query = f"expires={signature['expires']}&signature={signature['signature']}"
    text = recordings.playlist(recording, uri=lambda segment: _name(segment, query), within=_within(request, recording))
    answer = HttpResponse(text, content_type="application/vnd.apple.mpegurl")
    patch_cache_control(answer, private=True, max_age=0)
    return answer


@require_safe
@in_plain_words
def segment(request: HttpRequest, recording_id: int, sequence: int) -> HttpResponseBase:
    """One segment of a recording."""
    links.check_recording(recording_id, **_signature(request))
    recording = _recording(recording_id)
    key = recording.segments.filter(sequence=sequence).values_list("key", flat=True).first()
    if key is None:
        raise NotFound("The recording has no such segment.")
    return respond(request, recording.bucket, key)


def _recording(number: int) -> Recording:
    found: Recording | None = Recording.objects.select_related("bucket").filter(pk=number).first()
    if found is None:
        raise NotFound("There is no such recording any more.")
    return found


def _name(segment: Segment, query: str) -> str:
    return f"{segment.sequence}.ts?{query}"


def _signature(request: HttpRequest) -> dict[str, str]:
    expires, signature = request.GET.get("expires", ""), request.GET.get("signature", "")
    if not expires.isdigit() or not signature:
        raise PermissionDenied("This address is not signed by us.")
    return {"expires": expires, "signature": signature}


def _within(request: HttpRequest, recording: Recording) -> Range | None:
    given = {name: request.GET.get(name, "") for name in ("start", "end")}
    for name, value in given.items():
        if value and not value.lstrip("-").isdigit():
            raise InvalidInput(f"“{value}” is not an instant in microseconds.", field=name)
    whole = recording.range
    if whole is None or not any(given.values()):
        return None
    return Range(int(given["start"] or whole.start), int(given["end"] or whole.end))


def _text(message: str, status: int) -> HttpResponse:
    return HttpResponse(message + "\n", status=status, content_type="text/plain; charset=utf-8")
