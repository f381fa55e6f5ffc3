"""Live recording: templates, which say how record jobs record."""

from __future__ import annotations

from django.db.models import Q

from editing.errors import NotFound
from editing.models import RecordTemplate
from editing.models.ids import dashed
from editing.models.roles import Verb
from editing.rpc import paging
from editing.rpc.actions import record_shapes as shapes
from editing.rpc.actions.record_jobs import KEYWORD, NAME, SORT_BY, TEMPLATE_ID, visible
from editing.rpc.operation import Answer, Call, Operation
from editing.rpc.paging import PAGE_NO, PAGE_SIZE
from editing.rpc.params import choice, json_objects, optional, required, words
from editing.services import record_templates

FORMATS = required("RecordFormat", json_objects(most=8))
JOB_ID = optional("JobId", shapes.row_id, "")
TYPE = optional("Type", choice(*RecordTemplate.Kind.values), "")
TEMPLATE_IDS = optional("TemplateIds", words(most=100, each=shapes.row_id), None)
FIELDS = {"name": NAME.name, "template": TEMPLATE_ID.name, **shapes.FORMATS_FIELDS}


def create(call: Call) -> Answer:
    template = record_templates.create(name=call[NAME], formats=shapes.formats(call[FORMATS], FORMATS.name))
    return {"TemplateId": dashed(template.pk)}


def get(call: Call) -> Answer:
    """With a job, as that job uses it, whatever has become of it since."""
    if not call[JOB_ID]:
        return {"RecordTemplate": shapes.template(_found(call))}
    job = visible(call).filter(pk=call[JOB_ID], template=call[TEMPLATE_ID]).first()
    if job is None:
        raise NotFound(f"There is no record job {call[JOB_ID]} that uses this template.")
    return {"RecordTemplate": shapes.used_template(job)}


def update(call: Call) -> Answer:
    """Both, name and formats, are replaced."""
    record_templates.update(_found(call), name=call[NAME], formats=shapes.formats(call[FORMATS], FORMATS.name))
    return {}


def delete(call: Call) -> Answer:
    record_templates.delete(_found(call))
    return {}


def listed(call: Call) -> Answer:
    rows: paging.Rows[RecordTemplate] = RecordTemplate.objects.visible_to(call.user)
    wanted = Q(kind=call[TYPE]) if call[TYPE] else Q()
    if keyword := call[KEYWORD]:
        wanted &= Q(pk=shapes.row_id(keyword, KEYWORD.name)) | Q(name__icontains=keyword)
    if call[TEMPLATE_IDS]:
        wanted &= Q(pk__in=call[TEMPLATE_IDS])
    found, pages = paging.numbered(call, rows.filter(wanted), "created_at", oldest_first=call[SORT_BY] == "asc")
    return {"RecordTemplateList": [shapes.template(row) for row in found], "SortBy": call[SORT_BY], **pages}


def _found(call: Call) -> RecordTemplate:
    row: RecordTemplate | None = RecordTemplate.objects.visible_to(call.user).filter(pk=call[TEMPLATE_ID]).first()
    if row is None:
        raise NotFound(f"There is no record template {call[TEMPLATE_ID]}.")
    return row


_RULES = f"CycleDuration is {record_templates.CYCLES[0]} to {record_templates.CYCLES[-1]} seconds, SliceDuration "
_RULES += f"{record_templates.SLICES[0]} to {record_templates.SLICES[-1]}; what is written here: "
_RULES += f"{', '.join(record_templates.FORMATS)}."
OPERATIONS = (
    Operation(
        "CreateLiveRecordTemplate",
        create,
        Verb.OPERATE,
        (NAME, FORMATS),
        differs=f"For keys of operators. {_RULES}",
        fields=FIELDS,
    ),
    Operation(
        "GetLiveRecordTemplate",
        get,
        Verb.SEE,
        (TEMPLATE_ID, JOB_ID),
        differs="With the JobId of a job that does not use the template: ResourceNotFound; with that of one that does, "
        "the template as it was then, under the job's date, also after it was deleted.",
    ),
    Operation(
        "UpdateLiveRecordTemplate",
        update,
        Verb.OPERATE,
        (TEMPLATE_ID, NAME, FORMATS),
        differs="For keys of operators; rules as in CreateLiveRecordTemplate.",
        fields=FIELDS,
    ),
    Operation(
        "DeleteLiveRecordTemplate",
        delete,
        Verb.OPERATE,
        (TEMPLATE_ID,),
        differs="For keys of operators.",
        fields=FIELDS,
    ),
    Operation(
        "ListLiveRecordTemplates",
        listed,
        Verb.SEE,
        (PAGE_NO, PAGE_SIZE, KEYWORD, TYPE, SORT_BY, TEMPLATE_IDS),
        differs="Keyword is an id or any part of a name.",
    ),
)
