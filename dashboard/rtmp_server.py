"""Our own RTMP server: nginx with its rtmp module, where that is installed, with a configuration of ours.

It runs as whoever starts `up`, on a port of its own, and touches nothing outside its folder. Before it lets anybody
publish it asks us.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path

from editing.models.publishing import SEEN_EVERY

INSTALL = "apt-get install nginx libnginx-mod-rtmp"
_BINARIES = ("/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/local/nginx/sbin/nginx", "/opt/homebrew/bin/nginx")
_MODULES = ("/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/local/nginx/modules", "/etc/nginx/modules")
_MODULE = "ngx_rtmp_module.so"
_APPLICATION = re.compile(r"[A-Za-z0-9_-]{1,63}")
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
_CONFIGURATION = """\
load_module {module};
daemon off;
worker_processes 1;
pid {pid};
error_log stderr warn;
events {{ worker_connections 1024; }}
rtmp {{
    access_log off;
    max_message 16M;
    server {{
{listens}        notify_method post;
{applications}    }}
}}
"""
_LIVE = """\
        application {name} {{
            live on;
            drop_idle_publisher 15s;
            on_publish {hook}begin/?secret={secret};
            on_publish_done {hook}end/?secret={secret};
            on_update {hook}go-on/?secret={secret};
            notify_update_timeout {seconds}s;
{players}            deny play all;
        }}
"""


@dataclass(frozen=True)
class Nginx:
    binary: Path
    module: Path


def find() -> Nginx | None:
    """nginx with its rtmp module, if both are installed."""
    binary = next(
        (path for each in (shutil.which("nginx"), *_BINARIES) if each and (path := Path(each)).exists()), None
    )
    module = next((path for folder in _MODULES if (path := Path(folder) / _MODULE).exists()), None)
    return Nginx(binary, module) if binary and module else None


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def address(host: str, port: int) -> str:
    """Where this machine reaches what listens on `host`."""
    name = "localhost" if host in EVERYWHERE or is_loopback(host) else bracketed(host)
    return f"rtmp://{name}:{port}"


def hosts(host: str) -> list[str]:
    """What it listens on. It is reached as localhost, which is of the older family alone on many machines."""
    return ["::1", "127.0.0.1"] if host == "::1" else [host]


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def prepare(
    nginx: Nginx,
    folder: Path,
    *,
    listen: tuple[str, int],
    applications: Sequence[str],
    players: Sequence[str],
    web: str,
    secret: str,
) -> list[str]:
    """Write the configuration into `folder`, readable for nobody else; the command that runs it.

    `web` is our own address, which is asked about publishers; only `players` may pull, by address or network. Raises
    ValueError for a name or an address that cannot be one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    host, port = listen
    allowed = "".join(f"            allow play {ip_network(each, strict=False)};\n" for each in players)
    seconds = int(SEEN_EVERY.total_seconds())
    for name in applications:
        if not _APPLICATION.fullmatch(name):
            raise ValueError(f"“{name}” cannot be an application: use letters, digits, “_” and “-”.")
    text = _CONFIGURATION.format(
        module=_quoted(nginx.module),
        pid=_quoted(folder / "nginx.pid"),
        listens="".join(f"        listen {bracketed(each)}:{port};\n" for each in hosts(host)),
        applications="".join(
            _LIVE.format(name=name, hook=f"{web}rtmp/", secret=secret, seconds=seconds, players=allowed)
            for name in applications
        ),
    )
    configuration = folder / "nginx.conf"
    configuration.unlink(missing_ok=True)
    with os.fdopen(os.open(configuration, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    return [str(nginx.binary), "-p", str(folder), "-c", str(configuration), "-e", "stderr"]


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
