"""A small supervisor: starts processes, restarts those that die, and ends them all, gently if they let it.

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
from contextlib import suppress
from dataclasses import dataclass

_LONGEST_PAUSE = 30.0
_STEADY = 60.0
_LAST_LINES_WITHIN = 1.0
_ONE_KEYSTROKE = 0.5
"""A signal may come twice for one Ctrl-C: from the terminal, and from a launcher that passes it on."""
# However we end, the kernel asks our children to end too; each becomes its service right after asking for that.
_DIE_WITH_PARENT = (
    "import ctypes, os, sys; parent = int(sys.argv[1]); ctypes.CDLL(None).prctl(1, 15); "
    "os.getppid() == parent or os._exit(1); os.execvp(sys.argv[2], sys.argv[2:])"
)


@dataclass
class Service:
    """One process to keep alive; with `once` it may end by itself, with `after` it starts once that has happened."""

    name: str
    command: Sequence[str]
    once: bool = False
    after: threading.Event | None = None
    process: subprocess.Popen[str] | None = None
    relay: threading.Thread | None = None
    started: float = 0.0
    not_before: float = 0.0
    failures: int = 0
    mourned: bool = False
    done: bool = False

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Runs services until `stop` is set. `say` prints a line; children's lines come with their name in front.

    When it ends, every service has `grace` seconds after SIGTERM; then it and its process group are killed.
    """

    def __init__(
        self,
        services: Sequence[Service],
        environment: Mapping[str, str],
        say: Callable[[str], None],
        *,
        grace: float,
    ) -> None:
        self.services = list(services)
        self.environment = dict(environment)
        self.say = say
        self.grace = grace
        self.stop = threading.Event()
        self.hurry = threading.Event()
        self._asked_at = 0.0

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
        now = time.monotonic()
        if not self.stop.is_set():
            self._asked_at = now
            self.stop.set()
        elif now - self._asked_at > _ONE_KEYSTROKE:
            self.hurry.set()

    def _tend(self, service: Service) -> None:
        now = time.monotonic()
        if service.running or service.done:
            return
        if service.process is not None and not service.mourned:
            self._note_death(service, service.process, now)
        if not service.done and now >= service.not_before and (service.after is None or service.after.is_set()):
            self._start(service, now)

    def _note_death(self, service: Service, process: subprocess.Popen[str], now: float) -> None:
        """Kill what it left behind at once: later its number may be that of another group."""
        service.mourned = True
        _kill_group(process)
        if service.once:
            service.done = True
            if process.returncode:
                self.say(f"{service.name} failed with {process.returncode}")
            return
        service.failures = 0 if now - service.started > _STEADY else service.failures + 1
        pause = min(0.5 * 2**service.failures, _LONGEST_PAUSE)
        service.not_before = now + pause
        self.say(f"{service.name} ended with {process.returncode}; starting it again in {pause:g} s")

    def _start(self, service: Service, now: float) -> None:
        service.started, service.mourned = now, False
        service.process = subprocess.Popen(
            _guarded(service.command),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        service.relay = threading.Thread(target=self._relay, args=(service.name, service.process), daemon=True)
        service.relay.start()

    def _relay(self, name: str, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in filter(str.strip, process.stdout):
                self.say(f"{name:<8} {line.rstrip()}")

    def _end(self) -> None:
        """Everybody is asked at once, waited for together, and killed with all they started when time is up."""
        left = [service.process for service in self.services if service.process and not service.mourned]
        relays = [service.relay for service in self.services if service.relay]
        for process in left:
            process.terminate()
        deadline = time.monotonic() + self.grace
        while any(process.poll() is None for process in left):
            if self.hurry.wait(0.1) or time.monotonic() > deadline:
                break
        for process in left:
            _kill_group(process)
            process.wait()
        for relay in relays:
            relay.join(_LAST_LINES_WITHIN)


def _guarded(command: Sequence[str]) -> list[str]:
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-I", "-S", "-c", _DIE_WITH_PARENT, str(os.getpid()), *command]


def _kill_group(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
