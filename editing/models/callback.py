from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from editing.models.ids import new_id
from editing.models.roles import Verb, can

HELD_BACK = timedelta(hours=1)
"""How long one that does not get through holds back what came after it."""


class EventCallback(models.Model):
    """Where events are sent: those of one user's jobs, or without a user those of everybody's.

    `event_types` names the events that are wanted; empty: all. With `signs` what is sent is signed with the key, also
    what goes to the addresses that the user's jobs name. Without an address only those are told.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="event_callbacks"
    )
    address = models.CharField(max_length=256, blank=True)
    event_types = models.JSONField(default=list)
    signs = models.BooleanField(default=False)
    encrypted_key = models.BinaryField(default=b"")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(Coalesce(F("user"), Value(0)), name="one_event_callback"),)

    def __str__(self) -> str:
        return str(self.user) if self.user else "everybody"

    @property
    def has_key(self) -> bool:
        return bool(self.encrypted_key)

    def wants(self, event: str) -> bool:
        return bool(self.address) and (not self.event_types or event in self.event_types)


class DeliveryState(models.TextChoices):
    """waiting ──→ delivered, failed; redelivery by hand leads back."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def visible_to(self, user: Any) -> DeliveryQuerySet:
        """One's own; all for those who operate."""
        if can(user, Verb.OPERATE):
            return self.all()
        return self.filter(owner=user) if can(user, Verb.SEE) else self.none()

    def free(self) -> DeliveryQuerySet:
        """Those that wait and that nobody is sending."""
        return self.filter(Q(lease_token="") | Q(lease_until__lt=timezone.now()), state=DeliveryState.WAITING)

    def due(self) -> DeliveryQuerySet:
        """Those that are to be sent now.

        What a job tells one address goes there in order: a delivery waits for those before it, up to HELD_BACK.
        """
        now = timezone.now()
        before = Delivery.objects.filter(
            subject=OuterRef("subject"),
            address=OuterRef("address"),
            pk__lt=OuterRef("pk"),
            state=DeliveryState.WAITING,
            created_at__gt=now - HELD_BACK,
        )
        return self.free().filter(~Exists(before), next_at__lte=now)


class Delivery(models.Model):
    """An event on its way to one address: written with the change that it tells of, sent until it has arrived.

    `body` is what is sent, to the letter. `subject` is the id of the job it is about, `callback` the settings it is
    sent for; without those it goes to an address that the job names. `origin` is the server that the address is on,
    and `attempts` counts since it was (re)sent. Who
    claims it holds a lease; one that lapses is sent again, so that it may arrive twice, under the same `message_id`.
    """

    message_id = models.CharField(max_length=32, unique=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    callback = models.ForeignKey(EventCallback, models.SET_NULL, null=True, related_name="deliveries")
    event = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)
    address = models.CharField(max_length=1024)
    origin = models.CharField(max_length=300, blank=True)
    body = models.TextField()

    state = models.CharField(max_length=9, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    give_up_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status of the last answer.")
    error = models.CharField(max_length=255, blank=True, help_text="Why the last attempt failed.")

    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True, help_text="When the queue was last told of it; empty: it is to be told.")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "deliveries"
        indexes = (
            models.Index(fields=("state", "next_at"), name="delivery_due"),
            models.Index(fields=("subject", "id"), name="delivery_of_job"),
            models.Index(fields=("owner", "-id"), name="delivery_of_owner"),
            models.Index(fields=("ended_at",), name="delivery_ended"),
            models.Index(fields=("origin", "state"), name="delivery_of_origin"),
        )

    def __str__(self) -> str:
        return f"{self.event} {self.message_id}"


class DeliveryAttempt(models.Model):
    """One time a delivery was sent: `status` and the beginning of the `answer`, or the `error` that kept it."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    seconds = models.FloatField()
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=255, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.status or self.error}"
