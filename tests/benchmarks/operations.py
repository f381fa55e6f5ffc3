"""Every operation of the IMS-compatible API on a table of 100,000 jobs: what the slowest of twenty calls takes.

Calls go through the whole face (signature, admission, answer) in this process, one after the other; what a network and
other processes add is not in it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from statistics import quantiles
from typing import Any

from django.db import connection
from django.test import override_settings

from editing import queue
from editing.models import EditingJob, MediaAsset, Project
from editing.models.ids import new_id
from editing.rpc.actions import ACTIONS
from tests.benchmarks.database import temporary
from tests.benchmarks.rows import Row
from tests.conftest import imported, make_user
from tests.rpc.calling import Caller
from tests.rpc.working import WORKING, ask, furnish

JOBS, CALLS, LIMIT = 100_000, 20, 0.2
_BATCH = 5_000
_NEW: dict[str, dict[str, Any]] = {
    "SubmitLiveEditingJob": {"OutputMediaConfig": {"MediaURL": "oss://media/{}.mp4"}},
    "RegisterMediaInfo": {"InputURL": "oss://media/registered-{}.mp4"},
}
"""What has to be another thing with each call."""


def rows() -> Iterator[Row]:
    logging.disable(logging.WARNING)
    with temporary(), override_settings(RPC_CALLS_PER_SECOND=1_000_000, ALLOWED_HOSTS=["testserver"]):
        queue.send = lambda *_, **__: None  # type: ignore[assignment] # there is no broker here
        imported()
        call = furnish(make_user("opal", "operator"))
        _grow()
        for action in sorted(ACTIONS):
            yield _row(call, action)


def _row(call: Caller, action: str) -> Row:
    _timed(call, action, -1)
    slow = quantiles([_timed(call, action, number) for number in range(CALLS)], n=20)[-1]
    return Row(f"{action}, p95", slow, f"{LIMIT} s", slow / LIMIT, 1.0, note=connection.vendor)


def _timed(call: Caller, action: str, number: int) -> float:
    new = {
        name: {inner: text.format(number) for inner, text in value.items()}
        if isinstance(value, dict)
        else value.format(number)
        for name, value in _NEW.get(action, {}).items()
    }
    begun = time.perf_counter()
    status, body = ask(call, action, {**WORKING[action], **new})
    spent = time.perf_counter() - begun
    if status >= 500 or (new and status != 200):
        raise RuntimeError(body)
    return spent


def _grow() -> None:
    """As many jobs, each with a project and an asset of its own, and all young enough for every list."""
    first, asset = EditingJob.objects.get(), MediaAsset.objects.get()
    for begin in range(0, JOBS, _BATCH):
        numbers = range(begin, begin + _BATCH)
        made = [Project(title=f"p{n}", kind=Project.Kind.LIVE, bucket=first.bucket, state="Produced") for n in numbers]
        Project.objects.bulk_create(made)
        jobs = [_copy(first, pk=new_id(), media_id=new_id(), key=f"{n}.mp4", project=made[n - begin]) for n in numbers]
        EditingJob.objects.bulk_create(jobs)
        assets = [_copy(asset, pk=job.media_id, key=job.key, job=job) for job in jobs]
        MediaAsset.objects.bulk_create(assets)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _copy(row: Any, **changes: Any) -> Any:
    names = {field.attname: getattr(row, field.attname) for field in row._meta.fields if not field.primary_key}
    for name in changes:
        names.pop(name, None)
        names.pop(f"{name}_id", None)
    return type(row)(**names, **changes)
