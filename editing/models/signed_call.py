from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone

from editing.models.access_key import AccessKey

CLOCK_WINDOW = timedelta(minutes=15)
"""How far a client's clock may be from ours, either way."""


class SignedCallQuerySet(models.QuerySet["SignedCall"]):
    def spent(self) -> SignedCallQuerySet:
        """Those whose signature has expired, even if the client's clock was ahead by all that is allowed."""
        return self.filter(at__lt=timezone.now() - 2 * CLOCK_WINDOW)


class SignedCall(models.Model):
    """A call that an access key has signed: kept while its nonce could be sent again, and counted for its key."""

    access_key = models.ForeignKey(AccessKey, models.CASCADE, related_name="+", db_index=False)
    nonce = models.CharField(max_length=128)
    at = models.DateTimeField(db_index=True)

    objects = SignedCallQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("access_key", "nonce"), name="nonce_once"),)
        indexes = (models.Index(fields=("access_key", "at"), name="calls_of_key"),)

    def __str__(self) -> str:
        return f"{self.access_key_id} {self.nonce}"
