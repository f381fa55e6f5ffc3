"""Access keys in the console: made for a user, shown once, revoked for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages

from editing.admin.base import OperatorAdmin
from editing.models import AccessKey
from editing.services import access_keys

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from django.http import HttpRequest


@admin.register(AccessKey)
class AccessKeyAdmin(OperatorAdmin):
    may_add = True
    list_display = ("id", "user", "created_at", "last_used_at", "revoked_at", "usable")
    list_select_related = ("user",)
    search_fields = ("id", "user__username")
    fields = ("user", "created_at", "last_used_at", "revoked_at")
    readonly_fields = ("created_at", "last_used_at", "revoked_at")
    actions = ("revoke",)

    def get_readonly_fields(self, request: HttpRequest, obj: AccessKey | None = None) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else ("user", *self.readonly_fields)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> AccessKey:  # noqa: FBT001 - as it is called
        """The service makes the key; the form only says whose it is."""
        key, secret = access_keys.create(super().save_form(request, form, change).user)
        said = f"AccessKeyId {key.pk}, AccessKeySecret {secret} – the secret is shown this once."
        self.message_user(request, said, messages.WARNING)
        return key

    def save_model(self, request: HttpRequest, obj: AccessKey, form: Any, change: bool) -> None:  # noqa: FBT001
        """Nothing is left to save."""

    @admin.display(boolean=True)
    def usable(self, key: AccessKey) -> bool:
        """Not after SECRET_KEY was changed."""
        return key.active and not access_keys.is_outdated(key)

    @admin.action(description="Revoke")
    def revoke(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        by = cast("User", request.user)
        self.for_each(request, rows, lambda key: access_keys.revoke(key, by=by), "revoked")
