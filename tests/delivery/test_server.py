"""The same server as in `manage.py up`, asked over a socket: what only shows on the wire."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.client import HTTPConnection

import pytest
from django.db import connections
from waitress import wasyncore
from waitress.server import create_server

from dashboard.wsgi import application
from editing import storage
from editing.models import Bucket
from editing.services import links

CONTENT = bytes(range(256)) * 4096


@pytest.fixture
def address(transactional_db: None) -> str:
    media = Bucket.objects.get(name="media")
    storage.save_bytes(CONTENT, media, "a.mp4")
    return links.file_url(media, "a.mp4")


@pytest.fixture
def connection(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPConnection]:
    """A connection that is kept open over several requests to a server with a single thread."""
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    server = create_server(application, host="127.0.0.1", port=0, threads=1, clear_untrusted_proxy_headers=True)
    thread = threading.Thread(target=server.run)
    thread.start()
    client = HTTPConnection("127.0.0.1", server.effective_port, timeout=10)
    try:
        yield client
    finally:
        client.close()
        bye = HTTPConnection("127.0.0.1", server.effective_port, timeout=10)
        bye.request("GET", "/files/media/unsigned.mp4")  # an answer without a file ends the thread's database session
        bye.getresponse().read()
        bye.close()
        server.trigger.pull_trigger(partial(wasyncore.close_all, server._map))
        thread.join()
        server.task_dispatcher.shutdown()


def ask(connection: HTTPConnection, method: str, address: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    connection.request(method, address, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read(), dict(answer.getheaders())


def test_whole_part_and_head_follow_each_other_on_one_connection(connection: HTTPConnection, address: str) -> None:
    assert ask(connection, "GET", address)[:2] == (200, CONTENT)

    status, body, headers = ask(connection, "GET", address, Range="bytes=1000-300999")
    assert (status, body, headers["Content-Length"]) == (206, CONTENT[1000:301000], "300000")

    status, body, headers = ask(connection, "HEAD", address)
    assert (status, body, headers["Content-Length"]) == (200, b"", str(len(CONTENT)))
    status, body, headers = ask(connection, "HEAD", address, Range="bytes=0-9")
    assert (status, body, headers["Content-Range"]) == (206, b"", f"bytes 0-9/{len(CONTENT)}")

    assert ask(connection, "GET", address, Range="bytes=-1")[:2] == (206, CONTENT[-1:])


def test_slow_readers_do_not_keep_the_only_thread(connection: HTTPConnection, address: str) -> None:
    slow = [HTTPConnection("127.0.0.1", connection.port, timeout=10) for _ in range(3)]
    for each in slow:
        each.request("GET", address, headers={"Range": "bytes=0-"})
    begun = [each.getresponse() for each in slow]

    assert ask(connection, "GET", address, Range="bytes=5-9")[:2] == (206, CONTENT[5:10])

    assert [answer.read() for answer in begun] == [CONTENT] * 3
    for each in slow:
        each.close()
