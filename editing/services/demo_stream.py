"""The live stream that `up` shows: made by ourselves, published to our RTMP server or fetched from where it waits."""

from __future__ import annotations

from django.conf import settings

from editing.models import Bucket, RecordJob
from editing.services import publishing, record_jobs, stream_keys, streams

APP, NAME = "live", "demo"
_KEPT = 1_000_000_000
"""Bytes of the demo stream's recordings that stay: some six hours."""


def url(address: str) -> str:
    """Where the demo stream is pulled, from the server (or the publisher that listens) at `address`."""
    return f"{address}/{APP}/{NAME}"


def record(address: str) -> RecordJob:
    """The job that records it, made on the first start. Later ones only tell it where the stream is now."""
    where, ours = url(address), bool(settings.RTMP_ADDRESS)
    stream = streams.get_or_create(record_jobs.stream_of(where))
    jobs = RecordJob.objects.filter(stream=stream)
    job: RecordJob | None = jobs.first()
    if job is None:
        streams.keep(stream, keep_bytes=_KEPT)  # a demo fills nobody's disk
        return record_jobs.create(None, name="Demo stream", url=where, bucket=Bucket.objects.active()[0])
    jobs.filter(pk=job.pk).update(url=where, published=ours)
    return job


def publishing_url(address: str) -> str:
    """Where it is published: with its key, where the server asks for one."""
    stream = streams.get_or_create(record_jobs.stream_of(url(address)))
    if settings.RTMP_KEYS and stream_keys.key_of(stream) is None:
        stream_keys.rotate(stream)
    return publishing.publish_url(stream)
