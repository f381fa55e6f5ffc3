"""A whole installation as its users start it: `manage.py up` in a home of its own, on free ports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings

from tests import brokers
from tests.sharing import free_port

_MANAGE = str(Path(settings.BASE_DIR) / "manage.py")
_QUICK = {"JOB_LEASE_SECONDS": "3", "SWEEP_SECONDS": "1", "RESEND_SECONDS": "2"}


class Installation:
    """`up` and what one does with it. `output` is what it has printed so far."""

    def __init__(self, home: Path, environment: dict[str, str], *arguments: str, demo: bool = False) -> None:
        self.home, self.environment = home, environment
        self.port, self.rtmp_port, self.output = free_port(), free_port(), ""
        self.arguments = ("--rtmp-port", str(self.rtmp_port), *([] if demo else ["--no-demo"]), *arguments)
        self.address = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[str] | None = None
        self._headers: dict[str, str] = {}

    def start(self) -> None:
        command = [sys.executable, _MANAGE, "up", "--port", str(self.port), *self.arguments]
        self.process = subprocess.Popen(
            command, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        threading.Thread(target=self._listen, args=(self.process,), daemon=True).start()
        wait_for(lambda: "Ready: " in self.output, 120, lambda: self.output)

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self.output += line

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(90)

    def manage(self, *arguments: str) -> Any:
        """Run a command; the JSON on its last line."""
        done = subprocess.run(
            [sys.executable, _MANAGE, *arguments], env=self.environment, text=True, capture_output=True, check=True
        )
        return json.loads(done.stdout.splitlines()[-1])

    def api(self, path: str, body: Any = None, *, method: str | None = None) -> Any:
        """Call the REST API as the operator; the JSON of its answer."""
        if not self._headers:
            pair = self.manage("create_access_key")
            self._headers = {"Authorization": f"Bearer {pair['AccessKeyId']}:{pair['AccessKeySecret']}"}
        request = urllib.request.Request(f"{self.address}/api/v1/{path}", headers=dict(self._headers), method=method)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer) if answer.status != 204 else None

    def health(self) -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(f"{self.address}/healthz", timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def job(self, job_id: str, *, until: Callable[[Any], bool], seconds: float = 60) -> Any:
        """The job, once it is what `until` asks for."""
        found: list[Any] = []

        def is_so() -> bool:
            found.append(self.api(f"editing-jobs/{job_id}/"))
            return until(found[-1])

        wait_for(is_so, seconds, lambda: f"{found[-1:]}\n{self.output}")
        return found[-1]

    def processes(self) -> dict[int, str]:
        """Every process on this machine that belongs to it, by what its environment says, with its command line. nginx
        writes over its environment; it has our home in its command line."""
        mark = f"EDITING_HOME={self.home}".encode()
        found = {}
        for path in Path("/proc").glob("[0-9]*"):
            try:
                command = (path / "cmdline").read_text().replace("\0", " ").strip()
                environment = (path / "environ").read_bytes().split(b"\0")
                if mark in environment or ("nginx" in command and str(self.home) in command):
                    found[int(path.name)] = command
            except OSError:
                continue
        return {pid: command for pid, command in found.items() if command}

    def one(self, words: str) -> int:
        """The process whose command line holds `words`."""
        (pid,) = [pid for pid, command in self.processes().items() if words in command]
        return pid


@contextmanager
def installation(home: Path, *arguments: str, demo: bool = False, **environment: str) -> Iterator[Installation]:
    """Not started yet; what it left is killed and its database removed afterwards."""
    home.mkdir(parents=True, exist_ok=True)
    with _broker() as broker, _database() as database:
        own = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
        values = {**own, **_QUICK, "EDITING_HOME": str(home), **broker, **database, **environment}
        found = Installation(home, values, *arguments, demo=demo)
        try:
            yield found
        finally:
            if found.process and found.process.poll() is None:
                found.stop()
            for pid in found.processes():
                os.kill(pid, signal.SIGKILL)


@contextmanager
def _broker() -> Iterator[dict[str, str]]:
    if not settings.CELERY_BROKER_URL.startswith("redis"):
        yield {}
        return
    with brokers.another(settings.CELERY_BROKER_URL) as own:
        yield {"CELERY_BROKER_URL": own}


@contextmanager
def _database() -> Iterator[dict[str, str]]:
    """On PostgreSQL one of its own, beside that of the tests."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield {}
        return
    name = f"up_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as database:
        database.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        try:
            yield {"DATABASE_URL": urlunsplit(urlsplit(server)._replace(path=f"/{name}"))}
        finally:
            database.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]


def wait_for(condition: Callable[[], bool], seconds: float, explain: Callable[[], object] = lambda: "") -> None:
    """Fails after so many seconds, but not within a minute: a slow machine is not what tests are to find."""
    seconds = max(seconds, 60)
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"Not within {seconds} s. {explain()}")
        time.sleep(0.05)
