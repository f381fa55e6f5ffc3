"""How plans are described; what they hold is `timeline.describe`'s."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from editing.api.fields import RangeSerializer


class PieceSerializer(RangeSerializer):
    """A run of frames that is copied, encoded, or a slate (black where nothing was recorded), and why."""

    action = serializers.CharField()
    frames = serializers.IntegerField()
    segments = serializers.IntegerField()
    reason = serializers.CharField()


class HoleSerializer(RangeSerializer):
    """Media that is missing inside a clip; `duration` in seconds."""

    duration = serializers.FloatField()
    reason = serializers.CharField()


class DamageSerializer(serializers.Serializer[Any]):
    """So many pictures of a segment are damaged, the first one at `start`: they were when they were recorded."""

    start = serializers.CharField()
    segment = serializers.IntegerField(help_text="The segment's number in its recording.")
    pictures = serializers.IntegerField()


class SoundDamageSerializer(serializers.Serializer[Any]):
    """So many packets of a segment's sound are damaged or missing, the first one at `start`."""

    start = serializers.CharField()
    segment = serializers.IntegerField(help_text="The segment's number in its recording.")
    packets = serializers.IntegerField()


class ClipPlanSerializer(serializers.Serializer[Any]):
    """What was asked for and what it becomes; `duration` in seconds."""

    stream = serializers.CharField(help_text="domain/app/stream")
    requested = RangeSerializer()
    achieved = RangeSerializer()
    duration = serializers.FloatField()
    frames = serializers.IntegerField()
    pieces = PieceSerializer(many=True)
    holes = HoleSerializer(many=True)
    damage = DamageSerializer(many=True)
    sound_damage = SoundDamageSerializer(many=True)


class PlanSerializer(serializers.Serializer[Any]):
    """Lengths in seconds, sizes in bytes."""

    mode = serializers.CharField()
    duration = serializers.FloatField()
    frames = serializers.IntegerField()
    encoded = serializers.IntegerField(help_text="How many of the frames are encoded; the others are copied.")
    predicted_size = serializers.IntegerField()
    predicted_seconds = serializers.FloatField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    video = serializers.CharField()
    audio = serializers.CharField(allow_null=True)
    clips = ClipPlanSerializer(many=True)
    warnings = serializers.ListField(child=serializers.CharField())


@extend_schema_field(PlanSerializer(allow_null=True))
class PlanField(serializers.JSONField):
    """As it was described when the job was submitted; null while media has to land first."""


class PlannedSerializer(serializers.Serializer[Any]):
    """`waiting` says for what, where media has to land first; there is no plan then."""

    waiting = serializers.CharField()
    plan = PlanField()
