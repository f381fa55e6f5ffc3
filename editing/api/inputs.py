"""What comes in: shapes and types only. What may be meant is for the services to say."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from editing import storage
from editing.api.fields import InstantField, StreamNameSerializer, StrictSerializer
from editing.errors import InvalidInput, ProjectNotFound
from editing.models import Bucket, Project
from editing.services import project_storage, projects
from editing.services.editing_jobs import Output
from editing.timeline.clips import UNTIL_NOW, Clip, HolePolicy, Mode
from editing.timeline.instant import Range

MOST_CLIPS = 1000
_NO_NAME = "Give the name of the file, like clips/goal.mp4, or a url."


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


class StreamChange(StrictSerializer):
    """Null keeps all."""

    keep_days = serializers.IntegerField(required=False, allow_null=True)
    keep_bytes = serializers.IntegerField(required=False, allow_null=True)


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
        return attrs

    @staticmethod
    def output(values: dict[str, Any], place: tuple[Bucket, str] | None) -> Output:
        """Of validated data; a `place` counts before the one that it names. Raises InvalidInput, and what
        `storage.resolve` raises for a url."""
        named: dict[str, Any] = {name: values[name] for name in ("url", "bucket", "key") if name in values}
        rest = {name: value for name, value in values.items() if name not in (*named, "cover_url")}
        if "cover_url" in values:
            rest["cover"] = storage.resolve(values["cover_url"], field="output.cover_url")
        return Output(*(place or _place(named)), **rest)


def _place(named: dict[str, Any]) -> tuple[Bucket, str]:
    if "url" in named:
        return storage.resolve(named["url"], field="output.url")
    if "key" not in named:
        raise InvalidInput(_NO_NAME, field="output.key")
    bucket: Bucket | None = named.get("bucket") or Bucket.objects.active().first()
    if bucket is None:
        raise InvalidInput("There is no active bucket.", field="output.bucket")
    return bucket, named["key"]


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
    output = OutputInput(required=False, help_text="Required without a project that says where to store.")
    project = serializers.CharField(
        required=False,
        allow_null=True,
        default=None,
        max_length=64,
        help_text="A live editing project. Where it stores counts before what the output names.",
    )
    holes = serializers.ChoiceField([policy.value for policy in HolePolicy], default=HolePolicy.SKIP.value)
    user_data = UserDataField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs["project"] and not {"url", "key"} & set(attrs.get("output", ())):
            raise serializers.ValidationError({"output": {"key": [_NO_NAME]}})
        return attrs

    def request(self, user: Any) -> dict[str, Any]:
        """The arguments of services.editing_jobs.submit. Raises InvalidInput, NotFound."""
        values = self.validated_data
        project = _project(user, values["project"])
        place = project_storage.place_for(project, values["clips"]) if project else None
        return {
            "clips": values["clips"],
            "mode": Mode(values["mode"]),
            "output": OutputInput.output(values.get("output", {}), place),
            "project": project,
            "holes": HolePolicy(values["holes"]),
            "user_data": values.get("user_data", ""),
        }


def _project(user: Any, key: str | None) -> Project | None:
    """Raises ProjectNotFound, InvalidInput."""
    if not key:
        return None
    try:
        return projects.live(user, key)
    except ProjectNotFound as error:
        raise ProjectNotFound(error.message, field="project") from None
