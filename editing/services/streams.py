"""Streams: named once, found by name everywhere."""

import re

from editing.errors import InvalidInput, NotFound
from editing.models import Stream
from editing.timeline.clips import StreamName

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff/\\?#]")
_LONGEST = 250


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
