"""Who may come in, once for all views; the rules themselves are in models/roles.py."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from editing.models.roles import Verb, can

View = Callable[..., HttpResponseBase]
Row = TypeVar("Row", bound=Model)


def signed_in(view: View) -> View:
    """For everybody with an account, whatever its roles; who has not signed in is asked to.

    An htmx request that comes after the session has ended moves the whole page to the sign-in, not a part of it, and
    from there back to the page that asked.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _sign_in(request)
        return view(request, *args, **kwargs)

    return guarded


def needs(verb: Verb) -> Callable[[View], View]:
    """Only for those whose roles have the verb; others get 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not can(request.user, verb):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return signed_in(guarded)

    return decorate


def _sign_in(request: HttpRequest) -> HttpResponseBase:
    details: HtmxDetails | None = getattr(request, "htmx", None)
    if not details:
        return redirect_to_login(request.get_full_path(), reverse("sign-in"))
    back = details.current_url_abs_path or reverse("home")
    return HttpResponseClientRedirect(f"{reverse('sign-in')}?{urlencode({'next': back}, safe='/')}")


def account_of(request: HttpRequest) -> User:
    """The user of a request that has passed one of the guards above."""
    assert isinstance(request.user, User)
    return request.user


def load(rows: QuerySet[Row], request: HttpRequest, **where: Any) -> Row:
    """The row, if this user may see it; 404 otherwise."""
    visible: QuerySet[Row] = rows.visible_to(request.user)  # type: ignore[attr-defined]
    row = visible.filter(**where).first()
    if row is None:
        raise Http404
    return row
