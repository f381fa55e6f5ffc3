from __future__ import annotations

from django.db import models

from editing.models.ids import new_id
from editing.models.querysets import SeenByRole


class RecordTemplateQuerySet(SeenByRole):
    pass


class RecordTemplate(models.Model):
    """How record jobs record. `formats` is a list of {"format", "cycle_duration", "object_prefix"} and for m3u8 also
    {"slice_duration", "slice_prefix"}; seconds all. A job keeps a copy, so that changes here leave it alone.
    """

    class Kind(models.TextChoices):
        SYSTEM = "system", "shipped"
        CUSTOM = "custom", "own"

    id = models.CharField(max_length=32, primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=128)
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.CUSTOM)
    formats = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)
    modified_at = models.DateTimeField(auto_now=True)

    objects = RecordTemplateQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.name
