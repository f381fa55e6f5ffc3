"""Materials of editing projects: attach, detach, list."""

from __future__ import annotations

from editing.models import Project
from editing.models.roles import Verb
from editing.rpc.actions.media_shapes import AUTH_TIMEOUT, basic_info, file_list
from editing.rpc.actions.project_params import FIELDS, MATERIALS, materials
from editing.rpc.actions.projects import PROJECT_ID
from editing.rpc.errors import missing
from editing.rpc.operation import Answer, Call, Operation
from editing.rpc.params import choice, required, text, words
from editing.services import project_materials, projects

MATERIAL_IDS = required("MaterialIds", words(most=project_materials.MOST, each=text(most=64)))
MATERIAL_TYPE = required("MaterialType", choice("video", "image", "audio", "subtitle", "text"))


def add(call: Call) -> Answer:
    if not call[MATERIALS]:
        raise missing(MATERIALS.name)
    project = projects.present(call.user, call[PROJECT_ID])
    project_materials.add(project, materials(call), by=call.user)
    return _materials(call, project)


def get(call: Call) -> Answer:
    return _materials(call, projects.present(call.user, call[PROJECT_ID]))


def delete(call: Call) -> Answer:
    """Subtitles are assets of type text here."""
    project = projects.present(call.user, call[PROJECT_ID])
    kind = "text" if call[MATERIAL_TYPE] == "subtitle" else call[MATERIAL_TYPE]
    project_materials.delete(project, kind=kind, ids=call[MATERIAL_IDS])
    return {}


def _materials(call: Call, project: Project) -> Answer:
    """Streams are asked for as liveStream with appName, and told as LiveMaterials with AppName: so it is in IMS."""
    rows = list(project.materials.select_related("asset__bucket"))
    return {
        "ProjectId": project.pk,
        "MediaInfos": [
            {
                "MediaId": row.asset.pk,
                "MediaBasicInfo": basic_info(call, row.asset),
                "FileInfoList": file_list(call, row.asset, streams=False),
            }
            for row in rows
            if row.asset
        ],
        "LiveMaterials": [
            {"AppName": row.app, "DomainName": row.domain, "LiveUrl": row.url, "StreamName": row.stream}
            for row in rows
            if row.stream
        ],
        "ProjectMaterials": [row.other_id for row in rows if row.other_id],
    }


OPERATIONS = (
    Operation(
        "AddEditingProjectMaterials",
        add,
        Verb.EDIT,
        (PROJECT_ID, MATERIALS, AUTH_TIMEOUT),
        differs="All or none: ids that are unknown or of another type are refused. MaterialMaps is required. "
        "Reservations record from the liveUrl that an operator's key gives; where another key has named the stream, "
        "from where it was recorded before.",
        fields=FIELDS,
    ),
    Operation("GetEditingProjectMaterials", get, Verb.SEE, (PROJECT_ID, AUTH_TIMEOUT)),
    Operation(
        "DeleteEditingProjectMaterials",
        delete,
        Verb.EDIT,
        (PROJECT_ID, MATERIAL_IDS, MATERIAL_TYPE),
        differs="MaterialType subtitle means assets of type text. The assets themselves stay.",
        fields=FIELDS,
    ),
)
