from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models

from editing.models.querysets import SeenByRole


class BucketQuerySet(SeenByRole):
    def active(self) -> BucketQuerySet:
        return self.filter(active=True)


class Bucket(models.Model):
    """A place for files. `storage` names the alias in STORAGES that holds it; `endpoint` is only part of its URLs."""

    class Kind(models.TextChoices):
        OSS = "oss", "object storage"
        VOD = "vod", "video on demand"

    name = models.CharField(
        max_length=63,
        unique=True,
        validators=[
            RegexValidator(r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", "3–63 lower-case letters, digits and hyphens.")
        ],
    )
    kind = models.CharField(max_length=3, choices=Kind.choices, default=Kind.OSS)
    endpoint = models.CharField(max_length=253)
    storage = models.CharField(max_length=32, blank=True, help_text="Alias in STORAGES; empty: the default.")
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BucketQuerySet.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def url(self, key: str) -> str:
        """The name of a file in it as IMS writes it; not an address that a browser can open."""
        return f"https://{self.name}.{self.endpoint}/{key}"
