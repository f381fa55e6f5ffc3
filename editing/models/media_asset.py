from __future__ import annotations

from django.conf import settings
from django.db import models

from editing.models.bucket import Bucket
from editing.models.editing_job import EditingJob
from editing.models.ids import new_id
from editing.models.querysets import SeenByRole


class MediaAssetQuerySet(SeenByRole):
    pass


class MediaAsset(models.Model):
    """A finished media file in a bucket with what probing it found. `duration` is in µs."""

    class Kind(models.TextChoices):
        VIDEO = "video"
        AUDIO = "audio"
        IMAGE = "image"

    id = models.CharField(max_length=32, primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    title = models.CharField(max_length=255)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.VIDEO)
    bucket = models.ForeignKey(Bucket, models.PROTECT, related_name="assets")
    key = models.CharField(max_length=512)
    size = models.PositiveBigIntegerField()
    duration = models.PositiveBigIntegerField(default=0)
    facts = models.JSONField(help_text="What probing found: container and tracks.")
    poster = models.CharField(max_length=512, blank=True, help_text="Key of its poster in the bucket.")
    job = models.OneToOneField(EditingJob, models.SET_NULL, null=True, related_name="asset")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MediaAssetQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (
            models.Index(fields=("-created_at",), name="asset_newest"),
            models.Index(fields=("bucket", "key"), name="asset_by_key"),
        )

    def __str__(self) -> str:
        return self.title
