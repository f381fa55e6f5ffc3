from __future__ import annotations

from django.conf import settings
from django.db import models


class AccessKeyQuerySet(models.QuerySet["AccessKey"]):
    def active(self) -> AccessKeyQuerySet:
        return self.filter(revoked_at=None, user__is_active=True)


class AccessKey(models.Model):
    """A program's credentials; it acts with its user's roles. The secret is kept encrypted: signatures need it back."""

    id = models.CharField(max_length=32, primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="access_keys")
    encrypted_secret = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = AccessKeyQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.id

    @property
    def active(self) -> bool:
        return self.revoked_at is None and self.user.is_active
