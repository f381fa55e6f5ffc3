"""What comes in: shapes and types only. What may be meant is for the services to say."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from editing import storage
from editing.api.fields import InstantField, StreamNameSerializer, StrictSerializer
from editing.models import Bucket
from editing.services.editing_jobs import Output
from editing.timeline.clips import UNTIL_NOW, Clip, HolePolicy, Mode
from editing.timeline.instant import Range

MOST_CLIPS = 1000


@extend_schema_field({"type": "string", "example": "2026-11-20T10:30:00.250Z"})
class EndField(InstantField):
    """An instant, or `now`."""

    def to_internal_value(self, data: Any) -> Any:
        return UNTIL_NOW if data == "now" else super().to_internal_value(data)


class ClipInput(StrictSerializer):
    """The frames of a stream from `start` up to, but not including, `end`; `cover` is an instant in it or its end.

    While a stream is being recorded, `end` may lie in the future; the job waits for it.
    """

    stream = StreamNameSerializer()
    start = InstantField()
    end = EndField(default=UNTIL_NOW, help_text="`now`, or left out: the moment in which the request comes.")
    cover = InstantField(required=False, allow_null=True, default=None)

    def to_internal_value(self, data: Any) -> Clip:
        values = super().to_internal_value(data)
        return Clip(values["stream"], Range(values["start"], values["end"]), values["cover"])


class BucketField(serializers.SlugRelatedField[Bucket]):
    """A bucket by its name."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or not data.isprintable():  # a database would stumble over some of those
            raise serializers.ValidationError("Give the name of a bucket.")
        return super().to_internal_value(data)


class OutputInput(StrictSerializer):
    """Where the video goes: `key` in `bucket`, or both as `url`. Sizes and bit rate (bits per second) only in the modes
    that encode everything."""

    bucket = BucketField(
        slug_field="name",
        queryset=Bucket.objects.all(),
        required=False,
        help_text="Default: the first active bucket.",
        error_messages={"does_not_exist": "There is no bucket “{value}”."},
    )
    key = serializers.CharField(required=False, max_length=512, trim_whitespace=False)
    url = serializers.CharField(
        required=False, max_length=1024, help_text="https://bucket.endpoint/key or oss://bucket/key"
    )
    cover_url = serializers.CharField(
        required=False,
        max_length=1024,
        help_text="Where the cover goes, in a bucket of kind oss. Default: beside the video, as .jpg.",
    )
    width = serializers.IntegerField(required=False, allow_null=True, default=None)
    height = serializers.IntegerField(required=False, allow_null=True, default=None)
    bitrate = serializers.IntegerField(required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "url" in attrs and (extra := {"bucket", "key"} & set(attrs)):
            raise serializers.ValidationError({name: ["Give it, or a url, but not both."] for name in sorted(extra)})
        if "url" not in attrs and "key" not in attrs:
            raise serializers.ValidationError({"key": ["Give the name of the file, like clips/goal.mp4, or a url."]})
        if "url" not in attrs and "bucket" not in attrs and not Bucket.objects.active().exists():
            raise serializers.ValidationError({"bucket": ["There is no active bucket."]})
        return attrs

    @staticmethod
    def output(values: dict[str, Any]) -> Output:
        """Of validated data. Raises what `storage.resolve` raises for a url."""
        values = dict(values)
        if "cover_url" in values:
            values["cover"] = storage.resolve(values.pop("cover_url"), field="output.cover_url")
        if "url" in values:
            bucket, key = storage.resolve(values.pop("url"), field="output.url")
        else:
            bucket, key = values.pop("bucket", None) or Bucket.objects.active()[0], values.pop("key")
        return Output(bucket, key, **values)


class UserDataField(serializers.JSONField):
    """Any JSON, given as text or as it is; kept as text of at most 512 bytes."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str):
            return data
        try:
            given = super().to_internal_value(data)
            return json.dumps(given, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        except (ValueError, RecursionError):
            raise serializers.ValidationError("This is too deep or holds numbers that JSON has not.") from None


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
            "output": OutputInput.output(values["output"]),
            "holes": HolePolicy(values["holes"]),
            "user_data": values.get("user_data", ""),
        }
