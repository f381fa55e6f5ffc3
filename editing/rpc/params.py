"""Declarations of parameters: what each is called, how it is read, whether it must be there.

All that comes in is text, JSON in text, or lists flattened over several parameters (`Clips.1.StartTime`); a reader
makes a value of it or refuses it, naming the parameter by its path, such as Clips[0].StartTime.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from editing.errors import InvalidInstant
from editing.rpc.errors import invalid, missing
from editing.timeline.instant import Instant, parse_instant

T = TypeVar("T", covariant=True)
D = TypeVar("D")
Reader = Callable[[object, str], T]
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_SECONDS = re.compile(r"(\d{1,9})(?:\.(\d{1,18}))?", re.ASCII)


@dataclass(frozen=True)
class Param(Generic[T]):
    """One parameter, or one field of an object in one. An empty value counts as none."""

    name: str
    read: Reader[T]
    default: T
    required: bool = False

    def of(self, values: Mapping[str, object], within: str = "") -> T:
        """Its value among `values`, which are those of the object at the path `within`. Raises Refused."""
        path = f"{within}.{self.name}" if within else self.name
        value = values.get(self.name)
        if value is not None and value != "":
            return self.read(value, path)
        if self.required:
            raise missing(path)
        return self.default


def required(name: str, read: Reader[T]) -> Param[T]:
    return Param(name, read, cast("T", None), required=True)


def optional(name: str, read: Reader[T], default: D) -> Param[T | D]:
    return Param(name, read, default)


def text(*, most: int = 1024) -> Reader[str]:
    """Text of at most so many bytes, as every database can keep it."""

    def read(value: object, path: str) -> str:
        if not isinstance(value, str):
            raise invalid(path, "It must be text.")
        check_text(value, path)
        if len(value.encode()) > most:
            raise invalid(path, f"It has at most {most} bytes.")
        return value

    return read


def integer(least: int, most: int) -> Reader[int]:
    def read(value: object, path: str) -> int:
        number = value if isinstance(value, int) and not isinstance(value, bool) else None
        if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
            number = int(value)
        if number is None or not least <= number <= most:
            raise invalid(path, f"It must be an integer from {least} to {most}.")
        return number

    return read


def seconds(most: int) -> Reader[int]:
    """Decimal seconds as µs; digits past the fourth are cut off."""

    def read(value: object, path: str) -> int:
        said = str(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
        match = _SECONDS.fullmatch(said.strip())
        micros = int(match[1]) * 1_000_000 + int((match[2] or "")[:4].ljust(6, "0")) if match else -1
        if not 0 <= micros <= most * 1_000_000:
            raise invalid(path, f"It must be seconds from 0 to {most}.")
        return micros

    return read


def flag(value: object, path: str) -> bool:
    """SDKs write True, true and 1."""
    words = {"true": True, "1": True, "false": False, "0": False}
    word = str(value).lower()
    if word not in words:
        raise invalid(path, "It must be true or false.")
    return words[word]


def choice(*known: str) -> Reader[str]:
    def read(value: object, path: str) -> str:
        if value not in known:
            raise invalid(path, f"It must be one of {', '.join(known)}.")
        return str(value)

    return read


def words(*, most: int, each: Reader[str] | None = None) -> Reader[list[str]]:
    """A list in one parameter, its items separated by commas; spaces around them and empty ones do not count."""
    each = each or text()

    def read(value: object, path: str) -> list[str]:
        items = value if isinstance(value, list) else text(most=1 << 16)(value, path).split(",")
        found = [each(item.strip() if isinstance(item, str) else item, path) for item in items if item != ""]
        if len(found) > most:
            raise invalid(path, f"It has at most {most} items.")
        return [item for item in found if item]

    return read


def instant(value: object, path: str) -> Instant:
    """ISO-8601 with an offset; the examples of IMS carry a space in front."""
    try:
        return parse_instant(text(most=64)(value, path))
    except InvalidInstant as error:
        raise invalid(path, error.message) from None


def json_object(value: object, path: str) -> dict[str, object]:
    found = _json(value, path)
    if not isinstance(found, dict):
        raise invalid(path, "It must be a JSON object.")
    return found


def json_objects(*, most: int) -> Reader[list[dict[str, object]]]:
    """A JSON array of objects."""

    def read(value: object, path: str) -> list[dict[str, object]]:
        found = _json(value, path)
        if not isinstance(found, list):
            raise invalid(path, "It must be a JSON array.")
        if len(found) > most:
            raise invalid(path, f"It has at most {most} items.")
        for number, item in enumerate(found):
            if not isinstance(item, dict):
                raise invalid(f"{path}[{number}]", "It must be a JSON object.")
        return found

    return read


def json_text(*, most: int) -> Reader[str]:
    """JSON that is kept as the text it came in."""

    def read(value: object, path: str) -> str:
        found = text(most=most)(value, path)
        _json(found, path)
        return found

    return read


def _json(value: object, path: str) -> Any:
    if not isinstance(value, str):
        return value  # it was flattened: its leaves are text already
    try:
        found = _parsed(value)
        check_text(json.dumps(found, ensure_ascii=False), path)
    except (ValueError, RecursionError):
        raise invalid(path, "It is not JSON.") from None
    return found


def _parsed(text: str) -> Any:
    """The pages of IMS print their examples with \\" for ", as a whole or here and there: so programs send them."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except ValueError:
        if '\\"' not in text:
            raise
        return json.loads(text.replace('\\"', '"'), parse_constant=_refuse_constant)


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON.")


def check_text(value: str, path: str) -> None:
    """No halves of surrogate pairs and no NUL: no encoding writes the former, no PostgreSQL keeps the latter."""
    if any("\ud800" <= letter <= "\udfff" for letter in value) or "\0" in value or "\\u0000" in value:
        raise invalid(path, "It holds characters that no text has.")
