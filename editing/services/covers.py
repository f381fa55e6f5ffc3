"""Where the cover of an output goes, and whether it may: never over the picture of another output."""

from __future__ import annotations

from pathlib import PurePosixPath

from editing import storage
from editing.errors import InvalidKey, InvalidOutput, OutputKeyTaken
from editing.models import Bucket, EditingJob, MediaAsset

FIELD = "output.cover_url"

Place = tuple[Bucket, str]
"""Bucket and key."""


def check(place: Place, *, field: str = FIELD) -> None:
    """Whether somebody may name such a place. Raises InvalidOutput, InvalidKey."""
    bucket, key = place
    if not bucket.active or bucket.kind != Bucket.Kind.OSS:
        raise InvalidOutput(f"Covers lie in active buckets of kind oss; {bucket} is none.", field=field)
    storage.check_key(key, field=field, extensions=storage.COVERS)


def check_free(place: Place, output: Place, *, field: str = FIELD, job: EditingJob | None = None) -> None:
    """Raises OutputKeyTaken where the cover of `output` would be written over something else; `job` itself may."""
    if taken := _taken(place, output, job):
        raise OutputKeyTaken(f"{taken}; choose another name for the cover.", field=field)


def beside(output: Place) -> Place:
    """Under the output's name in its folder: a.jpg for a.mkv, and a.mkv.jpg where a.jpg belongs to another output.

    Raises InvalidKey where the output's name leaves no room for that, OutputKeyTaken.
    """
    bucket, key = output
    short = (bucket, str(PurePosixPath(key).with_suffix(".jpg")))
    place = (bucket, f"{key}.jpg") if _taken(short, output, None) else short
    try:
        storage.check_key(place[1], extensions=storage.COVERS)
    except InvalidKey:
        problem = f"The name leaves no room for its cover's, {place[1]}; make it shorter."
        raise InvalidKey(problem, field="output.key") from None
    check_free(place, output, field="output.key")
    return place


def _taken(place: Place, output: Place, job: EditingJob | None) -> str:
    """By whom, in words; nothing where it is free."""
    bucket, key = place
    jobs = EditingJob.objects.unfinished().filter(cover_bucket=bucket, cover_key=key)
    if jobs.exclude(pk=job.pk if job else None).exists():
        return f"An unfinished job already writes its cover to {key}"
    if file := MediaAsset.objects.filter(bucket=bucket, key=key).first():
        return f"{key} is the media asset {file.pk}"
    others = MediaAsset.objects.filter(cover_bucket=bucket, cover_key=key).exclude(bucket=output[0], key=output[1])
    if other := others.first():
        return f"{key} is the cover of the media asset {other.pk}"
    return ""
