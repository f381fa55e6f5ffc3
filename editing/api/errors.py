"""Errors as RFC 9457 problem details, with our stable code and the field at fault."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from editing import errors

_STATUS: tuple[tuple[type[errors.EditingError], int], ...] = (
    (errors.IdempotencyConflict, 422),
    (errors.InvalidInput, 422),
    (errors.NotFound, 404),
    (errors.PermissionDenied, 403),
    (errors.Conflict, 409),
    (errors.StorageFailure, 503),
    (errors.EditingError, 500),
)
_CODES = {
    exceptions.NotAuthenticated: "NotAuthenticated",
    exceptions.AuthenticationFailed: "AuthenticationFailed",
    exceptions.PermissionDenied: "PermissionDenied",
    exceptions.NotFound: "NotFound",
    exceptions.MethodNotAllowed: "MethodNotAllowed",
    exceptions.UnsupportedMediaType: "UnsupportedMediaType",
    exceptions.NotAcceptable: "NotAcceptable",
    exceptions.ParseError: "MalformedBody",
    exceptions.Throttled: "Throttled",
}


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler; None lets a programming error be one."""
    answer = _answer(error)
    if answer is not None:
        set_rollback()
    return answer


def _answer(error: Exception) -> Response | None:
    if isinstance(error, errors.EditingError):
        # A thing that the address names and that is missing is 404; one that the body names is the body's fault.
        status = next(status for kind, status in _STATUS if isinstance(error, kind))
        status = 422 if isinstance(error, errors.NotFound) and error.field else status
        return _problem(status, error.code, error.message, field=error.field)
    if isinstance(error, Http404):
        return _problem(404, "NotFound", "There is no such thing here.")
    if isinstance(error, DjangoPermissionDenied):
        return _problem(403, "PermissionDenied", "Your role does not allow this.")
    if isinstance(error, RequestDataTooBig):
        return _problem(413, "BodyTooLarge", f"A body has at most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes.")
    if isinstance(error, exceptions.ValidationError):
        return _invalid(error)
    if isinstance(error, exceptions.APIException):
        return _from_framework(error)
    return None


def _from_framework(error: exceptions.APIException) -> Response:
    code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), "Error")
    answer = _problem(error.status_code, code, str(error.detail))
    if header := getattr(error, "auth_header", None):
        answer["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        answer["Retry-After"] = str(int(wait) + 1)
    return answer


def _invalid(error: exceptions.ValidationError) -> Response:
    found = [(_writable(field), _writable(message)) for field, message in _flat(error.detail, "")]
    field, message = found[0] if found else ("", "The input is not valid.")
    answer = _problem(400, "InvalidInput", message, field=field or None)
    if len(found) > 1 and isinstance(answer.data, dict):
        answer.data["errors"] = [{"field": field, "detail": message} for field, message in found]
    return answer


def _flat(detail: Any, path: str) -> Any:
    """(field, message) for every message in DRF's nested ones; items of lists as clips[2].end."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _flat(inner, _joined(path, name))
    elif isinstance(detail, list) and any(isinstance(item, (dict, list)) for item in detail):
        for number, inner in enumerate(detail):
            yield from _flat(inner, f"{path}[{number}]")
    elif isinstance(detail, list):
        for message in detail:
            yield path, str(message)
    else:
        yield path, str(detail)


def _joined(path: str, name: Any) -> str:
    if name == "non_field_errors":
        return path
    if isinstance(name, int):
        return f"{path}[{name}]"
    return f"{path}.{name}" if path else str(name)


def _problem(status: int, code: str, detail: str, *, field: str | None = None) -> Response:
    title, detail = HTTPStatus(status).phrase, _writable(detail)
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
    if field:
        body["field"] = _writable(field)
    return Response(body, status=status, content_type="application/problem+json")


def _writable(text: str) -> str:
    """What we refuse may hold halves of surrogate pairs, and our refusal repeats it."""
    return text.encode(errors="replace").decode()
