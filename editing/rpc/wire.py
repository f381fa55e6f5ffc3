"""A request as its client sent and signed it, and the JSON that goes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse, UnreadablePostError

from editing.rpc.errors import Refused, invalid

Pairs = list[tuple[str, str]]
_FORM = "application/x-www-form-urlencoded"
MOST_PARAMETERS = 10_000


@dataclass(frozen=True)
class Message:
    """One HTTP request to `/`, decoded but not yet believed. `body` is the form as it came, for its hash."""

    method: str
    headers: Mapping[str, str]
    query: Pairs
    form: Pairs
    body: bytes

    @property
    def pairs(self) -> Pairs:
        """All parameters: SDKs differ in what they put into the address and what into the body."""
        return [*self.query, *self.form]

    def header(self, name: str) -> str:
        """A header's value as the client wrote it: servers hand on bytes as if they were Latin-1."""
        value = self.headers.get(name, "")
        try:
            return value.encode("latin-1").decode().strip()
        except UnicodeError:
            return value.strip()

    def one(self, name: str) -> str:
        """The value of a parameter, nothing if it is not there."""
        return next((value for key, value in self.pairs if key == name), "")


def is_call(request: HttpRequest) -> bool:
    """Whether the request is for this face: browsers send neither x-acs-action nor Action."""
    if "x-acs-action" in request.headers or _names_action(request.META.get("QUERY_STRING", "").encode("latin-1")):
        return True
    if request.method != "POST" or request.content_type != _FORM:
        return False
    try:
        return _names_action(_body(request))
    except Refused:  # the answer will say why
        return True


def read(request: HttpRequest) -> Message:
    """Raises Refused for what is not UTF-8, not a form, too long, or says a parameter twice."""
    body = _body(request)
    if body and request.content_type not in ("", _FORM):
        raise invalid("Content-Type", f"Send parameters as {_FORM}.")
    message = Message(
        method=request.method or "",
        headers=request.headers,
        query=_pairs(request.META.get("QUERY_STRING", "").encode("latin-1")),
        form=_pairs(body),
        body=body,
    )
    if len(message.pairs) > MOST_PARAMETERS:
        raise invalid("body", f"A request has at most {MOST_PARAMETERS} parameters.")
    seen = set()
    for name, _ in message.pairs:
        if name in seen:
            raise invalid(name, "It is given more than once.")
        seen.add(name)
    return message


def answer(body: Mapping[str, Any], status: int = 200, **headers: str) -> JsonResponse:
    """Always UTF-8, an object, and never cached."""
    return JsonResponse(
        body,
        status=status,
        content_type="application/json;charset=utf-8",
        headers={"Cache-Control": "no-store", **headers},
        json_dumps_params={"ensure_ascii": False, "separators": (",", ":")},
    )


def moment(at: datetime) -> str:
    """As all their times go out: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _names_action(form: bytes) -> bool:
    return form.startswith(b"Action=") or b"&Action=" in form


def _body(request: HttpRequest) -> bytes:
    try:
        return request.body
    except RequestDataTooBig:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raise invalid("body", f"A request's body has at most {most} bytes.") from None
    except UnreadablePostError:
        raise invalid("body", "It broke off.") from None


def _pairs(form: bytes) -> Pairs:
    return [_pair(part) for part in form.split(b"&") if part]


def _pair(part: bytes) -> tuple[str, str]:
    """Both `+` and `%20` are spaces, in addresses and in bodies."""
    name, _, value = (unquote_to_bytes(half.replace(b"+", b" ")) for half in _halves(part))
    try:
        return name.decode(), value.decode()
    except UnicodeDecodeError:
        raise Refused("InvalidParameter", f'The specified parameter "{name!r}" is not UTF-8.') from None


def _halves(part: bytes) -> tuple[bytes, bytes, bytes]:
    return part.partition(b"=")
