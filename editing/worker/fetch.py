"""Playlists and segments from a path or an http(s) address, a few ahead of whoever reads them."""

from __future__ import annotations

import errno
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from typing import Any, TypeVar

from editing.errors import InvalidPlaylist, NoSpace, UnreadableMedia

_TIMEOUT = 20
"""Seconds without a byte."""
_LONGEST = 300
"""Seconds for one file: a server that drips would keep an import for ever."""
_LARGEST_PLAYLIST = 32 << 20
_LONGEST_PLAYLIST = 30
_LARGEST_SEGMENT = 1 << 30
_BLOCK = 1 << 20
_AHEAD = 3
_ATTEMPTS = 3
_PAUSE = 0.5
_FAULTS = (OSError, ValueError, HTTPException)
_FULL = (errno.ENOSPC, errno.EDQUOT)

Item = TypeVar("Item")


def text(source: str) -> tuple[str, str]:
    """A playlist's text, and where it was found after redirects. Raises InvalidPlaylist where there is none."""
    try:
        with _open(source) as stream:
            data = _read_all(stream)
            found = stream.geturl() if hasattr(stream, "geturl") else source.removeprefix("file://")
    except _FAULTS as error:
        raise InvalidPlaylist(f"{source} cannot be read: {_words(error)}.", field="playlist") from error
    if len(data) > _LARGEST_PLAYLIST:
        raise InvalidPlaylist(f"{source} is too long for a playlist.", field="playlist")
    return data.decode("utf-8", errors="replace"), found


def _read_all(stream: Any) -> bytes:
    deadline, data = time.monotonic() + _LONGEST_PLAYLIST, b""
    while (block := stream.read1(_BLOCK)) and len(data) <= _LARGEST_PLAYLIST:
        data += block
        if time.monotonic() > deadline:
            raise TimeoutError
    return data


def ahead(items: Iterable[tuple[Item, str]], folder: Path) -> Iterator[tuple[Item, Path | UnreadableMedia]]:
    """For each (item, source) the item and a copy of the source in `folder`, in order, a few fetched in advance.

    A source that cannot be had comes as the error. Whoever takes a copy removes it. Raises NoSpace.
    """
    with ThreadPoolExecutor(_AHEAD, thread_name_prefix="fetch") as pool:
        waiting: deque[tuple[Item, Future[Path | UnreadableMedia]]] = deque()
        for number, (item, source) in enumerate(items):
            waiting.append((item, pool.submit(to_file, source, folder / f"{number}.ts")))
            if len(waiting) > _AHEAD:
                first, copy = waiting.popleft()
                yield first, copy.result()
        while waiting:
            first, copy = waiting.popleft()
            yield first, copy.result()


def to_file(source: str, target: Path) -> Path | UnreadableMedia:
    """A copy of the source, or why it cannot be had. Raises NoSpace."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _copy_once(source, target)
        except UnreadableMedia as error:
            return error
        except _FAULTS as error:
            if getattr(error, "errno", None) in _FULL:  # ours, and no fault of the source
                raise NoSpace("The disk for scratch files is full.") from error
            if attempt == _ATTEMPTS or not _may_pass(error):
                return UnreadableMedia(_words(error))
            time.sleep(_PAUSE * attempt)
    raise AssertionError("The last attempt returns.")


def _copy_once(source: str, target: Path) -> Path:
    deadline = time.monotonic() + _LONGEST
    with _open(source) as stream, target.open("wb") as file:
        while block := stream.read(_BLOCK):
            file.write(block)
            if file.tell() > _LARGEST_SEGMENT:
                raise UnreadableMedia("larger than a segment can be")
            if time.monotonic() > deadline:
                raise UnreadableMedia(f"took longer than {_LONGEST} s to fetch")
        if getattr(stream, "length", None):  # http.client counts what a server announced and did not send
            raise ConnectionError("the connection ended early")
    return target


def _may_pass(error: Exception) -> bool:
    """Whether asking once more makes sense: the network or a server's bad moment, not a missing file."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code >= 500
    return isinstance(error, (urllib.error.URLError, ConnectionError, TimeoutError, HTTPException))


def _open(source: str) -> Any:
    """A readable binary stream, as a context manager."""
    if source.startswith(("http://", "https://")):
        return _BROWSER.open(source, timeout=_TIMEOUT)
    if "://" in source and not source.startswith("file://"):
        raise ValueError("only paths and http(s) addresses are read")
    return Path(source.removeprefix("file://")).open("rb")


def _browser() -> urllib.request.OpenerDirector:
    """Follows redirects between http and https, and nowhere else: urllib's own would read ftp and files, too."""
    browser = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.UnknownHandler,
    ):
        browser.add_handler(handler())
    return browser


_BROWSER = _browser()


def _words(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code}"
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, TimeoutError):
        return "the server does not answer"
    return str(getattr(error, "strerror", None) or getattr(error, "reason", None) or error)
