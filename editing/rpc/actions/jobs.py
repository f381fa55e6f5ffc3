"""An editing job in the words of IMS, as several actions say it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from editing.errors import NotFound
from editing.models import Bucket, EditingJob, JobState
from editing.models.editing_job import EditingJobQuerySet
from editing.rpc.errors import CANCELLED, code_of_job
from editing.rpc.operation import Call
from editing.rpc.params import required, text
from editing.rpc.wire import moment
from editing.timeline.instant import format_instant

JOB_ID = required("JobId", text(most=64))
REMEMBERED = timedelta(days=365)


def known(call: Call) -> EditingJobQuerySet:
    """The jobs that IMS would still tell of: those of the past year."""
    rows: EditingJobQuerySet = EditingJob.objects.visible_to(call.user)
    return rows.filter(created_at__gt=timezone.now() - REMEMBERED).select_related("bucket")


def found(call: Call) -> EditingJob:
    """The job that is asked for. Raises Refused, NotFound."""
    job: EditingJob | None = known(call).filter(pk=call[JOB_ID]).first()
    if job is None:
        raise NotFound(f"There is no job {call[JOB_ID]} of the past year.")
    return job


def status(job: EditingJob) -> str:
    """IMS knows no cancelled jobs; ours have failed there, for this reason."""
    return JobState.FAILED.value if job.state == JobState.CANCELLED else job.state


def fault(job: EditingJob) -> dict[str, str]:
    """Code and Message of a job that failed, nothing otherwise."""
    if job.state == JobState.CANCELLED:
        return {"Code": CANCELLED, "Message": "The job was cancelled."}
    failed = job.state == JobState.FAILED
    return {"Code": code_of_job(job.error_code), "Message": job.error_message} if failed else {}


def changed_at(job: EditingJob) -> datetime:
    moments = (job.created_at, job.queued_at, job.started_at, job.finished_at)
    return max(at for at in moments if at is not None)


def times(job: EditingJob, *, created: str) -> dict[str, str]:
    """`created` is what the operation calls it: CreationTime or CreateTime."""
    said = {created: moment(job.created_at), "ModifiedTime": moment(changed_at(job))}
    return said | ({"CompleteTime": moment(job.finished_at)} if job.finished_at else {})


def is_vod(job: EditingJob) -> bool:
    return bool(job.bucket.kind == Bucket.Kind.VOD)


def media_url(job: EditingJob) -> str:
    return job.bucket.url(job.key)


def vod_media_id(job: EditingJob) -> dict[str, str]:
    return {"VodMediaId": job.media_id} if is_vod(job) else {}


def clips_text(job: EditingJob) -> str:
    """The clips as they were written; those of jobs that came from elsewhere as they would have been."""
    written: str = (job.request or {}).get("Clips", "")
    return written or json.dumps([_clip(row) for row in job.clips], ensure_ascii=False, separators=(",", ":"))


def default_stream(job: EditingJob) -> dict[str, str]:
    """LiveStreamConfig as it was given, or the stream of the first clip."""
    given: dict[str, str] | None = (job.request or {}).get("LiveStreamConfig")
    return given if given is not None else _stream(job.clips[0])


def _stream(row: dict[str, Any]) -> dict[str, str]:
    return {"AppName": row["app"], "DomainName": row["domain"], "StreamName": row["stream"]}


def _clip(row: dict[str, Any]) -> dict[str, str]:
    cover = {"CoverTime": format_instant(row["cover"])} if row["cover"] is not None else {}
    return {"StartTime": format_instant(row["start"]), "EndTime": format_instant(row["end"]), **_stream(row), **cover}
