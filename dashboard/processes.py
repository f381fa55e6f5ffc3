"""A small supervisor: starts processes, restarts those that die, ends them all in order.

honcho gives five seconds to end and never restarts; supervisord wants a configuration file and a socket of its own.
What we need fits on a page: grace for workers that have something to finish, and nothing left behind however it ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

GRACE = 15.0
"""Seconds a process gets to end after SIGTERM, before it and all it started are killed."""
_LONGEST_PAUSE = 30.0
_STEADY = 60.0
_DIE_WITH_PARENT = (
    "import ctypes, os, sys; parent = int(sys.argv[1]); ctypes.CDLL(None).prctl(1, 15); "
    "os.getppid() == parent or os._exit(1); os.execvp(sys.argv[2], sys.argv[2:])"
)


@dataclass
class Service:
    """One process to keep alive; with `once` it may end by itself."""

    name: str
    command: Sequence[str]
    once: bool = False
    process: subprocess.Popen[str] | None = None
    started: float = 0.0
    not_before: float = 0.0
    failures: int = field(default=0)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Runs services until `stop` is set. `say` prints a line; children's lines come with their name in front."""

    def __init__(self, services: Sequence[Service], environment: Mapping[str, str], say: Callable[[str], None]) -> None:
        self.services = list(services)
        self.environment = dict(environment)
        self.say = say
        self.stop = threading.Event()
        self.hurry = threading.Event()

    def run(self) -> None:
        """Blocks. SIGINT and SIGTERM end it; a second one kills what is left."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._asked)
        try:
            while not self.stop.wait(0.2):
                for service in self.services:
                    self._tend(service)
        finally:
            self._end()

    def _asked(self, *_: object) -> None:
        (self.hurry if self.stop.is_set() else self.stop).set()

    def _tend(self, service: Service) -> None:
        now = time.monotonic()
        if service.running or (service.once and service.process is not None):
            return
        if service.process is not None and service.not_before == 0:
            self._note_death(service, now)
        if now >= service.not_before:
            self._start(service, now)

    def _note_death(self, service: Service, now: float) -> None:
        assert service.process is not None
        lived = now - service.started
        service.failures = 0 if lived > _STEADY else service.failures + 1
        pause = min(0.5 * 2**service.failures, _LONGEST_PAUSE)
        service.not_before = now + pause
        self.say(f"{service.name} ended with {service.process.returncode}; starting it again in {pause:.0f} s")

    def _start(self, service: Service, now: float) -> None:
        service.started, service.not_before = now, 0
        service.process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _DIE_WITH_PARENT, str(os.getpid()), *service.command],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        threading.Thread(target=self._relay, args=(service.name, service.process), daemon=True).start()

    def _relay(self, name: str, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            self.say(f"{name:<10} {line.rstrip()}")

    def _end(self) -> None:
        """Everybody is asked at once, waited for together, and killed with all they started when time is up."""
        for service in self.services:
            if service.running:
                self._signal(service, signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        while any(service.running for service in self.services):
            if self.hurry.wait(0.1) or time.monotonic() > deadline:
                break
        for service in self.services:
            self._signal(service, signal.SIGKILL)
            if service.process:
                service.process.wait()

    def _signal(self, service: Service, number: int) -> None:
        """SIGTERM goes to the process, which ends its own; SIGKILL to its whole group."""
        if service.process is None:
            return
        try:
            if number == signal.SIGKILL:
                os.killpg(service.process.pid, number)
            else:
                service.process.send_signal(number)
        except ProcessLookupError:
            return
