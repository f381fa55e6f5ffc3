"""Record jobs: make, pause, resume, stop, start again, change. Each refusal names the field and says what would be
right."""

from __future__ import annotations

from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from editing.errors import InvalidInput, JobNotMovable, StaleState
from editing.models import Bucket, PauseReason, RecordJob, RecordState, RecordTemplate
from editing.services import callbacks, record_templates, streams
from editing.timeline.clips import StreamName
from editing.timeline.instant import Instant, from_datetime
from editing.worker import record, record_states

LONGEST_NAME, LONGEST_URL = 128, 2048
_RTMP_PORT = 1935
_INPUTS = {
    **dict.fromkeys(("rtmp", "rtmps"), RecordJob.Input.RTMP),
    **dict.fromkeys(("http", "https"), RecordJob.Input.HLS),
}
_ADDRESSES = "rtmp://host/application/stream (or rtmps), or https://host/application/stream.m3u8 (or http)"
_PLAYLISTS = frozenset({"index", "playlist", "chunklist", "master", "stream", "live"})
"""Names that playlists have in the folder of their stream."""
_UNCHANGED = object()


def create(
    user: Any,
    *,
    name: str,
    url: str,
    bucket: Bucket,
    template: RecordTemplate | None = None,
    notify_url: str = "",
    start_at: Instant | None = None,
    end_at: Instant | None = None,
    stream: StreamName | None = None,
) -> RecordJob:
    """A job that records the stream at `url`: now, or between the instants of its schedule.

    Without a template the one for live editing; without a `stream` the recording is that of the one which the address
    names. Raises InvalidInput.
    """
    if not bucket.active:
        raise InvalidInput(f"Bucket {bucket} is not active.", field="bucket")
    _check_schedule(start_at, end_at)
    _check_notify_url(notify_url)
    template = template or record_templates.default()
    name_of_stream = stream_of(url)
    job = RecordJob(
        owner=user,
        name=_name(name),
        url=url,
        input=_INPUTS[urlsplit(url).scheme.lower()],
        bucket=bucket,
        template=template,
        template_name=template.name,
        formats=template.formats,
        notify_url=notify_url,
        start_at=start_at,
        end_at=end_at,
    )
    if stream:
        streams.check(stream)
    job.published = _is_own(url)
    with transaction.atomic():
        job.stream = streams.get_or_create(stream or name_of_stream)
        job.save(force_insert=True)
        job.events.create(old="", new=job.state, at=timezone.now(), detail="created")
        _send(job)
    return job


def stream_of(url: str, *, field: str = "url") -> StreamName:
    """The stream that an address names: host without port, and the last two parts of its path. Raises InvalidInput.

    A playlist is named like its stream, or lies in a folder that is.
    """
    try:
        if len(url) > LONGEST_URL or not url.isprintable():
            raise ValueError
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    path = [unquote(part) for part in parts.path.strip("/").split("/")]
    kind = _INPUTS.get(parts.scheme.lower())
    if kind == RecordJob.Input.HLS:
        path = _folder_and_name(path)
    if kind is None or not host or len(path) != 2 or not all(path):
        raise InvalidInput(f"Give an address like {_ADDRESSES}.", field=field)
    name = StreamName(host, *path)
    try:
        streams.check(name)
    except InvalidInput as error:
        raise InvalidInput(error.message, field=field) from None
    return name


def wake(job: RecordJob) -> None:
    """Somebody publishes what it records: a worker need not wait for the next look."""
    _send(job)


def _folder_and_name(path: list[str]) -> list[str]:
    """Of a playlist's path the part that names the application and the one that names the stream."""
    *folders, file = path
    name, dot, kind = file.rpartition(".")
    if not dot or kind.lower() != "m3u8":
        return []
    return [*folders, name][-2:] if name.lower() not in _PLAYLISTS or len(folders) < 2 else folders[-2:]


def pause(job: RecordJob) -> RecordJob:
    """Stop recording within two seconds until somebody resumes it; its recording stays open. Raises JobNotMovable."""
    return _change(job, _pause)


def resume(job: RecordJob) -> RecordJob:
    """Record again what was paused, into the same recording. Raises JobNotMovable."""
    return _change(job, _resume)


def stop(job: RecordJob) -> RecordJob:
    """End it; its recording is closed. Raises JobNotMovable."""
    return _change(job, _stop)


def start(job: RecordJob) -> RecordJob:
    """Look for the stream again after a stop; its recording goes on, with a pause. Raises JobNotMovable."""
    return _change(job, _start)


def update(
    job: RecordJob, *, name: str | None = None, notify_url: str | None = None, end_at: Any = _UNCHANGED
) -> RecordJob:
    """Change what may be changed while it runs. Raises InvalidInput."""
    if name is not None:
        job.name = _name(name)
    if notify_url is not None:
        _check_notify_url(notify_url)
        job.notify_url = notify_url
    if end_at is not _UNCHANGED:
        _check_schedule(job.start_at, end_at)
        job.end_at = end_at
    job.save(update_fields=("name", "notify_url", "end_at"))
    return job


def _pause(job: RecordJob) -> None:
    if job.state == RecordState.STOPPED or job.pause_reason == PauseReason.OPERATOR:
        raise JobNotMovable(f"The job is {job.state} already.")
    record_states.pause(job, PauseReason.OPERATOR, "paused by an operator")


def _resume(job: RecordJob) -> None:
    if job.state != RecordState.PAUSED:
        raise JobNotMovable(f"The job is {job.state}; only a paused one can be resumed.")
    record_states.begin(job, "resumed by an operator")
    _send(job)


def _stop(job: RecordJob) -> None:
    if job.state == RecordState.STOPPED:
        raise JobNotMovable("The job is stopped already.")
    record_states.stop(job, "stopped by an operator")
    _send(job)  # where no worker has it, one closes its recording


def _start(job: RecordJob) -> None:
    if job.state != RecordState.STOPPED:
        raise JobNotMovable(f"The job is {job.state}; only a stopped one can be started.")
    if record_states.is_over(job):
        raise JobNotMovable("Its schedule has ended; give it another end first.", field="end_at")
    record_states.begin_anew(job)
    _send(job)


def _change(job: RecordJob, change: Any) -> RecordJob:
    """As often as somebody else (the worker, say) is quicker, with what the row says then."""
    while True:
        try:
            with transaction.atomic():
                change(job)
            return job
        except StaleState:
            job.refresh_from_db()


def _is_own(url: str) -> bool:
    """Whether that is a stream of our own RTMP server."""
    own = urlsplit(settings.RTMP_ADDRESS)
    return bool(own.hostname) and _server(own) == _server(urlsplit(url))


def _server(url: SplitResult) -> tuple[str, str | None, int]:
    return url.scheme, url.hostname, url.port or _RTMP_PORT


def _send(job: RecordJob) -> None:
    if RecordJob.objects.unfinished().free().filter(pk=job.pk).exists():
        record.send(job)


def _name(name: str) -> str:
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidInput(f"Give a name of 1 to {LONGEST_NAME} printable characters.", field="name")
    return name.strip()


def _check_notify_url(url: str) -> None:
    if url:
        callbacks.check_address(url, field="notify_url")


def _check_schedule(start_at: Instant | None, end_at: Instant | None) -> None:
    if end_at is None:
        return
    if start_at is not None and end_at <= start_at:
        raise InvalidInput("The end of the schedule is not after its start.", field="end_at")
    if end_at <= from_datetime(timezone.now()):
        raise InvalidInput("The end of the schedule has passed.", field="end_at")
