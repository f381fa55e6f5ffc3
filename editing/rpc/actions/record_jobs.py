"""Live recording: make record jobs, read and list them."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Q

from editing import storage
from editing.errors import NotFound
from editing.models import Bucket, RecordJob, RecordState, RecordTemplate
from editing.models.ids import dashed
from editing.models.roles import Verb, can
from editing.rpc import paging
from editing.rpc.actions import record_shapes as shapes
from editing.rpc.errors import invalid
from editing.rpc.operation import Answer, Call, Operation
from editing.rpc.paging import PAGE_NO, PAGE_SIZE
from editing.rpc.params import choice, json_object, optional, required, text
from editing.services import record_jobs

JOB_ID = required("JobId", shapes.row_id)
NAME = required("Name", text())
INPUT, OUTPUT = (required(name, json_object) for name in ("StreamInput", "RecordOutput"))
TEMPLATE_ID = required("TemplateId", shapes.row_id)
NOTIFY_URL = optional("NotifyUrl", text(), "")
INPUT_TYPE, URL = required("Type", choice("rtmp")), required("Url", text(most=4096))
OUTPUT_TYPE = required("Type", choice(*Bucket.Kind.values))
ENDPOINT, BUCKET = optional("Endpoint", text(), ""), required("Bucket", text(most=63))
KEYWORD = optional("Keyword", text(most=128), "")
_SHOWN = (RecordState.INITIAL.value, RecordState.STARTED.value, RecordState.PAUSED.value)
STATUS = optional("Status", choice(*_SHOWN), "")
SORT_BY = paging.direction("SortBy", "asc", "desc")

FIELDS = {"name": NAME.name, "url": "StreamInput.Url", "bucket": "RecordOutput.Bucket", "notify_url": NOTIFY_URL.name}


def submit(call: Call) -> Answer:
    """Recording begins as soon as a worker has the job."""
    stream = call[INPUT]
    INPUT_TYPE.of(stream, INPUT.name)
    template = RecordTemplate.objects.visible_to(call.user).filter(pk=call[TEMPLATE_ID]).first()
    if template is None:
        raise NotFound(f"There is no record template {call[TEMPLATE_ID]}.")
    job = record_jobs.create(
        call.user,
        name=call[NAME],
        url=URL.of(stream, INPUT.name),
        bucket=_bucket(call[OUTPUT]),
        template=template,
        notify_url=call[NOTIFY_URL],
    )
    return {"JobId": dashed(job.pk)}


def get(call: Call) -> Answer:
    job = visible(call).filter(pk=call[JOB_ID]).first()
    if job is None:
        raise NotFound(f"There is no record job {call[JOB_ID]}.")
    return {"RecordJob": shapes.job(job, with_url=can(call.user, Verb.OPERATE))}


def listed(call: Call) -> Answer:
    rows = visible(call).filter(_wanted(call))
    found, pages = paging.numbered(call, rows, "created_at", oldest_first=call[SORT_BY] == "asc")
    with_url = can(call.user, Verb.OPERATE)
    return {"LiveRecordJobs": [shapes.job(job, with_url=with_url) for job in found], "SortBy": call[SORT_BY], **pages}


def visible(call: Call) -> paging.Rows[RecordJob]:
    rows: paging.Rows[RecordJob] = RecordJob.objects.visible_to(call.user).select_related("bucket")
    return rows


def _bucket(output: Mapping[str, object]) -> Bucket:
    """Endpoint and Type have to be the bucket's own. Raises Refused, and what `storage.resolve` raises."""
    kind, endpoint, name = (param.of(output, OUTPUT.name) for param in (OUTPUT_TYPE, ENDPOINT, BUCKET))
    address = f"https://{name}.{endpoint}/x" if endpoint else f"oss://{name}/x"
    bucket, _ = storage.resolve(address, field=f"{OUTPUT.name}.{BUCKET.name}")
    if bucket.kind != kind:
        raise invalid(f"{OUTPUT.name}.{OUTPUT_TYPE.name}", f"Bucket {bucket} is of type {bucket.kind}.")
    return bucket


def _wanted(call: Call) -> Q:
    """Created from StartTime to EndTime; a keyword is an id or a part of a name."""
    wanted = paging.created_within(call, days=30)
    if keyword := call[KEYWORD]:
        wanted &= Q(pk=shapes.row_id(keyword, KEYWORD.name)) | Q(name__icontains=keyword)
    if status := call[STATUS]:
        stopped = [RecordState.STOPPED] if status == RecordState.PAUSED else []
        wanted &= Q(state__in=[status, *stopped])
    return wanted


OPERATIONS = (
    Operation(
        "SubmitLiveRecordJob",
        submit,
        Verb.OPERATE,
        (NAME, INPUT, OUTPUT, TEMPLATE_ID, NOTIFY_URL),
        differs="For keys of operators. The address is rtmp(s)://host/application/stream, which names the stream; "
        "Endpoint may be left out.",
        fields=FIELDS,
    ),
    Operation(
        "GetLiveRecordJob",
        get,
        Verb.SEE,
        (JOB_ID,),
        differs="A stopped job is told as paused. Url is empty for keys that may not operate: it may hold a secret.",
    ),
    Operation(
        "ListLiveRecordJobs",
        listed,
        Verb.SEE,
        (PAGE_NO, PAGE_SIZE, KEYWORD, STATUS, SORT_BY, paging.START_TIME, paging.END_TIME),
        differs="As GetLiveRecordJob. Keyword is an id or any part of a name.",
    ),
)
