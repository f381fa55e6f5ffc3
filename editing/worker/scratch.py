"""Room for outputs while they are made: checked before, emptied after, swept when somebody died in between."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings

from editing.errors import NoSpace

_SPARE = 64 << 20
_STALE = 24 * 3600


@contextmanager
def folder(name: str, *, needed: int) -> Iterator[Path]:
    """A fresh folder with room for `needed` bytes, gone afterwards. Raises NoSpace."""
    settings.SCRATCH_DIR.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.SCRATCH_DIR).free
    if free < needed + _SPARE:
        raise NoSpace(f"The output needs about {needed >> 20} MiB; {free >> 20} MiB are free for scratch files.")
    with TemporaryDirectory(prefix=f"{name}-", dir=settings.SCRATCH_DIR) as path:
        yield Path(path)


def sweep() -> None:
    """Remove what nobody has touched for a day."""
    if not settings.SCRATCH_DIR.is_dir():
        return
    for path in settings.SCRATCH_DIR.iterdir():
        if _last_touched(path) < time.time() - _STALE:
            shutil.rmtree(path, ignore_errors=True)


def _last_touched(path: Path) -> float:
    times = [each.stat().st_mtime for each in (path, *path.glob("*")) if each.exists()]
    return max(times, default=time.time())
