"""A file that is written from front to end by a thread of its own, out of the memory where the bytes lie."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

from editing.errors import MediaError, NoSpace

_WAITING = 4
_MOST_PIECES = os.sysconf("SC_IOV_MAX")
_BLOCK = 1 << 22


class Drain:
    """`start`, then `put` what comes next, at last `finish`; `file` is its descriptor until `close`."""

    def __init__(self, path: Path) -> None:
        with faults():
            self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        self._queue: Queue[tuple[Sequence[Any], Callable[[], None]] | None] = Queue(_WAITING)
        self._thread = Thread(target=self._run, name="drain", daemon=True)
        self._error: Exception | None = None

    def start(self, *, at: int) -> None:
        """Begin to write at a place in the file."""
        os.lseek(self.file, at, os.SEEK_SET)
        self._thread.start()

    def put(self, pieces: Sequence[Any], then: Callable[[], None]) -> None:
        """`then` is called in the thread as soon as the pieces' memory is free again.

        Raises NoSpace or MediaError where anything before could not be written.
        """
        self._raise()
        self._queue.put((pieces, then))

    def finish(self) -> None:
        """Wait until all is written. Raises NoSpace or MediaError."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        self._raise()

    def move(self, begin: int, by: int, alive: Callable[[], None]) -> None:
        """Move everything from `begin` on back, to make room before it. Raises OSError, and what `alive` raises."""
        move(self.file, begin, os.fstat(self.file).st_size, by, alive)

    def close(self) -> None:
        """End, whatever has been written."""
        if self.file < 0:
            return
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        os.close(self.file)
        self.file = -1

    def write_head(self, parts: Sequence[bytes]) -> None:
        """Write at the beginning of the file. Raises OSError."""
        at = 0
        for part in parts:
            write_at(self.file, part, at)
            at += len(part)

    def _raise(self) -> None:
        if self._error:
            with faults():
                raise self._error

    def _run(self) -> None:
        while item := self._queue.get():
            pieces, then = item
            try:
                if self._error is None:
                    _write(self.file, pieces)
            except Exception as error:  # whatever it is, whoever fills the queue must hear of it
                self._error = error
            then()


@contextmanager
def faults() -> Iterator[None]:
    """What the system says of a file, in our words."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise NoSpace("The disk for scratch files is full.") from error
        raise MediaError(f"The output could not be written: {error.strerror}.") from error


def _write(file: int, pieces: Sequence[Any]) -> None:
    for first in range(0, len(pieces), _MOST_PIECES):
        batch = pieces[first : first + _MOST_PIECES]
        written = os.writev(file, batch)
        if written < sum(map(len, batch)):  # the disk may be full: the next attempt tells
            rest = memoryview(b"".join(batch))[written:]
            while rest:
                rest = rest[os.write(file, rest) :]


def move(file: int, begin: int, end: int, by: int, alive: Callable[[], None]) -> None:
    """Move what lies in begin ≤ place < end of a file back, its end first; `alive` is called before each block.

    Raises OSError, and what `alive` raises.
    """
    while end > begin:
        alive()
        size = min(_BLOCK, end - begin)
        end -= size
        write_at(file, os.pread(file, size, end), end + by)


def write_at(file: int, data: bytes, at: int) -> None:
    """All of it. Raises OSError."""
    rest = memoryview(data)
    while rest:
        size = os.pwrite(file, rest, at)
        rest, at = rest[size:], at + size
