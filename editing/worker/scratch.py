"""Room for outputs while they are made: checked before, emptied after, swept when somebody died in between."""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings

from editing.errors import NoSpace

_SPARE = 64 << 20
_STALE = 24 * 3600
_ABANDONED = 60
_JOB = "job-"


def name_of(job_id: str, token: str) -> str:
    """The name of the folder in which the holder of that lease works on that job."""
    return f"{_JOB}{job_id}-{token}"


@contextmanager
def folder(name: str, *, needed: int) -> Iterator[Path]:
    """A fresh folder with room for `needed` bytes, gone afterwards. Raises NoSpace."""
    settings.SCRATCH_DIR.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.SCRATCH_DIR).free
    if free < needed + _SPARE:
        raise NoSpace(f"The output needs about {needed >> 20} MiB; {free >> 20} MiB are free for scratch files.")
    with TemporaryDirectory(prefix=f"{name}-", dir=settings.SCRATCH_DIR) as path:
        yield Path(path)


def sweep(*, in_use: Collection[str]) -> None:
    """Remove what dead workers left: jobs' folders whose name is not `in_use`, and whatever is a day old."""
    if not settings.SCRATCH_DIR.is_dir():
        return
    for path in settings.SCRATCH_DIR.iterdir():
        name = path.name.rpartition("-")[0]
        abandoned = name.startswith(_JOB) and name not in in_use
        if name not in in_use and _last_touched(path) < time.time() - (_ABANDONED if abandoned else _STALE):
            shutil.rmtree(path, ignore_errors=True)


def _last_touched(path: Path) -> float:
    try:
        return max(each.stat().st_mtime for each in (path, *path.glob("*")))
    except FileNotFoundError:  # somebody is busy in it
        return time.time()
