"""A server in front of a storage that keeps a log of its requests and takes its time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from urllib.parse import urlsplit

SOON = 10.0
"""Seconds within which work that takes much longer ends once it is cancelled, however busy the machine is."""
_BLOCK = 1 << 16
_HOP = {"connection", "transfer-encoding", "content-length", "date", "server"}


@dataclass
class Request:
    """`begun` and `ended` are on the monotonic clock; `range` is as it was asked for."""

    method: str
    path: str
    range: str
    begun: float
    ended: float = 0.0


@dataclass
class Front:
    """`delay` is how many seconds an answer to a GET takes, `breaks` how many GETs break off in their middle, `rate`
    how many bytes a second it takes of what is sent to it; while `stuck` is set it takes nothing. What is larger than
    `most` it `refuses` with a status and a code, if it has one. Once it is `over` no answer is delayed any more."""

    endpoint: str = ""
    delay: float = 0.0
    breaks: int = 0
    rate: int = 0
    refuses: tuple[int, str] | None = None
    most: int = 0
    stuck: Event = field(default_factory=Event)
    over: Event = field(default_factory=Event)
    requests: list[Request] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def of(self, method: str) -> list[Request]:
        with self.lock:
            return [each for each in self.requests if each.method == method]

    def most_at_once(self, method: str) -> int:
        times = [(each.begun, 1) for each in self.of(method)] + [(each.ended, -1) for each in self.of(method)]
        most = now = 0
        for _, step in sorted(times):
            now += step
            most = max(most, now)
        return most


@contextmanager
def front(behind: str) -> Iterator[Front]:
    """A front for the server at the address `behind`."""
    state = Front()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state, urlsplit(behind).netloc))
    server.daemon_threads = True
    state.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, daemon=True).start()
    yield state
    state.over.set()
    state.stuck.clear()
    server.shutdown()
    server.server_close()


def _handler(front: Front, behind: str) -> type[BaseHTTPRequestHandler]:
    return type("Handler", (_Handler,), {"front": front, "behind": behind})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    front: Front
    behind: str

    def answer(self) -> None:
        seen = Request(self.command, self.path, self.headers.get("Range", ""), time.monotonic())
        with self.front.lock:
            self.front.requests.append(seen)
        body = self._body()
        status, headers, data = self._refused(body) or self._asked(body)
        if self.command == "GET":
            self.front.over.wait(self.front.delay)
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _HOP or (self.command == "HEAD" and name.lower() == "content-length"):
                self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(self._broken(data))
        seen.ended = time.monotonic()

    def _refused(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes] | None:
        if not self.front.refuses or self.command != "PUT" or len(body) <= self.front.most:
            return None
        status, code = self.front.refuses
        said = f"<Error><Code>{code}</Code><Message>There is no room for it.</Message></Error>"
        return status, [("Content-Type", "application/xml")], said.encode()

    def _asked(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """What the server behind answers."""
        connection = HTTPConnection(self.behind)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "expect"}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        found = answer.status, answer.getheaders(), answer.read()
        connection.close()
        return found

    def _broken(self, data: bytes) -> bytes:
        if self.command != "GET" or not self.front.breaks or len(data) < 2:
            return data
        self.front.breaks -= 1
        self.close_connection = True
        return data[: len(data) // 2]

    def _body(self) -> bytes:
        length, body = int(self.headers.get("Content-Length") or 0), b""
        while len(body) < length:
            while self.front.stuck.is_set():
                time.sleep(0.02)
            block = self.rfile.read(min(_BLOCK, length - len(body)))
            if not block:
                raise ConnectionAbortedError
            body += block
            time.sleep(len(block) / self.front.rate if self.front.rate else 0)
        return body

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        return

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer  # noqa: N815
