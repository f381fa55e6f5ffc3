"""The list of clips an editor is putting together, and what merging it would give."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from dashboard.access import load, needs
from dashboard.clip_list import ClipList
from dashboard.forms import MergeForm, RangeForm
from editing.errors import EditingError
from editing.models import Recording
from editing.models.roles import Verb
from editing.services import editing_jobs
from editing.timeline.describe import describe

_RECORDINGS = Recording.objects.select_related("stream")


def panel(request: HttpRequest, clips: ClipList, **context: Any) -> dict[str, Any]:
    """What the clip panel needs, on a page or alone."""
    suggested = editing_jobs.suggest_key(clips.clips) if clips.chosen else ""
    return {"clips": clips, "merge": MergeForm(initial={"key": suggested}), **context}


@needs(Verb.EDIT)
@require_POST
def add(request: HttpRequest, recording_id: int) -> HttpResponse:
    recording = load(_RECORDINGS, request, pk=recording_id)
    form = RangeForm(request.POST, day=recording.start or 0)
    clips = ClipList(request)
    if not form.is_valid():
        return _panel(request, clips, problem=_first_error(form))
    clips.add(recording, form.cleaned_data["range"])
    return _panel(request, clips)


@needs(Verb.EDIT)
@require_POST
def change(request: HttpRequest, clip_id: str) -> HttpResponse:
    clips = ClipList(request)
    day = next((each.start for each in clips.chosen if each.id == clip_id), 0)
    form = RangeForm(request.POST, day=day)
    if not form.is_valid():
        return _panel(request, clips, problem=_first_error(form))
    clips.change(clip_id, form.cleaned_data["range"])
    return _panel(request, clips)


@needs(Verb.EDIT)
@require_POST
def act(request: HttpRequest, clip_id: str, verb: str) -> HttpResponse:
    """Up, down, duplicate or remove."""
    clips = ClipList(request)
    actions = {
        "up": lambda: clips.move(clip_id, -1),
        "down": lambda: clips.move(clip_id, 1),
        "duplicate": lambda: clips.duplicate(clip_id),
        "remove": lambda: clips.remove(clip_id),
    }
    actions[verb]()
    return _panel(request, clips)


@needs(Verb.EDIT)
@require_POST
def arrange(request: HttpRequest) -> HttpResponse:
    """The order after a drag: the ids as they lie now."""
    clips = ClipList(request)
    clips.arrange(request.POST.getlist("clip"))
    return _panel(request, clips)


@needs(Verb.EDIT)
@require_POST
def clear(request: HttpRequest) -> HttpResponse:
    clips = ClipList(request)
    clips.clear()
    return _panel(request, clips)


@needs(Verb.EDIT)
@require_safe
def plan(request: HttpRequest) -> HttpResponse:
    """A dry run of the merge as the form stands, or why it would be refused."""
    clips = ClipList(request)
    form = MergeForm(request.GET)
    form.fields["key"].required = False
    context: dict[str, Any] = {"clips": clips}
    if clips.chosen and form.is_valid():
        given = form.request()
        given.pop("user_data")
        try:
            planned = editing_jobs.plan(clips.clips, **given)
            context |= {"plan": describe(planned.plan) if planned.plan else None, "waiting": planned.waiting}
        except EditingError as error:
            context["refusal"] = error
    elif clips.chosen:
        context["refusal"] = _first_error(form)
    return render(request, "clips/_plan.html", context)


@needs(Verb.EDIT)
@require_POST
def merge(request: HttpRequest) -> HttpResponse:
    """Submit; then on to the job."""
    clips, form = ClipList(request), MergeForm(request.POST)
    if form.is_valid():
        try:
            job = editing_jobs.submit(request.user, clips=clips.clips, **form.request())
        except EditingError as error:
            form.add_refusal(error)
        else:
            clips.clear()
            return HttpResponseClientRedirect(f"/jobs/{job.pk}/")
    return render(request, "clips/_merge.html", {"clips": clips, "merge": form})



def _panel(request: HttpRequest, clips: ClipList, **context: Any) -> HttpResponse:
    answer = render(request, "clips/_panel.html", panel(request, clips, **context))
    ranges = [[each.recording, each.start / 1000, each.end / 1000] for each in clips.chosen]
    return trigger_client_event(answer, "clips-changed", {"clips": ranges}, after="swap")


def _first_error(form: Any) -> str:
    field, messages = next(iter(form.errors.items()))
    label = form.fields[field].label or field.capitalize() if field in form.fields else ""
    return f"{label}: {messages[0]}" if label else str(messages[0])
