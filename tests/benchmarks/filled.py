"""A studio that has been busy for a year: 100,000 jobs, each with a project, an asset and its history, and what goes
with as many calls and recordings."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from editing.models import (
    AccessKey,
    EditingJob,
    JobState,
    MediaAsset,
    Project,
    ProjectMaterial,
    Recording,
    RecordJob,
    RecordTemplate,
    SignedCall,
    Stream,
)
from editing.models.editing_job import JobEvent
from editing.models.ids import new_id

JOBS = 100_000
RECORD_JOBS, TEMPLATES, STREAMS = 10_000, 1_000, 500
CALLS = 90_000
"""What a key has signed in half an hour at half of what it may; so many nonces are remembered."""
_BATCH = 5_000
_OF_ONE_PROJECT, _FAILED, _QUEUED = 3, 20, 400
"""Every third job is of one and the same project, every twentieth failed, every 400th is in the queue."""


def fill(jobs: int = JOBS) -> None:
    """Beside what is there: copies of the oldest job and asset, spread over the past eleven months."""
    job, asset, shared = EditingJob.objects.earliest("created_at"), MediaAsset.objects.earliest("created_at"), _shared()
    share = jobs / JOBS
    with _own_dates():
        for numbers in _batches(jobs):
            _jobs(job, asset, shared, numbers)
        _recordings(round(RECORD_JOBS * share), round(STREAMS * share) or 1)
    template = RecordTemplate.objects.earliest("created_at")
    RecordTemplate.objects.bulk_create(
        _copy(template, pk=new_id(), name=f"template {n}") for n in range(round(TEMPLATES * share))
    )
    for numbers in _batches(round(CALLS * share)):
        _calls(numbers)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _shared() -> Project:
    return Project.objects.create(title="shared", kind=Project.Kind.LIVE, state="Produced")


def _jobs(job: EditingJob, asset: MediaAsset, shared: Project, numbers: range) -> None:
    projects = [Project(title=f"p{n}", kind=Project.Kind.LIVE, bucket=job.bucket, state="Produced") for n in numbers]
    _spread(projects)
    Project.objects.bulk_create(projects)
    made = [
        _copy(
            job,
            pk=new_id(),
            media_id=new_id(),
            key=f"{n}.mp4",
            cover_key=f"{n}.jpg",
            project=project if n % _OF_ONE_PROJECT else shared,
            state=_state(n),
        )
        for n, project in zip(numbers, projects, strict=True)
    ]
    _spread(made)
    EditingJob.objects.bulk_create(made)
    done = [each for each in made if each.state == JobState.SUCCESS]
    assets = [_copy(asset, pk=each.media_id, key=each.key, cover_key=each.cover_key, job=each) for each in done]
    _spread(assets)
    MediaAsset.objects.bulk_create(assets)
    now = timezone.now()
    JobEvent.objects.bulk_create(
        JobEvent(job=each, old=old, new=new, at=now)
        for each in made
        for old, new in (("Init", "Queuing"), ("Queuing", "Processing"), ("Processing", each.state))
    )
    ProjectMaterial.objects.bulk_create(
        ProjectMaterial(project=project, domain="example.com", app="live", stream=f"s{n % STREAMS}")
        for n, project in zip(numbers, projects, strict=True)
    )


def _state(number: int) -> JobState:
    if number % _QUEUED == 0:
        return JobState.QUEUING
    return JobState.FAILED if number % _FAILED == 0 else JobState.SUCCESS


def _recordings(count: int, streams: int) -> None:
    """Of each record job one, an hour long, that has ended."""
    job, recording = RecordJob.objects.earliest("created_at"), Recording.objects.earliest("id")
    Stream.objects.bulk_create(Stream(domain="example.com", app="live", name=f"s{n}") for n in range(streams))
    known = list(Stream.objects.filter(name__startswith="s"))
    made = [
        _copy(job, pk=new_id(), name=f"job {n}", stream=known[n % len(known)], state="stopped") for n in range(count)
    ]
    _spread(made)
    RecordJob.objects.bulk_create(made)
    assert recording.start is not None
    Recording.objects.bulk_create(
        _copy(
            recording,
            stream=each.stream,
            record_job=each,
            origin=new_id(),
            playlist=f"record/{n}.m3u8",
            start=recording.start - n * 3_600_000_000,
            end=recording.start - (n - 1) * 3_600_000_000,
        )
        for n, each in enumerate(made, 1)
    )


def _calls(numbers: range) -> None:
    now = timezone.now()
    keys = list(AccessKey.objects.all())
    SignedCall.objects.bulk_create(
        SignedCall(access_key=key, nonce=new_id(), at=now - timedelta(seconds=1 + n / 50))
        for key in keys[-1:]
        for n in numbers
    )


def _spread(rows: Iterable[Any]) -> None:
    """Over the year before: what lists sort by is not one and the same for all."""
    dice, now = random.Random(1), timezone.now()
    for row in rows:
        row.created_at = now - timedelta(seconds=dice.random() * 330 * 86_400)
        if isinstance(row, EditingJob) and row.state != JobState.QUEUING:
            row.finished_at = row.created_at + timedelta(minutes=1)


@contextmanager
def _own_dates() -> Iterator[None]:
    """Rows keep the date that they are given, which otherwise is the day on which they are saved."""
    fields = [model._meta.get_field("created_at") for model in (Project, EditingJob, MediaAsset, RecordJob)]
    for field in fields:
        field.auto_now_add = False  # type: ignore[union-attr]
    try:
        yield
    finally:
        for field in fields:
            field.auto_now_add = True  # type: ignore[union-attr]


def _batches(count: int) -> Iterator[range]:
    for begin in range(0, count, _BATCH):
        yield range(begin, min(begin + _BATCH, count))


def _copy(row: Any, **changes: Any) -> Any:
    names = {field.attname: getattr(row, field.attname) for field in row._meta.fields if not field.primary_key}
    for name in changes:
        names.pop(name, None)
        names.pop(f"{name}_id", None)
    return type(row)(**names, **changes)
