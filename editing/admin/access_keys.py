"""Access keys in the console: made for a user, shown once, revoked for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth.models import User

from editing.admin.base import OperatorAdmin
from editing.models import AccessKey
from editing.services import access_keys

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


@admin.register(AccessKey)
class AccessKeyAdmin(OperatorAdmin):
    may_add = True
    list_display = ("id", "user", "created_at", "last_used_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("id", "user__username")
    fields = ("user", "created_at", "last_used_at", "revoked_at")
    readonly_fields = ("created_at", "last_used_at", "revoked_at")
    actions = ("revoke",)

    def get_readonly_fields(self, request: HttpRequest, obj: AccessKey | None = None) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else ("user", *self.readonly_fields)

    def save_model(self, request: HttpRequest, obj: AccessKey, form: Any, change: bool) -> None:  # noqa: FBT001
        """The service makes the key; the form's own row becomes it."""
        made, secret = access_keys.create(User.objects.get(pk=obj.user_id))
        obj.__dict__.update(made.__dict__)
        self.message_user(
            request,
            f"AccessKeyId {made.pk}, AccessKeySecret {secret} — the secret is shown this once.",
            messages.WARNING,
        )

    @admin.action(description="Revoke")
    def revoke(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        by = User.objects.get(username=request.user.get_username())
        self.for_each(request, rows, lambda key: access_keys.revoke(key, by=by), "revoked")
