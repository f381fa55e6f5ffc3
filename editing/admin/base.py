"""What all pages of the console share: roles instead of permissions per model, and no deleting past the services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages

from editing.errors import EditingError
from editing.models.roles import Verb, can

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Model, QuerySet
    from django.http import HttpRequest

    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin  # which cannot be subscripted when it runs


class OperatorAdmin(_ModelAdmin):
    """Operators see everything; what may be added or changed is for each page to say."""

    may_add = may_change = False
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return can(request.user, Verb.OPERATE)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return can(request.user, Verb.OPERATE)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_add and can(request.user, Verb.OPERATE)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_change and can(request.user, Verb.OPERATE)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def for_each(self, request: HttpRequest, rows: QuerySet[Any], act: Callable[[Any], object], done: str) -> None:
        """Ask a service for each row, and say for each what came of it."""
        for row in rows:
            try:
                act(row)
            except EditingError as error:
                self.message_user(request, f"{row}: {error.message}", messages.ERROR)
            else:
                self.message_user(request, f"{row}: {done}", messages.SUCCESS)
