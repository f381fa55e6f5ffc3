"""Live playlists from a real web server: written by ffmpeg as it encodes, and by hand where servers misbehave."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from django.contrib.auth.models import User

from editing import queue
from editing.media.playlist import MediaPlaylist, parse
from editing.media.recorder import Event, OnAir, Rules, Silent
from editing.media.spool import Slice
from editing.models import Bucket
from editing.models import Recording as LiveRecording
from editing.services import record_jobs
from editing.timeline.instant import SECOND, Range, format_instant
from editing.worker.hls_recorder import HlsRecorder
from tests.media.test_recorder import Recording
from tests.rtmp import Publisher
from tests.samples import START, Kind, playlist
from tests.worker.live.working import Worker, has, numbers, until

KIND = Kind(seconds=8, segment=1)
HLS = ("-f", "hls", "-hls_time", "1", "-hls_list_size", "4", "-hls_flags", "program_date_time+temp_file")


class Handler(SimpleHTTPRequestHandler):
    """`moods` are how often a path is answered with 503 first."""

    moods: dict[str, int]

    def do_GET(self) -> None:
        left = self.moods.get(self.path, 0)
        self.moods[self.path] = left - 1
        if left > 0:
            self.send_error(503)
        else:
            super().do_GET()

    def log_message(self, *_: object) -> None:
        pass


class Live:
    """A folder on a web server, with a playlist that grows and slides."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.url = folder, f"{address}/index.m3u8"

    def show(
        self, first: int, *names: str, sequence: int | None = None, ended: bool = False, dates: bool = True
    ) -> None:
        """The playlist lists the sample's segments from `first` on; names that are tags stand where they are."""
        number = first if sequence is None else sequence
        lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:1", f"#EXT-X-MEDIA-SEQUENCE:{number}"]
        for number, name in enumerate(names, first):
            tag, _, name = name.rpartition("\n")
            date = f"#EXT-X-PROGRAM-DATE-TIME:{format_instant(START + number * SECOND)}"
            lines += [*filter(None, [tag]), *([date] if dates else []), "#EXTINF:1.0,", name]
        draft = self.folder / "draft"
        draft.write_text("\n".join([*lines, *(["#EXT-X-ENDLIST"] if ended else []), ""]))
        draft.rename(self.folder / "index.m3u8")


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    folder = tmp_path / "www"
    folder.mkdir()
    for path in playlist(KIND).parent.glob("*.ts"):
        copy(path, folder)
    Handler.moods = {}
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Live(folder, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


@pytest.fixture
def following(live: Live, tmp_path: Path) -> Iterator[Recording]:
    recording = follow(live, tmp_path)
    yield recording
    recording.stop()


def follow(live: Live, folder: Path, **rules: Any) -> Recording:
    return Recording(live.url, folder / "spool", Rules(slice=2, **{"retry": 0.1, **rules}), recorder=HlsRecorder)


def dates(slices: list[Slice]) -> list[float]:
    """Seconds from the beginning of the sample."""
    return [(each.date - START) / SECOND for each in slices]


def test_what_ffmpeg_writes_is_taken_as_it_is_until_it_ends(live: Live, following: Recording) -> None:
    with Publisher(str(live.folder / "index.m3u8"), Kind(seconds=6), muxer=HLS) as publisher:
        publisher.finish()
        following.wait(6)

    assert following.numbers == list(range(150))
    for number, each in enumerate(following.slices):
        assert each.path.read_bytes() == (live.folder / f"index{number}.ts").read_bytes()
    written = parse((live.folder / "index.m3u8").read_text(), "x")
    assert isinstance(written, MediaPlaylist)
    assert [each.date for each in following.slices[-4:]] == [entry.date for entry in written.entries]
    assert [each.facts.begins for each in following.slices] == [True, *[False] * 5]
    until_told(following, Silent)
    assert following.events[-1] == Silent("the playlist has ended")
    assert following.recorder.vitals.rates(0)[1] == 25


def until_told(recording: Recording, kind: type[Event]) -> None:
    deadline = time.monotonic() + 60
    while not (recording.events and isinstance(recording.events[-1], kind)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_only_the_live_edge_of_a_long_window_is_taken_and_nothing_twice(live: Live, following: Recording) -> None:
    live.show(0, "000.ts", "001.ts", "002.ts", "003.ts", "004.ts")
    following.wait(3)
    live.show(3, "003.ts", "004.ts", "005.ts")
    following.wait(4)

    assert dates(following.slices) == [2, 3, 4, 5]
    assert isinstance(following.events[0], OnAir)


def test_segments_that_slid_away_are_missing_and_the_clock_goes_on(live: Live, following: Recording) -> None:
    live.show(0, "000.ts")
    following.wait(1)
    live.show(3, "003.ts")
    following.wait(2)

    after = following.slices[1]
    assert (after.facts.begins, dates([after])) == (False, [3])
    assert after.facts.before == "2 segments had left the playlist before they were fetched"
    assert following.recorder.vitals.dropped == 1


def test_a_discontinuity_begins_an_epoch(live: Live, following: Recording) -> None:
    live.show(0, "000.ts", "#EXT-X-DISCONTINUITY\n004.ts", "005.ts")
    following.wait(3)

    assert [each.facts.begins for each in following.slices] == [True, True, False]
    assert [each.facts.epoch for each in following.slices] == [1, 2, 2]


def test_a_playlist_that_begins_anew_begins_an_epoch(live: Live, following: Recording) -> None:
    live.show(7, "003.ts", sequence=107)
    following.wait(1)
    live.show(0, "000.ts", sequence=0)
    following.wait(2)

    assert following.slices[1].facts.begins
    assert following.slices[1].facts.before == "the playlist began anew"


def test_without_dates_the_clock_is_tied_to_when_a_segment_was_listed(live: Live, following: Recording) -> None:
    begun = time.time_ns() // 1000
    live.show(0, "000.ts", dates=False)
    following.wait(1)
    live.show(0, "000.ts", "001.ts", "002.ts", dates=False)
    following.wait(3)

    first, second, third = (each.date for each in following.slices)
    assert begun - SECOND <= first < begun + 2 * SECOND
    assert (second - first, third - second) == (SECOND, SECOND)


def test_a_servers_bad_moments_pass_and_what_is_gone_is_missing(live: Live, following: Recording) -> None:
    Handler.moods |= {"/index.m3u8": 2, "/000.ts": 1}
    (live.folder / "001.ts").unlink()
    live.show(0, "000.ts", "001.ts", "002.ts")
    following.wait(2)

    assert dates(following.slices) == [0, 2]
    assert following.slices[1].facts.before == "a segment could not be fetched: the server answered 404"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ('#EXT-X-MAP:URI="init.mp4"', "fMP4 segments are not supported"),
        ('#EXT-X-KEY:METHOD=AES-128,URI="key"', "the segments are encrypted"),
    ],
)
def test_what_cannot_be_cut_is_refused_by_name(live: Live, tmp_path: Path, lines: str, reason: str) -> None:
    live.show(0, f"{lines}\n000.ts")
    recording = follow(live, tmp_path, patience=0.5)
    until_told(recording, Silent)
    recording.stop()

    (told,) = recording.events
    assert isinstance(told, Silent)
    assert reason in told.reason
    assert "127.0.0.1" not in told.reason


