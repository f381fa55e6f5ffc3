"""Record jobs against a real server, real publishers and a database that other threads and processes see."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import LazySettings, settings
from django.contrib.auth.models import User
from django.db import connection

from editing import queue, storage
from editing.errors import Conflict
from editing.media.spool import Spool
from editing.models import Bucket, MediaAsset, RecordFile, Recording, RecordJob, RecordState, SegmentRow, Stream
from editing.services import editing_jobs, health, record_jobs, record_templates, recordings
from editing.timeline.clips import Clip, Mode, StreamName
from editing.timeline.instant import Range
from editing.worker import edit, lease, prepare, record, record_movies, record_sweep, room, sweep
from tests import s3
from tests.rtmp import Publisher, Server, in_order, server
from tests.samples import Kind, watch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("nginx")) as running:
        yield running


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was sent to the queue; there is no broker here, and tests run jobs themselves."""
    messages: list[str] = []
    monkeypatch.setattr(queue, "_send", lambda name, keys, queue: messages.extend(keys))
    monkeypatch.setattr(queue, "waiting", lambda name: 0)
    return messages


@pytest.fixture
def quick(settings: LazySettings) -> Iterator[LazySettings]:
    yield settings
    shutil.rmtree(settings.SPOOL_DIR, ignore_errors=True)


@pytest.fixture
def job(nginx: Server, request: pytest.FixtureRequest, opal: User, media: Bucket, quick: LazySettings) -> RecordJob:
    """Records in segments of two seconds."""
    template = record_templates.create(name="quick", formats=[{"format": "m3u8", "slice_duration": 2}])
    url = nginx.url(request.node.name)
    return record_jobs.create(opal, name="Main stage", url=url, bucket=media, template=template)


class Worker:
    """`record.run` in a thread, as a worker does it."""

    def __init__(self, job: RecordJob) -> None:
        self.job = job
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            record.run(self.job.pk)
        finally:
            connection.close()

    def ended(self) -> float:
        """Seconds until it lets go."""
        begun = time.monotonic()
        self._thread.join(15)
        assert not self._thread.is_alive()
        return time.monotonic() - begun


def database_of_this_test() -> str:
    """Its address, for other processes."""
    name, server = connection.settings_dict["NAME"], os.environ.get("DATABASE_URL", "")
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}")) if server else f"sqlite:///{name}"


def until(true: Callable[[], bool], within: float = 15) -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def has(job: RecordJob, segments: int) -> Callable[[], bool]:
    return lambda: sum(Recording.objects.filter(record_job=job).values_list("segment_count", flat=True)) >= segments


def state(job: RecordJob) -> tuple[str, str]:
    job.refresh_from_db()
    return job.state, job.pause_reason


def numbers(recording: Recording) -> list[int]:
    """The pictures of a recording as they are in its bucket, told by its rows."""
    found: list[int] = []
    for row in recording.segments.order_by("sequence"):
        pictures = pictures_of(recording, row)
        assert row.frames == len(pictures)
        found.extend(pictures)
    return found


def pictures_of(recording: Recording, row: SegmentRow) -> list[int]:
    path = storage.local_path(recording.bucket, row.key)
    assert path is not None
    assert row.size == path.stat().st_size
    return watch(path).numbers


def test_a_stream_is_on_the_timeline_while_it_runs_and_whole_when_it_is_stopped(job: RecordJob) -> None:
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=7)) as publisher:
        until(has(job, 2))
        growing = Recording.objects.get()
        assert (growing.ended, state(job)) == (False, ("started", ""))
        assert str(growing.stream) == str(StreamName("127.0.0.1", "live", job.stream.name))
        assert len(recordings.coverage(growing).covered()) == 1
        with pytest.raises(Conflict):
            recordings.delete(growing)
        publisher.finish()
        time.sleep(0.5)
        record_jobs.stop(job)
        assert worker.ended() < 2

    recording = Recording.objects.get()
    assert numbers(recording) == list(range(175))
    covered = recordings.coverage(recording).covered()
    assert len(covered) == 1
    assert covered[0].duration == 7_000_000
    assert (recording.ended, bool(recording.poster), state(job)) == (True, True, ("stopped", ""))
    assert (job.lease_token, job.recording, job.problem) == ("", None, "")
    assert [event.new for event in job.events.all()] == ["initial", "started", "stopped"]
    assert not settings.SPOOL_DIR.exists() or not list(settings.SPOOL_DIR.iterdir())


