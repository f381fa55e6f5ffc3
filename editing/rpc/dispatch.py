"""The one address of the IMS-compatible API: check the signature, find the action, answer in JSON whatever happens."""

from __future__ import annotations

import logging
from uuid import uuid4

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from editing.errors import EditingError
from editing.models.roles import can
from editing.rpc import signature, wire
from editing.rpc.actions import ACTIONS
from editing.rpc.errors import Refused, invalid, missing, refusal_of
from editing.rpc.flattened import values_of
from editing.rpc.operation import Answer, Call, Operation

VERSION = "2020-11-09"
log = logging.getLogger(__name__)


def respond(request: HttpRequest) -> HttpResponse:
    """Success and refusal alike are JSON objects with a RequestId; what goes wrong on our side is logged with it."""
    request_id = str(uuid4()).upper()
    try:
        return wire.answer({"RequestId": request_id, **_answer(request)})
    except Refused as refusal:
        return _refusal(request, request_id, refusal)
    except OperationalError:
        log.exception("The database did not answer call %s.", request_id)
        return _refusal(request, request_id, Refused("ServiceUnAvailable", "The database does not answer; try again."))
    except Exception:
        log.exception("Call %s failed.", request_id)
        words = "The request processing has failed due to some unknown error."
        return _refusal(request, request_id, Refused("InternalError", words))


def refuse_host(request: HttpRequest) -> HttpResponse:
    """For requests under a host name that is not ours, which Django turns away before any view."""
    why = "This server does not answer to this host name; its operator may add it to ALLOWED_HOSTS."
    return _refusal(request, str(uuid4()).upper(), invalid("Host", why))


def _answer(request: HttpRequest) -> Answer:
    if request.method not in ("GET", "POST"):
        raise Refused("UnsupportedHTTPMethod", "Use POST or GET.")
    message = wire.read(request)
    try:
        key, claim = signature.check(message)
    except EditingError as error:
        raise refusal_of(error, {}) from error
    operation = _operation(message, claim)
    if not can(key.user, operation.verb):
        raise Refused("Forbidden", "User not authorized to operate on the specified resource.")
    values = values_of(message.pairs, operation.params)
    for param in operation.params:
        param.of(values)  # also those that an action does not look at: nonsense is refused wherever it stands
    call = Call(key.user, values, request.build_absolute_uri)
    try:
        return operation.answer(call)
    except EditingError as error:
        raise refusal_of(error, operation.fields) from error


def _operation(message: wire.Message, claim: signature.Claim) -> Operation:
    """By what was signed. The older signature does not cover the headers, so that they have no say there."""
    if not claim.action:
        raise missing("Action")
    if claim.version != VERSION:
        raise Refused("InvalidVersion", f"Specified parameter Version is not valid; it is {VERSION}.")
    if message.one("Action") not in ("", claim.action):
        raise invalid("Action", "It differs from x-acs-action.")
    if claim.action not in ACTIONS:
        raise Refused("InvalidAction.NotFound", "Specified api is not found, please check your url and method.")
    return ACTIONS[claim.action]


def _refusal(request: HttpRequest, request_id: str, refusal: Refused) -> HttpResponse:
    host = request.META.get("HTTP_HOST", "")
    body = {
        "RequestId": request_id,
        "HostId": host,
        "Code": refusal.code,
        "Message": refusal.message,
        "Recommend": f"{request.scheme}://{host}{reverse('sdk')}#{refusal.code}",
    }
    # In ms; this header is what makes the SDK raise its ThrottlingException.
    wait = {"x-acs-retry-after": "1000", "Retry-After": "1"} if refusal.code == "Throttling.User" else {}
    return wire.answer(body, refusal.status, **wait)
