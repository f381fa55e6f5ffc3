"""Processes: they end, they are stopped, they say why, they are never left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from editing.errors import Cancelled, FfmpegFailed
from editing.media import ffmpeg

ENDLESS = ["-f", "lavfi", "-re", "-i", "testsrc2=s=64x64", "-f", "null", "-"]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until_gone(pid: int) -> bool:
    deadline = time.monotonic() + 30
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_running(pid)


def test_a_command_runs_to_its_end(tmp_path: Path) -> None:
    output = tmp_path / "out.wav"

    ffmpeg.run(["-f", "lavfi", "-i", "sine=d=0.1:r=8000", str(output)])

    assert output.stat().st_size > 1600


def test_what_ffmpeg_said_last_is_in_the_error() -> None:
    with pytest.raises(FfmpegFailed, match=r"nowhere\.ts"):
        ffmpeg.run(["-i", "/nowhere.ts", "-f", "null", "-"])


def test_a_killed_ffmpeg_is_an_error() -> None:
    with ffmpeg.Ffmpeg(ENDLESS, cancelled=lambda: False) as child:
        os.killpg(child.process.pid, signal.SIGKILL)

        with pytest.raises(FfmpegFailed, match="-9"):
            child.finish()


def test_cancelling_ends_it_the_first_time_it_is_asked_about() -> None:
    asked: list[None] = []
    with (
        ffmpeg.Ffmpeg(ENDLESS, cancelled=lambda: asked.append(None) or True) as child,
        pytest.raises(Cancelled),
    ):
        child.finish()

    assert len(asked) == 1
    assert not is_running(child.process.pid)


def test_leaving_early_leaves_nothing_behind() -> None:
    with ffmpeg.Ffmpeg(ENDLESS, cancelled=lambda: False) as child:
        assert is_running(child.process.pid)

    assert not is_running(child.process.pid)


def test_a_process_that_stands_still_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg, "_STALLED_AFTER", 0.3)
    waiting_for_input = ["-f", "nut", "-i", "pipe:0", "-f", "null", "-"]

    with (
        ffmpeg.Ffmpeg(waiting_for_input, cancelled=lambda: False, pipe_in=True) as child,
        pytest.raises(FfmpegFailed, match="stood still"),
    ):
        child.finish()


def test_it_dies_with_the_process_that_started_it() -> None:
    program = (
        "import sys; from editing.media import ffmpeg\n"
        f"child = ffmpeg.Ffmpeg({ENDLESS!r}, cancelled=lambda: False)\n"
        "child.process.stderr.close()\n"
        "print(child.process.pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdin
    assert parent.stdout
    pid = int(parent.stdout.readline())
    deadline = time.monotonic() + 30
    while "ffmpeg" not in Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0] and time.monotonic() < deadline:
        time.sleep(0.02)  # until the guard has become ffmpeg

    parent.kill()
    parent.wait()
    parent.stdin.close()
    parent.stdout.close()

    assert wait_until_gone(pid)


def test_an_environment_variable_names_the_binary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FFMPEG_BINARY", "/opt/mine/ffmpeg")

    assert ffmpeg.binary.__wrapped__() == "/opt/mine/ffmpeg"
