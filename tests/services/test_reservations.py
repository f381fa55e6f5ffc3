"""Reservations of live projects, from the reserved time to the end of what was recorded."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from editing import queue, storage
from editing.errors import PermissionDenied
from editing.models import MediaAsset, Project, Recording, RecordJob
from editing.services import media, project_materials, projects, record_jobs, recordings, reservations
from editing.services.project_materials import LiveStream, Materials
from editing.timeline.instant import SECOND, from_datetime
from editing.worker import sweep
from tests.conftest import MAIN
from tests.worker.test_projects import make

AT_ONCE = timedelta()


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    messages: list[str] = []
    monkeypatch.setattr(queue, "send", lambda name, *keys, queue: messages.extend(keys))
    monkeypatch.setattr(queue, "waiting", lambda name: 0)
    return messages


def looked(project: Project) -> str:
    """The state after a round of the sweep and of the reservations, as the clock asks for them."""
    sweep.run()
    reservations.run()
    project.refresh_from_db()
    return str(project.business_state)


def later(project: Project) -> None:
    """As if the streams had been looked for since more than three minutes."""
    Project.objects.filter(pk=project.pk).update(loading_since=timezone.now() - timedelta(seconds=181))


def on_air() -> Recording:
    """The record job has its first second."""
    job = RecordJob.objects.get()
    now = from_datetime(timezone.now())
    recording = Recording.objects.create(
        stream=job.stream,
        bucket=job.bucket,
        origin=job.pk,
        record_job=job,
        ended=False,
        start=now,
        end=now + SECOND,
        playlist=f"record/{job.pk}/0_open.m3u8",
    )
    RecordJob.objects.update(recording=recording, state="started")
    return recording


def closed(recording: Recording) -> None:
    RecordJob.objects.update(recording=None, state="paused", pause_reason="silence")
    Recording.objects.filter(pk=recording.pk).update(ended=True, playlist=f"record/{recording.record_job_id}/0.m3u8")


def test_nothing_is_looked_for_before_the_reserved_time(opal: User) -> None:
    project = make(opal, timedelta(minutes=1))

    assert looked(project) == "Reserving"
    assert (RecordJob.objects.count(), project.loading_since) == (0, None)


def test_at_the_reserved_time_a_record_job_is_started_once(opal: User, sent: list[str]) -> None:
    project = make(opal, AT_ONCE)

    assert [looked(project) for _ in range(2)] == ["Reserving", "Reserving"]

    job = RecordJob.objects.get()
    assert (job.name, job.url, job.bucket, job.owner) == ("Match", "rtmp://example.com/live/main", project.bucket, opal)
    assert job.stream.full_name == MAIN
    assert sent.count(job.pk) == 1


def test_a_stream_may_be_pulled_from_elsewhere(opal: User) -> None:
    project = make(opal, AT_ONCE)
    project_materials.add(project, Materials(live=[LiveStream(MAIN, "rtmp://127.0.0.1:1935/in/x?key=1")]), by=opal)

    looked(project)

    job = RecordJob.objects.get()
    assert (job.url, job.stream.full_name) == ("rtmp://127.0.0.1:1935/in/x?key=1", MAIN)


@pytest.mark.parametrize("url", ["", "rtmp://10.0.0.1/live/main"])
def test_an_editor_has_only_recorded_what_was_recorded_before_and_from_there(
    ed: User, opal: User, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    project = make(opal, AT_ONCE)
    project_materials.add(project, Materials(live=[LiveStream(MAIN, url)]), by=ed)

    with caplog.at_level(logging.WARNING):
        assert looked(project) == "Reserving"
    assert not RecordJob.objects.exists()
    assert "named by nobody who may have it recorded" in caplog.text

    assert project.bucket is not None
    known = record_jobs.create(opal, name="own", url="rtmp://example.com:1936/live/main?key=1", bucket=project.bucket)
    record_jobs.stop(known)
    looked(project)
    assert set(RecordJob.objects.values_list("url", flat=True)) == {known.url}
    assert RecordJob.objects.count() == 2


def test_what_somebody_records_or_looks_for_is_not_recorded_twice(opal: User) -> None:
    project = make(opal, AT_ONCE)
    assert project.bucket is not None
    own = record_jobs.create(opal, name="own", url="rtmp://example.com/live/main", bucket=project.bucket)

    assert looked(project) == "Reserving"
    assert RecordJob.objects.get() == own

    on_air()
    assert looked(project) == "BroadCasting"
    assert RecordJob.objects.get() == own


def test_streams_that_do_not_come_fail_the_reservation_after_three_minutes(opal: User) -> None:
    project = make(opal, timedelta(days=-1))
    assert looked(project) == "Reserving"

    later(project)

    assert looked(project) == "LoadingFailed"
    assert RecordJob.objects.get().state == "stopped"


def test_a_reservation_may_be_made_again(opal: User) -> None:
    project = make(opal, AT_ONCE)
    looked(project)
    later(project)
    looked(project)

    projects.update(project, business_state="Reserving")

    assert looked(project) == "Reserving"
    assert sorted(RecordJob.objects.values_list("state", flat=True)) == ["initial", "stopped"]


@pytest.mark.parametrize("how", ["cancelled", "deleted"])
def test_what_was_started_ends_with_its_reservation(opal: User, how: str) -> None:
    project = make(opal, AT_ONCE)
    looked(project)

    if how == "cancelled":
        projects.update(project, business_state="ReservationCanceled")
    else:
        projects.delete(opal, [project.pk])
    looked(project)

    assert RecordJob.objects.get().state == "stopped"


def test_an_address_that_cannot_be_recorded_fails_in_time(opal: User, caplog: pytest.LogCaptureFixture) -> None:
    project = make(opal, AT_ONCE)
    project_materials.add(project, Materials(live=[LiveStream(MAIN, "http://example.com/x")]), by=opal)

    with caplog.at_level(logging.WARNING):
        assert looked(project) == "Reserving"

    assert "Give an address like rtmp://" in caplog.text
    assert not RecordJob.objects.exists()
    later(project)
    assert looked(project) == "LoadingFailed"


def test_what_was_recorded_is_an_asset_of_an_ordinary_project_when_the_stream_ends(opal: User) -> None:
    project = make(opal, AT_ONCE)
    looked(project)
    recording = on_air()
    assert looked(project) == "BroadCasting"
    Recording.objects.update(ended=True)
    assert looked(project) == "BroadCasting"  # its job is paused, no more
    closed(recording)

    assert looked(project) == "LiveFinished"

    other = project.materials.get(other__isnull=False).other
    assert other is not None
    (material,) = other.materials.all()
    asset = material.asset
    assert asset is not None
    assert (asset.recording, asset.key, asset.duration) == (
        recording,
        f"record/{RecordJob.objects.get().pk}/0.m3u8",
        SECOND,
    )
    assert RecordJob.objects.get().state == "stopped"


def test_older_recordings_of_the_stream_are_not_handed_on(opal: User, recording: Recording) -> None:
    project = make(opal, AT_ONCE)
    looked(project)
    new = on_air()
    looked(project)
    closed(new)
    looked(project)

    assert [asset.recording for asset in MediaAsset.objects.all()] == [new]


def test_a_recording_keeps_its_files_when_its_asset_goes(opal: User, recording: Recording) -> None:
    job = RecordJob(name="x", stream=recording.stream, bucket=recording.bucket, formats=[], url="x")
    job.save()
    key = f"record/{job.pk}/1_1.ts"
    recording.record_job, recording.playlist = job, f"record/{job.pk}/0.m3u8"
    recording.save()
    recording.segments.filter(sequence=0).update(key=key)
    storage.save_bytes(b"x", recording.bucket, key)

    for name in (recording.playlist, key):
        asset = media.register(opal, recording.bucket, name, kind="video")
        with pytest.raises(PermissionDenied):
            media.delete(asset)
        media.delete(asset, keep_file=True)
    assert storage.exists(recording.bucket, key)


def test_an_asset_of_a_recording_goes_with_it(opal: User) -> None:
    project = make(opal, AT_ONCE)
    looked(project)
    recording = on_air()
    looked(project)
    closed(recording)
    looked(project)

    recordings.delete(recording)

    assert not MediaAsset.objects.exists()