def test_an_ended_playlist_is_not_recorded_and_one_that_lives_again_is(live: Live, tmp_path: Path) -> None:
    live.show(0, "000.ts", ended=True)
    recording = follow(live, tmp_path, probe=0.2)
    until_told(recording, Silent)
    live.show(3, "003.ts")
    recording.wait(1)
    recording.stop()

    assert [type(event) for event in recording.events] == [Silent, OnAir, Slice]


def test_what_a_worker_before_has_recorded_is_not_taken_again(live: Live, tmp_path: Path) -> None:
    live.show(0, "000.ts", "001.ts", "002.ts")
    recording = follow(live, tmp_path)
    recording.recorder.since = START + 2 * SECOND  # type: ignore[attr-defined] # before its first look
    recording.wait(1)
    live.show(0, "000.ts", "001.ts", "002.ts", "003.ts")
    recording.wait(2)
    recording.stop()

    assert dates(recording.slices) == [2, 3]


@pytest.mark.django_db(transaction=True)
def test_a_record_job_of_a_playlist_fills_a_recording(
    live: Live, opal: User, media: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "send", lambda name, *keys, queue: None)
    (live.folder / "app").mkdir()
    for path in live.folder.glob("*.ts"):
        path.rename(live.folder / "app" / path.name)
    stage = Live(live.folder / "app", live.url.replace("index.m3u8", "app"))
    stage.url = stage.url.replace("index", "main")
    stage.show(0, "000.ts", "001.ts")
    (stage.folder / "index.m3u8").rename(stage.folder / "main.m3u8")
    job = record_jobs.create(opal, name="a", url=stage.url, bucket=media)
    worker = Worker(job)
    until(has(job, 2))
    record_jobs.stop(job)
    worker.ended()

    recording = LiveRecording.objects.get()
    assert (str(recording.stream), job.input) == ("127.0.0.1/app/main", "hls")
    assert numbers(recording) == list(range(50))
    assert recording.range == Range(START, START + 2 * SECOND)
