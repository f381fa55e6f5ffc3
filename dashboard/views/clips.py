"""The list of clips an editor is putting together, and what merging it would give."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh, reswap, trigger_client_event

from dashboard.access import load, needs
from dashboard.clip_list import ClipList
from dashboard.forms import CoverForm, MergeForm, RangeForm
from editing.errors import EditingError
from editing.models import EditingJob, Project, ProjectState, Recording
from editing.models.roles import Verb
from editing.services import editing_jobs, project_clips
from editing.timeline.clips import Clip
from editing.timeline.describe import describe
from editing.timeline.instant import Range
from editing.worker.plans import clips_of

_RECORDINGS = Recording.objects.select_related("stream")


@needs(Verb.EDIT)
@require_POST
def add(request: HttpRequest, recording_id: int) -> HttpResponse:
    """The marked range at the end of the list; what is wrong with it stands at its field."""
    recording = load(_RECORDINGS, request, pk=recording_id)
    form = RangeForm(request.POST, day=recording.start or 0)
    if not form.is_valid():
        return reswap(render(request, "clips/_mark_errors.html", {"form": form}), "none")
    clips = ClipList(request)
    try:
        clips.add(recording, form.cleaned_data["range"], form.cleaned_data["cover"])
    except EditingError as error:
        form.add_error("start", error.message)
        return reswap(render(request, "clips/_mark_errors.html", {"form": form}), "none")
    return _list(request, clips, added=True)


@needs(Verb.EDIT)
@require_POST
def change(request: HttpRequest, clip_id: str) -> HttpResponse:
    """Other times for a clip."""
    clips = ClipList(request)
    day = next((each.start for each in clips.chosen if each.id == clip_id), 0)
    form = RangeForm(request.POST, day=day)
    if not form.is_valid():
        return _list(request, clips, wrong=clip_id, form=form)
    clips.change(clip_id, form.cleaned_data["range"], form.cleaned_data["cover"])
    return _list(request, clips)


@needs(Verb.EDIT)
@require_POST
def cover(request: HttpRequest, clip_id: str) -> HttpResponse:
    """The picture at an instant of a clip becomes the cover of the merge; without an instant nobody has chosen one."""
    clips = ClipList(request)
    clip = next((each for each in clips.chosen if each.id == clip_id), None)
    form = CoverForm(request.POST, clip=clip.clip.range if clip else Range(0, 0))
    if clip is not None and form.is_valid():
        clips.change(clip_id, clip.clip.range, form.cleaned_data["at"])
    return _list(request, clips)


@needs(Verb.EDIT)
@require_POST
def act(request: HttpRequest, clip_id: str, verb: str) -> HttpResponse:
    """Up, down, duplicate or remove."""
    clips = ClipList(request)
    match verb:
        case "up":
            clips.move(clip_id, -1)
        case "down":
            clips.move(clip_id, 1)
        case "duplicate":
            clips.duplicate(clip_id)
        case _:
            clips.remove(clip_id)
    return _list(request, clips)


@needs(Verb.EDIT)
@require_POST
def arrange(request: HttpRequest) -> HttpResponse:
    """The order after a drag: the ids as they lie now."""
    clips = ClipList(request)
    clips.arrange(request.POST.getlist("clip"))
    return _list(request, clips)


@needs(Verb.EDIT)
@require_POST
def clear(request: HttpRequest) -> HttpResponse:
    clips = ClipList(request)
    clips.clear()
    return _list(request, clips)


@needs(Verb.EDIT)
@require_POST
def take(request: HttpRequest, job_id: str) -> HttpResponse:
    """The clips of a job once more, in its project, to change something about them; then on to the recording of the
    first."""
    job = load(EditingJob.objects.select_related("project"), request, pk=job_id)
    found = [(_recording_at(clip), clip) for clip in clips_of(job)]
    there = [(recording, clip) for recording, clip in found if recording is not None]
    if not there:
        messages.error(request, "The recordings of this job are no longer there.")
        return redirect("job", job_id)
    if job.project and job.project.kind == Project.Kind.LIVE and job.project.state != ProjectState.DELETED:
        project_clips.work_on(request.user, job.project)
    try:
        ClipList(request).begin_with(there)
    except EditingError as error:
        messages.error(request, error.message)
        return redirect("job", job_id)
    return redirect("recording", there[0][0].pk)


@needs(Verb.EDIT)
@require_safe
def plan(request: HttpRequest) -> HttpResponse:
    """A dry run of the merge as the form stands, or why it would be refused."""
    clips, form = ClipList(request), MergeForm(request.GET)
    context: dict[str, Any] = {"clips": clips, "form": form}
    if clips.chosen and form.is_valid():
        context |= _planned(clips, form)
    return render(request, "clips/_plan.html", context)


@needs(Verb.EDIT)
@require_POST
def merge(request: HttpRequest) -> HttpResponse:
    """Submit as a job of the clips' project, then on to the job; what is refused stands at its field.

    Nobody merges what is not on the screen: where others have changed the list, the page shows it first.
    """
    clips, form = ClipList(request), MergeForm(request.POST)
    if request.POST.get("revision", str(clips.revision)) != str(clips.revision):
        messages.warning(request, "The clips have been changed in another window. These are the newest; merge again.")
        return HttpResponseClientRefresh()
    if form.is_valid():
        try:
            job = editing_jobs.submit(request.user, **form.request(clips.clips, clips.project))
        except EditingError as error:
            form.add_refusal(error)
        else:
            clips.remove(*(each.id for each in clips.chosen))
            return HttpResponseClientRedirect(reverse("job", args=[job.pk]))
    return render(request, "clips/_merge.html", {"merge": form})


def _recording_at(clip: Clip) -> Recording | None:
    """The recording of the clip's stream that was on when it begins, or the first one after that."""
    name = clip.stream
    rows = _RECORDINGS.filter(stream__domain=name.domain, stream__app=name.app, stream__name=name.stream)
    before = rows.filter(start__lte=clip.range.start).order_by("-start").first()
    return before or rows.filter(start__gt=clip.range.start).order_by("start").first()


def _planned(clips: ClipList, form: MergeForm) -> dict[str, Any]:
    """The plan, each part of it beside its clip, or the refusal."""
    asked = form.request(clips.clips, clips.project)
    output = asked["output"]
    try:
        planned = editing_jobs.plan(asked["clips"], mode=asked["mode"], output=output, holes=asked["holes"])
    except EditingError as error:
        return {"refusal": form.words_of(error)}
    if planned.plan is None:
        return {"waiting": planned.waiting, "output": output}
    described = describe(planned.plan)
    return {"plan": described, "parts": list(zip(clips.chosen, described["clips"], strict=True)), "output": output}


def _list(request: HttpRequest, clips: ClipList, **context: Any) -> HttpResponse:
    answer = render(request, "clips/_clips.html", {"clips": clips, **context})
    return trigger_client_event(answer, "clips-changed", after="settle")