@pytest.mark.parametrize("late", [0, 1.4])
def test_clips_are_merged_while_the_stream_runs(job: RecordJob, ed: User, late: float) -> None:
    """Whether recording began with the stream or in the middle of a group of pictures."""
    with Publisher(job.url, Kind(seconds=20)):
        time.sleep(late)
        worker = Worker(job)
        until(has(job, 3))
        live = Recording.objects.get()
        assert live.start is not None
        wanted = Range(live.start + 2_000_000, live.start + 4_000_000)
        merge = editing_jobs.submit(
            ed,
            clips=[Clip(live.stream.full_name, wanted)],
            mode=Mode.ACCURATE,
            output=editing_jobs.Output(live.bucket, "live.mp4"),
        )
        edit.run(merge.pk)
        merge.refresh_from_db()
        assert (merge.state, merge.error_message) == ("Success", "")
        record_jobs.stop(job)
        worker.ended()

    head, second = live.segments.filter(sequence__lt=2)
    first = pictures_of(live, second)[0] - head.frames  # the head may begin with pictures that cannot be shown
    output = storage.local_path(live.bucket, "live.mp4")
    assert output is not None
    assert watch(output).numbers == list(range(first + 50, first + 100))


def test_the_playlist_in_the_bucket_can_be_imported_elsewhere(job: RecordJob) -> None:
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=5, bframes=2)) as publisher:
        publisher.finish()
        until(has(job, 3))
    record_jobs.stop(job)
    worker.ended()

    live = Recording.objects.get()
    path = storage.local_path(live.bucket, live.playlist)
    assert path is not None
    assert live.playlist.startswith(f"record/{job.pk}/0_2")
    assert [each.name for each in path.parent.glob("*.m3u8")] == [path.name]
    again = recordings.import_playlist(str(path), stream=StreamName("copy", "a", "b"), bucket=live.bucket)
    assert again.range == live.range
    assert numbers(again) == list(range(125))
    recordings.delete(live)
    assert not [each for each in path.parent.iterdir() if not each.is_dir()]


def test_a_publisher_that_comes_back_continues_the_recording_with_a_gap(job: RecordJob) -> None:
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=3)) as publisher:
        publisher.finish()
        until(has(job, 2))
    time.sleep(2)
    with Publisher(job.url, Kind(seconds=3, first=500)) as publisher:
        publisher.finish()
        until(has(job, 4))
    record_jobs.stop(job)
    worker.ended()

    recording = Recording.objects.get()
    assert numbers(recording) == [*range(75), *range(500, 575)]
    assert [anchor.reason for anchor in recording.anchors.all()] == ["start", "discontinuity"]
    (gap,) = recordings.coverage(recording).gaps()
    assert gap.reason == "the stream was interrupted: nothing came"
    assert 2_000_000 < gap.range.duration < 10_000_000
    text = (storage.local_path(recording.bucket, recording.playlist) or Path()).read_text()
    assert text.count("#EXT-X-DISCONTINUITY") == 1
    assert text.count("#EXT-X-PROGRAM-DATE-TIME") == 4


def test_a_long_silence_closes_the_recording_and_the_job_goes_on_by_itself(job: RecordJob, quick: LazySettings) -> None:
    quick.RECORD_SILENCE_SECONDS, quick.RECORD_PROBE_SECONDS = 3, 1
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=2)) as publisher:
        publisher.finish()
    until(lambda: state(job) == ("paused", "silence"))
    until(lambda: Recording.objects.get().ended)
    with Publisher(job.url, Kind(seconds=2, first=100)) as publisher:
        publisher.finish()
        until(lambda: Recording.objects.count() == 2 and has(job, 2)())
        assert state(job) == ("started", "")
    record_jobs.stop(job)
    worker.ended()

    assert [numbers(each) for each in Recording.objects.order_by("pk")] == [[*range(50)], [*range(100, 150)]]
    assert [pause.reason for pause in job.pauses.all()] == ["nothing came", "stopped"]


