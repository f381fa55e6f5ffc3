"""Storage that is away and disks that fill up: what was recorded waits in the spool."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings, settings

from editing import storage
from editing.models import Bucket, Recording, RecordJob, SegmentRow
from editing.services import health, record_jobs, recordings
from editing.worker import record, room
from tests import s3
from tests.rtmp import Publisher, in_order
from tests.samples import Kind, watch
from tests.worker.live.working import Worker, has, numbers, state, until

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class Disk:
    """After one `unit` it is almost full, after two it is full. That is much more than others write to it meanwhile."""

    folder: Path
    unit: int

    def fill(self, name: str) -> None:
        with (self.folder / name).open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, self.unit)

    def free(self, name: str) -> None:
        (self.folder / name).unlink()


@pytest.fixture
def disk(quick: LazySettings) -> Iterator[Disk]:
    """One for the spool, in memory if there is room: there hardly anybody else writes."""
    shared = Path("/dev/shm")
    roomy = shared.is_dir() and room.free_on([shared]) > 1 << 30
    folder = Path(tempfile.mkdtemp(dir=shared if roomy else None))
    quick.SPOOL_DIR = folder / "spool"
    free = room.free_on([folder])
    unit = 64 << 20 if roomy else min(free // 8, 1 << 30)
    quick.DISK_WARN_BYTES, quick.DISK_STOP_BYTES = free - unit // 2, free - unit * 3 // 2
    yield Disk(folder, unit)
    shutil.rmtree(folder)


def test_a_disk_that_fills_is_warned_of_and_then_stops_the_recording_until_there_is_room(
    job: RecordJob, disk: Disk
) -> None:
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=150)):
        until(has(job, 1))
        assert RecordJob.objects.get().vitals["warning"] == ""
        disk.fill("one")
        until(lambda: "almost full" in RecordJob.objects.get().vitals["warning"])
        assert any("almost full" in problem for problem in health.check()["problems"])
        assert state(job) == ("started", "")
        disk.fill("two")
        until(lambda: state(job) == ("paused", "disk"))
        until(lambda: Recording.objects.get().ended)
        before = numbers(Recording.objects.get())
        disk.free("one")
        time.sleep(1)
        assert state(job) == ("paused", "disk")  # up to the warning's threshold
        disk.free("two")
        until(lambda: state(job) == ("started", ""))
        segments = Recording.objects.get().segment_count
        until(has(job, segments + 1))
        record_jobs.stop(job)
        worker.ended()

    found = numbers(Recording.objects.get())
    assert in_order(before)
    assert found[: len(before)] == before
    assert in_order(found[len(before) :])
    assert [gap.reason for gap in recordings.coverage(Recording.objects.get()).gaps()] == [
        "too little room on the disk"
    ]
    assert [pause.reason for pause in job.pauses.all()] == ["too little room on the disk", "stopped"]
    assert "are free, and recording goes on above" in job.events.get(new="paused").detail


@pytest.fixture
def disk_of_bucket(media: Bucket) -> Iterator[Path]:
    """A disk of its own for the bucket. Only root may mount one; for others what needs it is skipped."""
    record_folder = storage.local_path(media, "record")
    assert record_folder is not None
    path = record_folder.parent
    path.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64g", "tmpfs", path], capture_output=True)
    if done.returncode:
        pytest.skip(f"Read-only disks are tested by root, who may mount one: {done.stderr.decode().strip()}")
    yield path
    subprocess.run(["umount", "--lazy", path], check=True)


@pytest.mark.mounts
def test_storage_that_is_read_only_for_twenty_seconds_loses_nothing(job: RecordJob, disk_of_bucket: Path) -> None:
    """What comes meanwhile waits in the spool, operators are told, and all of it is stored in its order."""

    def remount(how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", disk_of_bucket], check=True)

    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=26)) as publisher:
        until(has(job, 1))
        remount("ro")
        begun = time.monotonic()
        until(lambda: "cannot be stored" in RecordJob.objects.get().problem)
        assert any("cannot store" in problem for problem in health.check()["problems"])
        stored = Recording.objects.get().segment_count
        while time.monotonic() < begun + 20:
            time.sleep(0.5)
        assert state(job) == ("started", "")
        assert Recording.objects.get().segment_count == stored
        assert RecordJob.objects.get().vitals["spooled"] > 0
        remount("rw")
        publisher.finish()
        until(has(job, 13))
    until(lambda: RecordJob.objects.get().problem == "")
    record_jobs.stop(job)
    worker.ended()

    recording = Recording.objects.get()
    assert numbers(recording) == list(range(650))
    assert (recordings.coverage(recording).gaps(), len(recording.anchors.all())) == ((), 1)
    assert not list(settings.SPOOL_DIR.glob("*/*"))


def test_a_bucket_that_cannot_be_written_loses_nothing(job: RecordJob, media: Bucket) -> None:
    worker = Worker(job)
    root = storage.local_path(media, "record")
    assert root is not None
    with Publisher(job.url, Kind(seconds=9)) as publisher:
        until(has(job, 1))
        away = root.parent.with_name("away")
        root.parent.rename(away)
        root.parent.write_bytes(b"no folder")
        until(lambda: "cannot be stored" in RecordJob.objects.get().problem)
        until(lambda: RecordJob.objects.get().vitals["spooled"] > 0)
        root.parent.unlink()
        away.rename(root.parent)
        publisher.finish()
        until(has(job, 5))
    until(lambda: RecordJob.objects.get().problem == "")
    record_jobs.stop(job)
    worker.ended()

    assert numbers(Recording.objects.get()) == list(range(225))
    assert recordings.coverage(Recording.objects.get()).gaps() == ()


def test_an_s3_server_that_is_away_loses_nothing(
    job: RecordJob, quick: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It refuses connections for a while; what comes meanwhile waits, is complained of, and is stored in its order."""
    with s3.server() as endpoint:
        monkeypatch.setitem(quick.STORAGES, s3.ALIAS, s3.alias(endpoint))
        bucket = Bucket.objects.create(name="remote", kind="oss", endpoint="oss.example.com", storage=s3.ALIAS)
        RecordJob.objects.update(bucket=bucket)
        worker = Worker(job)
        publisher = Publisher(job.url, Kind(seconds=11))
        until(has(job, 1))
        first = pictures_in(bucket, SegmentRow.objects.get().key)
    until(lambda: "cannot be stored" in RecordJob.objects.get().problem)
    until(lambda: RecordJob.objects.get().vitals["spooled"] > 0)
    assert any("cannot store" in problem for problem in health.check()["problems"])
    with s3.server(urlsplit(endpoint).port or 0):
        publisher.finish()
        until(has(job, 6), within=90)
        until(lambda: RecordJob.objects.get().problem == "")
        record_jobs.stop(job)
        worker.ended()
        rows = SegmentRow.objects.order_by("sequence")
        found = [pictures_in(bucket, row.key) for row in rows if storage.exists(bucket, row.key)]
    storage._instance.cache_clear()

    assert sum(found, first if len(found) < rows.count() else []) == list(range(275))
    assert recordings.coverage(Recording.objects.get()).gaps() == ()


def pictures_in(bucket: Bucket, key: str) -> list[int]:
    with storage.open_file(bucket, key) as file, tempfile.NamedTemporaryFile(suffix=".ts") as copy:
        copy.write(file.read())
        copy.flush()
        return watch(Path(copy.name)).numbers


def test_what_waited_in_the_spool_when_its_job_was_stopped_is_stored_later(job: RecordJob, media: Bucket) -> None:
    worker = Worker(job)
    root = storage.local_path(media, "record")
    assert root is not None
    with Publisher(job.url, Kind(seconds=5)) as publisher:
        until(has(job, 1))
        away = root.parent.with_name("away")
        root.parent.rename(away)
        root.parent.write_bytes(b"no folder")
        publisher.finish()
        record_jobs.stop(job)
        worker.ended()
        root.parent.unlink()
        away.rename(root.parent)

    record.run(job.pk)

    recording = Recording.objects.get()
    assert (numbers(recording), recording.ended) == (list(range(125)), True)
