"""The whole installation: started, disturbed, ended. Nothing here is a stand-in."""

import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from os import kill
from pathlib import Path
from typing import Any

import pytest

from tests.installation import Installation, installation, wait_for
from tests.samples import BASIC, playlist
from tests.slow import SOON

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One that runs, with the sample recorded as example.com/live/main."""
    with installation(tmp_path_factory.mktemp("studio")) as found:
        found.start()
        record(found)
        yield found


def record(studio: Installation) -> None:
    names = ("--domain", "example.com", "--app", "live", "--stream", "main", "--start", "2026-11-20T10:00:00Z")
    studio.manage("import_recording", str(playlist(BASIC)), *names)


def submit(studio: Installation, key: str, *, clips: int, mode: str = "Accurate") -> Any:
    """A merge of the whole sample, `clips` times."""
    clip = {
        "stream": {"domain": "example.com", "app": "live", "stream": "main"},
        "start": "2026-11-20T10:00:00Z",
        "end": "2026-11-20T10:00:12Z",
    }
    return studio.api("editing-jobs/", {"mode": mode, "clips": [clip] * clips, "output": {"key": key}})


def running(job: Any) -> bool:
    return bool(job["state"] == "Processing" and job["stage"] == "encoding")


def over(job: Any) -> bool:
    return job["state"] not in ("Init", "Queuing", "Processing")


def test_a_start_names_the_operator_once_and_answers(studio: Installation) -> None:
    assert len(re.findall(r"Sign in as +operator\n +Password +\S{12,}\n", studio.output)) == 1
    assert f"Ready: {studio.address}/" in studio.output

    code, health = studio.health()
    assert (code, health["status"], health["queues"]) == (200, "ok", ["callbacks", "fast", "live", "slow", "system"])
    assert stat.S_IMODE((studio.home / "secret_key").stat().st_mode) == 0o600


def test_a_job_goes_from_submit_to_a_file(studio: Installation) -> None:
    done = studio.job(submit(studio, "quick.mp4", clips=1, mode="RoughFast")["id"], until=over)

    assert (done["state"], done["error"], done["progress"]) == ("Success", None, 100)
    assert [asset["key"] for asset in studio.api("media-assets/")["results"]] == ["quick.mp4"]


def test_a_job_whose_worker_is_killed_still_succeeds_once(studio: Installation) -> None:
    job = submit(studio, "killed.mp4", clips=40)
    studio.job(job["id"], until=running)
    worker = studio.one(" -n slow-")

    kill(worker, signal.SIGKILL)

    done = studio.job(job["id"], until=over, seconds=90)
    assert (done["state"], done["attempts"]) == ("Success", 2)
    assert [event["new"] for event in done["events"]] == ["Queuing", "Processing", "Queuing", "Processing", "Success"]
    assert studio.one(" -n slow-") != worker
    assert "slow ended with -9; starting it again" in studio.output
    asset = studio.api(f"media-assets/{job['media_asset']}/")
    assert (asset["key"], asset["job"]) == ("killed.mp4", job["id"])


def test_a_running_job_is_cancelled_long_before_its_end(studio: Installation) -> None:
    job = submit(studio, "cancelled.mp4", clips=900)
    studio.job(job["id"], until=running)
    asked = time.time()
    studio.api(f"editing-jobs/{job['id']}/cancel/", method="POST")
    done = studio.job(job["id"], until=over)

    assert done["state"] == "Cancelled"
    wait_for(lambda: not any("libx264" in command for command in studio.processes().values()), 20)
    wait_for(lambda: not [*(studio.home / "scratch").glob(f"job-{job['id']}-*")], 20)
    assert datetime.fromisoformat(done["finished_at"]).timestamp() - asked < SOON


def test_a_second_start_in_the_same_home_is_refused(studio: Installation) -> None:
    again = up(studio, "--port", "1")

    assert again.returncode == 1
    assert f"The studio in {studio.home} is running already" in again.stderr


def test_a_taken_port_is_refused_before_anything_starts(studio: Installation, tmp_path: Path) -> None:
    with installation(tmp_path) as other:
        refused = up(other, "--port", str(studio.port))

        assert (refused.returncode, refused.stdout) == (1, "")
        assert f"Port {studio.port} on 127.0.0.1 is taken." in refused.stderr
        assert not (tmp_path / "db.sqlite3").exists()


def up(studio: Installation, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A start that is expected to fail."""
    command = [sys.executable, "manage.py", "up", *arguments]
    return subprocess.run(command, env=studio.environment, text=True, capture_output=True, timeout=120)


def test_another_installation_lives_beside_it_and_ends_without_a_trace(studio: Installation, tmp_path: Path) -> None:
    with socket.socket() as busy, installation(tmp_path, "--rtmp-port", str(port_of(busy))) as other:
        other.start()
        assert re.search(rf"RTMP port {port_of(busy)} is taken; using \d+\.", other.output)
        record(other)
        job = submit(other, "given-back.mp4", clips=900)
        other.job(job["id"], until=running)

        assert other.stop() == 0
        assert other.processes() == {}
        assert studio.health()[0] == 200

        other.output = ""
        other.start()
        assert "Password" not in other.output
        given_back = other.job(job["id"], until=running)
        assert given_back["attempts"] == 1
        assert [event["detail"] for event in given_back["events"]][2] == "its worker is ending"

        assert other.process is not None
        other.process.kill()
        wait_for(lambda: other.processes() == {}, 15, lambda: other.processes())


def port_of(busy: socket.socket) -> int:
    """The port that a socket listens on; it begins to if it does not yet."""
    if busy.getsockname()[1] == 0:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
    return int(busy.getsockname()[1])
