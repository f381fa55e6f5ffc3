"""Streams, recordings and buckets in the console. Segments are not listed: there are millions of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin

from editing.admin.base import OperatorAdmin
from editing.models import Bucket, Recording, Stream
from editing.services import recordings, streams
from editing.timeline.instant import format_instant

if TYPE_CHECKING:
    from django.db.models import Field, QuerySet
    from django.http import HttpRequest


@admin.register(Stream)
class StreamAdmin(OperatorAdmin):
    """Names stay; how much is kept may change."""

    may_change = True
    list_display = ("name", "app", "domain", "keep_days", "keep_bytes", "created_at")
    search_fields = ("name", "app", "domain")
    fields = ("domain", "app", "name", "keep_days", "keep_bytes", "created_at")
    readonly_fields = ("domain", "app", "name", "created_at")

    def save_model(self, request: HttpRequest, obj: Stream, form: Any, change: Any) -> None:
        streams.keep(obj, keep_days=obj.keep_days, keep_bytes=obj.keep_bytes)


@admin.register(Recording)
class RecordingAdmin(OperatorAdmin):
    list_display = ("id", "stream", "begins", "ends", "segment_count", "size", "bucket", "ended")
    list_filter = ("ended", "bucket")
    list_select_related = ("stream", "bucket")
    search_fields = ("stream__name", "stream__app", "stream__domain", "source")
    actions = ("delete_with_files",)

    @admin.display(ordering="start")
    def begins(self, recording: Recording) -> str:
        return format_instant(recording.start) if recording.start is not None else "–"

    @admin.display(ordering="end")
    def ends(self, recording: Recording) -> str:
        return format_instant(recording.end) if recording.end is not None else "–"

    @admin.action(description="Delete with their files")
    def delete_with_files(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self.for_each(request, rows.select_related("bucket"), recordings.delete, "deleted")


@admin.register(Bucket)
class BucketAdmin(OperatorAdmin):
    """Name and storage of a bucket stay: files are found by them."""

    may_add = may_change = True
    list_display = ("name", "kind", "endpoint", "storage", "active")
    list_filter = ("kind", "active")

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **options: Any) -> Any:
        if db_field.name != "storage":
            return super().formfield_for_dbfield(db_field, request, **options)
        aliases = [(alias, alias) for alias in settings.STORAGES if alias not in ("default", "staticfiles")]
        default = ("", f"the default ({settings.BUCKET_STORAGE})")
        return forms.ChoiceField(choices=[default, *aliases], required=False, help_text="Where its files are kept.")

    def get_readonly_fields(self, request: HttpRequest, obj: Bucket | None = None) -> tuple[str, ...]:
        return ("name", "kind", "storage") if obj else ()
