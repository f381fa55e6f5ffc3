"""One's own account: password and access keys."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.access import account_of, signed_in
from editing.models import AccessKey
from editing.services import access_keys


@signed_in
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Keys, and a form for another password."""
    form = PasswordChangeForm(account_of(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        update_session_auth_hash(request, form.save())
        messages.success(request, "Your password is changed.")
        return redirect("account")
    return _page(request, form=form)


@signed_in
@require_POST
@never_cache
def create_key(request: HttpRequest) -> HttpResponse:
    """A new key; this answer is the only place that shows its secret."""
    key, secret = access_keys.create(account_of(request))
    return _page(request, fresh=key, secret=secret)


@signed_in
@require_POST
def revoke_key(request: HttpRequest, key_id: str) -> HttpResponse:
    """End one of one's own keys."""
    user = account_of(request)
    access_keys.revoke(get_object_or_404(AccessKey, user=user, pk=key_id), by=user)
    messages.success(request, f"The key {key_id} is revoked.")
    return redirect("account")


def _page(request: HttpRequest, *, form: PasswordChangeForm | None = None, **context: object) -> HttpResponse:
    user = account_of(request)
    keys = [(key, access_keys.is_outdated(key)) for key in AccessKey.objects.active().filter(user=user)]
    form = form or PasswordChangeForm(user)
    del form.fields["old_password"].widget.attrs["autofocus"]  # most who come here come for the keys
    return render(request, "account/account.html", {"keys": keys, "form": form, **context})
