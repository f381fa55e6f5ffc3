"""Calls of the IMS-compatible API, signed by hand and sent through Django's test client: what no SDK would send."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from django.contrib.auth.models import User
from django.test import Client

from editing.services import access_keys

HOST = "testserver"


@dataclass
class Caller:
    """Signs with a key of its user. `signed` replaces headers before they are signed, `tampered` what is sent after
    that; `headers` are those of the last answer."""

    key: str
    secret: str
    client: Client = field(default_factory=Client)
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(self, action: str, **params: str) -> tuple[int, Any]:
        """By ACS3, all parameters in the address; the status and the JSON."""
        return self.acs3(action, query=list(params.items()))

    def acs3(
        self,
        action: str,
        *,
        query: list[tuple[str, str]] | None = None,
        form: list[tuple[str, str]] | None = None,
        method: str = "POST",
        signed: dict[str, str] | None = None,
        tampered: dict[str, str] | None = None,
        address: str | None = None,
    ) -> tuple[int, Any]:
        body = urlencode(form or []).encode()
        kind = {"content-type": "application/x-www-form-urlencoded"} if form else {}
        headers = acs3_headers(self, action, method, query or [], body, {**kind, **(signed or {})})
        return self.send(method, address or f"/?{urlencode(query or [])}", body, headers | (tampered or {}))

    def rpc(
        self,
        action: str,
        *,
        form: dict[str, str] | None = None,
        method: str = "POST",
        tampered: dict[str, str] | None = None,
        **params: str,
    ) -> tuple[int, Any]:
        """By the older signature, which covers the form, too."""
        query = {
            "Action": action,
            "Version": "2020-11-09",
            "Format": "JSON",
            "AccessKeyId": self.key,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureType": "",
            "SignatureNonce": uuid4().hex,
            "Timestamp": stamp(datetime.now(UTC)),
            **params,
        }
        to_sign = f"{method}&%2F&{quote(encoded([*query.items(), *(form or {}).items()]), safe='')}"
        digest = hmac.new(f"{self.secret}&".encode(), to_sign.encode(), "sha1").digest()
        query["Signature"] = base64.b64encode(digest).decode()
        body = urlencode(form or {}).encode()
        return self.send(method, f"/?{urlencode(query | (tampered or {}), quote_via=quote)}", body, {})

    def send(self, method: str, address: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        kind = headers.pop("content-type", "application/x-www-form-urlencoded")
        answer = self.client.generic(method, address, body, content_type=kind, headers=headers)  # type: ignore[arg-type]
        assert answer["Content-Type"] == "application/json;charset=utf-8", answer.content
        self.headers = dict(answer.headers)
        return answer.status_code, json.loads(answer.content)


def acs3_headers(
    caller: Caller, action: str, method: str, query: list[tuple[str, str]], body: bytes, more: dict[str, str]
) -> dict[str, str]:
    """All headers of a call, those in `more` among the signed ones."""
    headers = {
        "host": HOST,
        "x-acs-action": action,
        "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
        "x-acs-date": stamp(datetime.now(UTC)),
        "x-acs-signature-nonce": uuid4().hex,
        "x-acs-version": "2020-11-09",
        **more,
    }
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = f"{method}\n/\n{encoded(query)}\n{lines}\n{names}\n{headers['x-acs-content-sha256']}"
    to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(caller.secret.encode(), to_sign.encode(), "sha256").hexdigest()
    credentials = f"Credential={caller.key},SignedHeaders={names},Signature={signature}"
    return {**headers, "authorization": f"ACS3-HMAC-SHA256 {credentials}"}


def caller(user: User) -> Caller:
    key, secret = access_keys.create(user)
    return Caller(key.pk, secret)


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def encoded(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(pairs))
