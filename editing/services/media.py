"""Media assets: files and what is known of them. Jobs file their own (worker.edit); others are registered."""

from __future__ import annotations

import mimetypes
import re
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from editing import queue, storage
from editing.errors import AssetExists, InvalidInput, NotFound, OutputKeyTaken, PermissionDenied
from editing.models import Bucket, EditingJob, MediaAsset, RecordFile, Recording, SegmentRow
from editing.services import callbacks
from editing.worker.events import notify_address

DETAILS = frozenset({"title", "description", "category", "tags", "cover_url", "user_data", "business", "reference"})
"""What people may say of an asset."""
_ID = re.compile(r"(?=([0-9a-f]{32}))")


def register(
    user: Any,
    bucket: Bucket,
    key: str,
    *,
    kind: str = "",
    poster_at: int | None = 0,
    stills: MediaAsset.Stills = MediaAsset.Stills.ALL,
    overwrite: bool = False,
    token: str = "",
    **details: Any,
) -> MediaAsset:
    """An asset for a file that is in a bucket already; it is looked at in the background, and Preparing until then.

    `kind` is told by the name where it is not given; the poster is taken at `poster_at` (µs), none if that is None;
    `stills` of a video are made after that; `details` are those of DETAILS. The same `token` for the same file gives
    the same asset. Raises AssetExists where the file has an asset and is not to get a new one, InvalidInput.
    """
    asset = MediaAsset(
        owner=user,
        bucket=bucket,
        key=key,
        kind=kind or kind_of(key),
        size=0,
        facts={},
        poster_at=poster_at,
        token=token,
    )
    asset.stills_wanted = stills if asset.kind == MediaAsset.Kind.VIDEO else MediaAsset.Stills.NONE
    asset.state, asset.sent_at = MediaAsset.State.PREPARING, timezone.now()
    _describe(asset, {"title": key.rpartition("/")[2], **details})
    if address := notify_address(asset.user_data):
        callbacks.check_address(address, field="user_data")
    with transaction.atomic():
        Bucket.objects.select_for_update().get(pk=bucket.pk)  # of two who register one file, one comes second
        known: list[MediaAsset] = list(MediaAsset.objects.filter(bucket=bucket, key=key))
        for other in known:
            if token and other.token == token and other.owner_id == user.pk:
                return other
            if not overwrite:
                raise AssetExists(f"The file is registered already, as {other.pk}.", field="key")
            other.delete()
        _save(asset, force_insert=True)
        queue.send(queue.PREPARE, asset.pk, queue=queue.FAST)
    for place, key in [picture for other in known for picture in other.pictures]:
        storage.delete(place, key)
    return asset


def update(asset: MediaAsset, *, append_tags: bool = False, **details: Any) -> MediaAsset:
    """Say something else of an asset; what is not given stays. Raises InvalidInput, NotFound."""
    with transaction.atomic():
        held = MediaAsset.objects.select_for_update().filter(pk=asset.pk).first()
        if held is None:
            raise NotFound("The media asset has just been deleted.")
        if append_tags:
            details["tags"] = list(dict.fromkeys([*held.tags, *details.get("tags", [])]))
        _describe(asset, details)
        asset.changed_at = timezone.now()
        _save(asset, update_fields=[*details, "changed_at"])
    return asset


def delete(asset: MediaAsset, *, keep_file: bool = False) -> None:
    """Remove the asset with its poster and its cover, and its file unless that is to be kept.

    The row goes first: a file without a row harms nobody.

    Raises OutputKeyTaken while a job is about to replace the file, which could otherwise take the new one, and
    PermissionDenied for a file of a recording, which goes with its recording only.
    """
    bucket, files = asset.bucket, [(asset.bucket, asset.key), *asset.pictures]
    if EditingJob.objects.unfinished().filter(bucket=bucket, key=asset.key).exists():
        raise OutputKeyTaken("A job is about to replace this file; cancel the job first or wait for it.")
    if keep_file:
        files.remove((bucket, asset.key))
    elif _is_of_a_recording(asset):
        raise PermissionDenied("This file is part of a recording; delete the asset alone, or the recording.")
    else:
        RecordFile.objects.filter(asset=asset).delete()  # it would be listed without being there
    gone, _ = MediaAsset.objects.filter(pk=asset.pk).delete()
    for place, key in files if gone else ():
        storage.delete(place, key)


def _is_of_a_recording(asset: MediaAsset) -> bool:
    """There is no index to find segments by key. The folder of those that were imported is named after their
    recording's number, and the names of all that a record job stores hold its id."""
    folder = asset.key.split("/")[-2:-1]
    number = int(folder[0]) if folder and re.fullmatch(r"[0-9]{1,18}", folder[0]) else 0
    its = Recording.objects.filter(Q(pk=number) | Q(record_job__in=_ID.findall(asset.key)), bucket=asset.bucket_id)
    segments = SegmentRow.objects.filter(recording__in=its, key=asset.key)
    return its.filter(playlist=asset.key).exists() or segments.exists()


def kind_of(key: str) -> str:
    """By the name's extension. Raises InvalidInput where it does not tell."""
    guessed = (mimetypes.guess_type(key)[0] or "").partition("/")[0]
    if guessed not in ("video", "audio", "image"):
        raise InvalidInput("The file's name does not tell what it is: say video, audio, image or text.", field="kind")
    return guessed


def _describe(asset: MediaAsset, details: dict[str, Any]) -> None:
    if unknown := set(details) - DETAILS:
        raise TypeError(f"Assets have no {', '.join(sorted(unknown))}.")
    for name, value in details.items():
        setattr(asset, name, value)


def _save(asset: MediaAsset, **options: Any) -> None:
    try:
        with transaction.atomic():
            asset.save(**options)
    except IntegrityError:
        raise InvalidInput("Another asset of yours has this name already.", field="reference") from None
