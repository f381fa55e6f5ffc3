"""The supervisor over tiny programs."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dashboard.processes import Service, Supervisor
from tests.installation import wait_for

STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


class Watched:
    """A supervisor in a thread of its own, and what it says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *services: Service, grace: float = 5) -> None:
        monkeypatch.setattr(signal, "signal", lambda *_: None)  # only the main thread may
        self.lines: list[str] = []
        self.supervisor = Supervisor(services, os.environ, self.lines.append, grace=grace)
        # Children are asked to end with the thread that starts them; it lives as long as they do.
        self.thread = threading.Thread(target=self.supervisor.run)
        self.thread.start()

    def __enter__(self) -> "Watched":
        return self

    def __exit__(self, *_: object) -> None:
        self.supervisor.stop.set()
        self.supervisor.hurry.set()
        self.thread.join()


def service(name: str, program: str, *, once: bool = False) -> Service:
    return Service(name, [sys.executable, "-c", program], once=once)


def test_what_dies_is_started_again_and_its_lines_carry_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with Watched(monkeypatch, service("web", "print('hello'); print(); raise SystemExit(3)")) as watched:
        wait_for(lambda: watched.lines.count("web      hello") == 2, 20)

    assert watched.lines[:3] == ["web      hello", "web ended with 3; starting it again in 1 s", "web      hello"]


def test_what_runs_once_is_not_started_again_and_a_failure_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    services = (service("good", "print('done')", once=True), service("bad", "raise SystemExit(4)", once=True))
    with Watched(monkeypatch, *services) as watched:
        wait_for(lambda: len(watched.lines) == 2, 20)
        time.sleep(1.2)

    assert sorted(watched.lines) == ["bad failed with 4", "good     done"]


def test_what_comes_after_something_is_not_started_before(monkeypatch: pytest.MonkeyPatch) -> None:
    ready = threading.Event()
    later = Service("later", [sys.executable, "-c", "print('on')"], once=True, after=ready)
    with Watched(monkeypatch, service("first", "print('there')", once=True), later) as watched:
        wait_for(lambda: "first    there" in watched.lines, 20)
        assert later.process is None
        ready.set()
        wait_for(lambda: "later    on" in watched.lines, 20)


def test_who_does_not_end_in_time_is_killed_with_what_it_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    parent = (
        f"import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]);"
        f"open({str(note)!r}, 'w').write(str(child.pid)); {STUBBORN}"
    )
    with Watched(monkeypatch, service("deaf", parent), grace=0.5) as watched:
        wait_for(lambda: watched.lines.count("deaf     deaf") == 2, 20)
        begun = time.monotonic()
        watched.supervisor.stop.set()
        watched.thread.join()

    assert 0.5 <= time.monotonic() - begun < 20
    wait_for(lambda: not Path(f"/proc/{note.read_text()}").exists(), 20)


def test_a_second_ctrl_c_ends_at_once_but_one_that_comes_twice_counts_once(tmp_path: Path) -> None:
    program = (
        "from dashboard.processes import Service, Supervisor; import os, sys;"
        f"Supervisor([Service('deaf', [sys.executable, '-c', {STUBBORN!r}])], os.environ,"
        " lambda line: print(line, flush=True), grace=60).run()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().split() == ["deaf", "deaf"]
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)

        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
