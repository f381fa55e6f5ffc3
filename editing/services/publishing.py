"""Streams that are published to our own RTMP server: who may, what is on, and what is recorded of it.

The server asks before it lets a publisher in, tells every ten seconds that it is still there, and when it has left.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from editing.errors import EditingError, InvalidInput, NotFound, PermissionDenied
from editing.models import (
    Bucket,
    Publication,
    PublishingRule,
    RecordJob,
    RecordState,
    RecordTemplate,
    Stream,
)
from editing.models.stream import StreamQuerySet
from editing.services import record_jobs, stream_keys, streams
from editing.timeline.clips import StreamName

log = logging.getLogger(__name__)

_SALT = "editing.publishing"


@dataclass(frozen=True)
class Publisher:
    """One connection that publishes, as the server tells of it. `client` is the server's number for it."""

    app: str
    name: str
    client: str
    address: str
    key: str

    @property
    def stream(self) -> StreamName:
        return StreamName(domain(), self.app, self.name)

    def __str__(self) -> str:
        return f"{self.app}/{self.name} from {self.address}"


def secret() -> str:
    """What our RTMP server shows when it calls us."""
    return salted_hmac(_SALT, "server", algorithm="sha256").hexdigest()


def check_secret(given: str) -> None:
    """Raises PermissionDenied."""
    if not constant_time_compare(given, secret()):
        raise PermissionDenied("This is for our own RTMP server.")


def domain() -> str:
    """The domain of streams that are published here. Raises NotFound where there is no server."""
    host = urlsplit(settings.RTMP_ADDRESS).hostname
    if not host:
        raise NotFound("There is no RTMP server here.")
    return host


def url_of(name: StreamName, address: str = "") -> str:
    """Where a stream that is published here is pulled."""
    return f"{address or settings.RTMP_ADDRESS}/{quote(name.app)}/{quote(name.stream)}"


def publish_url(stream: Stream) -> str:
    """Where a stream of ours is published, with its key if it has one."""
    key = stream_keys.key_of(stream)
    return url_of(stream.full_name) + (f"?key={key}" if key else "")


def streams_here() -> StreamQuerySet:
    """Those that are, were or may be published here."""
    host = urlsplit(settings.RTMP_ADDRESS).hostname
    return Stream.objects.filter(domain=host, app__in=settings.RTMP_APPLICATIONS) if host else Stream.objects.none()


def begin(publisher: Publisher) -> Stream:
    """Let a publisher in, and record the stream if its application says so. Raises PermissionDenied, InvalidInput."""
    try:
        check(publisher)
        stream = streams.get_or_create(publisher.stream)
    except EditingError as error:
        log.warning("Publishing %s was refused: %s", publisher, error.message)
        raise
    now = timezone.now()
    seen = {"client": publisher.client, "address": publisher.address[:64], "since": now, "seen_at": now}
    Publication.objects.update_or_create(stream=stream, defaults=seen)
    log.info("%s is published.", publisher)
    try:
        _record(stream)
    except EditingError as error:  # that it is not recorded is no reason to refuse it
        log.warning("%s is not recorded: %s", stream, error.message)
    return stream


def go_on(publisher: Publisher) -> None:
    """The publisher is still there, whatever was said of it. Raises PermissionDenied once its key is another one."""
    try:
        check(publisher)
    except PermissionDenied as error:
        log.warning("Publishing %s was ended: %s", publisher, error.message)
        raise
    stream, now = streams.find(publisher.stream), timezone.now()
    seen = {"client": publisher.client, "address": publisher.address[:64]}
    Publication.objects.update_or_create(
        stream=stream, defaults={**seen, "seen_at": now}, create_defaults={**seen, "seen_at": now, "since": now}
    )


def end(publisher: Publisher) -> None:
    """The publisher has left. That it was not known, or that another one is there by now, is fine."""
    name = publisher.stream
    rows = Publication.objects.filter(stream__domain=name.domain, stream__app=name.app, stream__name=name.stream)
    if rows.filter(client=publisher.client).delete()[0]:
        log.info("%s is no longer published.", publisher)


def check(publisher: Publisher) -> None:
    """Raises PermissionDenied, saying what is wrong, and InvalidInput for a name that no stream can have."""
    if publisher.app not in settings.RTMP_APPLICATIONS:
        raise PermissionDenied("there is no such application", field="app")
    streams.check(publisher.stream)
    fits = stream_keys.fits(publisher.stream, publisher.key)
    if fits is False:
        raise PermissionDenied("its key is wrong" if publisher.key else "its key is missing", field="key")
    if fits is None and settings.RTMP_KEYS:
        raise PermissionDenied("it has no key yet; make one on the page “Publish”", field="key")


def invite(app: str, name: str) -> Stream:
    """A stream that may be published here, with a key if it has none yet. Raises NotFound, InvalidInput."""
    rule_of(app)
    stream = streams.get_or_create(StreamName(domain(), app, name))
    if stream_keys.key_of(stream) is None:
        stream_keys.rotate(stream)
    return stream


def settle(address: str) -> None:
    """The server begins to listen there: nobody publishes yet, and jobs pull from there from now on."""
    Publication.objects.all().delete()
    for job in RecordJob.objects.filter(published=True).select_related("stream"):
        RecordJob.objects.filter(pk=job.pk).update(url=url_of(job.stream.full_name, address))


def rule_of(app: str) -> PublishingRule:
    """What becomes of what is published under an application. Raises NotFound."""
    if app not in settings.RTMP_APPLICATIONS:
        raise NotFound(f"There is no application {app}; RTMP_APPLICATIONS names those there are.", field="app")
    rule: PublishingRule = PublishingRule.objects.get_or_create(app=app)[0]
    return rule


def set_rule(
    app: str, *, auto_record: bool, template: RecordTemplate | None = None, bucket: Bucket | None = None
) -> PublishingRule:
    """Change that for those who publish from now on. Raises NotFound, InvalidInput."""
    if bucket is not None and not bucket.active:
        raise InvalidInput(f"Bucket {bucket} is not active.", field="bucket")
    rule = rule_of(app)
    rule.auto_record, rule.template, rule.bucket = auto_record, template, bucket
    rule.save(update_fields=("auto_record", "template", "bucket"))
    return rule


def _record(stream: Stream) -> None:
    """A job that there is wakes up, and one that was stopped begins anew; what an operator paused stays so."""
    rule = rule_of(stream.app)
    job = RecordJob.objects.filter(stream=stream, published=True).first()
    if job is not None:
        if job.state == RecordState.STOPPED and rule.auto_record:
            record_jobs.start(job)
        else:
            record_jobs.wake(job)
    elif rule.auto_record:
        record_jobs.create(
            None,
            name=f"{stream.app}/{stream.name}"[: record_jobs.LONGEST_NAME],
            url=url_of(stream.full_name),
            bucket=rule.bucket or _bucket(),
            template=rule.template,
        )


def _bucket() -> Bucket:
    bucket: Bucket | None = Bucket.objects.active().first()
    if bucket is None:
        raise NotFound("There is no active bucket.", field="bucket")
    return bucket
