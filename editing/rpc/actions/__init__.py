"""The table of actions. Every other operation of IMS is answered with InvalidAction.NotFound."""

from editing.rpc.actions import (
    callbacks,
    indexfile,
    live_editing,
    media_changes,
    media_reads,
    producing,
    project_materials,
    projects,
    record_files,
    record_jobs,
    record_templates,
)
from editing.rpc.operation import Operation

ACTIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        *live_editing.OPERATIONS,
        *indexfile.OPERATIONS,
        *producing.OPERATIONS,
        *media_reads.OPERATIONS,
        *media_changes.OPERATIONS,
        *projects.OPERATIONS,
        *project_materials.OPERATIONS,
        *record_jobs.OPERATIONS,
        *record_files.OPERATIONS,
        *record_templates.OPERATIONS,
        *callbacks.OPERATIONS,
    )
}
