"""Editing projects that come in."""

from __future__ import annotations

import json
from typing import Any

from rest_framework import serializers

from editing.api.fields import InstantField, StreamNameSerializer, StrictSerializer
from editing.api.inputs import BucketField
from editing.models import Bucket, Project
from editing.services.project_materials import MOST, LiveStream, Materials
from editing.services.project_storage import Business
from editing.timeline.instant import to_datetime


class TimelineField(serializers.DictField):
    """A timeline as JSON; kept as text."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return json.dumps(super().to_internal_value(data), allow_nan=False, ensure_ascii=False)
        except (ValueError, RecursionError):
            raise serializers.ValidationError("This is too deep or holds numbers that JSON has not.") from None


class ProjectChanges(StrictSerializer):
    """What is given is replaced."""

    title = serializers.CharField(max_length=128, required=False)
    description = serializers.CharField(max_length=1024, required=False, allow_blank=True)
    cover_url = serializers.CharField(max_length=1024, required=False, allow_blank=True)
    timeline = TimelineField(required=False)
    business_state = serializers.ChoiceField(["Reserving", "ReservationCanceled"], required=False)


class ProjectInput(StrictSerializer):
    """A project; one of live editing names a bucket, and may name the streams whose clips it is for."""

    title = serializers.CharField(max_length=128)
    kind = serializers.ChoiceField(Project.Kind.choices, default=Project.Kind.EDITING.value)
    description = serializers.CharField(max_length=1024, default="", allow_blank=True)
    cover_url = serializers.CharField(max_length=1024, default="", allow_blank=True)
    timeline = TimelineField(required=False)
    bucket = BucketField(
        slug_field="name",
        queryset=Bucket.objects.active(),
        required=False,
        error_messages={"does_not_exist": "There is no active bucket “{value}”."},
    )
    folder = serializers.CharField(max_length=200, default="", allow_blank=True)
    reserved_at = InstantField(required=False)
    streams = StreamNameSerializer(many=True, required=False, max_length=MOST)  # type: ignore[call-arg] # of the list

    def request(self) -> dict[str, Any]:
        """The arguments of services.projects.create."""
        values = dict(self.validated_data)
        reserved = values.pop("reserved_at", None)
        at = None if reserved is None else to_datetime(reserved)
        return {
            "materials": Materials(live=[LiveStream(name) for name in values.pop("streams", ())]),
            "business": Business("", values.pop("bucket", None), values.pop("folder"), at),
            "kind": Project.Kind(values.pop("kind")),
            **values,
        }
