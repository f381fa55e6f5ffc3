"""The console's door: whoever operates may come in, staff flag or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.admin import AdminSite

from editing.models.roles import Verb, can

if TYPE_CHECKING:
    from django.http import HttpRequest


class Console(AdminSite):
    """Django's admin for operators."""

    site_header = site_title = "Live editing console"
    index_title = "Console"
    site_url = "/"

    def has_permission(self, request: HttpRequest) -> bool:
        return can(request.user, Verb.OPERATE)
