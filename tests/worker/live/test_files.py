"""Whole files of recordings, which templates ask for."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from editing import storage
from editing.models import Bucket, MediaAsset, RecordFile, Recording, RecordJob
from editing.services import record_jobs, record_templates
from editing.worker import prepare, record_movies
from tests.rtmp import FAST, Publisher
from tests.samples import Kind, watch
from tests.worker.live.working import Worker, has, numbers, until

pytestmark = pytest.mark.django_db(transaction=True)


def test_whole_files_are_made_of_each_cycle_when_the_template_asks(
    job: RecordJob, media: Bucket, sent: list[str], opal: User
) -> None:
    files = [{"format": name, "cycle_duration": 60} for name in ("mp4", "flv")]
    job.formats = record_templates.create(name="files", formats=files).formats
    for entry in job.formats:
        entry["cycle_duration"] = 4
    job.save()
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=7), speed=FAST) as publisher:
        publisher.finish()
        until(has(job, 1))
    record_jobs.stop(job)
    worker.ended()

    asked = list(RecordFile.objects.values_list("pk", flat=True))
    assert set(asked) <= set(sent)
    sent.clear()
    for file in asked:
        record_movies.run(file)
    assert len(asked) == 2 * Recording.objects.count()
    for recording in Recording.objects.order_by("pk"):
        whole = numbers(recording)
        for made in recording.files.all():
            path = storage.local_path(media, made.key)
            assert path is not None
            assert (made.state, made.problem) == ("made", "")
            assert watch(path).numbers == whole
            assert made.key.removesuffix(f".{made.format}") == recording.playlist.removesuffix(".m3u8")
            assert made.asset is not None
            prepare.run(made.asset.pk)
            made.asset.refresh_from_db()
            assert (made.asset.state, made.asset.owner, bool(made.asset.poster)) == ("Normal", opal, True)
    record_movies.run(asked[0])
    assert MediaAsset.objects.count() == len(asked)


def test_a_file_that_cannot_be_made_is_there_not_at_all_and_says_why(job: RecordJob, media: Bucket) -> None:
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=3), speed=FAST) as publisher:
        publisher.finish()
        until(has(job, 2))
    record_jobs.stop(job)
    worker.ended()
    recording = Recording.objects.get()
    file = RecordFile.objects.create(recording=recording, format="mp4", key="whole.mp4")
    row = recording.segments.get(sequence=1)
    path = storage.local_path(media, row.key) or Path()
    path.write_bytes(path.read_bytes()[:-188])

    record_movies.run(file.pk)

    file.refresh_from_db()
    assert file.state == "failed"
    assert "has changed since it was indexed" in file.problem
    assert not storage.exists(media, "whole.mp4")
