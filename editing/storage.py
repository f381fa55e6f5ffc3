"""The only door to files in buckets: bucket row → Django Storage, URL ↔ bucket and key.

Files appear whole or not at all: a local file is renamed into its place, an S3 object exists once its upload is done.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage
from django.utils.module_loading import import_string

from editing.errors import InvalidKey, InvalidOutput, NoSpace, NotFound, StorageFailure
from editing.models import Bucket

OUTPUTS = frozenset({"mp4", "mov", "mkv", "ts", "flv"})
IMAGES = frozenset({"jpg", "jpeg"})
LONGEST_KEY = 512
_URL = re.compile(r"^(?:https?://(?P<host>[^/?#]+)|oss://(?P<bucket>[^/?#.]+))/(?P<key>[^?#]+)$")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\]")
_NO_SPACE = 28


def check_key(key: str, *, field: str = "key", extensions: frozenset[str] | None = None) -> str:
    """The key as it is, if a file may have it. Raises InvalidKey, naming `field` and saying what would be right."""
    if not key or len(key) > LONGEST_KEY:
        raise InvalidKey(f"Give a name of 1 to {LONGEST_KEY} characters.", field=field)
    if _FORBIDDEN.search(key):
        raise InvalidKey("The name holds a control character or a backslash.", field=field)
    if any(part in ("", ".", "..") for part in key.split("/")):
        raise InvalidKey("The name must be a relative path without empty parts, “.” or “..”.", field=field)
    if extensions is not None and Path(key).suffix.lower().removeprefix(".") not in extensions:
        raise InvalidKey(f"The name must end in one of .{', .'.join(sorted(extensions))}.", field=field)
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


def open_file(bucket: Bucket, key: str) -> BinaryIO:
    """A reader that can seek; the caller closes it. Raises NotFound or StorageFailure."""
    path = local_path(bucket, key)
    try:
        if path is not None:
            return path.open("rb")
        return cast("BinaryIO", _storage(bucket).open(_name(bucket, key), "rb"))
    except FileNotFoundError:
        raise NotFound(f"{key} is not in bucket {bucket}.", field="key") from None
    except OSError as error:
        raise StorageFailure(f"{key} in bucket {bucket} cannot be read: {error}.") from error


def publish(path: Path, bucket: Bucket, key: str) -> None:
    """Move a finished file into the bucket, replacing what was there at once. Raises NoSpace or StorageFailure."""
    try:
        target = local_path(bucket, key)
        if target is not None:
            _rename_into(path, target)
        else:
            with path.open("rb") as file:
                _storage(bucket).save(_name(bucket, key), File(file))
            path.unlink()
    except Exception as error:
        raise _fault(error, bucket) from error


def save_bytes(data: bytes, bucket: Bucket, key: str) -> None:
    """Store a small file. Raises NoSpace or StorageFailure."""
    try:
        target = local_path(bucket, key)
        if target is None:
            _storage(bucket).save(_name(bucket, key), ContentFile(data))
            return
        draft = _draft(target)
        draft.write_bytes(data)
        draft.replace(target)
    except Exception as error:
        raise _fault(error, bucket) from error


def delete(bucket: Bucket, key: str) -> None:
    """Remove a file; that it is not there is fine."""
    try:
        _storage(bucket).delete(_name(bucket, key))
    except Exception as error:
        raise _fault(error, bucket) from error


def exists(bucket: Bucket, key: str) -> bool:
    return bool(_storage(bucket).exists(_name(bucket, key)))


def size(bucket: Bucket, key: str) -> int:
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


def _rename_into(path: Path, target: Path) -> None:
    """Across filesystems the copy is made beside the target first, so that the last step is always one rename."""
    draft = _draft(target)
    try:
        path.rename(draft)
    except OSError:
        shutil.copyfile(path, draft)
        path.unlink()
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(target)


def _draft(target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}")


def _fault(error: Exception, bucket: Bucket) -> Exception:
    if isinstance(error, (NotFound, InvalidKey)):
        return error
    if isinstance(error, OSError) and error.errno == _NO_SPACE:
        return NoSpace(f"Bucket {bucket} is full.")
    return StorageFailure(f"Bucket {bucket} could not be written: {error}.")
