"""A registered file becomes a usable asset: probe it and take its poster."""

from __future__ import annotations

import logging
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import timezone

from editing import queue, storage
from editing.errors import EditingError, StorageFailure
from editing.media.frames import picture_at
from editing.media.probe import MediaFacts, probe
from editing.models import ConvertState, MediaAsset, Project
from editing.timeline.instant import SECOND
from editing.timeline.ticks import TICKS_PER_SECOND
from editing.worker import events, outbox

log = logging.getLogger(__name__)


def run(asset_id: str) -> None:
    """Look at the file if that is still to be done. What is found, or what is wrong, is written on the row."""
    asset = MediaAsset.objects.preparing().select_related("bucket").filter(pk=asset_id).first()
    if asset is None:
        return
    try:
        found = _found(asset)
    except StorageFailure as error:
        log.warning("Asset %s is prepared later: %s", asset.pk, error.message)
        return
    except EditingError as error:
        found = {"state": MediaAsset.State.FAILED, "problem": error.message}
    with transaction.atomic():
        if MediaAsset.objects.preparing().filter(pk=asset.pk).update(changed_at=timezone.now(), **found):
            asset.refresh_from_db()
            outbox.emit(events.register_complete(asset), events.notify_address(asset.user_data))
    _go_on_converting(asset)


def _go_on_converting(asset: MediaAsset) -> None:
    """Projects wait for the lengths of their files."""
    waiting = Project.objects.filter(materials__asset=asset, convert_state=ConvertState.CONVERTING)
    for key in waiting.values_list("pk", flat=True):
        queue.send(queue.CONVERT, key, queue=queue.FAST)


def _found(asset: MediaAsset) -> dict[str, Any]:
    """The columns to write. Raises NotFound, UnreadableMedia, StorageFailure."""
    normal: dict[str, Any] = {"state": MediaAsset.State.NORMAL, "size": storage.size(asset.bucket, asset.key)}
    if asset.kind == MediaAsset.Kind.TEXT:
        return normal
    with storage.open_file(asset.bucket, asset.key) as file:
        facts = probe(file)
        return {**normal, "facts": facts.to_json(), "duration": facts.duration, "poster": _poster(asset, facts, file)}


def _poster(asset: MediaAsset, facts: MediaFacts, file: BinaryIO) -> str:
    """The key of its poster, which is stored; nothing where none is wanted or there is no picture."""
    if asset.poster_at is None or not any(track.kind == "video" for track in facts.tracks):
        return ""
    picture = picture_at(file, asset.poster_at * TICKS_PER_SECOND // SECOND)
    key = f"{storage.POSTERS}/{asset.pk}.jpg"
    storage.save_bytes(picture, asset.bucket, key)
    return key
