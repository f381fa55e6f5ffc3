"""Disks that fill up while a job runs: it fails in words, and nothing of it is left anywhere."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User

from editing import storage
from editing.errors import NoSpace
from editing.media.report import Stage
from editing.models import Bucket, EditingJob, JobState, MediaAsset, Recording
from editing.services import recordings
from editing.timeline.clips import Mode
from editing.worker import edit, scratch
from tests.conftest import MAIN
from tests.samples import BASIC, START, playlist
from tests.services.test_editing_jobs import clip, submit

pytestmark = [pytest.mark.django_db, pytest.mark.mounts]
Disk = Callable[..., Path]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of so many bytes. Only root may mount one; for others these tests are skipped."""
    with ExitStack() as mounted:

        def made(size: int, at: Path | None = None) -> Path:
            path = at or tmp_path / "disk"
            path.mkdir(parents=True)
            done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path], capture_output=True)
            if done.returncode:
                pytest.skip(f"Full disks are tested by root, who may mount one: {done.stderr.decode().strip()}")
            mounted.callback(subprocess.run, ["umount", "--lazy", path], check=True)
            return path

        yield made


@pytest.fixture
def full(recording: Recording, disk: Disk, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A disk for scratch files on which an output of the recording finds room to begin, and none to end."""
    settings.SCRATCH_DIR = disk(64 << 10)
    monkeypatch.setattr(scratch, "_SPARE", -(1 << 40))
    monkeypatch.setattr(scratch, "_LAST", 0)
    return settings.SCRATCH_DIR


def failed(job: EditingJob) -> str:
    """The message of a job that failed for want of space."""
    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.FAILED, "NoSpace"), job.error_message
    assert MediaAsset.objects.count() == 0
    return job.error_message


@pytest.mark.parametrize("extension", ["mp4", "ts", "mkv", "flv"])
@pytest.mark.parametrize("mode", [Mode.ROUGH_FAST, Mode.ACCURATE_FAST, Mode.ACCURATE])
def test_a_disk_for_scratch_files_that_fills_up(mode: Mode, extension: str, full: Path, ed: User) -> None:
    job = submit(ed, clip(0.5, 11), mode=mode, key=f"clips/a.{extension}")

    edit.run(job.pk)

    said = failed(job)
    assert said.startswith("The disk for scratch files is full. The output was expected to need 0.")
    assert "of 0.1 MiB that were free when it was begun" in said
    assert list(full.iterdir()) == []
    assert not storage.exists(job.bucket, job.key)


def test_a_disk_that_others_fill_is_noticed_before_it_is_full(
    disk: Disk, recording: Recording, ed: User, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SCRATCH_DIR = disk(2 << 20)
    monkeypatch.setattr(scratch, "_SPARE", 1 << 19)
    monkeypatch.setattr(scratch, "_LAST", 1 << 19)
    job = submit(ed, clip(0, 12), mode=Mode.ACCURATE)
    told = edit.Lease.progress

    def filling(lease: edit.Lease, stage: Stage, done: float) -> None:
        (settings.SCRATCH_DIR / "other").write_bytes(bytes(1_700_000))
        told(lease, stage, done)

    monkeypatch.setattr(edit.Lease, "progress", filling)

    edit.run(job.pk)

    assert "The disk for scratch files is full." in failed(job)
    assert [path.name for path in settings.SCRATCH_DIR.iterdir()] == ["other"]


def test_a_bucket_whose_disk_is_full(disk: Disk, recording: Recording, ed: User) -> None:
    job = submit(ed, clip(0, 12), mode=Mode.ROUGH_FAST, key="clips/a.mp4")
    root = storage.local_path(Bucket.objects.get(name="media"), "clips")
    assert root
    disk(64 << 10, root)

    edit.run(job.pk)

    said = failed(job)
    assert said.startswith("Bucket media is full: clips/a.mp4 needs 0.")
    assert said.endswith(" MiB.")
    assert [path for path in root.rglob("*") if path.is_file()] == []
    assert list(Path(scratch.settings.SCRATCH_DIR).iterdir()) == []


def test_an_import_takes_a_full_disk_for_no_hole(disk: Disk, media: Bucket, settings: LazySettings) -> None:
    """What is wrong with our own disk is not wrong with the recording."""
    settings.SCRATCH_DIR = disk(64 << 10)

    with pytest.raises(NoSpace, match="disk for scratch files is full"):
        recordings.import_playlist(str(playlist(BASIC)), stream=MAIN, bucket=media, start=START)

    assert [recording.gaps.count() for recording in Recording.objects.all()] in ([], [0])
    assert list(settings.SCRATCH_DIR.iterdir()) == []
