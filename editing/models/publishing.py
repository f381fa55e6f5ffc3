from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from editing.models.bucket import Bucket
from editing.models.record_template import RecordTemplate
from editing.models.stream import Stream

SEEN_EVERY = timedelta(seconds=10)
"""How often the RTMP server says that a publisher is still there."""
_LAPSES_AFTER = 4 * SEEN_EVERY


class PublishingRule(models.Model):
    """What becomes of streams that are published under an application of our own RTMP server.

    With `auto_record` each is recorded by `template` (empty: the one for live editing) into `bucket` (empty: the first
    active one).
    """

    app = models.CharField(max_length=63, unique=True)
    auto_record = models.BooleanField(default=True)
    template = models.ForeignKey(RecordTemplate, models.SET_NULL, null=True, blank=True, related_name="+")
    bucket = models.ForeignKey(Bucket, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ("app",)

    def __str__(self) -> str:
        return self.app


class StreamKey(models.Model):
    """What a publisher must know to publish a stream. Kept encrypted; operators are shown it again."""

    stream = models.OneToOneField(Stream, models.CASCADE, related_name="key")
    encrypted_key = models.BinaryField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ("stream",)

    def __str__(self) -> str:
        return f"key of {self.stream}"


class PublicationQuerySet(models.QuerySet["Publication"]):
    def on_air(self) -> PublicationQuerySet:
        """Those of whom the server has said lately that they are still there."""
        return self.filter(seen_at__gt=lapsed())


class Publication(models.Model):
    """A stream that is being published to our own RTMP server. `client` is the server's number of the connection."""

    stream = models.OneToOneField(Stream, models.CASCADE, related_name="publication")
    client = models.CharField(max_length=20)
    address = models.CharField(max_length=64)
    since = models.DateTimeField()
    seen_at = models.DateTimeField()

    objects = PublicationQuerySet.as_manager()

    class Meta:
        ordering = ("stream",)

    def __str__(self) -> str:
        return f"{self.stream} from {self.address}"

    @property
    def on_air(self) -> bool:
        """Whether the server has said lately that it is still there."""
        return self.seen_at > lapsed()


def lapsed() -> datetime:
    """A publisher that was last seen before that is gone."""
    return timezone.now() - _LAPSES_AFTER
