"""Live editing: ranges of recorded streams become one video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from editing import storage
from editing.models import Bucket, EditingJob, Project
from editing.models.roles import Verb
from editing.rpc.actions import jobs, output
from editing.rpc.actions.streams import APP, DOMAIN, STREAM
from editing.rpc.errors import missing
from editing.rpc.operation import Answer, Call, Operation
from editing.rpc.params import choice, instant, json_object, json_objects, json_text, optional, required, text
from editing.services import covers, editing_jobs, project_storage, projects
from editing.timeline.clips import Clip, Mode, StreamName
from editing.timeline.instant import Range

MOST_CLIPS = 1000
CLIPS = required("Clips", json_objects(most=MOST_CLIPS))
PROJECT_ID = optional("ProjectId", text(most=64), "")
STREAM_CONFIG = optional("LiveStreamConfig", json_object, None)
PRODUCE_CONFIG = optional("MediaProduceConfig", json_object, None)
USER_DATA = optional("UserData", json_text(most=editing_jobs.LONGEST_USER_DATA), "")
MODE = optional("Mode", choice(*(mode.value for mode in Mode)), Mode.ACCURATE_FAST.value)
START_TIME, END_TIME = (required(name, instant) for name in ("StartTime", "EndTime"))
COVER_TIME = optional("CoverTime", instant, None)
COVER_URL = optional("CoverUrl", text(), "")
CLIPS_TEXT = optional("Clips", text(most=1 << 20), "")

FIELDS = {
    "clips": "Clips",
    "clips[]": "Clips[]",
    "clips[].stream": "Clips[].StreamName",
    "clips[].start": "Clips[].StartTime",
    "clips[].end": "Clips[].EndTime",
    "clips[].cover": "Clips[].CoverTime",
    "mode": "MediaProduceConfig.Mode",
    "project": PROJECT_ID.name,
    "user_data": "UserData",
    "output.cover_url": "Clips[].CoverUrl",
    **output.FIELDS,
}


def submit(call: Call) -> Answer:
    """Queue a merge. Nothing but the plan is worked out before the answer."""
    stream, produce = call[STREAM_CONFIG], call[PRODUCE_CONFIG]
    clips = [_clip(item, f"Clips[{number}]", stream or {}) for number, item in enumerate(call[CLIPS])]
    project = _project(call)
    place = project_storage.place_for(project, clips) if project else None
    target = replace(output.requested(call, place), cover=_cover(call[CLIPS]))
    job = editing_jobs.submit(
        call.user,
        clips=clips,
        mode=Mode(MODE.of(produce or {}, PRODUCE_CONFIG.name)),
        output=target,
        user_data=call[USER_DATA],
        request=_kept(call),
        project=project or project_storage.of_output(call.user, target.bucket, target.key),
    )
    return {
        "ProjectId": job.project_id,
        "JobId": job.pk,
        "MediaId": job.media_id,
        "MediaURL": jobs.media_url(job),
        **jobs.vod_media_id(job),
    }


def get(call: Call) -> Answer:
    """How a job of the past year is doing."""
    return {"LiveEditingJob": _job(jobs.found(call))}


def _project(call: Call) -> Project | None:
    """The one that is named. Raises ProjectNotFound, InvalidInput."""
    return projects.live(call.user, call[PROJECT_ID]) if call[PROJECT_ID] else None


def _clip(item: Mapping[str, object], path: str, default: Mapping[str, object]) -> Clip:
    return Clip(
        _stream(item, path, default),
        Range(START_TIME.of(item, path), END_TIME.of(item, path)),
        COVER_TIME.of(item, path),
    )


def _cover(items: Sequence[Mapping[str, object]]) -> tuple[Bucket, str] | None:
    """Where the cover goes: as the first clip that names a cover time says, or the first that names a place."""
    named = [(COVER_TIME.of(item), COVER_URL.of(item), number) for number, item in enumerate(items)]
    timed = [each for each in named if each[0] is not None] or [each for each in named if each[1]]
    if not timed or not timed[0][1]:
        return None
    field = f"{CLIPS.name}[{timed[0][2]}].CoverUrl"
    place = storage.resolve(timed[0][1], field=field)
    covers.check(place, field=field)
    return place


def _stream(item: Mapping[str, object], path: str, default: Mapping[str, object]) -> StreamName:
    """A clip's own names before those of LiveStreamConfig, each by itself."""
    names = [param.of(item, path) or param.of(default, STREAM_CONFIG.name) for param in (DOMAIN, APP, STREAM)]
    for param, name in zip((DOMAIN, APP, STREAM), names, strict=True):
        if not name:
            raise missing(f"{STREAM_CONFIG.name}.{param.name}")
    return StreamName(*names)


def _kept(call: Call) -> dict[str, Any]:
    """What is said back later as it was said: the clips to the letter, and names that our rows have no place for."""
    kept: dict[str, Any] = {}
    if isinstance(call.values["Clips"], str):
        kept["Clips"] = call[CLIPS_TEXT]
    if stream := call[STREAM_CONFIG]:
        named = {param.name: param.of(stream) for param in (APP, DOMAIN, STREAM)}
        kept["LiveStreamConfig"] = {name: value for name, value in named.items() if value}
    if (config := call[output.CONFIG]) and (group := output.TEMPLATE_GROUP.of(config)):
        kept["VodTemplateGroupId"] = group
    return kept


def _job(job: EditingJob) -> Answer:
    """Clips and UserData are JSON in text here, the three configurations are objects: so it is in IMS."""
    return {
        "JobId": job.pk,
        "ProjectId": job.project_id or "",
        "Status": jobs.status(job),
        "Clips": jobs.clips_text(job),
        "UserData": job.user_data,
        **jobs.times(job, created="CreationTime"),
        "MediaId": job.media_id,
        "MediaURL": jobs.media_url(job),
        **jobs.fault(job),
        "LiveStreamConfig": jobs.default_stream(job),
        "MediaProduceConfig": {"Mode": job.mode},
        "OutputMediaConfig": _output(job),
    }


def _output(job: EditingJob) -> Answer:
    place = (
        {"StorageLocation": f"{job.bucket.name}.{job.bucket.endpoint}", "FileName": job.key}
        if jobs.is_vod(job)
        else {"MediaURL": jobs.media_url(job)}
    )
    sizes = {"Width": job.width, "Height": job.height, "Bitrate": job.bitrate and job.bitrate // 1000}
    group = (job.request or {}).get("VodTemplateGroupId")
    return {
        **place,
        **{name: value for name, value in sizes.items() if value},
        **({"VodTemplateGroupId": group} if group else {}),
    }


OPERATIONS = (
    Operation(
        "SubmitLiveEditingJob",
        submit,
        Verb.EDIT,
        (CLIPS, PROJECT_ID, STREAM_CONFIG, output.CONFIG, output.TARGET, PRODUCE_CONFIG, USER_DATA),
        differs="Where a project stores counts before the request's MediaURL, StorageLocation and FileName. "
        "VodMediaId is the MediaId. VodTemplateGroupId may only be VOD_NO_TRANSCODE. One cover is kept: "
        "that of the first clip that names one. At most 1,000 clips. NotifyAddress in UserData is an http(s) address, "
        "no queue.",
        fields=FIELDS,
    ),
    Operation(
        "GetLiveEditingJob",
        get,
        Verb.SEE,
        (jobs.JOB_ID,),
        differs="MediaProduceConfig says the mode that was used. A cancelled job has Status Failed and Code "
        "JobCancelled. JobId is required.",
    ),
)
