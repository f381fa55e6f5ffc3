"""Objects in S3 as our work needs them: read as their bytes come, written whole or not at all, stopped when asked.

All take a storage of django-storages. It makes a client for each thread; boto3's may be shared, and making one takes
a tenth of a second.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterator
from copy import copy
from functools import lru_cache
from pathlib import Path
from threading import Thread
from typing import Any

from django.utils.module_loading import import_string

from editing.errors import Cancelled

_BLOCK = 1 << 18
_ATTEMPTS = 3
_POLL = 0.02
_FAREWELL = 0.5
"""Seconds that requests under way get to notice that they are not wanted any more; then they end by themselves."""
_GONE, _INSUFFICIENT_STORAGE = 404, 507
_FULL = re.compile(r"Quota|StorageFull|InsufficientStorage|NoSpace", re.IGNORECASE)
"""MinIO says XMinioStorageFull or XMinioAdminBucketQuotaExceeded, Ceph QuotaExceeded."""


def read(storage: Any, name: str, *, first: int = 0, count: int | None = None) -> Iterator[bytes]:
    """The bytes of an object, or `count` of them from `first` on, in one request; one that breaks off is taken up.

    Raises FileNotFoundError, and what boto3 raises.
    """
    got = 0
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            for block in _asked(storage, name, first + got, None if count is None else count - got):
                got += len(block)
                yield block
            return
        except Exception as error:
            answer = getattr(error, "response", None)
            if isinstance(answer, dict) and answer.get("ResponseMetadata", {}).get("HTTPStatusCode") == _GONE:
                raise FileNotFoundError(name) from error
            if answer is not None or attempt == _ATTEMPTS or got == count:  # boto3 has asked again already
                raise


def _asked(storage: Any, name: str, first: int, count: int | None) -> Iterator[bytes]:
    last = "" if count is None else first + count - 1
    part = {"Range": f"bytes={first}-{last}"} if first or count is not None else {}
    key = storage._normalize_name(name)
    body = _client(storage).get_object(Bucket=storage.bucket_name, Key=key, **part)["Body"]
    try:
        while block := body.read(_BLOCK):
            yield block
    finally:
        body.close()


def write(
    storage: Any, source: Path | bytes, name: str, *, content_type: str, stopped: Callable[[], bool] | None
) -> None:
    """Store a file, or some bytes. Raises what boto3 raises.

    Raises Cancelled soon after `stopped` says so: nothing of it is left then, and what was there stays. Such a file is
    sent in parts however small it is, for only those can be taken back until the last word is said.
    """
    key = storage._normalize_name(name)
    parameters = {**storage._get_write_parameters(name), "ContentType": content_type}
    config = copy(storage.transfer_config)
    config.multipart_threshold = 1 if stopped else config.multipart_threshold
    manager: Any = import_string("boto3.s3.transfer.create_transfer_manager")(_client(storage), config)
    content = str(source) if isinstance(source, Path) else io.BytesIO(source)
    future = manager.upload(content, storage.bucket_name, key, extra_args=parameters)
    asked = False
    while stopped and not asked and not future.done():
        time.sleep(_POLL)
        asked = stopped()
    if asked:
        _abandon(manager, future)
        raise Cancelled("Stopped while publishing.")
    manager.shutdown()
    future.result()


def is_full(error: BaseException) -> bool:
    """Whether a storage refused to take more: each server has another word for it."""
    answer = getattr(error, "response", None)
    if not isinstance(answer, dict):
        return False
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status == _INSUFFICIENT_STORAGE or bool(_FULL.search(str(answer.get("Error", {}).get("Code", ""))))


def _abandon(manager: Any, future: Any) -> None:
    """Parts under way end at their next bytes; then the upload is aborted. Nobody waits for a server that is stuck."""
    future.cancel()
    ending = Thread(target=manager.shutdown, kwargs={"cancel": True}, name="aborting", daemon=True)
    ending.start()
    ending.join(_FAREWELL)


@lru_cache(maxsize=8)
def _client(storage: Any) -> Any:
    return storage.connection.meta.client
