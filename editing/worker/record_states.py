"""Changes of a record job's state, each with the interval in which it does not record, and told to whoever asked."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from editing.media.recorder import TOO_LITTLE_ROOM
from editing.models import PauseReason, RecordJob, RecordPause, RecordState
from editing.models.states import move
from editing.timeline.coverage import PAUSED_BY_HAND, STOPPED
from editing.timeline.instant import Instant, from_datetime
from editing.worker import events, outbox

NOTHING_CAME = "nothing came"
_WORDS = {PauseReason.OPERATOR: PAUSED_BY_HAND, PauseReason.SILENCE: NOTHING_CAME, PauseReason.DISK: TOO_LITTLE_ROOM}
_ANY = Q()


def begin(job: RecordJob, detail: str, *, where: Q = _ANY) -> None:
    """It records (again). Raises StaleState, as all of these do."""
    with transaction.atomic():
        move(job, RecordState.STARTED, where=where, detail=detail, pause_reason="")
        _end_pause(job)
        _tell(job, detail)


def begin_anew(job: RecordJob) -> None:
    """A job that was stopped looks for its stream again."""
    with transaction.atomic():
        move(job, RecordState.INITIAL, detail="started again", sent_at=timezone.now())
        _end_pause(job)
        _tell(job, "started again")


def pause(job: RecordJob, reason: PauseReason, detail: str, *, where: Q = _ANY) -> None:
    with transaction.atomic():
        move(job, RecordState.PAUSED, where=where, detail=detail[:255], pause_reason=reason)
        _begin_pause(job, _WORDS[reason])
        _tell(job, detail)


def stop(job: RecordJob, detail: str, *, where: Q = _ANY) -> None:
    with transaction.atomic():
        move(job, RecordState.STOPPED, where=where, detail=detail, pause_reason="")
        _begin_pause(job, STOPPED)
        _tell(job, detail)


def is_over(job: RecordJob) -> bool:
    """Whether its schedule has ended."""
    return job.end_at is not None and job.end_at <= _now()


def why_missing(job: RecordJob, since: Instant) -> str:
    """Why nothing of the job may have been recorded after an instant."""
    latest = job.pauses.order_by("-id").first()
    if latest is not None and (latest.end is None or latest.end >= since):
        return latest.reason
    return "no worker recorded it"


def _tell(job: RecordJob, reason: str) -> None:
    outbox.emit(events.record_status(job, reason), job.notify_url)


def _begin_pause(job: RecordJob, reason: str) -> None:
    """One pause may follow another without recording in between: an operator pauses what is silent."""
    _end_pause(job)
    RecordPause.objects.create(job=job, start=_now(), reason=reason)


def _end_pause(job: RecordJob) -> None:
    job.pauses.filter(end=None).update(end=_now())


def _now() -> Instant:
    return from_datetime(timezone.now())
