from __future__ import annotations

from django.core.validators import BaseValidator, MaxValueValidator, MinValueValidator
from django.db import models

from editing.models.querysets import SeenByRole
from editing.timeline.clips import StreamName

MOST_DAYS, MOST_BYTES = 36_500, 1 << 60


def _within(most: int) -> list[BaseValidator]:
    return [MinValueValidator(1), MaxValueValidator(most)]


class StreamQuerySet(SeenByRole):
    pass


class Stream(models.Model):
    """A live stream, known by domain, application and name, whether or not it is on the air.

    What is recorded of it goes when it is older than `keep_days` days or more than `keep_bytes` bytes; empty: it stays.
    """

    domain = models.CharField(max_length=253)
    app = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    keep_days = models.PositiveIntegerField(null=True, blank=True, validators=_within(MOST_DAYS))
    keep_bytes = models.PositiveBigIntegerField(null=True, blank=True, validators=_within(MOST_BYTES))
    created_at = models.DateTimeField(auto_now_add=True)

    objects = StreamQuerySet.as_manager()

    class Meta:
        ordering = ("domain", "app", "name")
        constraints = (models.UniqueConstraint(fields=("domain", "app", "name"), name="stream_name"),)

    def __str__(self) -> str:
        return str(self.full_name)

    @property
    def full_name(self) -> StreamName:
        return StreamName(self.domain, self.app, self.name)
