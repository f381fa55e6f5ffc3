"""What is told of jobs: the events of IMS that live editing sends, with their messages as it has them.

IMS does not publish the messages of its two events of recording; ours have the names, and the ids their hyphens, that
its answers about recording have.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from editing.models import EditingJob, JobState, MediaAsset, Recording, RecordJob, RecordState
from editing.models.ids import dashed, record_id
from editing.timeline.instant import SECOND, to_datetime

PRODUCE_COMPLETE = "ProduceMediaComplete"
REGISTER_COMPLETE = "RegisterMediaComplete"
RECORD_STATUS, RECORD_FILE = "LiveRecordTaskStatus", "LiveRecordFileCreated"
TEST = "CallbackTest"
KINDS = {
    PRODUCE_COMPLETE: "an editing job has ended",
    REGISTER_COMPLETE: "a registered file has been looked at",
    RECORD_STATUS: "the state of a record job has changed",
    RECORD_FILE: "a file of a recording is complete",
}
_NOTIFY_ADDRESS = "NotifyAddress"


@dataclass(frozen=True)
class Event:
    """`subject` is the id of the job (or media asset) that it is about, `owner_id` whose that is."""

    kind: str
    subject: str
    owner_id: int | None
    message: dict[str, Any]

    def body(self, at: datetime) -> str:
        """The document that is sent."""
        document = {
            "EventType": self.kind,
            "UserId": self.owner_id or 0,
            "EventTime": moment(at),
            "MessageBody": self.message,
        }
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def produce_complete(job: EditingJob) -> Event:
    """A job that has ended, however it did."""
    message = {
        "Status": "Success" if job.state == JobState.SUCCESS else "Fail",
        "JobId": job.pk,
        "ProjectId": job.project_id or "",
        "MediaId": job.media_id,
        "MediaURL": job.bucket.url(job.key),
        "ErrorCode": "JobCancelled" if job.state == JobState.CANCELLED else job.error_code,
        "ErrorMessage": "The job was cancelled." if job.state == JobState.CANCELLED else job.error_message,
        "UserData": job.user_data,
    }
    return Event(PRODUCE_COMPLETE, job.pk, job.owner_id, message)


def register_complete(asset: MediaAsset) -> Event:
    """A registered file that is an asset now, or cannot be one."""
    failed = asset.state == MediaAsset.State.FAILED
    message = {
        "Status": "Fail" if failed else "Success",
        "MediaId": asset.pk,
        "InputURL": asset.bucket.url(asset.key),
        "ErrorCode": MediaAsset.State.FAILED.value if failed else "",
        "ErrorMessage": asset.problem,
        "UserData": asset.user_data,
    }
    return Event(REGISTER_COMPLETE, asset.pk, asset.owner_id, message)


def record_status(job: RecordJob, reason: str) -> Event:
    """`Status` has the three words of IMS, to which a stopped job is a paused one; `State` is ours.

    The event is that of a changed status: IMS and its sibling for live streams (record_started, _paused, _resumed) tell
    nothing of a job that has just been submitted, whose answer says so. One that is started again is told as initial.
    """
    status = RecordState.PAUSED if job.state == RecordState.STOPPED else RecordState(job.state)
    message = {**_of_job(job), "Status": status.value, "State": RecordState(job.state).value, "Reason": reason}
    return Event(RECORD_STATUS, job.pk, job.owner_id, message)


def record_file(
    job: RecordJob, recording: Recording, *, key: str, kind: str, size: tuple[int, int] | None = None
) -> Event:
    """A file of a recording that has its final name in the job's bucket; `kind` is m3u8, mp4 or flv, `size` that of
    its pictures."""
    assert recording.range is not None
    output = {"Type": job.bucket.kind, "Endpoint": job.bucket.endpoint, "Bucket": job.bucket.name}
    message = {
        **_of_job(job),
        "RecordId": record_id(recording.pk),
        "RecordUrl": job.bucket.url(key),
        "Format": kind,
        "StartTime": moment(to_datetime(recording.range.start)),
        "EndTime": moment(to_datetime(recording.range.end)),
        "Duration": recording.range.duration / SECOND,
        "Width": size[0] if size else 0,
        "Height": size[1] if size else 0,
        "RecordOutput": output,
    }
    return Event(RECORD_FILE, job.pk, job.owner_id, message)


def notify_address(user_data: str) -> str:
    """Where UserData wants told how it ends what it came with; empty where it says nothing of that."""
    try:
        found = json.loads(user_data or "null")
    except ValueError:
        return ""
    address = found.get(_NOTIFY_ADDRESS) if isinstance(found, dict) else None
    return address if isinstance(address, str) else ""


def moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _of_job(job: RecordJob) -> dict[str, Any]:
    name = job.stream.full_name
    return {
        "JobId": dashed(job.pk),
        "JobName": job.name,
        "DomainName": name.domain,
        "AppName": name.app,
        "StreamName": name.stream,
    }
