"""Publishing in the console: who is on air and what becomes of it. Keys are shown on the page “Publish”, not here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from editing.admin.base import OperatorAdmin
from editing.models import Publication, PublishingRule, StreamKey
from editing.services import stream_keys

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


@admin.register(Publication)
class PublicationAdmin(OperatorAdmin):
    list_display = ("stream", "address", "since", "seen_at")
    list_select_related = ("stream",)


@admin.register(PublishingRule)
class PublishingRuleAdmin(OperatorAdmin):
    list_display = ("app", "auto_record", "template", "bucket")
    list_select_related = ("template", "bucket")


@admin.register(StreamKey)
class StreamKeyAdmin(OperatorAdmin):
    list_display = ("stream", "changed_at")
    list_select_related = ("stream",)
    exclude = ("encrypted_key",)
    actions = ("make_anew", "remove")

    @admin.action(description="Make new keys")
    def make_anew(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self.for_each(request, rows, lambda row: stream_keys.rotate(row.stream), "has a new key")

    @admin.action(description="Take the keys away")
    def remove(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self.for_each(request, rows, lambda row: stream_keys.remove(row.stream), "removed")
