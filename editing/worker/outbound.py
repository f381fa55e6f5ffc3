"""Requests to addresses that users name, which must not lead into the networks that we stand in.

A name is looked up once and the connection goes to the very address that was checked: a name that means something
else a moment later changes nothing. Redirects are not followed, proxies not asked, certificates checked.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

_LONGEST_ANSWER = 2048
_TRANSLATED = IPv6Network("64:ff9b::/96")
_NEVER: tuple[IPv4Network | IPv6Network, ...] = (
    IPv4Network("168.63.129.16"),  # public by its number, but the machine's own host on Azure
    *(IPv6Network(each) for each in ("::/96", "2002::/16", "2001::/32")),  # tunnels to IPv4 addresses
)
Address = IPv4Address | IPv6Address


class NotReached(Exception):
    """There was no answer; the message says why."""


@dataclass(frozen=True)
class Answer:
    """`text` is the beginning of the body, `wait` for how many seconds we were asked to stay away."""

    status: int
    text: str
    wait: int = 0

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


def post(url: str, body: bytes, headers: Mapping[str, str], *, within: float) -> Answer:
    """Send `body` to an http(s) address. Raises NotReached, also where all of it takes longer than `within` seconds."""
    deadline = time.monotonic() + within
    try:
        parts = urlsplit(url)
        with _connect(parts, deadline) as sock:
            return _exchange(parts, sock, deadline, body, headers)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NotReached(_why(error)) from error


def is_reachable(address: Address) -> bool:
    """Whether we may send there: public addresses, and those in CALLBACK_NETWORKS."""
    if isinstance(address, IPv6Address):
        translated = IPv4Address(int(address) & 0xFFFFFFFF) if address in _TRANSLATED else None
        address = address.ipv4_mapped or translated or address
    if any(address in network for network in settings.CALLBACK_NETWORKS):
        return True
    special = address.is_multicast or address.is_reserved or getattr(address, "is_site_local", False)
    return address.is_global and not special and not any(address in network for network in _NEVER)


def _connect(parts: SplitResult, deadline: float) -> socket.socket:
    """To the first address of the host that we may reach and that answers."""
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    failure: OSError | None = None
    for family, kind, protocol, _, target in _found(host, port):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(_left(deadline))
            sock.connect(target)
            return _secured(sock, host) if parts.scheme == "https" else sock
        except OSError as error:
            sock.close()
            failure = error
    raise failure or NotReached(f"{host} leads into a network that callbacks may not reach (CALLBACK_NETWORKS).")


def _found(host: str, port: int) -> list[Any]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotReached(f"The name {host} cannot be resolved.") from None
    return [each for each in found if is_reachable(ip_address(str(each[4][0]).partition("%")[0]))]


def _secured(sock: socket.socket, host: str) -> socket.socket:
    return ssl.create_default_context().wrap_socket(sock, server_hostname=host)


def _exchange(
    parts: SplitResult, sock: socket.socket, deadline: float, body: bytes, headers: Mapping[str, str]
) -> Answer:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection: Any = http.client.HTTPConnection(parts.hostname or "")
    connection.sock = _Timed(sock, deadline)
    host = parts.netloc.rpartition("@")[2]
    connection.request("POST", target, body, {"Host": host, "Connection": "close", **headers})
    response = connection.getresponse()
    text = response.read(_LONGEST_ANSWER).decode(errors="replace").replace("\0", "")
    asked = response.headers.get("Retry-After", "")
    return Answer(response.status, text, int(asked) if asked.isdecimal() and asked.isascii() and len(asked) < 9 else 0)


class _Timed:
    """As much of a socket as http.client uses, over which all together must be done by `deadline`: a receiver that
    sends a byte a second would outlast any time limit on single reads."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(_left(self._deadline))
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._sock, self._deadline))

    def close(self) -> None:
        """Whoever opened it closes it."""


class _Incoming(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(_left(self._deadline))
        return self._sock.recv_into(buffer)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "It did not answer in time."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"Its certificate is not good: {error.verify_message}."
    if isinstance(error, http.client.HTTPException):
        return f"It did not answer in HTTP ({type(error).__name__})."
    return f"It cannot be reached: {getattr(error, 'strerror', None) or error}."
