"""Rows, states, querysets, roles."""

from editing.models.access_key import AccessKey
from editing.models.bucket import Bucket
from editing.models.callback import Delivery, DeliveryAttempt, DeliveryState, EventCallback
from editing.models.editing_job import EditingJob, IdempotencyKey, JobEvent
from editing.models.media_asset import MediaAsset
from editing.models.project import CurrentProject, Project, ProjectEvent, ProjectMaterial
from editing.models.project_states import BusinessState, ConvertState, ProjectState
from editing.models.publishing import Publication, PublishingRule, StreamKey
from editing.models.record_file import RecordFile
from editing.models.record_job import PauseReason, RecordEvent, RecordJob, RecordPause
from editing.models.record_template import RecordTemplate
from editing.models.recording import AnchorRow, GapRow, ParameterSet, Recording, SegmentRow
from editing.models.signed_call import SignedCall
from editing.models.states import JobState, RecordState
from editing.models.stream import Stream
from editing.models.worker import Worker

__all__ = [
    "AccessKey",
    "AnchorRow",
    "Bucket",
    "BusinessState",
    "ConvertState",
    "CurrentProject",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryState",
    "EditingJob",
    "EventCallback",
    "GapRow",
    "IdempotencyKey",
    "JobEvent",
    "JobState",
    "MediaAsset",
    "ParameterSet",
    "PauseReason",
    "Project",
    "ProjectEvent",
    "ProjectMaterial",
    "ProjectState",
    "Publication",
    "PublishingRule",
    "RecordEvent",
    "RecordFile",
    "RecordJob",
    "RecordPause",
    "RecordState",
    "RecordTemplate",
    "Recording",
    "SegmentRow",
    "SignedCall",
    "Stream",
    "StreamKey",
    "Worker",
]
