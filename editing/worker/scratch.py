"""Room for outputs while they are made: checked before, watched meanwhile, emptied after, swept when somebody died."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings

from editing.errors import NoSpace

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_SPARE = 64 << 20
_LAST = 8 << 20
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
    free = _free(settings.SCRATCH_DIR)
    if free < needed + _SPARE:
        raise NoSpace(f"The output needs about {_mib(needed)}; {_mib(free)} are free for scratch files.")
    with TemporaryDirectory(prefix=f"{name}-", dir=settings.SCRATCH_DIR) as path:
        yield Path(path)


@contextmanager
def watched(path: Path, *, needed: int) -> Iterator[Callable[[], None]]:
    """Work in a folder for which `needed` bytes were thought enough; it calls what this gives again and again.

    Raises NoSpace, which says what was needed, where the disk is full or, before others that use it fail, nearly so.
    """
    before = _free(path)

    def check() -> None:
        if _free(path) < _LAST:
            raise NoSpace("The disk for scratch files is full.")

    try:
        yield check
    except (NoSpace, OSError) as error:
        if isinstance(error, OSError) and error.errno not in FULL:
            raise
        raise NoSpace(
            f"The disk for scratch files is full. The output was expected to need {_mib(needed)}, of {_mib(before)} "
            f"that were free when it was begun; {_mib(_free(path))} are left."
        ) from error


def sweep(*, in_use: Collection[str]) -> None:
    """Remove what dead workers left: jobs' folders whose name is not `in_use`, and whatever is a day old."""
    if not settings.SCRATCH_DIR.is_dir():
        return
    for path in settings.SCRATCH_DIR.iterdir():
        name = path.name.rpartition("-")[0]
        abandoned = name.startswith(_JOB) and name not in in_use
        if name not in in_use and _last_touched(path) < time.time() - (_ABANDONED if abandoned else _STALE):
            shutil.rmtree(path, ignore_errors=True)


def _free(path: Path) -> int:
    return shutil.disk_usage(path).free


def _mib(size: int) -> str:
    return f"{size / (1 << 20):.1f} MiB"


def _last_touched(path: Path) -> float:
    try:
        return max(each.stat().st_mtime for each in (path, *path.glob("*")))
    except FileNotFoundError:  # somebody is busy in it
        return time.time()
