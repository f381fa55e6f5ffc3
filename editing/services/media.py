"""Media assets: finished files and what is known of them."""

from __future__ import annotations

from editing import storage
from editing.models import MediaAsset


def delete(asset: MediaAsset) -> None:
    """Remove the asset, its file and its poster. The row goes first: a file without a row harms nobody."""
    bucket, keys = asset.bucket, [key for key in (asset.key, asset.poster) if key]
    asset.delete()
    for key in keys:
        storage.delete(bucket, key)
