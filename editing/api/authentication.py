"""`Authorization: Bearer AccessKeyId:AccessKeySecret`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from editing.errors import KeyOutdated
from editing.services import access_keys


class AccessKeyAuthentication(BaseAuthentication):
    """Programs sign in with an access key and act with its user's roles."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        scheme, _, pair = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        key_id, _, secret = pair.strip().partition(":")
        try:
            user = access_keys.authenticate(key_id, secret) if pair.isprintable() else None
        except KeyOutdated as error:
            raise AuthenticationFailed(error.message) from None
        if user is None:
            raise AuthenticationFailed("The access key is unknown, revoked, or its secret is wrong.")
        return user, None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class AccessKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = AccessKeyAuthentication
    name = "accessKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "AccessKeyId:AccessKeySecret"}
