"""Record jobs and templates as JSON, out and in."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from editing.api.fields import InstantField, StreamNameSerializer, StrictSerializer
from editing.api.inputs import BucketField
from editing.models import Bucket, RecordEvent, RecordJob, RecordPause, RecordTemplate
from editing.models.roles import Verb, can
from editing.services import record_templates


class RecordFormatSerializer(serializers.Serializer[Any]):
    """Durations in seconds; prefixes with variables in braces."""

    format = serializers.CharField()
    cycle_duration = serializers.IntegerField()
    object_prefix = serializers.CharField()
    slice_duration = serializers.IntegerField(required=False)
    slice_prefix = serializers.CharField(required=False)


class RecordTemplateSerializer(serializers.ModelSerializer[RecordTemplate]):
    """`kind` is system for those that are shipped and custom for your own."""

    formats = RecordFormatSerializer(many=True)

    class Meta:
        model = RecordTemplate
        fields = ("id", "name", "kind", "formats", "created_at", "modified_at")


class RecordFormatInput(StrictSerializer):
    """What is left out is as in the shipped template for live editing."""

    format = serializers.ChoiceField(record_templates.FORMATS)
    cycle_duration = serializers.IntegerField(required=False)
    object_prefix = serializers.CharField(required=False, trim_whitespace=False)
    slice_duration = serializers.IntegerField(required=False)
    slice_prefix = serializers.CharField(required=False, trim_whitespace=False)


class RecordTemplateInput(StrictSerializer):
    name = serializers.CharField()
    formats = RecordFormatInput(many=True, max_length=8)  # type: ignore[call-arg] # of the list it makes


class RecordPauseSerializer(serializers.ModelSerializer[RecordPause]):
    start = InstantField()
    end = InstantField(allow_null=True)

    class Meta:
        model = RecordPause
        fields = ("start", "end", "reason")


class RecordEventSerializer(serializers.ModelSerializer[RecordEvent]):
    class Meta:
        model = RecordEvent
        fields = ("old", "new", "at", "detail")


class VitalsSerializer(serializers.Serializer[Any]):
    """How the stream is: bits and pictures per second lately, bytes `received` by this connection's worker, packets
    that were `damaged`, segments that were `dropped` for want of room, bytes that wait in the spool, why the last
    connection ended (`reason`), why segments cannot be kept (`fault`), a `warning` while the disk is almost full."""

    last_packet = InstantField(allow_null=True)
    received = serializers.IntegerField()
    bitrate = serializers.IntegerField(default=0)
    fps = serializers.FloatField(default=0)
    damaged = serializers.IntegerField()
    dropped = serializers.IntegerField(default=0)
    connections = serializers.IntegerField()
    spooled = serializers.IntegerField()
    reason = serializers.CharField()
    fault = serializers.CharField()
    warning = serializers.CharField(default="")


class RecordJobSerializer(serializers.ModelSerializer[RecordJob]):
    """`url` and `notify_url` are for operators: they may hold a key. `recording` is the one that is open; `held` says
    that a worker is at it, and `problem` what keeps it from storing."""

    stream = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()
    notify_url = serializers.SerializerMethodField()
    bucket = serializers.CharField(source="bucket.name")
    start_at = InstantField(allow_null=True)
    end_at = InstantField(allow_null=True)
    recording = serializers.IntegerField(source="recording_id", allow_null=True)
    held = serializers.BooleanField()

    class Meta:
        model = RecordJob
        fields = (
            "id",
            "name",
            "stream",
            "url",
            "input",
            "notify_url",
            "bucket",
            "state",
            "pause_reason",
            "template_name",
            "recording",
            "held",
            "problem",
            "start_at",
            "end_at",
            "created_at",
        )

    @extend_schema_field(StreamNameSerializer)
    def get_stream(self, job: RecordJob) -> dict[str, str]:
        return asdict(job.stream.full_name)

    def get_url(self, job: RecordJob) -> str | None:
        return job.url if can(self.context["request"].user, Verb.OPERATE) else None

    def get_notify_url(self, job: RecordJob) -> str | None:
        return job.notify_url if can(self.context["request"].user, Verb.OPERATE) else None


class RecordJobDetailSerializer(RecordJobSerializer):
    formats = RecordFormatSerializer(many=True)
    vitals = serializers.SerializerMethodField()
    pauses = RecordPauseSerializer(many=True)
    events = RecordEventSerializer(many=True)

    class Meta(RecordJobSerializer.Meta):
        fields = (  # type: ignore[assignment]
            *RecordJobSerializer.Meta.fields,
            "template",
            "formats",
            "vitals",
            "pauses",
            "events",
        )

    @extend_schema_field(VitalsSerializer(allow_null=True))
    def get_vitals(self, job: RecordJob) -> Any:
        return VitalsSerializer(job.vitals).data if job.vitals else None


class RecordJobInput(StrictSerializer):
    """Without a template the one for live editing; without a schedule it begins at once."""

    name = serializers.CharField()
    url = serializers.CharField(trim_whitespace=False)
    bucket = BucketField(
        slug_field="name",
        queryset=Bucket.objects.all(),
        error_messages={"does_not_exist": "There is no bucket “{value}”."},
    )
    template = serializers.PrimaryKeyRelatedField(
        queryset=RecordTemplate.objects.all(), required=False, allow_null=True, default=None
    )
    notify_url = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        trim_whitespace=False,
        help_text="An http(s) address that is told of each state and each file.",
    )
    start_at = InstantField(required=False, allow_null=True, default=None)
    end_at = InstantField(required=False, allow_null=True, default=None)


class RecordJobChange(StrictSerializer):
    name = serializers.CharField(required=False)
    notify_url = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    end_at = InstantField(required=False, allow_null=True)
