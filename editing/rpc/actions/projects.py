"""Editing projects: create, change, read, search, list, delete."""

from __future__ import annotations

from typing import Any

from editing.models import BusinessState, Project, ProjectState
from editing.models.roles import Verb, can
from editing.rpc import paging
from editing.rpc.actions import project_shapes as shapes
from editing.rpc.actions.project_params import (
    BUSINESS,
    FIELDS,
    MATERIALS,
    business,
    materials,
)
from editing.rpc.operation import Answer, Call, Operation
from editing.rpc.paging import END_TIME, MAX_RESULTS, NEXT_TOKEN, PAGE_NO, PAGE_SIZE, START_TIME
from editing.rpc.params import Param, choice, json_text, optional, required, text, words
from editing.services import projects
from editing.timeline.document import LONGEST
from editing.timeline.instant import to_datetime

MOST_DELETED = 100
_STATES = [state.value for state in ProjectState if state != ProjectState.DELETED]
PROJECT_ID = required("ProjectId", text(most=64))
NEW_TITLE, TITLE = required("Title", text(most=128)), optional("Title", text(most=128), None)
DESCRIPTION, COVER_URL = optional("Description", text(), None), optional("CoverURL", text(), None)
TIMELINE = optional("Timeline", json_text(most=LONGEST), None)
TEMPLATE_ID = optional("TemplateId", text(most=64), None)
CLIPS_PARAM = optional("ClipsParam", json_text(most=1 << 16), None)
NEW_TEMPLATE_TYPE = optional("TemplateType", choice(*Project.Template.values), Project.Template.TIMELINE.value)
TEMPLATE_TYPE = optional("TemplateType", choice(*Project.Template.values), "")
NEW_TYPE = optional("ProjectType", choice(*Project.Kind.values), Project.Kind.EDITING.value)
TYPE = optional("ProjectType", choice(*Project.Kind.values), "")
BUSINESS_STATUS = optional("BusinessStatus", choice(*filter(None, BusinessState.values)), "")
REQUEST_SOURCE = optional("RequestSource", choice("OpenAPI", "WebSDK"), "OpenAPI")
STATUS = optional("Status", words(most=len(_STATES), each=choice(*_STATES)), None)
SOURCE = optional("CreateSource", choice(*Project.Source.values), "")
SORT_BY = paging.direction("SortBy", "CreationTime:Asc", "CreationTime:Desc")
KEYWORD = optional("Keyword", text(most=64), "")
PROJECT_IDS = required("ProjectIds", words(most=MOST_DELETED, each=text(most=64)))

_DETAILS: dict[str, Param[Any]] = {
    "description": DESCRIPTION,
    "cover_url": COVER_URL,
    "timeline": TIMELINE,
    "template_id": TEMPLATE_ID,
    "clips_param": CLIPS_PARAM,
}


def create(call: Call) -> Answer:
    kind = Project.Kind(call[NEW_TYPE])
    source = Project.Source.LIVE_OPEN_API if kind == Project.Kind.LIVE else Project.Source.OPEN_API
    project = projects.create(
        call.user,
        title=call[NEW_TITLE],
        kind=kind,
        template_type=Project.Template(call[NEW_TEMPLATE_TYPE]),
        business=business(call),
        materials=materials(call),
        source=source,
        **_said(call, _DETAILS),
    )
    return {"Project": shapes.created(project)}


def update(call: Call) -> Answer:
    """What is given is replaced; an empty value is none given."""
    project = projects.present(call.user, call[PROJECT_ID])
    projects.update(project, business_state=call[BUSINESS_STATUS], **_said(call, {"title": TITLE, **_DETAILS}))
    return {}


def get(call: Call) -> Answer:
    """Asking for a web editor has the timeline converted; who may only look gets what there is."""
    project = projects.get(call.user, call[PROJECT_ID])
    for_web = call[REQUEST_SOURCE] == "WebSDK"
    if for_web and can(call.user, Verb.EDIT):
        project = projects.start_converting(project)
    return {"Project": shapes.whole(project, for_web=for_web)}


def search(call: Call) -> Answer:
    """The pages of this one have numbers."""
    rows = _filtered(call, kind=call[NEW_TYPE])
    found, pages = paging.numbered(call, rows, "created_at", oldest_first=call[SORT_BY].endswith(":asc"))
    return {
        "ProjectList": [shapes.searched(project) for project in found],
        "MaxResults": pages["PageSize"],
        "NextToken": "",
        "TotalCount": pages["TotalCount"],
    }


def listed(call: Call) -> Answer:
    rows = _filtered(call, kind=call[TYPE], pk=call[KEYWORD])
    found, token = paging.page(call, rows, oldest_first=call[SORT_BY].endswith(":asc"))
    return {
        "ProjectList": [shapes.listed(project) for project in found],
        "MaxResults": call[MAX_RESULTS],
        "NextToken": token,
    }


def delete(call: Call) -> Answer:
    projects.delete(call.user, call[PROJECT_IDS])
    return {}


def _filtered(call: Call, **exact: str) -> Any:
    start, end = (None if at is None else to_datetime(at) for at in (call[START_TIME], call[END_TIME]))
    return projects.found(
        call.user,
        states=call[STATUS],
        since=start,
        until=end,
        created_by=call[SOURCE],
        template_type=call[TEMPLATE_TYPE],
        **exact,
    )


def _said(call: Call, params: dict[str, Param[Any]]) -> dict[str, Any]:
    return {name: call[param] for name, param in params.items() if call[param] is not None}


_COMMON = (DESCRIPTION, COVER_URL, TIMELINE, TEMPLATE_ID, CLIPS_PARAM)
_FILTERS = (STATUS, SOURCE, TEMPLATE_TYPE, START_TIME, END_TIME, SORT_BY)
OPERATIONS = (
    Operation(
        "CreateEditingProject",
        create,
        Verb.EDIT,
        (NEW_TITLE, *_COMMON, NEW_TEMPLATE_TYPE, NEW_TYPE, BUSINESS, MATERIALS),
        differs="A project without a timeline and without a template is a Draft. StorageLocation names a bucket of "
        "this studio. Of reservations see AddEditingProjectMaterials.",
        fields=FIELDS,
    ),
    Operation(
        "UpdateEditingProject",
        update,
        Verb.EDIT,
        (PROJECT_ID, TITLE, *_COMMON, BUSINESS_STATUS),
        differs="An empty value changes nothing.",
        fields=FIELDS,
    ),
    Operation(
        "GetEditingProject",
        get,
        Verb.SEE,
        (PROJECT_ID, REQUEST_SOURCE),
        differs="A project that is unknown is ProjectNotFound (404). Keys of viewers do not start a conversion.",
    ),
    Operation(
        "SearchEditingProject",
        search,
        Verb.SEE,
        (NEW_TYPE, *_FILTERS, PAGE_NO, PAGE_SIZE),
        differs="TotalCount is always there, NextToken always empty.",
    ),
    Operation(
        "ListEditingProjects",
        listed,
        Verb.SEE,
        (TYPE, KEYWORD, *_FILTERS, MAX_RESULTS, NEXT_TOKEN),
        differs="Keyword is a whole ProjectId.",
    ),
    Operation(
        "DeleteEditingProjects",
        delete,
        Verb.EDIT,
        (PROJECT_IDS,),
        differs=f"All or none; at most {MOST_DELETED}. Jobs of the projects go on.",
    ),
)
