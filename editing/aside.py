"""Calls that nobody can stop, made where nobody need wait for them: in a thread of their own."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

from editing.errors import Cancelled

T = TypeVar("T")
_POLL = 0.05


class _Call(Thread, Generic[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        super().__init__(name="aside", daemon=True)
        self._work = work
        self._results: list[T] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._results.append(self._work())
        except BaseException as error:  # whatever it is, whoever waits must hear of it
            self._error = error

    def result(self) -> T:
        if self._error:
            raise self._error
        return self._results[0]


def aside(work: Callable[[], T], stopped: Callable[[], bool] | None) -> T:
    """What `work` returns or raises. It must not touch the database: the thread's connection would stay open.

    Raises Cancelled soon after `stopped` says so; the call then ends by itself, and nobody hears of it.
    """
    if stopped is None:
        return work()
    call = _Call(work)
    call.start()
    while call.is_alive():
        call.join(_POLL)
        if call.is_alive() and stopped():
            raise Cancelled("Stopped while waiting.")
    return call.result()


def at_most(seconds: float, work: Callable[[], None]) -> None:
    """Let `work` be done, and wait so long for it; what takes longer goes on alone."""
    call = _Call(work)
    call.start()
    call.join(seconds)
