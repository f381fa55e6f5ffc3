"""Stream keys: what a publisher of a stream must know. Made, shown and changed by operators, checked when it begins."""

from __future__ import annotations

import hmac
import secrets

from cryptography.fernet import InvalidToken
from django.utils import timezone

from editing.models import Stream, StreamKey
from editing.models.sealed import STREAM_KEYS, seal, unseal
from editing.timeline.clips import StreamName

_LENGTH = 18
"""Bytes, 24 letters: OBS has one field for name and key together."""


def rotate(stream: Stream) -> str:
    """Give the stream a key, or another one. Who publishes with the former is sent away within ten seconds."""
    key = secrets.token_urlsafe(_LENGTH)
    values = {"encrypted_key": seal(key, STREAM_KEYS), "changed_at": timezone.now()}
    StreamKey.objects.update_or_create(stream=stream, defaults=values)
    return key


def remove(stream: Stream) -> None:
    """Without a key a stream is published from this machine alone, while nobody else reaches the server."""
    StreamKey.objects.filter(stream=stream).delete()


def key_of(stream: Stream) -> str | None:
    """The stream's key in clear; None where it has none."""
    row = StreamKey.objects.filter(stream=stream).first()
    return _clear(row) if row else None


def fits(name: StreamName, given: str) -> bool | None:
    """Whether that is the stream's key, compared in constant time; None where the stream has none."""
    row = StreamKey.objects.filter(stream__domain=name.domain, stream__app=name.app, stream__name=name.stream).first()
    if row is None:
        return None
    right = _clear(row)
    return right is not None and hmac.compare_digest(right.encode(), given.encode())


def _clear(row: StreamKey) -> str | None:
    """None where SECRET_KEY is another one by now: then the key is lost and must be made anew."""
    try:
        return unseal(bytes(row.encrypted_key), STREAM_KEYS)
    except InvalidToken:
        return None
