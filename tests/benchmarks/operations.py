"""Every operation of the IMS-compatible API, and the lists of REST and dashboard, on a table of 100,000 jobs: what the
slowest of twenty calls takes, and how much of that the processor works.

Calls go through the whole face (signature, admission, answer) in this process, one after the other; what a network and
other processes add is not in it. DATABASE_URL says on what.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median, quantiles
from typing import Any

from django.db import connection
from django.test import Client, override_settings

from editing import queue
from editing.rpc.actions import ACTIONS
from tests.benchmarks import filled
from tests.benchmarks.database import temporary
from tests.benchmarks.rows import Row
from tests.conftest import imported, make_user, signed_in
from tests.rpc.calling import Caller
from tests.rpc.working import WORKING, furnish, spoken

CALLS, LIMIT = 20, 0.2
PAGES = (
    *("/jobs/", "/jobs/?page=3000", "/projects/", "/projects/?page=3000", "/assets/", "/assets/?page=3000"),
    *("/record-jobs/", "/streams/", "/api/v1/editing-jobs/", "/api/v1/editing-jobs/?page=1000"),
    *("/api/v1/editing-jobs/?state=Failed", "/api/v1/editing-jobs/?ordering=finished_at", "/api/v1/projects/"),
    *("/api/v1/media-assets/", "/api/v1/record-jobs/", "/api/v1/recordings/"),
)
_NEW: dict[str, dict[str, Any]] = {
    "SubmitLiveEditingJob": {"OutputMediaConfig": {"MediaURL": "oss://media/new/{}.mp4"}},
    "RegisterMediaInfo": {"InputURL": "oss://media/registered-{}.mp4"},
}
"""What has to be another thing with each call."""


def rows() -> Iterator[Row]:
    logging.disable(logging.WARNING)
    with temporary(), override_settings(RPC_CALLS_PER_SECOND=1_000_000, ALLOWED_HOSTS=["testserver"]):
        queue.send = lambda *_, **__: None  # type: ignore[assignment] # there is no broker here
        imported()
        opal = make_user("opal", "operator")
        call, client = furnish(opal), signed_in(opal)
        filled.fill()
        for action in sorted(ACTIONS):
            yield _row(action, partial(_operation, call, action))
        for address in PAGES:
            yield _row(address, lambda _, address=address: partial(_get, client, address))


def _row(name: str, prepare: Callable[[int], Callable[[], None]]) -> Row:
    prepare(-1)()
    walls, works = zip(*(_timed(prepare(number)) for number in range(CALLS)), strict=True)
    slow, note = quantiles(walls, n=20)[-1], f"{connection.vendor}, processor {median(works) * 1000:.0f} ms"
    return Row(f"{name}, p95", slow, f"{LIMIT} s", slow / LIMIT, 1.0, note=note)


def _timed(ask: Callable[[], None]) -> tuple[float, float]:
    """By the clock, and of this process's processor."""
    begun, worked = time.perf_counter(), time.process_time()
    ask()
    return time.perf_counter() - begun, time.process_time() - worked


def _operation(call: Caller, action: str, number: int) -> Callable[[], None]:
    """What it names is looked up before it is timed."""
    new = {
        name: {inner: text.format(number) for inner, text in value.items()}
        if isinstance(value, dict)
        else value.format(number)
        for name, value in _NEW.get(action, {}).items()
    }
    return partial(_ask, call, action, spoken({**WORKING[action], **new}), must_work=bool(new))


def _ask(call: Caller, action: str, params: dict[str, str], *, must_work: bool) -> None:
    status, body = call(action, **params)
    if status >= 500 or (must_work and status != 200):
        raise RuntimeError(body)


def _get(client: Client, address: str) -> None:
    answer = client.get(address)
    if answer.status_code != 200:
        raise RuntimeError(answer.content)
