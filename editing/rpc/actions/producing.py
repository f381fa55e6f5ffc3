"""Producing jobs: live editing jobs under the other name that IMS has for them, and the only way to list them."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from editing.models import EditingJob, JobState
from editing.models.editing_job import EditingJobQuerySet
from editing.models.roles import Verb
from editing.rpc import paging
from editing.rpc.actions import jobs
from editing.rpc.operation import Answer, Call, Operation
from editing.rpc.paging import END_TIME, MAX_RESULTS, NEXT_TOKEN, START_TIME
from editing.rpc.params import choice, optional, text, words
from editing.timeline.instant import SECOND

STATUS = optional("Status", words(most=5, each=choice("Init", "Queuing", "Processing", "Success", "Failed")), None)
JOB_TYPE = optional("JobType", choice("EditingJob", "LiveEditingJob", "VETemplateJob"), "")
PROJECT_ID, KEYWORD, MASTER = (optional(name, text(most=64), "") for name in ("ProjectId", "Keyword", "MasterJobId"))
SORT_BY = paging.direction("SortBy", "CreationTime:Asc", "CreationTime:Desc")


def get(call: Call) -> Answer:
    job = jobs.found(call)
    answer = _job(job) | {"Progress": job.progress, **jobs.vod_media_id(job)}
    return {"MediaProducingJob": answer | {"Timeline": "", "SubJobMaterials": ""}}


def listed(call: Call) -> Answer:
    """MaxResults is text in this answer: so it is in IMS."""
    rows = _filtered(call, jobs.known(call).select_related("bucket", "asset"))
    found, token = paging.page(call, rows, oldest_first=call[SORT_BY].endswith(":asc"))
    return {
        "MediaProducingJobList": [_job(job) for job in found],
        "MaxResults": str(call[MAX_RESULTS]),
        "NextToken": token,
    }


def _filtered(call: Call, rows: EditingJobQuerySet) -> EditingJobQuerySet:
    wanted = paging.created_within(call, days=30)
    if call[JOB_TYPE] not in ("", "LiveEditingJob") or call[MASTER]:
        return rows.none()  # there are no others, and none belongs to a master job
    wanted &= Q(pk=call[KEYWORD]) if call[KEYWORD] else Q()
    wanted &= Q(project=call[PROJECT_ID]) if call[PROJECT_ID] else Q()
    if status := call[STATUS]:
        wanted &= Q(state__in=[*status, *([JobState.CANCELLED.value] if "Failed" in status else [])])
    return rows.filter(wanted)


def _job(job: EditingJob) -> dict[str, Any]:
    asset = getattr(job, "asset", None)
    done = job.state == JobState.SUCCESS and asset is not None
    return {
        "JobId": job.pk,
        "ProjectId": job.project_id or "",
        "MediaId": job.media_id,
        "MediaURL": jobs.media_url(job),
        "TemplateId": "",
        "ClipsParam": "",
        "Status": jobs.status(job),
        **({"Duration": asset.duration / SECOND} if done and asset else {}),
        **jobs.fault(job),
        "UserData": job.user_data,
        **jobs.times(job, created="CreateTime"),
    }


OPERATIONS = (
    Operation(
        "GetMediaProducingJob",
        get,
        Verb.SEE,
        (jobs.JOB_ID,),
        differs="Knows live editing jobs; Timeline is empty. Status and Code as in GetLiveEditingJob.",
    ),
    Operation(
        "ListMediaProducingJobs",
        listed,
        Verb.SEE,
        (START_TIME, END_TIME, STATUS, JOB_TYPE, PROJECT_ID, KEYWORD, MASTER, SORT_BY, MAX_RESULTS, NEXT_TOKEN),
        differs="Lists live editing jobs (JobType LiveEditingJob); other types and master jobs have none. "
        "Keyword is a whole JobId.",
    ),
)
