"""One address for two: browsers get the dashboard, programs with an IMS SDK the API; and a page that tells them how."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from dashboard.access import needs
from dashboard.views import streams
from editing.models.roles import Verb
from editing.rpc import dispatch, wire
from editing.rpc.actions import ACTIONS
from editing.rpc.errors import STATUS


@csrf_exempt
def home(request: HttpRequest) -> HttpResponseBase:
    """SDKs know no other path than `/`. Programs sign what they send; the dashboard takes nothing by POST here."""
    return dispatch.respond(request) if wire.is_call(request) else streams.index(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A host name that is not ours: said to an SDK in JSON, which is all it understands."""
    if request.path == "/" and wire.is_call(request):
        return dispatch.refuse_host(request)
    return defaults.bad_request(request, exception)


@needs(Verb.SEE)
@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    """How to point an existing SDK program here, and what it will find."""
    return render(request, "sdk/guide.html", {"operations": ACTIONS.values(), "refusals": STATUS})
