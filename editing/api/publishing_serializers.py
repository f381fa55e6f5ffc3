"""Streams that are published to us, as JSON, out and in."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from editing.api.fields import StreamNameSerializer, StrictSerializer
from editing.api.inputs import BucketField
from editing.models import Bucket, Publication, PublishingRule, RecordTemplate, Stream
from editing.models.roles import Verb, can
from editing.services import publishing, stream_keys


class PublicationSerializer(serializers.ModelSerializer[Publication]):
    """Who publishes, and since when."""

    class Meta:
        model = Publication
        fields = ("address", "since")


class PublishedStreamSerializer(serializers.ModelSerializer[Stream]):
    """`key` and `publish_url` are for operators; `on_air` says who publishes it now."""

    stream = serializers.SerializerMethodField()
    on_air = serializers.SerializerMethodField()
    key = serializers.SerializerMethodField()
    publish_url = serializers.SerializerMethodField()

    class Meta:
        model = Stream
        fields = ("id", "stream", "on_air", "key", "publish_url")

    @extend_schema_field(StreamNameSerializer)
    def get_stream(self, stream: Stream) -> dict[str, str]:
        return asdict(stream.full_name)

    @extend_schema_field(PublicationSerializer(allow_null=True))
    def get_on_air(self, stream: Stream) -> Any:
        found = Publication.objects.on_air().filter(stream=stream).first()
        return PublicationSerializer(found).data if found else None

    def get_key(self, stream: Stream) -> str | None:
        return stream_keys.key_of(stream) if self._may_publish else None

    def get_publish_url(self, stream: Stream) -> str | None:
        return publishing.publish_url(stream) if self._may_publish else None

    @property
    def _may_publish(self) -> bool:
        return can(self.context["request"].user, Verb.OPERATE)


class PublishedStreamInput(StrictSerializer):
    """A stream that shall be published under one of the server's applications."""

    app = serializers.CharField()
    stream = serializers.CharField()


class PublishingRuleSerializer(serializers.ModelSerializer[PublishingRule]):
    bucket = serializers.CharField(source="bucket.name", allow_null=True, default=None)

    class Meta:
        model = PublishingRule
        fields = ("app", "auto_record", "template", "bucket")


class PublishingRuleInput(StrictSerializer):
    """Without a template the one for live editing, without a bucket the first active one."""

    auto_record = serializers.BooleanField()
    template = serializers.PrimaryKeyRelatedField(
        queryset=RecordTemplate.objects.all(), required=False, allow_null=True, default=None
    )
    bucket = BucketField(
        slug_field="name",
        queryset=Bucket.objects.all(),
        required=False,
        allow_null=True,
        default=None,
        error_messages={"does_not_exist": "There is no bucket “{value}”."},
    )
