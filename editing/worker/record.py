"""A record job is recorded for as long as it is wanted: claim, pull, store, and let go.

Each job is threads of one process: a reader, a slicer, one that stores and one that holds the lease. Measured with
1080p at 5 Mbit/s, a thread costs 1.3 % of a core and 10 MB, a process of its own 2.7 % and 54 MB. What a process would
add is that a crash of libav takes one stream along and not all of the worker; the lease and the spool are there for
that case anyway, and another worker goes on within ten seconds.
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from editing import queue
from editing.errors import StaleState
from editing.media.recorder import NoRoom, OnAir, Recorder, Rules, Silent, Vitals
from editing.media.spool import Slice, Spool
from editing.models import PauseReason, RecordJob, RecordState
from editing.models.record_job import SELF_ENDING
from editing.timeline.coverage import PAUSED_BY_HAND
from editing.timeline.instant import SECOND, from_datetime
from editing.worker import record_names, record_states
from editing.worker.hls_recorder import HlsRecorder
from editing.worker.lease import stopping
from editing.worker.record_lease import RecordLease
from editing.worker.room import Room
from editing.worker.storing import Ending, Storing

log = logging.getLogger(__name__)

_LAST_SECONDS = 1.0
"""For storing what has come before somebody stopped us; the rest waits in the spool."""
_FINISHING_SECONDS = 10.0
"""The same for a job that is claimed for nothing else."""


def run(job_id: str) -> None:
    """Record the job while it is wanted. Whatever happens is written on its row; nothing is raised."""
    if stopping.is_set():
        RecordJob.objects.filter(pk=job_id).update(sent_at=None)
        return
    lease = RecordLease.claim(job_id)
    if lease is None:
        return
    try:
        with lease:
            _work(lease)
            if not lease.lost:
                lease.renew()
    except Exception:
        log.exception("Record job %s failed; it is tried again.", job_id)
    try:
        lease.release()
        if not stopping.is_set() and RecordJob.objects.wanting().free().filter(pk=job_id).exists():
            send(lease.job)  # resumed while we were ending
    except DatabaseError:
        log.warning("Record job %s could not be given back; its lease will lapse.", job_id, exc_info=True)


def send(job: RecordJob) -> None:
    """Tell the queue of a job."""
    RecordJob.objects.filter(pk=job.pk).update(sent_at=timezone.now())
    queue.send(queue.RECORD, job.pk, queue=queue.LIVE)


def _work(lease: RecordLease) -> None:
    spool = Spool(settings.SPOOL_DIR / lease.job.pk, limit=settings.SPOOL_BYTES)
    storing = Storing(lease, spool)
    recording = lease.wanted
    try:
        if recording:
            _record(lease, spool, storing)
        if not lease.lost:
            _end(lease, storing)
    finally:
        storing.finish(_LAST_SECONDS if recording else _FINISHING_SECONDS)
        spool.remove_if_empty()


def _record(lease: RecordLease, spool: Spool, storing: Storing) -> None:
    room = Room(lease.job.bucket)
    rules = Rules(
        slice=record_names.segments_format(lease.job)["slice_duration"],
        patience=settings.RECORD_SILENCE_SECONDS,
        probe=settings.RECORD_PROBE_SECONDS,
        refusal=room.refusal,
    )
    _close_if_long_gone(lease.job, storing)
    recorder = _recorder(lease, spool, rules)
    lease.vitals = lambda: {**_shown(recorder.vitals, spool), "warning": room.warning()}
    untold: OnAir | Silent | NoRoom | None = None
    rested = False
    for event in recorder.run():
        if isinstance(event, Slice):
            storing.put(event)
        else:
            untold = event
        if isinstance(event, Silent):
            storing.put(Ending.CLOSE)
        elif isinstance(event, NoRoom):
            storing.put(Ending.REST)
            rested = True
        elif isinstance(event, OnAir) and rested:
            _close_if_long_gone(_fresh(lease), storing)
            rested = False
        if untold and _tell(lease, untold):
            untold = None


def _recorder(lease: RecordLease, spool: Spool, rules: Rules) -> Recorder:
    job = lease.job
    if job.input == RecordJob.Input.RTMP:
        return Recorder(job.url, spool, rules, stopped=lease.stopped)
    recorder = HlsRecorder(job.url, spool, rules, stopped=lease.stopped)
    recorder.since = job.recording.end if job.recording else None
    return recorder


def _tell(lease: RecordLease, event: OnAir | Silent | NoRoom) -> bool:
    """Whether the row says it now. A database that is away ends no recording: it is told with the next event."""
    try:
        if isinstance(event, OnAir):
            _on_air(lease)
        elif isinstance(event, Silent):
            _pause(lease, PauseReason.SILENCE, event.reason)
        else:
            _pause(lease, PauseReason.DISK, event.reason)
    except DatabaseError:
        log.warning("The state of record job %s could not be written.", lease.job.pk, exc_info=True)
        connection.close()
        return False
    return True


def _close_if_long_gone(job: RecordJob, storing: Storing) -> None:
    """A gap that nobody asked for ends a recording, whoever slept; what an operator paused goes on."""
    recording = job.recording
    if recording is None or recording.end is None:
        return
    gone = from_datetime(timezone.now()) - recording.end > settings.RECORD_SILENCE_SECONDS * SECOND
    if gone and record_states.why_missing(job, recording.end) != PAUSED_BY_HAND:
        storing.put(Ending.CLOSE)


def _on_air(lease: RecordLease) -> None:
    job = _fresh(lease)
    if job.state == RecordState.INITIAL or _is_paused_by_itself(job):
        _move(lambda: record_states.begin(job, "the stream is there", where=lease.mine))


def _pause(lease: RecordLease, reason: PauseReason, detail: str) -> None:
    job = _fresh(lease)
    other = _is_paused_by_itself(job) and job.pause_reason != reason
    if job.state in (RecordState.INITIAL, RecordState.STARTED) or other:
        _move(lambda: record_states.pause(job, reason, detail, where=lease.mine))


def _is_paused_by_itself(job: RecordJob) -> bool:
    return job.state == RecordState.PAUSED and job.pause_reason in SELF_ENDING


def _end(lease: RecordLease, storing: Storing) -> None:
    """What the operators, or the schedule, have said decides what becomes of the recording."""
    job = _fresh(lease)
    if job.state != RecordState.STOPPED and record_states.is_over(job):
        _move(lambda: record_states.stop(job, "its schedule ended", where=lease.mine))
    if job.state == RecordState.STOPPED:
        storing.put(Ending.CLOSE)
    elif job.state == RecordState.PAUSED and job.pause_reason == PauseReason.OPERATOR:
        storing.put(Ending.REST)


def _move(change: Any) -> None:
    """Where an operator was quicker the operator is right."""
    try:
        change()
    except StaleState:
        log.info("A record job was moved by somebody else meanwhile.")


def _fresh(lease: RecordLease) -> RecordJob:
    return RecordJob.objects.get(pk=lease.job.pk)


def _shown(vitals: Vitals, spool: Spool) -> dict[str, Any]:
    """What faces show of a stream."""
    bitrate, fps = vitals.rates(from_datetime(timezone.now()))
    return {
        "bitrate": bitrate,
        "fps": fps,
        "last_packet": vitals.last_packet,
        "received": vitals.received,
        "damaged": vitals.damaged,
        "dropped": vitals.dropped,
        "connections": vitals.connections,
        "reason": vitals.reason,
        "fault": vitals.fault,
        "spooled": spool.used,
    }
