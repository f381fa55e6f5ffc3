"""An editing project in the words of IMS. Each operation has a shape of its own."""

from __future__ import annotations

from typing import Any

from editing.models import ConvertState, Project, ProjectState
from editing.rpc.errors import code_of_job
from editing.rpc.wire import moment
from editing.timeline.instant import SECOND

NUMBERS = {
    ProjectState.DRAFT: 1,
    ProjectState.EDITING: 2,
    ProjectState.PRODUCING: 3,
    ProjectState.PRODUCED: 4,
    ProjectState.FAILED: 5,
    ProjectState.DELETED: 7,  # there is no 6
}


def created(project: Project) -> dict[str, Any]:
    """Status is a number here only, with its name beside it."""
    status = {"Status": NUMBERS[ProjectState(project.state)], "StatusName": project.state}
    return _common(project) | _template(project) | _content(project, project.timeline) | status


def whole(project: Project, *, for_web: bool) -> dict[str, Any]:
    """`for_web`: the timeline in the style of web editors once it is converted, else as it was written."""
    converted = for_web and project.convert_state == ConvertState.CONVERTED
    failed = project.convert_state == ConvertState.FAILED
    return {
        **_common(project),
        **_template(project),
        **_content(project, project.frontend if converted else project.timeline),
        "Status": project.state,
        "TimelineConvertStatus": project.convert_state,
        **({"TimelineConvertErrorMessage": project.convert_problem} if failed else {}),
    }


def searched(project: Project) -> dict[str, Any]:
    return listed(project) | _content(project, project.timeline)


def listed(project: Project) -> dict[str, Any]:
    """Lists say neither the timeline nor its length."""
    return {
        **_common(project),
        "Status": project.state,
        "ErrorCode": code_of_job(project.error_code),
        "ErrorMessage": project.error_message,
    }


def _common(project: Project) -> dict[str, Any]:
    return {
        "ProjectId": project.pk,
        "Title": project.title,
        "Description": project.description,
        "CoverURL": project.cover_url,
        "CreateTime": moment(project.created_at),
        "ModifiedTime": moment(project.changed_at),
        "ProjectType": project.kind,
        "BusinessConfig": project.business_config,
        "BusinessStatus": project.business_state,
        "CreateSource": project.created_by,
        "ModifiedSource": project.changed_by,
        "TemplateType": project.template_type,
    }


def _template(project: Project) -> dict[str, Any]:
    return {"TemplateId": project.template_id, "ClipsParam": project.clips_param}


def _content(project: Project, timeline: str) -> dict[str, Any]:
    """Duration is a number with decimals, although SDKs declare an integer in two of three places."""
    return {"Timeline": timeline, "Duration": project.duration / SECOND}
