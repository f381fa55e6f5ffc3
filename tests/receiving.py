"""A real receiver of callbacks, and signature checks written from what IMS and Standard Webhooks publish."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Any

KEY = "Secret0fReceivers"


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Answers with the next of `answers`, 200 when there are none left: a status, or a function of the request's
    handler. `port` on `host` is where it listens, `received` what has come."""

    host: str = "127.0.0.1"
    port: int = 0
    answers: list[int | Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    scheme: str = "http"

    def url(self, path: str = "/hook") -> str:
        return f"{self.scheme}://{self.host}:{self.port}{path}"

    @property
    def events(self) -> list[Any]:
        return [each.event for each in self.received]


@contextmanager
def receiver(host: str = "127.0.0.1", port: int = 0, tls: SSLContext | None = None) -> Iterator[Receiver]:
    found = Receiver(host, scheme="https" if tls else "http")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.received.append(Received(self.path, headers, body))
            answer = found.answers.pop(0) if found.answers else 200
            if callable(answer):
                answer(self)
                return
            self.send_response(answer)
            self.end_headers()
            self.wfile.write(f"answered {answer}".encode())

        def log_message(self, *_: object) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Who calls may go before we answer."""

    server = Server((host, port), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def is_signed(received: Received, url: str, key: str = KEY) -> bool:
    """Both signatures, each as its own document says."""
    return _ims(received, url, key) and standard(received.headers, received.body, base64.b64encode(key.encode()))


def _ims(received: Received, url: str, key: str) -> bool:
    plain = "|".join((url, received.headers["x-ice-timestamp"], key))
    return received.headers["x-ice-signature"] == hashlib.md5(plain.encode()).hexdigest()


def standard(headers: dict[str, str], body: bytes, secret: bytes) -> bool:
    """Standard Webhooks, version 1, with the part of the secret that follows whsec_."""
    content = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    expected = base64.b64encode(hmac.digest(base64.b64decode(secret), content, "sha256"))
    return any(
        hmac.compare_digest(each.removeprefix("v1,").encode(), expected)
        for each in headers["webhook-signature"].split(" ")
        if each.startswith("v1,")
    )
