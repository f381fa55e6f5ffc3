"""Slices on their way from the spool into the bucket, in a thread of their own: recording never waits for storage."""

from __future__ import annotations

import logging
import threading
import time
from enum import Enum
from queue import Empty, SimpleQueue

from django.db import connection

from editing.errors import EditingError, StaleState
from editing.media.spool import Slice, Spool
from editing.worker.record_files import RecordFiles
from editing.worker.record_lease import RecordLease

log = logging.getLogger(__name__)

_POLL = 0.2
_PAUSE = 1.0
_HUNG = 2.0


class Ending(Enum):
    """What may come after the last slice for now."""

    CLOSE = "close"  # the recording is over
    REST = "rest"  # it may go on later


class Storing:
    """Stores what a dead worker left, then what is `put`, in order. What fails is tried again until it works.

    `finish` gives it so many seconds for what is left; whatever is not stored then waits in the spool.
    """

    def __init__(self, lease: RecordLease, spool: Spool) -> None:
        self._lease, self._spool = lease, spool
        self._queue: SimpleQueue[Slice | Ending] = SimpleQueue()
        self._ending = threading.Event()
        self._deadline = 0.0
        self._thread = threading.Thread(target=self._run, name=f"storing-{lease.job.pk[:8]}", daemon=True)
        self._thread.start()

    def put(self, what: Slice | Ending) -> None:
        self._queue.put(what)

    def finish(self, within: float) -> None:
        self._deadline = time.monotonic() + within
        self._ending.set()
        self._thread.join(within + _HUNG)  # a storage that hangs keeps nobody: without the lease it writes no row

    def _run(self) -> None:
        try:
            self._store_all(RecordFiles(self._lease))
        except Exception:
            log.exception("Record job %s: storing ended; it is tried again.", self._lease.job.pk)
            self._lease.lost = True
        finally:
            connection.close()

    def _store_all(self, files: RecordFiles) -> None:
        for left in self._spool.left():
            self._until_done(files, left)
        while not self._over():
            try:
                what = self._queue.get(timeout=_POLL)
            except Empty:
                if self._ending.is_set():
                    return
                continue
            self._until_done(files, what)

    def _over(self) -> bool:
        return self._lease.lost or (self._ending.is_set() and time.monotonic() > self._deadline)

    def _until_done(self, files: RecordFiles, what: Slice | Ending) -> None:
        while not self._over():
            try:
                _do(files, what)
                self._lease.problem = ""
                return
            except StaleState:
                return
            except EditingError as error:
                self._note(error.message)
            except Exception as error:
                self._note(f"{type(error).__name__}, see the workers' log.")
                log.exception("Record job %s: %s failed.", self._lease.job.pk, getattr(what, "path", what))
                connection.close()  # the next one may be better
            time.sleep(_PAUSE)

    def _note(self, said: str) -> None:
        problem = f"What is recorded cannot be stored: {said}"
        if problem != self._lease.problem:
            log.warning("Record job %s: %s", self._lease.job.pk, problem)
        self._lease.problem = problem


def _do(files: RecordFiles, what: Slice | Ending) -> None:
    if isinstance(what, Slice):
        files.store(what)
    elif what is Ending.CLOSE:
        files.close()
    else:
        files.rest()
