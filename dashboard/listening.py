"""Addresses that we listen on: who can reach them, what others call them, and whether they are free."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Sequence
from ipaddress import ip_address

from dashboard import rtmp_server


def hosts(host: str) -> list[str]:
    """The names by which browsers may call a server that listens on `host`."""
    names = ["localhost", "127.0.0.1", "[::1]", shown(host)]
    if host in rtmp_server.EVERYWHERE:
        names += [socket.gethostname(), socket.getfqdn(), *own_address()]
    return list(dict.fromkeys(name.lower() for name in names))


def own_address() -> list[str]:
    """The address others reach this machine by; nothing is sent to find it out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))
        return [str(probe.getsockname()[0])]
    return []


def shown(host: str) -> str:
    """The host as a browser on this machine writes it."""
    if host in rtmp_server.EVERYWHERE:
        return "127.0.0.1" if host == rtmp_server.EVERYWHERE[0] else "[::1]"
    return rtmp_server.bracketed(host)


def specific(host: str) -> list[str]:
    """The host, if it is an address that others may come from."""
    try:
        return [] if ip_address(host).is_unspecified else [host]
    except ValueError:
        return []


def outside(address: str, host: str) -> str:
    """An RTMP address of ours as others write it."""
    own = next(iter(own_address()), "") if host in rtmp_server.EVERYWHERE else ""
    return address.replace("//localhost:", f"//{own}:") if own else address


def family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def free_port(wanted: Sequence[str]) -> int:
    """A port on which one can listen at all of these. Raises OSError where there is none at the first."""
    while True:
        with socket.socket(family(wanted[0])) as probe:
            probe.bind((wanted[0], 0))
            found = int(probe.getsockname()[1])
        if not any(bind_problem(host, found) for host in wanted):
            return found


def bind_problem(host: str, port: int) -> str:
    """Why nobody can listen there; nothing if one can."""
    if not 0 < port < 65536:
        return f"{port} is not a port."
    with socket.socket(family(host)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            return f"Port {port} on {host} is taken." if taken else f"Cannot listen on {host}:{port}: {error.strerror}."
    return ""
