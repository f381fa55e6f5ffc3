"""Who may come in, once for all views; the rules themselves are in models/roles.py."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from editing.models.roles import Verb, can

View = Callable[..., HttpResponseBase]
Row = TypeVar("Row", bound=Model)


def needs(verb: Verb) -> Callable[[View], View]:
    """Only for those whose roles have the verb: others get 403, and who has not signed in is asked to.

    An htmx request that comes after the session has ended moves the whole page to the sign-in, not a part of it.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _sign_in(request)
            if not can(request.user, verb):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def _sign_in(request: HttpRequest) -> HttpResponseBase:
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(reverse("sign-in"))
    return redirect_to_login(request.get_full_path(), reverse("sign-in"))


def load(rows: QuerySet[Row], request: HttpRequest, **where: Any) -> Row:
    """The row, if this user may see it; 404 otherwise."""
    visible: QuerySet[Row] = rows.visible_to(request.user)  # type: ignore[attr-defined]
    row = visible.filter(**where).first()
    if row is None:
        raise Http404
    return row
