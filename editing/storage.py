"""The only door to files in buckets: bucket row → Django Storage, URL ↔ bucket and key.

Files appear whole or not at all: a local file is renamed into its place, an S3 object exists once its upload is done.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.files.storage import FileSystemStorage, Storage
from django.utils.module_loading import import_string

from editing import objects
from editing.aside import aside
from editing.errors import Cancelled, EditingError, InvalidKey, InvalidOutput, NoSpace, NotFound, StorageFailure
from editing.media.containers import CONTAINERS
from editing.models import Bucket

COVERS = frozenset({"jpg", "jpeg"})
OUTPUTS = frozenset(CONTAINERS)
IMAGES = frozenset({"jpg", "jpeg"})
LONGEST_KEY = 512
TYPES = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".ts": "video/mp2t",
    ".flv": "video/x-flv",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}
_BLOCK = 4 << 20
_LONGEST_PART = 240
"""Bytes: what filesystems allow, less a little."""
_URL = re.compile(r"^(?:https?://(?P<host>[^/?#]+)|oss://(?P<bucket>[^/?#.]+))/(?P<key>[^?#]+)$")
RECORDINGS, POSTERS = "recordings", "posters"
OWN_FOLDERS = frozenset({RECORDINGS, POSTERS})
"""What nobody's output may be written over."""
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's controls, halves of pairs that no encoding can write, and separators of lines."""


def check_key(key: str, *, field: str = "key", extensions: frozenset[str] | None = None) -> str:
    """The key as it is, if a file may have it. Raises InvalidKey, naming `field` and saying what would be right."""
    if not key or len(key) > LONGEST_KEY:
        raise InvalidKey(f"Give a name of 1 to {LONGEST_KEY} characters.", field=field)
    if "\\" in key or any(unicodedata.category(letter) in _FORBIDDEN for letter in key):
        raise InvalidKey("The name holds a control character or a backslash.", field=field)
    parts = key.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise InvalidKey("The name must be a relative path without empty parts, “.” or “..”.", field=field)
    if any(len(part.encode()) > _LONGEST_PART for part in parts):
        raise InvalidKey(f"A part of the name is longer than {_LONGEST_PART} bytes.", field=field)
    if extensions is not None and Path(key).suffix.lower().removeprefix(".") not in extensions:
        raise InvalidKey(f"The name must end in one of .{', .'.join(sorted(extensions))}.", field=field)
    if extensions is not None and parts[0] in OWN_FOLDERS:
        raise InvalidKey(f"The folder {parts[0]} is kept by the studio itself; choose another.", field=field)
    return key


def resolve(url: str, *, field: str = "url") -> tuple[Bucket, str]:
    """The bucket and key that http(s)://bucket.endpoint/key or oss://bucket/key name.

    Raises InvalidOutput for another form, NotFound for a bucket that is not there or not active, InvalidKey.
    """
    match = _URL.match(url)
    if not match:
        raise InvalidOutput("Write https://bucket.endpoint/key or oss://bucket/key.", field=field)
    name, _, endpoint = (match["bucket"] or match["host"]).partition(".")
    bucket = Bucket.objects.active().filter(name=name).first()
    if bucket is None or (match["host"] and bucket.endpoint != endpoint):
        raise NotFound(f"There is no active bucket behind {url}.", field=field)
    return bucket, check_key(match["key"], field=field)


def content_type(key: str) -> str:
    """What a browser should take the file for, by its extension alone."""
    return TYPES.get(Path(key).suffix.lower(), "application/octet-stream")


def open_file(bucket: Bucket, key: str) -> BinaryIO:
    """A reader that can seek; the caller closes it. Raises NotFound or StorageFailure.

    A file that is elsewhere is fetched in one request, into memory while it is small and into a temporary file if not
    (`max_memory_size` in STORAGES): segments are read from beginning to end, and a request for each part costs more.
    """
    with _in_words(bucket, key):
        path = local_path(bucket, key)
        if path is not None:
            return path.open("rb")
        file = cast("BinaryIO", _storage(bucket).open(_name(bucket, key), "rb"))
        file.seek(0)  # django-storages fetches when it is first touched; its faults belong here
        return file


def read(bucket: Bucket, key: str, *, first: int = 0, count: int | None = None) -> Iterator[bytes]:
    """The bytes of a file that is elsewhere, or `count` of them from `first` on, as they come, in one request.

    Raises NotFound or StorageFailure.
    """
    with _in_words(bucket, key):
        yield from objects.read(_storage(bucket), _name(bucket, key), first=first, count=count)


