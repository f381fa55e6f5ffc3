from __future__ import annotations

from django.db import models

from editing.models.querysets import SeenByRole
from editing.timeline.clips import StreamName


class StreamQuerySet(SeenByRole):
    pass


class Stream(models.Model):
    """A live stream, known by domain, application and name, whether or not it is on the air."""

    domain = models.CharField(max_length=253)
    app = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
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
