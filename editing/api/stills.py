"""Pictures spread over a media asset: one by one, and small ones side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework import serializers

from editing.models import MediaAsset
from editing.services import links

Absolute = Callable[[str], str]


class SnapshotSerializer(serializers.Serializer[Any]):
    at = serializers.FloatField(help_text="Seconds after the first picture.")
    url = serializers.CharField()


class SpriteSerializer(serializers.Serializer[Any]):
    """`count` tiles of `width` × `height` pixels, `columns` in a row."""

    url = serializers.CharField()
    count = serializers.IntegerField()
    columns = serializers.IntegerField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


def snapshots_of(asset: MediaAsset, absolute: Absolute) -> list[dict[str, Any]]:
    return [{"at": at / 1_000_000, "url": absolute(links.file_url(asset.bucket, key))} for at, key in asset.snapshots]


def sprite_of(asset: MediaAsset, absolute: Absolute) -> dict[str, Any] | None:
    if not asset.sprite:
        return None
    width, height = asset.stills["tile"]
    return {
        "url": absolute(links.file_url(asset.bucket, asset.sprite)),
        "count": len(asset.stills["at"]),
        "columns": asset.stills["columns"],
        "width": width,
        "height": height,
    }