def publish(path: Path, bucket: Bucket, key: str, *, stopped: Callable[[], bool] | None = None) -> None:
    """Move a finished file into the bucket, replacing what was there at once.

    Raises NoSpace or StorageFailure, and Cancelled soon after `stopped` says so: then nothing has changed.
    """
    with _in_words(bucket, key, needed=path.stat().st_size):
        target = local_path(bucket, key)
        if target is not None:
            _rename_into(path, target, stopped)
            return
        kind = content_type(key)
        objects.write(_storage(bucket), path, _name(bucket, key), content_type=kind, stopped=stopped)
        path.unlink()


def save_bytes(data: bytes, bucket: Bucket, key: str, *, stopped: Callable[[], bool] | None = None) -> None:
    """Store a small file, whole or not at all.

    Raises NoSpace or StorageFailure, and Cancelled soon after `stopped` says so: then nothing has changed.
    """
    with _in_words(bucket, key, needed=len(data)):
        target = local_path(bucket, key)
        if target is None:
            kind = content_type(key)
            objects.write(_storage(bucket), data, _name(bucket, key), content_type=kind, stopped=stopped)
            return
        with _draft(target, stopped) as draft:
            draft.write_bytes(data)


def delete(bucket: Bucket, key: str) -> None:
    """Remove a file; that it is not there is fine."""
    with _in_words(bucket, key):
        _storage(bucket).delete(_name(bucket, key))


def exists(bucket: Bucket, key: str) -> bool:
    with _in_words(bucket, key):
        return bool(_storage(bucket).exists(_name(bucket, key)))


def size(bucket: Bucket, key: str) -> int:
    """Bytes. Raises NotFound or StorageFailure."""
    with _in_words(bucket, key):
        return int(_storage(bucket).size(_name(bucket, key)))


def local_path(bucket: Bucket, key: str) -> Path | None:
    """Where the file is on this machine, None where the bucket is somewhere else."""
    storage = _storage(bucket)
    return Path(storage.path(_name(bucket, key))) if isinstance(storage, FileSystemStorage) else None


def signed_url(bucket: Bucket, key: str, *, seconds: int, headers: dict[str, str]) -> str | None:
    """An address at the storage itself that works for a while; None where the bucket is local.

    `headers` are those of the answer, such as ResponseContentDisposition.
    """
    storage: Any = _storage(bucket)
    if isinstance(storage, FileSystemStorage):
        return None
    return str(storage.url(_name(bucket, key), parameters=headers, expire=seconds))


def _storage(bucket: Bucket) -> Storage:
    return _instance(bucket.storage or settings.BUCKET_STORAGE)


@cache
def _instance(alias: str) -> Storage:
    """The storage behind an alias of STORAGES. Buckets are its first folders."""
    config = settings.STORAGES[alias]
    storage: Storage = import_string(config["BACKEND"])(**config.get("OPTIONS", {}))
    return storage


def _name(bucket: Bucket, key: str) -> str:
    return f"{bucket.name}/{check_key(key)}"


def _rename_into(path: Path, target: Path, stopped: Callable[[], bool] | None) -> None:
    """Across filesystems the copy is made beside the target first, so that the last step is always one rename."""
    with _draft(target, stopped) as draft:
        try:
            path.rename(draft)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy(path, draft, stopped)
            path.unlink()


def _copy(path: Path, draft: Path, stopped: Callable[[], bool] | None) -> None:
    with path.open("rb") as source, draft.open("wb") as copy:
        while block := source.read(_BLOCK):
            if stopped and stopped():
                raise Cancelled("Stopped while publishing.")
            copy.write(block)


@contextmanager
def _draft(target: Path, stopped: Callable[[], bool] | None) -> Iterator[Path]:
    """A hidden name beside the target for a file that takes its place once it is whole and on the disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        yield draft
        with draft.open("rb") as file:
            aside(partial(os.fsync, file.fileno()), stopped)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _in_words(bucket: Bucket, key: str, *, needed: int = 0) -> Iterator[None]:
    """Faults of whatever storage it is as ours. Each backend raises its own family, so that none can be named here."""
    try:
        yield
    except EditingError:
        raise
    except FileNotFoundError:
        raise NotFound(f"{key} is not in bucket {bucket}.", field="key") from None
    except Exception as error:
        if objects.is_full(error) or (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)):
            raise NoSpace(f"Bucket {bucket} is full: {key} needs {needed / (1 << 20):.1f} MiB.") from error
        words = getattr(error, "strerror", None) or error  # without the path on this machine
        raise StorageFailure(f"{key} in bucket {bucket} cannot be read or written: {words}.") from error
