"""One's own account: password and access keys."""

from __future__ import annotations

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from editing.services import access_keys


@login_required
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Keys, and a form for another password."""
    form = PasswordChangeForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        update_session_auth_hash(request, form.save())
        return redirect("account")
    return _page(request, form=form)


@login_required
@require_POST
def create_key(request: HttpRequest) -> HttpResponse:
    """A new key; this answer is the only place that shows its secret."""
    key, secret = access_keys.create(request.user)  # type: ignore[arg-type]
    return _page(request, fresh=key, secret=secret)


@login_required
@require_POST
def revoke_key(request: HttpRequest, key_id: str) -> HttpResponse:
    access_keys.revoke(get_object_or_404(request.user.access_keys, pk=key_id), by=request.user)  # type: ignore[union-attr, arg-type]
    return redirect("account")


def _page(request: HttpRequest, **context: object) -> HttpResponse:
    keys = request.user.access_keys.filter(revoked_at=None)  # type: ignore[union-attr]
    context.setdefault("form", PasswordChangeForm(request.user))  # type: ignore[type-var]
    return render(request, "account/account.html", {"keys": keys, **context})
