"""Streams: named once, found by name everywhere."""

import re
from typing import Any

from editing.errors import InvalidInput, NotFound
from editing.models import Stream
from editing.models.stream import MOST_BYTES, MOST_DAYS
from editing.timeline.clips import StreamName

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff/\\?#]")
_LONGEST = 250
_UNCHANGED = object()
_MOST = {"keep_days": MOST_DAYS, "keep_bytes": MOST_BYTES}


def get_or_create(name: StreamName) -> Stream:
    """The stream of that name, made if need be. Raises InvalidInput for a name that no stream can have."""
    check(name)
    stream: Stream = Stream.objects.get_or_create(domain=name.domain, app=name.app, name=name.stream)[0]
    return stream


def find(name: StreamName, *, field: str = "stream") -> Stream:
    """The stream of that name. Raises NotFound."""
    stream: Stream | None = None
    if not _fault(name):  # a database would stumble over some of those
        stream = Stream.objects.filter(domain=name.domain, app=name.app, name=name.stream).first()
    if stream is None:
        raise NotFound(f"There is no stream {name}.", field=field)
    return stream


def keep(stream: Stream, *, keep_days: Any = _UNCHANGED, keep_bytes: Any = _UNCHANGED) -> Stream:
    """Say how much of what is recorded of a stream stays: so many days, so many bytes, or (None) all.

    What is older or more goes with the next sweep, except what a waiting or running job needs. Raises InvalidInput.
    """
    given = {"keep_days": keep_days, "keep_bytes": keep_bytes}
    changed = {field: value for field, value in given.items() if value is not _UNCHANGED}
    for field, value in changed.items():
        if value is not None and not 1 <= value <= _MOST[field]:
            raise InvalidInput(f"Give a whole number from 1 to {_MOST[field]:,}, or nothing to keep all.", field=field)
        setattr(stream, field, value)
    stream.save(update_fields=tuple(changed))
    return stream


def check(name: StreamName) -> None:
    """Raises InvalidInput, naming the part, for a name that no stream can have."""
    if field := _fault(name):
        raise InvalidInput(
            f"“{getattr(name, field)}” cannot be a stream's {field}: "
            "use up to 250 letters, digits and punctuation other than / \\ ? #.",
            field=field,
        )


def _fault(name: StreamName) -> str:
    """Which part of the name is wrong, or nothing."""
    for field, value in (("domain", name.domain), ("app", name.app), ("stream", name.stream)):
        if not 0 < len(value) <= _LONGEST or _FORBIDDEN.search(value) or value in (".", ".."):
            return field
    return ""
