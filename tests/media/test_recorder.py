"""Recording from a real server and real publishers; what was recorded is told from the pictures themselves."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from re import sub

import pytest

from editing.media import ffmpeg, slicer
from editing.media.recorder import Event, OnAir, Recorder, Rules, Silent
from editing.media.spool import Slice, Spool
from editing.timeline.ticks import TICKS_PER_SECOND, WRAP
from tests.rtmp import FAST, Publisher, Server, in_order, server
from tests.samples import Kind, playlist, watch


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("nginx")) as running:
        yield running


class Recording:
    """A recorder in a thread, and what it has handed over so far."""

    def __init__(
        self,
        url: str,
        folder: Path,
        rules: Rules | None = None,
        limit: int = 1 << 30,
        recorder: type[Recorder] = Recorder,
    ) -> None:
        self.events: list[Event] = []
        self._stop = threading.Event()
        self.recorder = recorder(url, Spool(folder, limit=limit), rules or Rules(slice=2), stopped=self._stop.is_set)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        for event in self.recorder.run():
            self.events.append(event)

    @property
    def slices(self) -> list[Slice]:
        return [event for event in self.events if isinstance(event, Slice)]

    @property
    def frames(self) -> int:
        return sum(len(each.index.index.video.pts) for each in self.slices if each.index.index.video)

    def wait(self, slices: int, within: float = 60) -> None:
        deadline = time.monotonic() + within
        while len(self.slices) < slices:
            assert time.monotonic() < deadline, f"only {len(self.slices)} slices came"
            time.sleep(0.02)

    def stop(self) -> float:
        """Seconds until it had ended."""
        begun = time.monotonic()
        self._stop.set()
        self._thread.join(10)
        return time.monotonic() - begun

    @property
    def numbers(self) -> list[int]:
        return [number for each in self.slices for number in watch(each.path).numbers]


@pytest.fixture
def recorded(nginx: Server, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Recording]:
    recording = Recording(nginx.url(sub(r"\W+", "-", request.node.name)), tmp_path / "spool")
    yield recording
    recording.stop()


def url(recorded: Recording) -> str:
    return recorded.recorder._url


@pytest.mark.parametrize("bframes", [0, 2])
def test_every_frame_that_is_pushed_is_recorded_once_and_in_its_place(recorded: Recording, bframes: int) -> None:
    kind = Kind(seconds=5, bframes=bframes)
    with Publisher(url(recorded), kind, speed=FAST) as publisher:
        publisher.finish()
        recorded.wait(3)

    assert recorded.numbers == list(range(125))
    times = [pts for each in recorded.slices for pts in sorted(each.index.index.video.pts)]  # type: ignore[union-attr]
    assert {after - before for before, after in pairwise(times)} == {3600}
    assert [len(each.index.index.video.pts) for each in recorded.slices] == [50, 50, 25]  # type: ignore[union-attr]
    assert [each.facts.begins for each in recorded.slices] == [True, False, False]
    assert recorded.recorder.vitals.damaged == 0


def test_a_frame_lies_where_it_arrived(recorded: Recording) -> None:
    begun = time.time()
    with Publisher(url(recorded), Kind(seconds=5)) as publisher:
        publisher.finish()
        recorded.wait(3)

    first, second, last = recorded.slices
    assert begun - 0.2 < first.date / 1e6 < begun + 2
    assert (second.date - first.date, last.date - second.date) == (2_000_000, 2_000_000)


def test_a_publisher_that_dies_and_comes_back_begins_an_epoch(recorded: Recording) -> None:
    with Publisher(url(recorded), Kind(seconds=20, first=100)):
        recorded.wait(1)
    gone = time.time()
    recorded.wait(2)
    first = recorded.numbers
    time.sleep(max(5 - (time.time() - gone), 0))
    with Publisher(url(recorded), Kind(seconds=3, first=1000)) as publisher:
        publisher.finish()
        recorded.wait(4)

    numbers = recorded.numbers
    assert first[0] == 100
    assert in_order(first)
    assert numbers[len(first) :] == list(range(1000, 1075))
    again = recorded.slices[2]
    assert [each.facts.begins for each in recorded.slices] == [True, False, True, False]
    assert again.facts.before == "the stream was interrupted: nothing came"
    assert gone + 5 <= again.date / 1e6 < gone + 8


def test_the_next_publisher_on_the_same_connection_begins_an_epoch_with_its_own_size(recorded: Recording) -> None:
    with Publisher(url(recorded), Kind(seconds=3, first=0), speed=FAST) as publisher:
        publisher.finish()
    with Publisher(url(recorded), Kind(seconds=2, first=500, width=480, height=270), speed=FAST) as publisher:
        publisher.finish()
        recorded.wait(3)

    assert recorded.recorder.vitals.connections == 1
    assert recorded.numbers == [*range(75), *range(500, 550)]
    assert [each.facts.begins for each in recorded.slices] == [True, False, True]
    sizes = [each.index.parameters.video for each in recorded.slices]
    assert [size and size.width for size in sizes] == [320, 320, 480]
    assert recorded.recorder.vitals.damaged == 0


def test_stopping_keeps_what_has_come_and_takes_less_than_two_seconds(recorded: Recording) -> None:
    with Publisher(url(recorded), Kind(seconds=20)):
        recorded.wait(1)
        time.sleep(1)
        took = recorded.stop()

    assert took < 1
    numbers = recorded.numbers
    assert numbers[0] == 0
    assert in_order(numbers)
    assert 65 <= len(numbers) < 125


def test_stopping_does_not_wait_for_a_publisher(recorded: Recording) -> None:
    time.sleep(0.5)

    assert recorded.stop() < 1


@pytest.mark.parametrize(
    ("clock", "wraps"), [(WRAP - 3 * 90000, "MPEG-TS"), ((1 << 31) * 90 - 3 * 90000, "RTMP")], ids=["ts", "rtmp"]
)
def test_a_clock_that_wraps_goes_on(recorded: Recording, clock: int, wraps: str) -> None:
    with Publisher(url(recorded), Kind(seconds=5, clock=clock), speed=FAST) as publisher:
        publisher.finish()
        recorded.wait(3)

    assert recorded.numbers == list(range(125))
    assert [each.facts.begins for each in recorded.slices] == [True, False, False]
    ends = [(each.index.first_pts, each.index.end_pts) for each in recorded.slices]
    assert all(before[1] == after[0] for before, after in pairwise(ends))


def test_sound_alone_is_recorded(recorded: Recording) -> None:
    with Publisher(url(recorded), Kind(seconds=5), pictures=False, speed=FAST) as publisher:
        publisher.finish()
        recorded.wait(3)

    assert all(each.index.index.video is None for each in recorded.slices)
    times = [pts for each in recorded.slices for pts in each.index.index.audio[0].pts]
    assert len(times) == pytest.approx(5 * 48000 / 1024, abs=2)
    assert all(1800 <= after - before <= 2040 for before, after in pairwise(times))


def test_pictures_alone_are_recorded(recorded: Recording) -> None:
    with Publisher(url(recorded), Kind(seconds=3, audio=None), speed=FAST) as publisher:
        publisher.finish()
        recorded.wait(2)

    assert recorded.numbers == list(range(75))
    assert not any(each.index.index.audio for each in recorded.slices)


def test_who_joins_in_the_middle_of_a_long_group_of_pictures_gets_the_next(recorded: Recording) -> None:
    """The server sends sound at once, and pictures with the next keyframe; the publisher has said that they are."""
    recorded.stop()
    with Publisher(url(recorded), Kind(seconds=8, gop=150)) as publisher:
        time.sleep(1.5)
        late = Recording(url(recorded), recorded.recorder._spool.folder)
        publisher.finish()
        late.wait(1)
    late.stop()

    sound, pictures = late.slices
    assert sound.index.index.video is None
    assert watch(pictures.path).numbers == list(range(150, 200))
    assert pictures.index.first_pts - sound.index.end_pts < TICKS_PER_SECOND // 10
    assert not pictures.facts.begins


def test_silence_is_told_once_and_the_stream_is_taken_when_it_comes(nginx: Server, tmp_path: Path) -> None:
    recording = Recording(nginx.url("late"), tmp_path, Rules(slice=2, patience=1, probe=1))
    time.sleep(1.5)
    with Publisher(nginx.url("late"), Kind(seconds=2), speed=FAST) as publisher:
        publisher.finish()
        recording.wait(1)
    recording.stop()

    assert [type(event) for event in recording.events[:3]] == [Silent, OnAir, Slice]
    assert recording.numbers == list(range(50))


def test_a_server_that_is_not_there_is_tried_once_a_second(tmp_path: Path) -> None:
    with server(tmp_path) as running:
        pass
    recording = Recording(running.url(), tmp_path / "spool", Rules(slice=2, probe=60))
    time.sleep(0.5)
    with server(tmp_path, running.port), Publisher(running.url(), Kind(seconds=2)) as publisher:
        publisher.finish()
        recording.wait(1)
    recording.stop()

    assert [type(event) for event in recording.events] == [OnAir, Slice]


def test_a_full_spool_keeps_what_it_has_and_says_what_is_missing(nginx: Server, tmp_path: Path) -> None:
    recording = Recording(nginx.url("full"), tmp_path, limit=1 << 30)
    with Publisher(nginx.url("full"), Kind(seconds=7, options="-b:v 200k")) as publisher:
        recording.wait(1)
        recording.recorder._spool.limit = 1
        while not recording.recorder.vitals.fault:
            time.sleep(0.05)
        recording.recorder._spool.limit = 1 << 30
        publisher.finish()
        recording.wait(3)
    recording.stop()

    assert recording.recorder.vitals.fault == ""
    assert recording.numbers == [*range(50), *range(100, 175)]
    assert recording.slices[1].facts.before == "there was no more room for what waits to be stored"


def test_what_a_dead_recorder_left_is_found_again(recorded: Recording, tmp_path: Path) -> None:
    with Publisher(url(recorded), Kind(seconds=3), speed=FAST) as publisher:
        publisher.finish()
        recorded.wait(2)
    spool = tmp_path / "spool"
    (spool / "0-000009.ts.part").write_bytes(b"half")

    following = Spool(spool, limit=1)
    following.draft().write_bytes(b"being written")

    assert list(following.left()) == recorded.slices
    assert [path.read_bytes() for path in spool.glob("*.part")] == [b"being written"]


def test_hevc_and_mp3_are_recorded(tmp_path: Path) -> None:
    """From an FLV file, which is what RTMP carries: nginx-rtmp lets no HEVC through."""
    kind = Kind(seconds=4, codec="libx265", options="-x265-params log-level=none", audio="mp3", audio_rate=44100)
    file = tmp_path / "hevc.flv"
    joined = ["-i", str(playlist(kind)), "-c", "copy", "-v", "error", str(file)]
    subprocess.run([ffmpeg.binary(), *joined], check=True)
    recording = Recording(str(file), tmp_path / "spool", Rules(slice=2, retry=60))
    recording.wait(2)
    recording.stop()

    assert recording.numbers == list(range(100))
    for each in recording.slices:
        found = each.index.parameters
        assert (found.video and found.video.codec, found.audio[0].codec) == ("hevc", "mp3")


def test_a_stream_without_keyframes_is_cut_all_the_same(recorded: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slicer, "NO_KEYFRAME", 90000)
    with Publisher(url(recorded), Kind(seconds=7, gop=1000, bframes=0), speed=FAST) as publisher:
        publisher.finish()
        recorded.wait(3)

    counts = [len(each.index.index.video.pts) for each in recorded.slices]  # type: ignore[union-attr]
    assert counts == [75, 75, 25]
    joined = recorded.slices[0].path.with_name("joined.ts")
    joined.write_bytes(b"".join(each.path.read_bytes() for each in recorded.slices))
    assert watch(joined).numbers == list(range(175))


def test_a_server_that_is_started_anew_begins_an_epoch(tmp_path: Path) -> None:
    with server(tmp_path) as running, Publisher(running.url(), Kind(seconds=20)):
        recording = Recording(running.url(), tmp_path / "spool")
        recording.wait(1)
    with server(tmp_path, running.port), Publisher(running.url(), Kind(seconds=5, first=500)) as publisher:
        publisher.finish()
        recording.wait(4)
    recording.stop()

    assert recording.numbers[-50:] == list(range(575, 625))
    assert [each.facts.begins for each in recording.slices][:3] == [True, False, True]
    assert recording.slices[2].facts.before.startswith("the stream was interrupted: ")
