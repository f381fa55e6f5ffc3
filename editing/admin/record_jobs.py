"""Record jobs and templates in the console. Templates are shown only: their fields are checked where they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from editing.admin.base import OperatorAdmin
from editing.admin.jobs import EventInline
from editing.models import RecordEvent, RecordFile, RecordJob, RecordPause, RecordTemplate
from editing.services import record_files, record_jobs, record_templates
from editing.timeline.instant import format_instant

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class RecordEventInline(EventInline):
    model = RecordEvent


class RecordPauseInline(EventInline):
    model = RecordPause
    fields = readonly_fields = ("begins", "ends", "reason")

    def begins(self, pause: RecordPause) -> str:
        return format_instant(pause.start)

    def ends(self, pause: RecordPause) -> str:
        return format_instant(pause.end) if pause.end is not None else "–"


@admin.register(RecordJob)
class RecordJobAdmin(OperatorAdmin):
    list_display = ("name", "stream", "state", "pause_reason", "held", "problem", "bucket", "created_at")
    list_filter = ("state", "bucket")
    list_select_related = ("stream", "bucket")
    search_fields = ("id", "name", "stream__name", "stream__app", "stream__domain")
    exclude = ("lease_token",)  # who holds it may write the job's recordings
    inlines = (RecordPauseInline, RecordEventInline)
    actions = ("pause", "resume", "stop", "start")

    @admin.display(boolean=True)
    def held(self, job: RecordJob) -> bool:
        return job.held

    @admin.action(description="Pause")
    def pause(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self.for_each(request, rows, record_jobs.pause, "paused")

    @admin.action(description="Resume")
    def resume(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self.for_each(request, rows, record_jobs.resume, "resumed")

    @admin.action(description="Stop")
    def stop(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self.for_each(request, rows, record_jobs.stop, "stopped")

    @admin.action(description="Start again")
    def start(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self.for_each(request, rows, record_jobs.start, "started")


@admin.register(RecordFile)
class RecordFileAdmin(OperatorAdmin):
    """Whole files of recordings; their assets are listed with the others."""

    list_display = ("key", "format", "state", "problem", "recording", "job", "created_at")
    list_filter = ("state", "format")
    list_select_related = ("recording__stream", "recording__record_job")
    search_fields = ("id", "key", "recording__record_job__name", "recording__stream__name")
    actions = ("retry",)

    @admin.display(ordering="recording__record_job__name")
    def job(self, file: RecordFile) -> str:
        return str(file.recording.record_job or "–")

    @admin.action(description="Try again to make")
    def retry(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self.for_each(request, rows, record_files.retry, "is made again")


@admin.register(RecordTemplate)
class RecordTemplateAdmin(OperatorAdmin):
    list_display = ("name", "kind", "created_at", "modified_at")
    list_filter = ("kind",)
    search_fields = ("id", "name")
    actions = ("delete_own",)

    @admin.action(description="Delete those of your own")
    def delete_own(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self.for_each(request, rows, record_templates.delete, "deleted")
