"""Bytes on a socket of the running server: what only shows on the wire."""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from tests.installation import Installation
from tests.rpc.calling import Caller, acs3_headers

pytestmark = pytest.mark.servers
FORM = "application/x-www-form-urlencoded"


def head(line: str, headers: dict[str, str]) -> bytes:
    return "\r\n".join([line, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode()


def exchange(studio: Installation, *requests: list[bytes]) -> list[tuple[int, Any]]:
    """Send requests over one connection, each in the pieces it is given in; statuses and JSON of the answers."""
    answers = []
    with (
        socket.create_connection(("127.0.0.1", studio.port), timeout=10) as connection,
        connection.makefile("rb") as got,
    ):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for pieces in requests:
            for piece in pieces:
                connection.sendall(piece)
            status = int(got.readline().split()[1])
            headers = dict(line.decode().lower().strip().split(": ", 1) for line in iter(got.readline, b"\r\n"))
            answers.append((status, json.loads(got.read(int(headers["content-length"])))))
    return answers


def get_job(studio: Installation, operator: Caller, job: str, *, written: str) -> list[bytes]:
    query = [("JobId", job)]
    host = {"host": f"127.0.0.1:{studio.port}", "content-length": "0"}
    headers = acs3_headers(operator, "GetLiveEditingJob", "POST", query, b"", host)
    return [head(f"POST /?JobId={written} HTTP/1.1", headers)]


def test_a_request_line_of_64_kb_arrives(studio: Installation, operator: Caller) -> None:
    clips = json.dumps([{"StartTime": "2026-11-20T10:00:01Z", "EndTime": "2026-11-20T10:00:02Z"}] * 900)
    query = [("Clips", clips), ("LiveStreamConfig", '{"AppName":"live","DomainName":"example.com"}')]
    host = {"host": f"127.0.0.1:{studio.port}"}
    headers = acs3_headers(operator, "SubmitLiveEditingJob", "POST", query, b"", host)
    line = f"POST /?{'&'.join(f'{name}={quote(value)}' for name, value in query)} HTTP/1.1"
    assert len(line) > 64 * 1024

    ((status, body),) = exchange(studio, [head(line, {**headers, "content-length": "0"})])

    # It is understood to its very end: what is missing there is found.
    assert (status, body["Code"]) == (400, "MissingParameter")
    assert '"LiveStreamConfig.StreamName"' in body["Message"]


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_a_chunked_form_arrives_whole(studio: Installation, operator: Caller, size: int) -> None:
    body = f"JobId={'a+b' * 10}{'%C3%A9'}&Nothing={'x' * 5000}".encode()
    more = {"host": f"127.0.0.1:{studio.port}", "content-type": FORM}
    headers = acs3_headers(operator, "GetLiveEditingJob", "POST", [], body, more)
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    framed = [f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in chunks]

    ((status, answer),) = exchange(
        studio, [head("POST / HTTP/1.1", {**headers, "transfer-encoding": "chunked"}), *framed, b"0\r\n\r\n"]
    )

    assert (status, answer["Code"]) == (404, "ResourceNotFound")
    assert f"There is no job {'a b' * 10}é " in answer["Message"]


def test_a_form_of_a_megabyte_arrives(studio: Installation, operator: Caller) -> None:
    body = b"JobId=abc&Timeline=" + b"%7B" * 350_000
    more = {"host": f"127.0.0.1:{studio.port}", "content-type": FORM}
    headers = acs3_headers(operator, "GetLiveEditingJob", "POST", [], body, more)

    ((status, answer),) = exchange(
        studio, [head("POST / HTTP/1.1", {**headers, "content-length": str(len(body))}), body]
    )

    assert (status, answer["Code"]) == (404, "ResourceNotFound")


@pytest.mark.parametrize(
    "encode", [quote, quote_plus, lambda text: quote(text, safe="*~"), lambda text: quote(text, safe="/:")]
)
def test_all_ways_to_write_a_parameter_mean_the_same(studio: Installation, operator: Caller, encode: Any) -> None:
    strange = "a b*~é/:&=+%"

    ((status, answer),) = exchange(studio, get_job(studio, operator, strange, written=encode(strange)))

    assert (status, answer["Code"]) == (404, "ResourceNotFound")
    assert f"There is no job {strange} of" in answer["Message"]


def test_calls_follow_each_other_on_one_connection(studio: Installation, operator: Caller) -> None:
    calls = [get_job(studio, operator, f"job{number}", written=f"job{number}") for number in range(3)]

    answers = exchange(studio, *calls)

    assert [status for status, _ in answers] == [404] * 3
    assert [answer["Message"].split()[4] for _, answer in answers] == ["job0", "job1", "job2"]
