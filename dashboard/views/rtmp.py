"""What our own RTMP server asks and tells us; it shows a secret. 2xx lets a publisher in, 403 sends it away."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from editing.errors import EditingError, InvalidInput, PermissionDenied
from editing.services import publishing
from editing.services.publishing import Publisher

log = logging.getLogger(__name__)


def _from_server(view: Callable[[Publisher], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    @csrf_exempt
    @require_POST
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        try:
            publishing.check_secret(request.GET.get("secret", ""))
        except PermissionDenied:
            return HttpResponse(status=403)
        return view(_publisher(request))

    return guarded


@_from_server
def begin(publisher: Publisher) -> HttpResponse:
    try:
        publishing.begin(publisher)
    except (PermissionDenied, InvalidInput):
        return HttpResponse(status=403)
    return HttpResponse(status=204)


@_from_server
def go_on(publisher: Publisher) -> HttpResponse:
    """Only a wrong key ends a stream that is on; whatever else may be the matter with us does not."""
    try:
        publishing.go_on(publisher)
    except PermissionDenied:
        return HttpResponse(status=403)
    except (EditingError, DatabaseError):
        log.warning("That %s goes on could not be noted.", publisher, exc_info=True)
    return HttpResponse(status=204)


@_from_server
def end(publisher: Publisher) -> HttpResponse:
    publishing.end(publisher)
    return HttpResponse(status=204)


def _publisher(request: HttpRequest) -> Publisher:
    """The server's own words come first in the body, and what the publisher has added to its stream's name after
    them: of each name the first one counts."""

    def first(name: str) -> str:
        return next(iter(request.POST.getlist(name)), "")

    return Publisher(first("app"), first("name"), first("clientid")[:20], first("addr"), first("key"))
