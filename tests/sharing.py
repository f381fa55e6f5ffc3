"""What the processes of one test run share, and what each has for itself.

pytest-xdist runs the tests in several processes at once. The first process of a run makes its folder and names it to
the others in the environment; it removes it when the run is over.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import random
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

_NAME = "STUDIO_TESTS_RUN"


def _run() -> Path:
    if found := os.environ.get(_NAME):
        return Path(found)
    made = Path(mkdtemp(prefix="studio-tests-"))
    os.environ[_NAME] = str(made)
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):  # then dozens of processes would compile all of Django, each
        os.environ["PYTHONPYCACHEPREFIX"] = str(made / "bytecode")
    return made


RUN = _run()
OWN = Path(mkdtemp(prefix=os.environ.get("PYTEST_XDIST_WORKER", "main") + "-", dir=RUN))
"""A folder of this process alone; it goes with that of the run."""


@contextmanager
def locked(name: str) -> Iterator[None]:
    """One process at a time."""
    with (RUN / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def claim(kind: str, number: int) -> bool:
    """Whether this one is ours now: each is given once, until it is given back."""
    try:
        (RUN / f"{kind}-{number}").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def give_back(kind: str, number: int) -> None:
    (RUN / f"{kind}-{number}").unlink()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, that no other process of this run is given, and that the kernel does
    not give to connections: it is still free a minute later."""
    low, high = _given_to_connections()
    for _ in range(1000):
        port = random.choice([*range(10_240, low), *range(high + 1, 65_000)] or range(10_240, 65_000))
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            if claim("port", port):
                return port
    raise RuntimeError("There is no free port.")


def _given_to_connections() -> tuple[int, int]:
    """The first and the last port that the kernel chooses for who does not ask for a certain one."""
    low, high = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    return int(low), int(high)
