"""A live HLS playlist followed as it grows: a thread loads it when RFC 8216 (6.3.4) allows and fetches what is new."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from editing.errors import EditingError, InvalidPlaylist
from editing.media.playlist import Entry, MasterPlaylist, MediaPlaylist, parse
from editing.timeline.instant import SECOND, Instant
from editing.worker import fetch

log = logging.getLogger(__name__)

ENDED = "the playlist has ended"
_FIRST = 3
"""So many of the last segments are taken when a playlist is first seen: what it held before is the past."""
_LEAST = SECOND
"""Between two loads, whatever the playlist says."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A new segment, in a file that whoever takes it removes. `listed` is when it began if it ended as it was listed;
    `missed` why something is missing before it, `begins` whether another clock begins with it."""

    entry: Entry
    path: Path
    listed: Instant
    missed: str
    begins: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """It cannot be followed for now; it is tried again. `segment` where one segment was lost for good."""

    reason: str
    segment: bool = False


@dataclass(frozen=True, slots=True)
class Over:
    """No more will come."""


class HlsPuller:
    """`next` gives what happened. `retry` is how many seconds after a failure it is tried again."""

    def __init__(self, url: str, folder: Path, *, retry: float, after: int | None = None) -> None:
        """Segments come to `folder`, under names that end in .part; those from the number `after` on."""
        self._url = self._address = url
        self._folder, self.retry = folder, retry
        self._next = after
        self._missed, self._begins = "", after is None
        self._given_up = threading.Event()
        self._queue: SimpleQueue[Fetched | Trouble | Over] = SimpleQueue()
        threading.Thread(target=self._run, name="hls-puller", daemon=True).start()

    def next(self, timeout: float) -> Fetched | Trouble | Over | None:
        """What comes next; None where nothing came in so many seconds."""
        try:
            return self._queue.get(timeout=timeout)
        except Empty:
            return None

    def give_up(self) -> None:
        """Nobody will ask any more; the thread ends after what it is fetching."""
        self._given_up.set()

    def _run(self) -> None:
        while not self._given_up.is_set():
            began = time.monotonic()
            try:
                playlist = self._load()
                pause = self._take(playlist)
            except EditingError as error:
                self._queue.put(Trouble(error.message.replace(self._address, "The playlist")))  # it may hold a key
                self._address, pause = self._url, self.retry
            except Exception as error:  # whoever waits must hear of it, whatever it is
                log.exception("Following a playlist failed.")
                self._queue.put(Trouble(type(error).__name__))
                pause = self.retry
            if pause is None:
                self._queue.put(Over())
                return
            self._given_up.wait(max(began + pause - time.monotonic(), 0))

    def _load(self) -> MediaPlaylist:
        playlist = parse(*fetch.text(self._address))
        if isinstance(playlist, MasterPlaylist):
            self._address = playlist.best.uri
            playlist = parse(*fetch.text(self._address))
        if isinstance(playlist, MasterPlaylist):
            raise InvalidPlaylist("The variant is a master playlist again.")
        return playlist

    def _take(self, playlist: MediaPlaylist) -> float | None:
        """Fetch what is new; seconds from load to load, None where it has ended."""
        at = time.time_ns() // 1000
        if playlist.ended and self._next is None:
            return None
        fresh = self._fresh(playlist.entries)
        for entry, begins in zip(fresh, _beginnings(fresh, at), strict=True):
            if self._given_up.is_set():
                return 0
            self._fetch(entry, begins)
        longest = max((entry.duration for entry in playlist.entries), default=0)
        target = max(playlist.target or longest, _LEAST)
        return None if playlist.ended else (target if fresh else target / 2) / SECOND

    def _fresh(self, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        if not entries:
            return ()
        first, last = entries[0].sequence, entries[-1].sequence
        if self._next is not None and last < self._next - 1 - len(entries):  # fewer is a cache that is late
            self._next, self._begins, self._missed = None, True, "the playlist began anew"
        if self._next is None:
            fresh = entries[-_FIRST:]
        else:
            fresh = tuple(entry for entry in entries if entry.sequence >= self._next)
            if first > self._next:
                self._miss(f"{first - self._next} segments had left the playlist before they were fetched")
        if fresh:
            self._next = last + 1
        return fresh

    def _fetch(self, entry: Entry, listed: Instant) -> None:
        self._begins = self._begins or entry.discontinuity
        if entry.gap:
            self._miss("the server marks a segment as missing")
            return
        path = self._folder / f"fetched-{secrets.token_hex(8)}.part"
        came = fetch.to_file(entry.uri, path)
        if isinstance(came, Path):
            self._queue.put(Fetched(entry, path, listed, self._missed, self._begins))
            self._missed, self._begins = "", False
        else:
            path.unlink(missing_ok=True)
            self._miss(f"a segment could not be fetched: {came.message}")

    def _miss(self, reason: str) -> None:
        self._missed = self._missed or reason
        self._queue.put(Trouble(reason, segment=True))


def _beginnings(entries: tuple[Entry, ...], at: Instant) -> Iterator[Instant]:
    """When each of them began, if the last has just ended."""
    begins = at - sum(entry.duration for entry in entries)
    for entry in entries:
        yield begins
        begins += entry.duration
