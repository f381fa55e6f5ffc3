"""Callbacks as JSON: where events go, and what became of each."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from editing.api.fields import StrictSerializer
from editing.models import Delivery, DeliveryAttempt, EventCallback
from editing.services import callbacks


class EventCallbackSerializer(serializers.ModelSerializer[EventCallback]):
    """No `event_types` means all. `signs` says that what is sent is signed, `has_key` that there is a key for that,
    which is never shown."""

    event_types = serializers.ListField(child=serializers.CharField())
    has_key = serializers.BooleanField()
    changed_at = serializers.DateTimeField(allow_null=True)

    class Meta:
        model = EventCallback
        fields = ("address", "event_types", "signs", "has_key", "changed_at")


class EventCallbackInput(StrictSerializer):
    """An empty address: events go only where jobs say. No event types: all. Whether it signs and the key stay as they
    are where they are left out."""

    address = serializers.CharField(allow_blank=True, trim_whitespace=False)
    event_types = serializers.ListField(
        child=serializers.ChoiceField(list(callbacks.KINDS)), required=False, default=list
    )
    signs = serializers.BooleanField(required=False, allow_null=True, default=None)
    key = serializers.CharField(
        required=False,
        default="",
        write_only=True,
        trim_whitespace=False,
        help_text="Up to 32 characters, with capitals, small letters and digits.",
    )


class NewKeySerializer(serializers.Serializer[Any]):
    """Shown this once. `secret` is the same key as Standard Webhooks writes it."""

    key = serializers.CharField()
    secret = serializers.CharField()


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """`job` is what the event is about; `message_id` goes out as webhook-id; `status` and `error` are of the last
    attempt, and `next_at` says when the next is due."""

    job = serializers.CharField(source="subject")

    class Meta:
        model = Delivery
        fields = (
            *("id", "message_id", "event", "job", "address", "state", "attempts", "status", "error"),
            *("next_at", "created_at", "ended_at"),
        )


class DeliveryAttemptSerializer(serializers.ModelSerializer[DeliveryAttempt]):
    class Meta:
        model = DeliveryAttempt
        fields = ("at", "seconds", "status", "error", "answer")


class DeliveryDetailSerializer(DeliverySerializer):
    """`body` is what is sent, to the letter."""

    tries = DeliveryAttemptSerializer(many=True)

    class Meta(DeliverySerializer.Meta):
        fields = (*DeliverySerializer.Meta.fields, "body", "tries")  # type: ignore[assignment]
