"""Playlists and segments from a path or an http(s) address, a few ahead of whoever reads them."""

from __future__ import annotations

import shutil
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from editing.errors import InvalidPlaylist, UnreadableMedia

_TIMEOUT = 20
_LARGEST_PLAYLIST = 32 << 20
_LARGEST_SEGMENT = 1 << 30
_AHEAD = 3

Item = TypeVar("Item")


def text(source: str) -> str:
    """A playlist's text. Raises InvalidPlaylist where there is none."""
    try:
        with _open(source) as stream:
            data = stream.read(_LARGEST_PLAYLIST + 1)
    except (OSError, ValueError) as error:
        raise InvalidPlaylist(f"{source} cannot be read: {_words(error)}.", field="playlist") from error
    if len(data) > _LARGEST_PLAYLIST:
        raise InvalidPlaylist(f"{source} is too long for a playlist.", field="playlist")
    return data.decode("utf-8", errors="replace")


def ahead(items: Iterable[tuple[Item, str]], folder: Path) -> Iterator[tuple[Item, Path | UnreadableMedia]]:
    """For each (item, source) the item and a copy of the source in `folder`, in order, a few fetched in advance.

    A source that cannot be had comes as the error. Whoever takes a copy removes it.
    """
    with ThreadPoolExecutor(_AHEAD, thread_name_prefix="fetch") as pool:
        waiting: deque[tuple[Item, Future[Path | UnreadableMedia]]] = deque()
        for number, (item, source) in enumerate(items):
            waiting.append((item, pool.submit(_copy, source, folder / f"{number}.ts")))
            if len(waiting) > _AHEAD:
                first, copy = waiting.popleft()
                yield first, copy.result()
        while waiting:
            first, copy = waiting.popleft()
            yield first, copy.result()


def _copy(source: str, target: Path) -> Path | UnreadableMedia:
    try:
        with _open(source) as stream, target.open("wb") as file:
            shutil.copyfileobj(stream, file, 1 << 20)
            if file.tell() > _LARGEST_SEGMENT:
                return UnreadableMedia("larger than a segment can be")
    except (OSError, ValueError) as error:
        return UnreadableMedia(_words(error))
    return target


def _open(source: str) -> BinaryIO:
    if source.startswith(("http://", "https://")):
        return cast("BinaryIO", urllib.request.urlopen(source, timeout=_TIMEOUT))
    if "://" in source and not source.startswith("file://"):
        raise ValueError("only paths and http(s) addresses are read")
    return Path(source.removeprefix("file://")).open("rb")


def _words(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code}"
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    return str(getattr(error, "strerror", None) or getattr(error, "reason", None) or error)
