"""What comes in: shapes and types only. What may be meant is for the services to say."""

from __future__ import annotations

import json
from typing import Any

from rest_framework import serializers

from editing.api.fields import InstantField, StreamNameSerializer, StrictSerializer
from editing.models import Bucket
from editing.services.editing_jobs import Output
from editing.timeline.clips import Clip, HolePolicy, Mode
from editing.timeline.instant import Range

MOST_CLIPS = 1000


class ClipInput(StrictSerializer):
    """The frames of a stream from `start` up to, but not including, `end`; `cover` is an instant in it or its end."""

    stream = StreamNameSerializer()
    start = InstantField()
    end = InstantField()
    cover = InstantField(required=False, allow_null=True, default=None)

    def to_internal_value(self, data: Any) -> Clip:
        values = super().to_internal_value(data)
        return Clip(values["stream"], Range(values["start"], values["end"]), values["cover"])


class OutputInput(StrictSerializer):
    """Where the video goes. Sizes and bit rate (bits per second) only in the modes that encode everything."""

    bucket = serializers.SlugRelatedField(
        slug_field="name",
        queryset=Bucket.objects.all(),
        default=None,
        help_text="Default: the first active bucket.",
        error_messages={"does_not_exist": "There is no bucket “{value}”."},
    )
    key = serializers.CharField(max_length=512, trim_whitespace=False)
    width = serializers.IntegerField(required=False, allow_null=True, default=None)
    height = serializers.IntegerField(required=False, allow_null=True, default=None)
    bitrate = serializers.IntegerField(required=False, allow_null=True, default=None)

    def to_internal_value(self, data: Any) -> Output:
        values = super().to_internal_value(data)
        bucket = values.pop("bucket") or Bucket.objects.active().first()
        if bucket is None:
            raise serializers.ValidationError({"bucket": ["There is no active bucket."]})
        return Output(bucket, **values)


class UserDataField(serializers.JSONField):
    """Any JSON, given as text or as it is; kept as text of at most 512 bytes."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str):
            return data
        return json.dumps(super().to_internal_value(data), ensure_ascii=False, separators=(",", ":"))


class EditingJobInput(StrictSerializer):
    mode = serializers.ChoiceField([mode.value for mode in Mode], default=Mode.ACCURATE_FAST.value)
    clips = ClipInput(many=True, max_length=MOST_CLIPS)  # type: ignore[call-arg] # of the list it makes
    output = OutputInput()
    holes = serializers.ChoiceField([policy.value for policy in HolePolicy], default=HolePolicy.SKIP.value)
    user_data = UserDataField(required=False)

    def request(self) -> dict[str, Any]:
        """The arguments of services.editing_jobs.submit."""
        values = self.validated_data
        return {
            "clips": values["clips"],
            "mode": Mode(values["mode"]),
            "output": values["output"],
            "holes": HolePolicy(values["holes"]),
            "user_data": values.get("user_data", ""),
        }
