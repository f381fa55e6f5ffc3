"""Callbacks in the console: what is on its way and what became of it. Keys are not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from editing.admin.base import OperatorAdmin
from editing.admin.jobs import EventInline
from editing.models import Delivery, DeliveryAttempt, EventCallback
from editing.services import callbacks

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class DeliveryAttemptInline(EventInline):
    model: Any = DeliveryAttempt


@admin.register(EventCallback)
class EventCallbackAdmin(OperatorAdmin):
    list_display = ("__str__", "address", "signs", "changed_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "address")
    exclude = ("encrypted_key",)


@admin.register(Delivery)
class DeliveryAdmin(OperatorAdmin):
    list_display = ("event", "subject", "address", "state", "attempts", "status", "error", "next_at", "created_at")
    list_filter = ("state", "event")
    search_fields = ("message_id", "subject", "address")
    exclude = ("lease_token",)  # who holds it may say what became of it
    inlines = (DeliveryAttemptInline,)
    actions = ("redeliver",)

    @admin.action(description="Send again")
    def redeliver(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self.for_each(request, rows, callbacks.redeliver, "on its way again")
