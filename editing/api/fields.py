"""Fields that several serializers use."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from editing.errors import InvalidInstant
from editing.timeline.clips import StreamName
from editing.timeline.instant import Instant, format_instant, parse_instant


@extend_schema_field(OpenApiTypes.DATETIME)
class InstantField(serializers.Field[Instant, str, str, Any]):
    """An instant as ISO-8601 text: an offset is required on the way in, UTC with Z comes out, to the microsecond."""

    def to_internal_value(self, data: Any) -> Instant:
        if not isinstance(data, str):
            raise serializers.ValidationError("Give an instant as text, like 2026-11-20T10:30:00.250Z.")
        try:
            return parse_instant(data)
        except InvalidInstant as error:
            raise serializers.ValidationError(error.message) from error

    def to_representation(self, value: Instant) -> str:
        return format_instant(value)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it does not know: a typing error must not pass for a default."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := set(data) - set(self.fields)):
            said = [f"Unknown field; known are {', '.join(self.fields)}."]
            raise serializers.ValidationError(dict.fromkeys(sorted(unknown), said))
        return super().to_internal_value(data)


class StreamNameSerializer(StrictSerializer):
    domain = serializers.CharField(max_length=253)
    app = serializers.CharField(max_length=255)
    stream = serializers.CharField(max_length=255)

    def to_internal_value(self, data: Any) -> StreamName:
        return StreamName(**super().to_internal_value(data))


class RangeSerializer(serializers.Serializer[Any]):
    """Half-open: from `start` up to, but not including, `end`."""

    start = InstantField()
    end = InstantField()


class GapSerializer(serializers.Serializer[Any]):
    """`intended` where an operator wanted nothing to be recorded."""

    start = InstantField(source="range.start")
    end = InstantField(source="range.end")
    reason = serializers.CharField()
    intended = serializers.BooleanField()
