"""`python -m tests.benchmarks [name …]` runs the modules here that have a `rows()`, or those that are named."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys
from collections.abc import Iterator, Sequence

import django

from tests import benchmarks
from tests.benchmarks.rows import Row


def main(names: Sequence[str]) -> None:
    """Prints a table and then, on the last line, the same as JSON."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    found = [row for name in names or list(_names()) for row in _rows(name)]
    print("\n" + table(found))
    print(json.dumps([row.to_json() for row in found]))


def _names() -> Iterator[str]:
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if not module.name.startswith("_"):
            yield module.name


def _rows(name: str) -> list[Row]:
    module = importlib.import_module(f"tests.benchmarks.{name}")
    if not hasattr(module, "rows"):
        return []
    print(f"measuring: {name} …", file=sys.stderr, flush=True)
    return list(module.rows())


def table(rows: Sequence[Row]) -> str:
    """Markdown, so that it can go into the README as it is."""
    lines = ["| What | Seconds | Ratio to | | Aim |", "|---|--:|---|--:|--:|"]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        aim = "" if row.aim is None else f"≤ {row.aim:.2f} {'✓' if row.met else '✗'}"
        name = f"{row.name} ({row.note})" if row.note else row.name
        lines.append(f"| {name} | {row.seconds:.3f} | {row.floor} | {ratio} | {aim} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
