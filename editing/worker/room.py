"""Room on the disks of this machine that recording fills: the spool's, and the bucket's where it is a folder here."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from editing import storage
from editing.models import Bucket

_EVERY = 0.5


class Room:
    """What may be said of it; looked at twice a second at most. Read by several threads."""

    def __init__(self, bucket: Bucket) -> None:
        there = storage.local_path(bucket, "recording")
        self._paths = [settings.SPOOL_DIR, *([there] if there else [])]
        self._looked = 0.0
        self._free = 0
        self._stopped = False

    def refusal(self) -> str:
        """Why nothing may be recorded now; nothing where it may. Who was stopped goes on once nobody need be warned."""
        free = self._look()
        self._stopped = free < (settings.DISK_WARN_BYTES if self._stopped else settings.DISK_STOP_BYTES)
        if not self._stopped:
            return ""
        return f"only {_megabytes(free)} are free, and recording goes on above {_megabytes(settings.DISK_WARN_BYTES)}"

    def warning(self) -> str:
        return warning(self._look())

    def _look(self) -> int:
        if time.monotonic() - self._looked > _EVERY:
            self._free, self._looked = free_on(self._paths), time.monotonic()
        return self._free


def warning(free: int) -> str:
    """What operators should know of so many free bytes; nothing while there are enough."""
    if free >= settings.DISK_WARN_BYTES:
        return ""
    limit = _megabytes(settings.DISK_STOP_BYTES)
    return f"The disk is almost full: {_megabytes(free)} are free, and below {limit} recording stops."


def free_on(paths: Iterable[Path]) -> int:
    """Bytes free on the fullest of the disks that the paths are on, or would be."""
    return min(_free(path) for path in paths)


def free_here() -> int:
    """The same for the spool and the local buckets of this machine."""
    options = (storage.get("OPTIONS", {}) for storage in settings.STORAGES.values())
    return free_on([settings.SPOOL_DIR, *(Path(each["location"]) for each in options if "location" in each)])


def _free(path: Path) -> int:
    there = next(each for each in (path, *path.parents) if each.exists())
    found = os.statvfs(there)
    return found.f_bavail * found.f_frsize


def _megabytes(size: int) -> str:
    return f"{size >> 20:,} MB"
