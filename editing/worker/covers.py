"""The cover of an output and its smaller poster: made before anything is published, stored before the video is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from editing import storage
from editing.aside import aside, at_most
from editing.errors import Cancelled, EditingError, MediaError, NotFound
from editing.media import frames
from editing.media.report import CutReport
from editing.models import Bucket, MediaAsset
from editing.timeline.plan import CutPlan

log = logging.getLogger(__name__)

_FAREWELL = 0.3
"""Seconds that a storage gets to take back pictures of a video that is not wanted any more."""

Pictures = tuple[bytes, bytes]
"""The poster, and the cover in full size: in the order of MediaAsset.pictures."""


def make(plan: CutPlan, output: Path, report: CutReport) -> Pictures | None:
    """Of a finished output. A video that was cut right is not lost because a picture of it is: the report says so."""
    try:
        cover, poster = frames.covers(plan, output)
        return poster, cover
    except MediaError as error:
        report.warnings.append(f"It has no cover: {error.message}")
        return None


@contextmanager
def stored(pictures: Pictures | None, asset: MediaAsset, *, stopped: Callable[[], bool]) -> Iterator[None]:
    """Store the pictures for a video that is published inside. Where that fails the bucket is left as it was found.

    Raises StorageFailure, and Cancelled soon after `stopped` says so: no longer than for a moment is a storage that
    does not answer waited for then.
    """
    former: list[tuple[Bucket, str, bytes | None]] = []
    try:
        for data, (bucket, key) in zip(pictures or (), asset.pictures, strict=False):
            former.append((bucket, key, aside(partial(_bytes_of, bucket, key), stopped)))
            storage.save_bytes(data, bucket, key, stopped=stopped)
        yield
    except Cancelled:
        at_most(_FAREWELL, partial(_put_back, former))
        raise
    except BaseException:
        _put_back(former)
        raise


def forget(pictures: Sequence[tuple[Bucket, str]]) -> None:
    """Those of a replaced asset. One that stays behind harms nobody; the job is done."""
    for bucket, key in pictures:
        try:
            storage.delete(bucket, key)
        except EditingError:
            log.warning("The picture %s in bucket %s could not be removed.", key, bucket, exc_info=True)


def _bytes_of(bucket: Bucket, key: str) -> bytes | None:
    try:
        with storage.open_file(bucket, key) as file:
            return file.read()
    except NotFound:
        return None


def _put_back(former: Sequence[tuple[Bucket, str, bytes | None]]) -> None:
    for bucket, key, data in former:
        try:
            storage.delete(bucket, key) if data is None else storage.save_bytes(data, bucket, key)
        except EditingError:
            log.warning("The picture %s in bucket %s could not be put back.", key, bucket, exc_info=True)
