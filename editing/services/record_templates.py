"""Record templates: make, change, delete, list. Each refusal names the field and says what would be right."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from editing.errors import InvalidInput, PermissionDenied
from editing.models import RecordTemplate
from editing.models.defaults import LIVE_SECONDS, TEMPLATES, segments_of

FORMATS = ("m3u8", "mp4", "flv")
"""Segments with a playlist; and whole files, which are made of the segments when a recording closes."""
SLICES = range(2, 31)
"""Seconds; IMS begins at 5, but who edits live wants less."""
CYCLES = range(60, 24 * 3600 + 1)
LONGEST_PREFIX, LONGEST_NAME = 255, 128

_OF_ALL = frozenset({"format", "cycle_duration", "object_prefix"})
_OF_SEGMENTS = frozenset({"slice_duration", "slice_prefix"})
_OF_FILES = frozenset({"JobId", "Sequence", "StartTime", "EndTime", "EscapedStartTime", "EscapedEndTime"})
_OF_SLICES = frozenset({"JobId", "UnixTimestamp", "Sequence"})
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_LITERAL = re.compile(r"[A-Za-z0-9._/-]*")


def create(*, name: str, formats: Sequence[Mapping[str, Any]]) -> RecordTemplate:
    """A custom template; what an entry leaves out is as in the shipped one. Raises InvalidInput."""
    return RecordTemplate.objects.create(name=_name(name), formats=_formats(formats))


def update(template: RecordTemplate, *, name: str, formats: Sequence[Mapping[str, Any]]) -> RecordTemplate:
    """Replace name and formats; jobs that use it keep what they have. Raises InvalidInput, PermissionDenied."""
    _refuse_shipped(template)
    template.name, template.formats = _name(name), _formats(formats)
    template.save(update_fields=("name", "formats", "modified_at"))
    return template


def delete(template: RecordTemplate) -> None:
    """Jobs that use it go on. Raises PermissionDenied for a shipped one."""
    _refuse_shipped(template)
    template.delete()


def default() -> RecordTemplate:
    """The one for live editing."""
    template: RecordTemplate = RecordTemplate.objects.get(kind=RecordTemplate.Kind.SYSTEM, name=next(iter(TEMPLATES)))
    return template


def _refuse_shipped(template: RecordTemplate) -> None:
    if template.kind == RecordTemplate.Kind.SYSTEM:
        raise PermissionDenied("Shipped templates stay as they are; make one of your own.", field="template")


def _name(name: str) -> str:
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidInput(f"Give a name of 1 to {LONGEST_NAME} printable characters.", field="name")
    return name.strip()


def _formats(formats: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if not formats:
        raise InvalidInput("Give at least one format.", field="formats")
    found = [_entry(entry, f"formats[{position}]") for position, entry in enumerate(formats)]
    if len({entry["format"] for entry in found}) < len(found):
        raise InvalidInput("Each format may be there once.", field="formats")
    for position, entry in enumerate(found):
        if entry["cycle_duration"] != found[0]["cycle_duration"]:
            field = f"formats[{position}].cycle_duration"
            raise InvalidInput("All formats are of the same recording: give them the same cycle.", field=field)
    return found


def _entry(given: Mapping[str, Any], field: str) -> dict[str, Any]:
    if given.get("format") not in FORMATS:
        raise InvalidInput(f"The format must be one of {', '.join(FORMATS)}.", field=f"{field}.format")
    known = _OF_ALL | _OF_SEGMENTS if given["format"] == "m3u8" else _OF_ALL
    if unknown := set(given) - known:
        raise InvalidInput(f"Unknown for {given['format']}: {', '.join(sorted(unknown))}.", field=field)
    shipped = segments_of(LIVE_SECONDS)
    entry: dict[str, Any] = {**{name: shipped[name] for name in shipped if name in known}, **given}
    _check_seconds(entry["cycle_duration"], CYCLES, f"{field}.cycle_duration")
    used = _check_prefix(entry["object_prefix"], _OF_FILES, f"{field}.object_prefix")
    if not (used & {"StartTime", "EscapedStartTime"} and used & {"EndTime", "EscapedEndTime"}):
        raise InvalidInput(
            "It must hold {StartTime} and {EndTime}, or their escaped forms.", field=f"{field}.object_prefix"
        )
    if given["format"] == "m3u8":
        _check_segments(entry, field)
    return entry


def _check_segments(entry: Mapping[str, Any], field: str) -> None:
    _check_seconds(entry["slice_duration"], SLICES, f"{field}.slice_duration")
    if not {"UnixTimestamp", "Sequence"} <= _check_prefix(entry["slice_prefix"], _OF_SLICES, f"{field}.slice_prefix"):
        raise InvalidInput("It must hold {UnixTimestamp} and {Sequence}.", field=f"{field}.slice_prefix")


def _check_seconds(value: Any, allowed: range, field: str) -> None:
    if isinstance(value, bool) or value not in allowed:
        raise InvalidInput(f"Give whole seconds from {allowed[0]} to {allowed[-1]}.", field=field)


def _check_prefix(prefix: Any, known: frozenset[str], field: str) -> set[str]:
    """The variables that a prefix uses."""
    if not isinstance(prefix, str) or not 0 < len(prefix.encode()) <= LONGEST_PREFIX:
        raise InvalidInput(f"Give 1 to {LONGEST_PREFIX} bytes.", field=field)
    used = set(_VARIABLE.findall(prefix))
    if unknown := used - known:
        names = ", ".join(f"{{{name}}}" for name in sorted(known))
        raise InvalidInput(f"{{{min(unknown)}}} is not known here; use {names}.", field=field)
    literal = _VARIABLE.sub("x", prefix)
    if not _LITERAL.fullmatch(literal) or any(part in ("", ".", "..") for part in literal.split("/")):
        raise InvalidInput("Besides variables use letters, digits, “.”, “_”, “-” and single slashes.", field=field)
    return used
