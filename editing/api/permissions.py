"""Roles on the API: seeing for safe methods, the view's own verb for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission

from editing.models.roles import Verb, can

if TYPE_CHECKING:  # rest_framework.views reads the settings that name this very class
    from rest_framework.request import Request
    from rest_framework.views import APIView


class HasRole(BasePermission):
    """A view names the verb that its unsafe methods need in `verb`; without one they need `operate`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        needed = Verb.SEE if request.method in ("GET", "HEAD", "OPTIONS") else getattr(view, "verb", Verb.OPERATE)
        return can(request.user, needed)
