"""`manage.py up`: the whole studio as one command."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.processes import Service, Supervisor
from editing.errors import NotFound
from editing.services import access_keys

OPERATOR = "operator"
_READY_WITHIN = 60


class Command(BaseCommand):
    help = "Start web server, workers and scheduler; on the first start also an operator account and a demo recording."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port of the pages and the API (default: 8000)")
        parser.add_argument("--rtmp-port", type=int, default=1935, help="port for RTMP; a free one if it is taken")
        parser.add_argument("--no-demo", action="store_true", help="make no demo recording")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        if not _free(host, port):
            raise CommandError(f"Port {port} on {host} is taken; choose another with --port.")
        rtmp_port = self._rtmp_port(host, options["rtmp_port"])
        call_command("migrate", interactive=False, verbosity=0)
        self._operator()
        services = _services(host, port, demo=not options["no_demo"])
        supervisor = Supervisor(services, _environment(host, port, rtmp_port), self._say)
        threading.Thread(target=self._announce, args=(host, port, supervisor), daemon=True).start()
        supervisor.run()
        self._say("Ended.")

    def _say(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            self.stdout.write(line)
            self.stdout.flush()

    def _rtmp_port(self, host: str, wanted: int) -> int:
        if _free(host, wanted):
            return wanted
        with socket.socket() as probe:
            probe.bind((host, 0))
            found = int(probe.getsockname()[1])
        self._say(f"RTMP port {wanted} is taken; using {found}.")
        return found

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

    def _announce(self, host: str, port: int, supervisor: Supervisor) -> None:
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound
        deadline = time.monotonic() + _READY_WITHIN
        while time.monotonic() < deadline and not supervisor.stop.is_set():
            try:
                with urllib.request.urlopen(f"http://{shown}:{port}/healthz", timeout=2):
                    self._say(f"\n  Ready: http://{shown}:{port}/     (Ctrl-C ends everything)\n")
                    return
            except (OSError, urllib.error.URLError):
                time.sleep(0.3)
        if not supervisor.stop.is_set():
            self._say(f"Not ready after {_READY_WITHIN} s; see the lines above and http://{shown}:{port}/healthz.")


def _services(host: str, port: int, *, demo: bool) -> list[Service]:
    python, manage = sys.executable, str(settings.BASE_DIR / "manage.py")
    celery = [python, "-m", "celery", "--quiet", "-A", "dashboard"]
    services = [
        Service("web", [python, "-m", "dashboard.server", "--host", host, "--port", str(port)]),
        *(
            Service(name, [*celery, "worker", "-Q", name, "-n", f"{name}-{port}@%h", "-P", "threads", *_worker(size)])
            for name, size in (("fast", settings.FAST_WORKERS), ("slow", settings.SLOW_WORKERS), ("system", 1))
        ),
        Service("clock", [*celery, "beat", "--pidfile=", "-l", "WARNING"]),
    ]
    if demo:
        services.append(Service("demo", [python, manage, "make_demo"], once=True))
    return services


def _worker(size: int) -> list[str]:
    return ["-c", str(size), "-l", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]


def _environment(host: str, port: int, rtmp_port: int) -> dict[str, str]:
    environment = dict(os.environ)
    environment.update(
        EDITING_HOME=str(settings.EDITING_HOME),
        RTMP_PORT=str(rtmp_port),
        PYTHONUNBUFFERED="1",
        PYTHONPATH=os.pathsep.join(filter(None, [str(Path(settings.BASE_DIR)), os.environ.get("PYTHONPATH", "")])),
    )
    environment.setdefault("ALLOWED_HOSTS", ",".join(_hosts(host)))
    # Browsers send cookies to every port of a host: two installations on one machine must not share a name.
    environment.setdefault("SESSION_COOKIE_NAME", f"sessionid_{port}")
    environment.setdefault("CSRF_COOKIE_NAME", f"csrftoken_{port}")
    return environment


def _hosts(host: str) -> list[str]:
    names = ["localhost", "127.0.0.1", "[::1]", host]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        names = [*names[:3], socket.gethostname(), socket.getfqdn(), *socket.gethostbyname_ex(socket.gethostname())[2]]
    return list(dict.fromkeys(names))


def _free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
