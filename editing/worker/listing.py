"""What a playlist lists: its segments, when each should begin, and what tells it from others."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from posixpath import basename
from urllib.parse import urlsplit

from editing.errors import InvalidPlaylist, StartRequired
from editing.media.playlist import Entry, MasterPlaylist, MediaPlaylist, parse
from editing.timeline.instant import Instant
from editing.worker import fetch

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry with the instant at which it should begin and the hash that tells it from others."""

    entry: Entry
    expected: Instant
    source: str


def read(source: str, say: Say) -> MediaPlaylist:
    """The media playlist at a path or address; of a master playlist its best variant, and that is said."""
    playlist = parse(*fetch.text(source))
    if isinstance(playlist, MasterPlaylist):
        best = playlist.best
        say(f"{source} is a master playlist; taking its best variant, {best.uri} ({best.bandwidth} bit/s).")
        playlist = parse(*fetch.text(best.uri))
    if isinstance(playlist, MasterPlaylist):
        raise InvalidPlaylist("The variant is a master playlist again.", field="playlist")
    if not playlist.entries:
        raise InvalidPlaylist("The playlist names no segments yet.", field="playlist")
    return playlist


def listed(playlist: MediaPlaylist, start: Instant | None) -> list[Listed]:
    """The entries with their instants. Raises StartRequired where neither the playlist nor `start` gives one."""
    return list(_listed(playlist, start))


def _listed(playlist: MediaPlaylist, start: Instant | None) -> Iterator[Listed]:
    expected = next((entry.date for entry in playlist.entries if entry.date is not None), start)
    if expected is None:
        raise StartRequired(
            "The playlist has no EXT-X-PROGRAM-DATE-TIME; say when it begins with --start 2026-11-20T10:00:00Z.",
            field="start",
        )
    dated = next((at for at, entry in enumerate(playlist.entries) if entry.date is not None), 0)
    expected -= sum(entry.duration for entry in playlist.entries[:dated])  # those before the first date end there
    for entry in playlist.entries:
        expected = entry.date if entry.date is not None else expected
        yield Listed(entry, expected, _identity(entry))
        expected += entry.duration


def _identity(entry: Entry) -> str:
    """By name and number, not by path: the same playlist may be reached in several ways."""
    return hashlib.sha256(f"{basename(urlsplit(entry.uri).path)}|{entry.sequence}".encode()).hexdigest()
