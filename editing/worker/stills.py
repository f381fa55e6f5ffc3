"""Media assets get pictures spread over them: snapshots and a sprite, made in the background one asset at a time."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from editing import queue, storage
from editing.errors import EditingError, StorageFailure
from editing.media.stills import stills
from editing.models import MediaAsset
from editing.worker import covers

log = logging.getLogger(__name__)

_PATIENCE = timedelta(days=1)
"""A file of which no pictures could be made for so long, for its storage is away or it kills workers, gets none."""


def run(asset_id: str) -> None:
    """Make what is still to be made. A video without pictures is a video all the same: nothing is raised."""
    asset = MediaAsset.objects.wanting_stills().select_related("bucket").filter(pk=asset_id).first()
    if asset is None:
        return
    try:
        asset.stills = _stored(asset)
    except StorageFailure as error:
        log.warning("The pictures of asset %s are made later: %s", asset.pk, error.message)
        return
    except EditingError as error:
        log.info("Asset %s gets no pictures: %s", asset.pk, error.message)
        asset.stills = {}
    rows = MediaAsset.objects.wanting_stills().filter(pk=asset.pk)
    if not rows.update(stills=asset.stills, stills_wanted=MediaAsset.Stills.NONE, stills_sent_at=None):
        gone = not MediaAsset.objects.filter(pk=asset.pk).exists()
        covers.forget([(asset.bucket, key) for key in _keys(asset)] if gone else [])


def hand_out() -> None:
    """Tell the queue of one asset, if it is not busy with another: jobs do not wait for pictures of their results."""
    now = timezone.now()
    wanting = MediaAsset.objects.wanting_stills()
    wanting.filter(created_at__lt=now - _PATIENCE).update(stills_wanted=MediaAsset.Stills.NONE)
    if wanting.filter(stills_sent_at__gt=now - timedelta(seconds=settings.RESEND_SECONDS)).exists():
        return
    asset = wanting.order_by(F("stills_sent_at").asc(nulls_first=True), "created_at").first()
    if asset is not None:
        MediaAsset.objects.filter(pk=asset.pk).update(stills_sent_at=now)
        queue.send(queue.STILLS, asset.pk, queue=queue.FAST)


def _stored(asset: MediaAsset) -> dict[str, object]:
    """The column of the asset whose pictures are in its bucket. Raises NotFound, UnreadableMedia, StorageFailure."""
    with storage.open_file(asset.bucket, asset.key) as file:
        found = stills(file)
    folder = f"{storage.POSTERS}/{asset.pk}"
    shape = {"at": list(found.at), "columns": found.columns, "tile": list(found.tile)}
    made: dict[str, object] = {"made": asset.stills_wanted, "folder": folder, **shape}
    asset.stills = made
    for key, picture in zip(_keys(asset), (*(found.pictures if asset.snapshots else ()), found.sprite), strict=False):
        storage.save_bytes(picture, asset.bucket, key)
    return made


def _keys(asset: MediaAsset) -> list[str]:
    return [*(key for _, key in asset.snapshots), *([asset.sprite] if asset.sprite else [])]
