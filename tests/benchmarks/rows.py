"""The rows that benchmarks return, and how two or more ways of doing one thing are timed against each other."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Row:
    """One measured thing. `ratio` is its time over that of `floor`; `aim` the ratio that it should not exceed."""

    name: str
    seconds: float
    floor: str = ""
    ratio: float | None = None
    aim: float | None = None
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def met(self) -> bool | None:
        return None if self.ratio is None or self.aim is None else self.ratio <= self.aim


def alternate(
    ways: Mapping[str, Callable[[], object]], *, runs: int, between: Callable[[], object] = lambda: None
) -> dict[str, list[float]]:
    """The seconds that each way took, one run of each after the other, so that the machine's moods hit all alike.

    A first round, which nobody counts, warms the caches. `between` is called before each, and not counted either. A way
    that returns a number has looked at the clock itself.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        between()
        way()
    for _ in range(runs):
        for name, way in ways.items():
            between()
            begun = time.perf_counter()
            own = way()
            seconds[name].append(own if isinstance(own, float) else time.perf_counter() - begun)
    return seconds


def against(name: str, floor: str, seconds: Mapping[str, list[float]], *, aim: float | None = None) -> Row:
    """`name` against `floor`: medians, and the median of the ratios of neighbouring runs."""
    ratios = [one / other for one, other in zip(seconds[name], seconds[floor], strict=True)]
    return Row(name, median(seconds[name]), floor, median(ratios), aim)


def alone(name: str, seconds: Mapping[str, list[float]], note: str = "") -> Row:
    return Row(name, median(seconds[name]), note=note)
