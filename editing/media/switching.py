"""How soon a thread that computes lets in one that has just read."""

from __future__ import annotations

import sys
from threading import Lock

_SOON = 0.0001


class Switching:
    """While anybody is inside, Python's threads take turns after 0.1 ms if others wait.

    After 5 ms, as they usually do, whole segments could have been read and written by those that wait.
    """

    def __init__(self) -> None:
        self._lock, self._inside, self._usual = Lock(), 0, 0.0

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._usual = sys.getswitchinterval()
                sys.setswitchinterval(_SOON)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                sys.setswitchinterval(self._usual)


switching = Switching()
"""The interval is the whole process's, and so is this."""
