"""What a fresh database holds, so that an installation can be used at once: roles, a bucket of each kind, templates."""

from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps
from django.conf import settings

from editing.models.roles import ROLES

BUCKETS = (("media", "oss"), ("vod-media", "vod"))
LIVE_SECONDS = 6
TEMPLATES = {"live editing": LIVE_SECONDS, "long segments": 30}
"""Seconds of a segment by the name of the template; the first is the default."""


def create_defaults(using: str, apps: Apps = installed, **_: Any) -> None:
    """Runs after every migrate and flush. Buckets come only where there are none: who removed one wants it gone."""
    groups = apps.get_model("auth", "Group").objects.using(using)
    for name in ROLES:
        groups.get_or_create(name=name)
    buckets = apps.get_model("editing", "Bucket").objects.using(using)
    if not buckets.exists():
        for name, kind in BUCKETS:
            buckets.create(name=name, kind=kind, endpoint=settings.BUCKET_ENDPOINT)
    templates = apps.get_model("editing", "RecordTemplate").objects.using(using)
    for name, seconds in TEMPLATES.items():
        templates.get_or_create(kind="system", name=name, defaults={"formats": [segments_of(seconds)]})


def segments_of(seconds: int) -> dict[str, Any]:
    """An m3u8 entry of a template, with IMS's example names and six hours to a file."""
    return {
        "format": "m3u8",
        "cycle_duration": 6 * 3600,
        "object_prefix": "record/{JobId}/{Sequence}_{EscapedStartTime}_{EscapedEndTime}",
        "slice_duration": seconds,
        "slice_prefix": "record/{JobId}/{UnixTimestamp}_{Sequence}",
    }
