"""Jobs, assets and workers in the console. States are read-only; actions ask the services that pages ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.utils import timezone

from editing.admin.base import OperatorAdmin
from editing.models import EditingJob, JobEvent, MediaAsset, Worker
from editing.models.worker import ALIVE_FOR
from editing.services import editing_jobs, media

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class EventInline(admin.TabularInline):  # type: ignore[type-arg] # cannot be subscripted when it runs
    model: Any = JobEvent
    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(EditingJob)
class EditingJobAdmin(OperatorAdmin):
    list_display = ("id", "key", "bucket", "mode", "state", "progress", "attempts", "owner", "created_at")
    list_filter = ("state", "mode", "bucket")
    list_select_related = ("bucket", "owner")
    search_fields = ("id", "key", "media_id")
    exclude = ("lease_token",)  # who holds it may write to the job
    inlines = (EventInline,)
    actions = ("retry", "cancel")

    @admin.action(description="Retry")
    def retry(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self.for_each(request, rows, editing_jobs.retry, "in the queue again")

    @admin.action(description="Cancel")
    def cancel(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self.for_each(request, rows, editing_jobs.cancel, "cancelled, or about to be")


@admin.register(MediaAsset)
class MediaAssetAdmin(OperatorAdmin):
    list_display = ("title", "kind", "bucket", "key", "size", "created_at")
    list_filter = ("kind", "bucket")
    list_select_related = ("bucket",)
    search_fields = ("id", "title", "key")
    actions = ("delete_with_files",)

    @admin.action(description="Delete with their files")
    def delete_with_files(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self.for_each(request, rows.select_related("bucket"), media.delete, "deleted")


@admin.register(Worker)
class WorkerAdmin(OperatorAdmin):
    list_display = ("name", "queues", "started_at", "seen_at", "alive")

    @admin.display(boolean=True)
    def alive(self, worker: Worker) -> bool:
        return worker.seen_at > timezone.now() - ALIVE_FOR
