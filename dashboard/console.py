"""The console's door. Whoever operates may come in, staff flag or not; users and groups are for superusers, since who
may change those may become anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.urls import reverse

from dashboard.access import needs
from editing.models.roles import Verb, can

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class Console(AdminSite):
    """Django's admin for operators, with the studio's own sign-in."""

    site_header = site_title = "Live editing console"
    index_title = "Console"
    site_url = "/"

    def has_permission(self, request: HttpRequest) -> bool:
        return can(request.user, Verb.OPERATE)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - as it is called
        return needs(Verb.OPERATE)(super().admin_view(view, cacheable))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"), reverse("sign-in"))
