"""A closed recording as one file, where its job's template asks for MP4 or FLV: copied, and whole or not at all."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from pathlib import PurePosixPath

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from editing import queue, storage
from editing.errors import Cancelled, EditingError, NoSpace, NothingRecorded, StorageFailure
from editing.media.cut import cut
from editing.media.report import Stage
from editing.models import Bucket, MediaAsset, RecordFile, Recording, RecordJob
from editing.timeline import plan as planning
from editing.timeline.clips import Clip, Mode
from editing.timeline.coverage import Coverage
from editing.worker import events, outbox, record_names, scratch
from editing.worker.lease import stopping

log = logging.getLogger(__name__)

_EVERY = 2.0
"""Seconds between two signs of life."""


def ask(job: RecordJob, recording: Recording, number: int) -> None:
    """Have the files made that the template asks for; within the transaction that closes the recording.

    A recording that went on after a stop is made anew, under its new name; the file of what there was stays.
    """
    for entry in record_names.file_formats(job):
        file, _ = RecordFile.objects.update_or_create(
            recording=recording,
            format=entry["format"],
            defaults={
                "key": record_names.of_file(job, recording, number, entry),
                "state": RecordFile.State.WAITING,
                "problem": "",
                "asset": None,
            },
        )
        _send(file)


def run(file_id: str) -> None:
    """Make the file if that is still to be done. What comes of it is written on the row; nothing is raised."""
    file = RecordFile.objects.waiting().select_related("recording__bucket", "recording__record_job").filter(pk=file_id)
    found = file.first()
    if found is None:
        return
    try:
        _make(found)
    except Cancelled:  # this process is ending; another makes it
        RecordFile.objects.waiting().filter(pk=file_id).update(sent_at=None)
    except (NoSpace, StorageFailure) as error:
        log.warning("Recorded file %s is made later: %s", found.key, error.message)
    except EditingError as error:
        RecordFile.objects.waiting().filter(pk=file_id).update(state=RecordFile.State.FAILED, problem=error.message)


def send_again() -> None:
    """Those whose message was lost, or whose storage did not answer; making one twice is harmless."""
    overdue = timezone.now() - timedelta(seconds=settings.RESEND_SECONDS)
    waiting = RecordFile.objects.waiting()
    lost = waiting.filter(sent_at__lt=overdue)
    again = list(lost) if lost.exists() and queue.waiting(queue.FAST) == 0 else []
    for file in [*waiting.filter(sent_at=None), *again]:
        _send(file)


def again(file: RecordFile) -> bool:
    """Have one made that could not be made; False where it is not such a one, or no longer."""
    failed = RecordFile.objects.filter(pk=file.pk, state=RecordFile.State.FAILED)
    if not failed.update(state=RecordFile.State.WAITING, problem=""):
        return False
    file.refresh_from_db()
    _send(file)
    return True


def _send(file: RecordFile) -> None:
    RecordFile.objects.filter(pk=file.pk).update(sent_at=timezone.now())
    queue.send(queue.RECORD_FILE, file.pk, queue=queue.FAST)


def _make(file: RecordFile) -> None:
    recording = file.recording
    coverage = Coverage(recording.segments.order_by("sequence").values_of())
    if coverage.range is None:
        raise NothingRecorded("Nothing is left of the recording.")
    whole = Clip(recording.stream.full_name, coverage.range)
    plan = planning.make([whole], {whole.stream: coverage}, Mode.ROUGH_FAST)
    with scratch.folder(f"recorded-{file.pk}", needed=recording.size) as folder:
        output = folder / f"file.{file.format}"
        bucket = recording.bucket
        cut(
            plan,
            output,
            open_segment=lambda segment: storage.open_file(bucket, segment.key),
            progress=_SignOfLife(file),
            cancelled=stopping.is_set,
        )
        storage.publish(output, bucket, file.key)
    _file(file, bucket)


class _SignOfLife:
    """While it works, nobody else is sent."""

    def __init__(self, file: RecordFile) -> None:
        self._file, self._shown = file, 0.0

    def __call__(self, stage: Stage, done: float) -> None:
        if time.monotonic() - self._shown > _EVERY:
            self._shown = time.monotonic()
            RecordFile.objects.filter(pk=self._file.pk).update(sent_at=timezone.now())


def _file(file: RecordFile, bucket: Bucket) -> None:
    """The asset, prepared as those are that people register, and the event."""
    recording, job = file.recording, file.recording.record_job
    with transaction.atomic():
        MediaAsset.objects.filter(bucket=bucket, key=file.key).delete()
        asset = MediaAsset.objects.create(
            owner_id=job.owner_id if job else None,
            title=PurePosixPath(file.key).name,
            bucket=bucket,
            key=file.key,
            size=0,
            facts={},
            poster_at=0,
            state=MediaAsset.State.PREPARING,
            sent_at=timezone.now(),
        )
        made = RecordFile.objects.waiting().filter(pk=file.pk).update(state=RecordFile.State.MADE, asset=asset)
        if not made:  # another worker was quicker, and its asset is as good
            transaction.set_rollback(True)
            return
        queue.send(queue.PREPARE, asset.pk, queue=queue.FAST)
        if job:
            outbox.emit(events.record_file(job, recording, key=file.key, kind=file.format), job.notify_url)