def test_what_is_paused_keeps_its_last_partial_segment_and_is_one_recording_when_resumed(job: RecordJob) -> None:
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=20)):
        until(has(job, 1))
        time.sleep(1)
        record_jobs.pause(job)
        assert worker.ended() < 2
        assert Recording.objects.get().ended
        before = numbers(Recording.objects.get())
        assert in_order(before)
        assert len(before) > 65
        time.sleep(1)
        record_jobs.resume(job)
        segments = Recording.objects.get().segment_count
        worker = Worker(job)
        until(has(job, segments + 1))
        record_jobs.stop(job)
        worker.ended()

    recording = Recording.objects.get()
    after = numbers(recording)[len(before) :]
    assert in_order(after)
    assert after[0] > before[-1] + 20
    assert [gap.reason for gap in recordings.coverage(recording).gaps()] == ["paused by an operator"]
    assert [pause.reason for pause in job.pauses.all()] == ["paused by an operator", "stopped"]


def test_what_is_stopped_and_started_again_is_one_recording_with_a_pause(job: RecordJob, media: Bucket) -> None:
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=20)):
        until(has(job, 1))
        record_jobs.stop(job)
        worker.ended()
        first = Recording.objects.get()
        before = numbers(first)
        time.sleep(1)
        record_jobs.start(job)
        worker = Worker(job)
        until(has(job, first.segment_count + 1))
        record_jobs.stop(job)
        worker.ended()

    recording = Recording.objects.get()
    found = numbers(recording)
    assert found[: len(before)] == before
    assert in_order(found[len(before) :])
    (gap,) = recordings.coverage(recording).gaps()
    assert (gap.reason, gap.intended) == ("stopped", True)
    assert [pause.reason for pause in job.pauses.all()] == ["stopped", "stopped"]
    assert recording.former_playlists == [first.playlist]
    assert recording.playlist != first.playlist
    paths = [storage.local_path(media, key) or Path() for key in (first.playlist, recording.playlist)]
    assert ["#EXT-X-ENDLIST" in path.read_text() for path in paths] == [True, True]
    recordings.delete(recording)
    assert not any(path.exists() for path in paths)


def test_a_cycle_rolls_over_without_losing_or_doubling_a_frame(job: RecordJob) -> None:
    job.formats[0]["cycle_duration"] = 4
    job.save()
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=7)) as publisher:
        publisher.finish()
        until(has(job, 4))
    record_jobs.stop(job)
    worker.ended()

    first, second = Recording.objects.order_by("pk")
    assert [*numbers(first), *numbers(second)] == list(range(175))
    assert (first.segment_count, first.ended, second.ended) == (2, True, True)
    assert first.end == second.start


def test_whole_files_are_made_of_each_cycle_when_the_template_asks(
    job: RecordJob, media: Bucket, sent: list[str], opal: User
) -> None:
    files = [{"format": name, "cycle_duration": 60} for name in ("mp4", "flv")]
    job.formats = record_templates.create(name="files", formats=files).formats
    for entry in job.formats:
        entry["cycle_duration"] = 4
    job.save()
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=7)) as publisher:
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
    with Publisher(job.url, Kind(seconds=3)) as publisher:
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


def test_a_worker_that_ends_gives_the_job_back_with_all_that_came(
    job: RecordJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping = threading.Event()
    for module in (lease, record, sys.modules["editing.worker.record_lease"]):
        monkeypatch.setattr(module, "stopping", stopping)
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=20)):
        until(has(job, 1))
        time.sleep(1)
        stopping.set()
        assert worker.ended() < 2

    found = numbers(Recording.objects.get())
    assert in_order(found)
    assert len(found) > 65
    assert (state(job), job.lease_token, Recording.objects.get().ended) == (("started", ""), "", False)


def test_a_worker_that_is_killed_is_followed_by_another_within_ten_seconds(job: RecordJob, sent: list[str]) -> None:
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import django; django.setup(); from editing.worker import record; record.run('{job.pk}')",
        ],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "dashboard.settings",
            "DATABASE_URL": database_of_this_test(),
        },
    )
    until(lambda: RecordJob.objects.get().held)
    with Publisher(job.url, Kind(seconds=25)):
        until(has(job, 2))
        child.kill()
        child.wait()
        killed = time.time()
        before = numbers(Recording.objects.get())
        sent.clear()
        while not sent:
            record_sweep.run()
            assert time.time() < killed + 10, "nobody was sent for"
            time.sleep(0.2)
        segments = Recording.objects.get().segment_count
        worker = Worker(job)
        until(lambda: RecordJob.objects.get().held and RecordJob.objects.get().vitals.get("connections", 0) > 0)
        assert time.time() < killed + 10
        until(has(job, segments + 2))
        record_jobs.stop(job)
        worker.ended()

    recording = Recording.objects.get()
    found = numbers(recording)
    assert found[: len(before)] == before == list(range(len(before)))
    after = found[len(before) :]
    assert in_order(after)
    assert [gap.reason for gap in recordings.coverage(recording).gaps()] == ["no worker recorded it"]


