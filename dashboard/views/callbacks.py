"""Callbacks: where events go, and what became of each."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import account_of, load, needs
from dashboard.callback_forms import DeliveryFilterForm, EventCallbackForm
from editing import queue
from editing.errors import Conflict, EditingError
from editing.models import Delivery, DeliveryState, EditingJob, RecordJob
from editing.models.roles import Verb, can
from editing.services import callbacks, health
from editing.services.paging import KeyPaginator

_SOON = timedelta(seconds=30)
_WHOSE = {"own": "Events of your jobs", "everybody": "Events of everybody's jobs"}


@needs(Verb.SEE)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    form = DeliveryFilterForm(request.GET or None)
    wanted = form.wanted()
    rows = Delivery.objects.visible_to(request.user).filter(**wanted)
    page = KeyPaginator(rows, 25).get_page(request.GET.get("page"))
    return render(request, "callbacks/callbacks.html", {"page": page, "form": form, "filtered": bool(wanted)})


@needs(Verb.SEE)
@require_safe
def detail(request: HttpRequest, delivery_id: int) -> HttpResponse:
    return render(request, "callbacks/callback.html", _context(load(Delivery.objects.all(), request, pk=delivery_id)))


@needs(Verb.SEE)
@require_safe
def status(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """How far it is; it asks for itself again while something is about to happen."""
    return render(request, "callbacks/_status.html", _context(load(Delivery.objects.all(), request, pk=delivery_id)))


@needs(Verb.EDIT)
@require_POST
def redeliver(request: HttpRequest, delivery_id: int) -> HttpResponse:
    delivery, problem = load(Delivery.objects.all(), request, pk=delivery_id), ""
    try:
        callbacks.redeliver(delivery)
    except Conflict as error:
        problem = error.message
    return render(request, "callbacks/_status.html", {**_context(delivery), "problem": problem})


@needs(Verb.EDIT)
@require_safe
def settings(request: HttpRequest) -> HttpResponse:
    return _settings(request)


@needs(Verb.EDIT)
@require_POST
def save(request: HttpRequest, whose: str) -> HttpResponse:
    user, by = _user(request, whose), account_of(request)
    form = EventCallbackForm.of(callbacks.of(user), request.POST)
    if form.is_valid():
        try:
            callbacks.set_up(user, by=by, **form.cleaned_data)
        except EditingError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, "Saved.")
            return redirect("callback-settings")
    return _settings(request, forms={whose: form})


@needs(Verb.EDIT)
@require_POST
@never_cache
def renew_key(request: HttpRequest, whose: str) -> HttpResponse:
    """A new key; this answer is the only place that shows it."""
    _, key = callbacks.renew_key(_user(request, whose), by=account_of(request))
    return _settings(request, fresh=whose, key=key, secret=callbacks.standard_secret(key))


@needs(Verb.EDIT)
@require_POST
def test(request: HttpRequest, whose: str) -> HttpResponse:
    try:
        return redirect("callback", callbacks.test(_user(request, whose), by=account_of(request)).pk)
    except EditingError as error:
        messages.error(request, error.message)
        return redirect("callback-settings")


@needs(Verb.EDIT)
@require_POST
def remove(request: HttpRequest, whose: str) -> HttpResponse:
    callbacks.remove(_user(request, whose), by=account_of(request))
    messages.success(request, "Removed; nothing is sent there any more, and the key is forgotten.")
    return redirect("callback-settings")


def _user(request: HttpRequest, whose: str) -> User | None:
    """Whose events are meant; everybody's are for operators."""
    if whose not in _WHOSE:
        raise Http404
    if whose == "everybody" and not can(request.user, Verb.OPERATE):
        raise Http404
    return account_of(request) if whose == "own" else None


def _settings(request: HttpRequest, forms: dict[str, EventCallbackForm] | None = None, **context: Any) -> HttpResponse:
    sections = []
    for whose in _WHOSE if can(request.user, Verb.OPERATE) else ("own",):
        callback = callbacks.of(_user(request, whose))
        form = (forms or {}).get(whose) or EventCallbackForm.of(callback)
        sections.append({"whose": whose, "title": _WHOSE[whose], "callback": callback, "form": form})
    return render(request, "callbacks/settings.html", {"sections": sections, **context})


def _context(delivery: Delivery) -> dict[str, Any]:
    waits = delivery.state == DeliveryState.WAITING
    return {
        "delivery": delivery,
        "soon": waits and delivery.next_at < timezone.now() + _SOON,
        "tries": delivery.tries.order_by("-pk")[:50],
        "pretty": json.dumps(json.loads(delivery.body), indent=2, ensure_ascii=False),
        "job_url": _job_url(delivery),
        "unserved": health.unserved(queue.CALLBACKS) if waits else "",
    }


def _job_url(delivery: Delivery) -> str:
    """The page of what it is about, if that is still there."""
    if EditingJob.objects.filter(pk=delivery.subject).exists():
        return reverse("job", args=[delivery.subject])
    if RecordJob.objects.filter(pk=delivery.subject).exists():
        return reverse("record-job", args=[delivery.subject])
    return ""
