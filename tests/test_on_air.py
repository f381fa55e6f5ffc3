"""What a first start shows: a live stream that is recorded while one watches. Nothing here is a stand-in."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dashboard import rtmp_server
from editing.media import ffmpeg
from tests.installation import Installation, installation, wait_for

pytestmark = pytest.mark.servers
STREAM = {"domain": "localhost", "app": "live", "stream": "demo"}


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """As it is after a first start, its demo stream on."""
    if rtmp_server.find() is None:
        pytest.skip(f"needs nginx with its rtmp module ({rtmp_server.INSTALL})")
    with installation(tmp_path_factory.mktemp("on-air"), demo=True) as found:
        found.start()
        yield found


def growing(studio: Installation) -> Any:
    """The recording of the demo stream that is open, once it has a segment."""
    found: list[Any] = []

    def is_there() -> bool:
        query = "recordings/?domain=localhost&stream=demo&ended=false"
        found[:] = [each for each in studio.api(query)["results"] if each["segment_count"]]
        return bool(found)

    wait_for(is_there, 60, lambda: f"{studio.api('record-jobs/')}\n{studio.output}")
    return found[0]


def test_the_demo_stream_is_recorded_and_merged_while_it_runs(studio: Installation) -> None:
    assert f"Publish to rtmp://localhost:{studio.rtmp_port}/live/NAME" in studio.output
    first = growing(studio)
    wait_for(lambda: growing(studio)["end"] > first["end"], 30, lambda: studio.output)

    job = studio.api(
        "editing-jobs/",
        {
            "mode": "AccurateFast",
            "clips": [{"stream": STREAM, "start": first["start"], "end": first["end"]}],
            "output": {"key": "live.mp4"},
        },
    )

    done = studio.job(job["id"], until=lambda job: job["state"] not in ("Init", "Queuing", "Processing"))
    assert (done["state"], done["error"]) == ("Success", None)
    assert growing(studio)["id"] == first["id"]


def test_publisher_and_server_come_back_when_they_die(studio: Installation) -> None:
    segments = growing(studio)["segment_count"]
    publisher = studio.one("/live/demo")
    os.kill(publisher, signal.SIGKILL)
    wait_for(lambda: "on-air ended with -9; starting it again" in studio.output, 10, lambda: studio.output)
    wait_for(lambda: growing(studio)["segment_count"] > segments + 1, 60, lambda: studio.output)

    segments = growing(studio)["segment_count"]
    os.kill(studio.one("nginx: master"), signal.SIGKILL)

    wait_for(lambda: "rtmp ended with -9; starting it again" in studio.output, 10, lambda: studio.output)
    wait_for(lambda: growing(studio)["segment_count"] > segments + 1, 90, lambda: studio.output)


def test_what_others_publish_is_recorded_too(studio: Installation) -> None:
    with publisher(f"rtmp://127.0.0.1:{studio.rtmp_port}/live/guest"):
        wait_for(lambda: bool(studio.api("record-jobs/?stream=guest&state=started")["results"]), 30)

    (job,) = studio.api("record-jobs/?stream=guest")["results"]
    assert (job["name"], job["url"]) == ("live/guest", f"rtmp://localhost:{studio.rtmp_port}/live/guest")


def test_nothing_is_left_when_it_is_killed_and_a_stream_needs_its_key_from_elsewhere(
    studio: Installation, tmp_path: Path
) -> None:
    """Two in one, for a start takes long."""
    with installation(tmp_path, "--host", "0.0.0.0", demo=True) as other:
        other.start()
        wait_for(lambda: "live/demo from 127.0.0.1 is published" in other.output, 30, lambda: other.output)

        with publisher(f"rtmp://127.0.0.1:{other.rtmp_port}/live/guest?key=guess") as refused:
            assert refused.wait(20) != 0
        assert "live/guest from 127.0.0.1 was refused: it has no key yet" in other.output

        assert other.process is not None
        other.process.kill()
        wait_for(lambda: other.processes() == {}, 15, lambda: other.processes())
        wait_for(lambda: not answers(other.rtmp_port), 5)


def test_without_nginx_the_demo_stream_waits_to_be_taken(tmp_path: Path) -> None:
    with installation(tmp_path, demo=True, RTMP_SERVER="false") as found:
        found.start()
        growing(found)

        assert found.stop() == 0
        assert found.processes() == {}


def publisher(url: str) -> subprocess.Popen[bytes]:
    """A quarter of a minute of a stream."""
    pictures = ("-re", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=10", "-t", "15")
    coded = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-pix_fmt", "yuv420p")
    return _Publisher([ffmpeg.binary(), "-v", "quiet", *pictures, *coded, "-f", "flv", url])


class _Publisher(subprocess.Popen[bytes]):
    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            self.kill()
        self.wait()


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
