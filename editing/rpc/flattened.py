"""Lists and objects that come in several parameters, such as `Clips.1.StartTime`, put together again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from editing.rpc.errors import invalid
from editing.rpc.params import Param, check_text
from editing.rpc.wire import Pairs

_DEEPEST = 8
"""Levels of a flattened parameter."""


def values_of(pairs: Pairs, params: Sequence[Param[Any]]) -> dict[str, object]:
    """The parameters that are declared, flattened ones put together again; others are not looked at."""
    plain = dict(pairs)
    values: dict[str, object] = {param.name: plain[param.name] for param in params if param.name in plain}
    for param in params:
        parts = {name: value for name, value in plain.items() if name.startswith(f"{param.name}.")}
        if parts and values.get(param.name):
            raise invalid(param.name, "It is given both whole and in parts.")
        if parts:
            values[param.name] = _unflattened(parts, param.name)
    return values


def _unflattened(parts: Mapping[str, str], name: str) -> object:
    """{"Clips.1.StartTime": …} as [{"StartTime": …}]."""
    root: dict[str, Any] = {}
    for full, value in parts.items():
        *inner, last = full.removeprefix(f"{name}.").split(".")
        if len(inner) >= _DEEPEST:
            raise invalid(full, "It is nested too deeply.")
        check_text(value, full)
        place = root
        for part in inner:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise invalid(full, "It is given both whole and in parts.")
        if last in place:
            raise invalid(full, "It is given both whole and in parts.")
        place[last] = value
    return _with_lists(root)


def _with_lists(tree: Any) -> Any:
    """Objects whose keys are all numbers are lists."""
    if not isinstance(tree, dict):
        return tree
    if all(key.isdecimal() and key.isascii() and len(key) < 8 for key in tree):
        return [_with_lists(tree[key]) for key in sorted(tree, key=int)]
    return {key: _with_lists(inner) for key, inner in tree.items()}
