"""For every operation a call that is refused: its parameters, and the status and the code of the refusal.

What only somebody without the role is refused is asked with the key of one who may look.
"""

from __future__ import annotations

from typing import Any

MISSING, INVALID = (400, "MissingParameter"), (400, "InvalidParameter")
UNKNOWN, NO_PROJECT, FORBIDDEN = (404, "ResourceNotFound"), (404, "ProjectNotFound"), (403, "Forbidden")
NOBODY = "00000000-0000-0000-0000-000000000000"
FAILING: dict[str, tuple[dict[str, Any], tuple[int, str]]] = {
    "SubmitLiveEditingJob": ({"Clips": []}, MISSING),
    "GetLiveEditingJob": ({"JobId": "nobody"}, UNKNOWN),
    "GetLiveEditingIndexFile": ({"AppName": "live"}, MISSING),
    "GetMediaProducingJob": ({"JobId": "nobody"}, UNKNOWN),
    "ListMediaProducingJobs": ({"SortBy": "up"}, INVALID),
    "GetMediaInfo": ({"MediaId": "nobody"}, UNKNOWN),
    "BatchGetMediaInfos": ({}, MISSING),
    "ListMediaBasicInfos": ({"Status": "Lost"}, INVALID),
    "RegisterMediaInfo": ({"InputURL": "oss://nobody/a.mp4"}, INVALID),
    "UpdateMediaInfo": ({"MediaId": "nobody", "Title": "x"}, UNKNOWN),
    "DeleteMediaInfos": ({}, MISSING),
    "CreateEditingProject": ({"Title": "x", "ProjectType": "LiveEditingProject"}, INVALID),
    "UpdateEditingProject": ({"ProjectId": "nobody"}, NO_PROJECT),
    "GetEditingProject": ({"ProjectId": "nobody"}, NO_PROJECT),
    "SearchEditingProject": ({"SortBy": "up"}, INVALID),
    "ListEditingProjects": ({"NextToken": "?"}, INVALID),
    "DeleteEditingProjects": ({"ProjectIds": "nobody"}, NO_PROJECT),
    "AddEditingProjectMaterials": ({"ProjectId": "nobody", "MaterialMaps": {"video": "x"}}, NO_PROJECT),
    "GetEditingProjectMaterials": ({"ProjectId": "nobody"}, NO_PROJECT),
    "DeleteEditingProjectMaterials": ({"ProjectId": "x", "MaterialIds": "y", "MaterialType": "film"}, INVALID),
    "SubmitLiveRecordJob": ({"Name": "x"}, MISSING),
    "GetLiveRecordJob": ({"JobId": NOBODY}, UNKNOWN),
    "ListLiveRecordJobs": ({"Status": "lost"}, INVALID),
    "ListLiveRecordFiles": ({"RecordFormat": "avi"}, INVALID),
    "DeleteLiveRecordFiles": ({}, MISSING),
    "CreateLiveRecordTemplate": ({"Name": "x", "RecordFormat": [{"Format": "avi"}]}, INVALID),
    "GetLiveRecordTemplate": ({"TemplateId": NOBODY}, UNKNOWN),
    "UpdateLiveRecordTemplate": ({"TemplateId": NOBODY, "Name": "x", "RecordFormat": [{"Format": "m3u8"}]}, UNKNOWN),
    "DeleteLiveRecordTemplate": ({"TemplateId": NOBODY}, UNKNOWN),
    "ListLiveRecordTemplates": ({"Type": "own"}, INVALID),
    "SetEventCallback": ({"CallbackType": "MNS", "CallbackQueueName": "ice-callback-q"}, INVALID),
    "GetEventCallback": ({}, FORBIDDEN),
}
