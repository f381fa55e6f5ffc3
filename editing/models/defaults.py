"""What a fresh database holds, so that an installation can be used at once: the roles, and a bucket of each kind."""

from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps
from django.conf import settings

from editing.models.roles import ROLES

BUCKETS = (("media", "oss"), ("vod-media", "vod"))


def create_defaults(using: str, apps: Apps = installed, **_: Any) -> None:
    """Runs after every migrate and flush. Buckets come only where there are none: who removed one wants it gone."""
    groups = apps.get_model("auth", "Group").objects.using(using)
    for name in ROLES:
        groups.get_or_create(name=name)
    buckets = apps.get_model("editing", "Bucket").objects.using(using)
    if not buckets.exists():
        for name, kind in BUCKETS:
            buckets.create(name=name, kind=kind, endpoint=settings.BUCKET_ENDPOINT)
