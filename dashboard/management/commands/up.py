"""`manage.py up`: the whole studio as one command."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from dashboard import listening, rtmp_server
from dashboard.processes import Service, Supervisor
from editing.errors import NotFound
from editing.services import access_keys, publishing

OPERATOR = "operator"
_READY_WITHIN = 60


class Command(BaseCommand):
    help = "Start web server, workers and scheduler; on the first start also an operator account and demos."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port of the pages and the API (default: 8000)")
        parser.add_argument("--rtmp-port", type=int, default=1935, help="port for RTMP; a free one if it is taken")
        parser.add_argument("--no-demo", action="store_true", help="no demo recording, no demo stream")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        with _only_one():
            if problem := listening.bind_problem(host, port):
                raise CommandError(f"{problem} Choose another with --host and --port.")
            rtmp_port = self._rtmp_port(host, options["rtmp_port"], beside=port)
            call_command("migrate", interactive=False, verbosity=0)
            self._operator()
            rtmp = self._rtmp(host, port, rtmp_port)
            connections.close_all()
            environment = _environment(host, port, rtmp)
            ready = threading.Event()
            services = [*rtmp.services, *_services(host, port)]
            if not options["no_demo"]:
                services += _demo(rtmp, after=ready)
            supervisor = Supervisor(services, environment, self._say, grace=settings.STOP_SECONDS)
            told = threading.Thread(target=self._announce, args=(host, port, rtmp, supervisor, ready), daemon=True)
            told.start()
            supervisor.run()
            self._say("Ended.")

    def _say(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            self.stdout.write(line)
            self.stdout.flush()

    def _rtmp_port(self, host: str, wanted: int, *, beside: int) -> int:
        hosts = rtmp_server.hosts(host)
        if wanted != beside and not any(listening.bind_problem(each, wanted) for each in hosts):
            return wanted
        found = listening.free_port(hosts)
        self._say(f"RTMP port {wanted} is taken; using {found}.")
        return found

    def _rtmp(self, host: str, web_port: int, port: int) -> Rtmp:
        """Our RTMP server, where it is installed: asked about nothing yet, and told where it is asked."""
        nginx = rtmp_server.find() if settings.RTMP_SERVER else None
        if nginx is None:
            if settings.RTMP_SERVER:
                self._say(f"Nobody can publish here: there is no nginx with its RTMP module ({rtmp_server.INSTALL}).")
            return Rtmp(rtmp_server.address("localhost", port), [], {"RTMP_ADDRESS": ""})
        address = settings.RTMP_ADDRESS or rtmp_server.address(host, port)
        own = listening.own_address() if host in rtmp_server.EVERYWHERE else []
        try:
            command = rtmp_server.prepare(
                nginx,
                settings.EDITING_HOME / "rtmp",
                listen=(host, port),
                applications=settings.RTMP_APPLICATIONS,
                players=["127.0.0.1", "::1", *own, *listening.specific(host), *settings.RTMP_PLAYERS],
                web=f"http://{listening.shown(host)}:{web_port}/",
                secret=publishing.secret(),
            )
        except ValueError as error:
            raise CommandError(f"The RTMP server cannot be set up: {error}") from error
        publishing.settle(address)
        keys = settings.RTMP_KEYS or not rtmp_server.is_loopback(host)
        return Rtmp(address, [Service("rtmp", command)], {"RTMP_ADDRESS": address, "RTMP_KEYS": str(keys)})

    def _operator(self) -> None:
        """The first account, with a password that is shown now and never again."""
        try:
            access_keys.operator()
        except NotFound:
            password = secrets.token_urlsafe(12)
            user = User.objects.create_superuser(OPERATOR, password=password)
            user.groups.add(Group.objects.get(name="operator"))
            self._say(f"\n  Sign in as   {OPERATOR}\n  Password     {password}")
            self._say("  (shown this once; change it in your account)\n")

    def _announce(self, host: str, port: int, rtmp: Rtmp, supervisor: Supervisor, ready: threading.Event) -> None:
        """Say where it is once it answers, which may be later than anybody waits for."""
        address = f"http://{listening.shown(host)}:{port}/"
        deadline: float | None = time.monotonic() + _READY_WITHIN
        while not supervisor.stop.is_set():
            try:
                with urllib.request.urlopen(f"{address}healthz", timeout=2):
                    break
            except OSError:
                supervisor.stop.wait(0.3)
            if deadline and time.monotonic() > deadline:
                deadline = None
                self._say(f"Not ready after {_READY_WITHIN} s; see the lines above and {address}healthz.")
        else:
            return
        ready.set()
        publish = (
            f"\n  Publish to {listening.outside(rtmp.address, host)}/{settings.RTMP_APPLICATIONS[0]}/NAME"
            if rtmp.services
            else ""
        )
        self._say(f"\n  Ready: {address}     (Ctrl-C ends everything){publish}\n")


@dataclass(frozen=True)
class Rtmp:
    """Where streams are pulled here, what has to run for it, and what our own processes are told of it."""

    address: str
    services: list[Service]
    environment: dict[str, str]


def _services(host: str, port: int) -> list[Service]:
    python = sys.executable
    celery = [python, "-m", "celery", "--quiet", "-A", "dashboard"]
    sizes = {
        "fast": settings.FAST_WORKERS,
        "slow": settings.SLOW_WORKERS,
        "live": settings.LIVE_WORKERS,
        "callbacks": settings.CALLBACK_WORKERS,
        "system": 1,
    }
    return [
        Service("web", [python, "-m", "dashboard.server", "--host", host, "--port", str(port)]),
        *(
            Service(name, [*celery, "worker", "-Q", name, "-n", f"{name}-{port}@%h", "-P", "threads", *_worker(size)])
            for name, size in sizes.items()
        ),
        Service("clock", [*celery, "beat", "--pidfile=", "-l", "WARNING"]),
    ]


def _demo(rtmp: Rtmp, *, after: threading.Event) -> list[Service]:
    """A recording to try things on, and a live stream that is recorded: published to our server, or waiting where
    there is none to be taken."""
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    listen = [] if rtmp.services else ["--listen"]
    return [
        Service("on-air", [*manage, "publish_demo", rtmp.address, *listen], after=after),
        Service("demo", [*manage, "make_demo"], once=True, after=after),
    ]


def _worker(size: int) -> list[str]:
    return ["-c", str(size), "-l", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]


def _environment(host: str, port: int, rtmp: Rtmp) -> dict[str, str]:
    environment = dict(os.environ)
    environment.update(
        rtmp.environment,
        EDITING_HOME=str(settings.EDITING_HOME),
        PYTHONUNBUFFERED="1",
        PYTHONPATH=os.pathsep.join(filter(None, [str(Path(settings.BASE_DIR)), os.environ.get("PYTHONPATH", "")])),
    )
    # Our RTMP server and our own look at /healthz come by the address that we listen on, whatever others use.
    environment["ALLOWED_HOSTS"] = ",".join(filter(None, (os.environ.get("ALLOWED_HOSTS"), *listening.hosts(host))))
    # Browsers send cookies to every port of a host: two installations on one machine must not share a name.
    environment.setdefault("SESSION_COOKIE_NAME", f"sessionid_{port}")
    environment.setdefault("CSRF_COOKIE_NAME", f"csrftoken_{port}")
    return environment


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Held while we run: two schedulers and two sets of workers over one home would be in each other's way."""
    with (settings.EDITING_HOME / "up.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                f"The studio in {settings.EDITING_HOME} is running already; another one needs its own EDITING_HOME."
            ) from None
        yield
