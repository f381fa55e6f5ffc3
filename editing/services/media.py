"""Media assets: finished files and what is known of them. Jobs file them (worker.edit)."""

from __future__ import annotations

from editing import storage
from editing.errors import OutputKeyTaken
from editing.models import EditingJob, MediaAsset


def delete(asset: MediaAsset) -> None:
    """Remove the asset, its file and its poster. The row goes first: a file without a row harms nobody.

    Raises OutputKeyTaken while a job is about to replace the file, which could otherwise take the new one.
    """
    bucket, keys = asset.bucket, [key for key in (asset.key, asset.poster) if key]
    if EditingJob.objects.unfinished().filter(bucket=bucket, key=asset.key).exists():
        raise OutputKeyTaken("A job is about to replace this file; cancel the job first or wait for it.")
    gone, _ = MediaAsset.objects.filter(pk=asset.pk).delete()
    for key in keys if gone else ():
        storage.delete(bucket, key)
