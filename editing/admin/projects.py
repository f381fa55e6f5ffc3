"""Editing projects in the console: to look at, and to delete as users do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from editing.admin.base import OperatorAdmin
from editing.admin.jobs import EventInline
from editing.models import Project, ProjectEvent
from editing.services import projects

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class ProjectEventInline(EventInline):
    model: Any = ProjectEvent


@admin.register(Project)
class ProjectAdmin(OperatorAdmin):
    list_display = ("title", "kind", "state", "business_state", "convert_state", "bucket", "owner", "created_at")
    list_filter = ("kind", "state", "business_state", "convert_state")
    list_select_related = ("bucket", "owner")
    search_fields = ("id", "title")
    inlines = (ProjectEventInline,)
    actions = ("delete_as_users_do",)

    @admin.action(description="Delete")
    def delete_as_users_do(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self.for_each(request, rows, lambda project: projects.delete(request.user, [project.pk]), "deleted")
