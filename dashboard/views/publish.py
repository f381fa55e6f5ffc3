"""Publish to us: the address, each stream's key, and what is recorded of what comes."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dashboard import rtmp_server
from dashboard.access import load, needs
from dashboard.forms import PublishForm, RuleForm
from editing.errors import InvalidInput, NotFound
from editing.models import Publication, RecordJob, Stream
from editing.models.roles import Verb, can
from editing.services import publishing, stream_keys

_OWN_NAME = "localhost"


@needs(Verb.SEE)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return _index(request)


@needs(Verb.OPERATE)
@require_POST
def create(request: HttpRequest) -> HttpResponse:
    """A stream that may be published, with a key; then on to what a publisher enters."""
    form = PublishForm(request.POST)
    if form.is_valid():
        try:
            stream = publishing.invite(form.cleaned_data["app"], form.cleaned_data["stream"])
        except (InvalidInput, NotFound) as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            return redirect("publish-stream", stream.pk)
    return _index(request, form=form)


@needs(Verb.OPERATE)
@require_POST
def change_rule(request: HttpRequest, app: str) -> HttpResponse:
    """What becomes of what is published under an application."""
    form = RuleForm(request.POST, prefix=app)
    if form.is_valid():
        publishing.set_rule(app, **form.cleaned_data)
        messages.success(request, f"Saved; it holds for what is published under {app} from now on.")
        return redirect("publish")
    return _index(request, rule=form)


@needs(Verb.OPERATE)
@require_safe
@never_cache
def detail(request: HttpRequest, stream_id: int) -> HttpResponse:
    """What a publisher of this stream enters."""
    stream = _load(request, stream_id)
    key = stream_keys.key_of(stream)
    name = quote(stream.name) + (f"?key={key}" if key else "")
    context = {
        **_server(request),
        "key": key,
        "has_key": hasattr(stream, "key"),
        "name": name,
        **_status(stream),
    }
    return render(request, "publish/stream.html", {**context, "server": f"{context['address']}/{stream.app}"})


@needs(Verb.OPERATE)
@require_safe
def status(request: HttpRequest, stream_id: int) -> HttpResponse:
    """Whether it is on; it asks for itself again."""
    return render(request, "publish/_status.html", _status(_load(request, stream_id)))


@needs(Verb.OPERATE)
@require_POST
def rotate(request: HttpRequest, stream_id: int) -> HttpResponse:
    stream_keys.rotate(_load(request, stream_id))
    messages.success(
        request, "The stream has a new key. Who publishes with the old one is sent away within ten seconds."
    )
    return redirect("publish-stream", stream_id)


@needs(Verb.OPERATE)
@require_POST
def remove_key(request: HttpRequest, stream_id: int) -> HttpResponse:
    stream_keys.remove(_load(request, stream_id))
    messages.success(request, "The stream has no key any more.")
    return redirect("publish-stream", stream_id)


def _index(request: HttpRequest, form: PublishForm | None = None, rule: RuleForm | None = None) -> HttpResponse:
    context: dict[str, Any] = _server(request)
    if context["address"]:
        context |= {"form": form or PublishForm(), "streams": _streams(request), "rules": _rules(rule)}
    return render(request, "publish/publish.html", {**context, "install": rtmp_server.INSTALL})


def _streams(request: HttpRequest) -> Any:
    """Those that are, were or may be published here, with what is known of each."""
    rows = publishing.streams_here().visible_to(request.user).select_related("publication", "key")
    live = set(Publication.objects.on_air().values_list("stream_id", flat=True))
    return [(stream, stream.pk in live, hasattr(stream, "key")) for stream in rows]


def _rules(wrong: RuleForm | None) -> list[tuple[str, RuleForm]]:
    found = []
    for app in settings.RTMP_APPLICATIONS:
        rule = publishing.rule_of(app)
        initial = {"auto_record": rule.auto_record, "template": rule.template, "bucket": rule.bucket}
        form = RuleForm(prefix=app, initial=initial)
        found.append((app, wrong if wrong is not None and wrong.prefix == app else form))
    return found


def _server(request: HttpRequest) -> dict[str, Any]:
    """The address as others write it: by the name that this page was asked for, unless a name was set."""
    own = urlsplit(settings.RTMP_ADDRESS)
    host = own.hostname
    if host == _OWN_NAME:
        host = urlsplit(f"//{request.get_host()}").hostname
    address = f"rtmp://{rtmp_server.bracketed(host)}:{own.port or 1935}" if host else ""
    return {
        "address": address,
        "open": settings.RTMP_KEYS,
        "applications": settings.RTMP_APPLICATIONS,
        "may_invite": can(request.user, Verb.OPERATE),
    }


def _status(stream: Stream) -> dict[str, Any]:
    return {
        "stream": stream,
        "publication": Publication.objects.on_air().filter(stream=stream).first(),
        "job": RecordJob.objects.filter(stream=stream, published=True).first(),
    }


def _load(request: HttpRequest, stream_id: int) -> Stream:
    """A stream of our own server."""
    stream: Stream = load(publishing.streams_here(), request, pk=stream_id)
    return stream