def test_two_workers_never_record_one_job(job: RecordJob) -> None:
    first = Worker(job)
    until(lambda: RecordJob.objects.get().held)
    token = RecordJob.objects.get().lease_token
    assert Worker(job).ended() < 2
    assert RecordJob.objects.get().lease_token == token
    record_jobs.stop(job)
    first.ended()


def test_a_worker_that_lost_its_lease_writes_nothing_more(job: RecordJob) -> None:
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=10)):
        until(has(job, 1))
        RecordJob.objects.update(lease_token="another")
        assert worker.ended() < 3

    assert Recording.objects.get().segment_count == 1
    assert RecordJob.objects.get().lease_token == "another"
    assert len(list(Spool(settings.SPOOL_DIR / job.pk, limit=1).left())) >= 1


@pytest.fixture
def memory_disk(quick: LazySettings) -> Iterator[Path]:
    """A disk of its own for the spool, in memory if there is room, and soon almost full."""
    shared = Path("/dev/shm")
    roomy = shared.is_dir() and room.free_on([shared]) > 1 << 30
    folder = Path(tempfile.mkdtemp(dir=shared if roomy else None))
    quick.SPOOL_DIR = folder / "spool"
    free = room.free_on([folder])
    quick.DISK_WARN_BYTES, quick.DISK_STOP_BYTES = free - (32 << 20), free - (96 << 20)
    yield folder
    shutil.rmtree(folder)


def fill(path: Path, megabytes: int) -> None:
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, megabytes << 20)


def test_a_disk_that_fills_is_warned_of_and_then_stops_the_recording_until_there_is_room(
    job: RecordJob, memory_disk: Path
) -> None:
    worker = Worker(job)
    with Publisher(job.url, Kind(seconds=40)):
        until(has(job, 1))
        assert RecordJob.objects.get().vitals["warning"] == ""
        fill(memory_disk / "half", 64)
        until(lambda: "almost full" in RecordJob.objects.get().vitals["warning"])
        assert any("almost full" in problem for problem in health.check()["problems"])
        assert state(job) == ("started", "")
        fill(memory_disk / "rest", 64)
        until(lambda: state(job) == ("paused", "disk"))
        until(lambda: Recording.objects.get().ended)
        before = numbers(Recording.objects.get())
        (memory_disk / "half").unlink()
        time.sleep(1)
        assert state(job) == ("paused", "disk")  # up to the warning's threshold
        (memory_disk / "rest").unlink()
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
        until(has(job, 6), within=40)
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


def test_a_schedule_begins_and_ends_by_itself(job: RecordJob, sent: list[str]) -> None:
    now = time.time_ns() // 1000
    RecordJob.objects.update(start_at=now + 1_500_000, end_at=now + 6_000_000, sent_at=None)
    sent.clear()
    record.run(job.pk)
    sweep.run()
    assert (sent, state(job)) == ([], ("initial", ""))
    with Publisher(job.url, Kind(seconds=20)):
        until(lambda: time.time_ns() // 1000 > now + 1_500_000)
        sweep.run()
        assert sent == [job.pk]
        Worker(job).ended()

    assert state(job) == ("stopped", "")
    found = Recording.objects.get()
    assert found.ended
    assert found.segment_count > 0


def test_a_schedule_that_passed_without_a_worker_is_over(job: RecordJob) -> None:
    RecordJob.objects.update(end_at=time.time_ns() // 1000)

    sweep.run()

    assert state(job) == ("stopped", "")
    assert Stream.objects.count() == 1


def test_a_message_that_was_lost_is_sent_again(job: RecordJob, sent: list[str], quick: LazySettings) -> None:
    assert sent == [job.pk]
    sweep.run()
    assert sent == [job.pk]
    quick.RESEND_SECONDS = 0
    sweep.run()

    assert sent == [job.pk, job.pk]
    assert state(job) == (RecordState.INITIAL, "")
