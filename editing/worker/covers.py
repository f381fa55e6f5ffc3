"""The cover of an output and its smaller poster: made before anything is published, stored before the video is."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from editing import storage
from editing.errors import EditingError, MediaError, NotFound
from editing.media import frames
from editing.media.report import CutReport
from editing.models import Bucket, MediaAsset
from editing.timeline.plan import CutPlan

log = logging.getLogger(__name__)

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
def stored(pictures: Pictures | None, asset: MediaAsset) -> Iterator[None]:
    """Store the pictures for a video that is published inside. Where that fails the bucket is left as it was found.

    Raises StorageFailure.
    """
    former: list[tuple[Bucket, str, bytes | None]] = []
    try:
        for data, (bucket, key) in zip(pictures or (), asset.pictures, strict=False):
            former.append((bucket, key, _bytes_of(bucket, key)))
            storage.save_bytes(data, bucket, key)
        yield
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
