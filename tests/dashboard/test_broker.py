"""The embedded broker on a folder of its own. kombu remembers declared queues per process: each test names its own."""

import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

from dashboard import celery_app


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Connection]:
    assert celery_app  # which says what filesystem:// is
    folders = {name: str(tmp_path / name) for name in ("messages", "processed", "control")}
    for folder in folders.values():
        Path(folder).mkdir()
    options = {
        "data_folder_in": folders["messages"],
        "data_folder_out": folders["messages"],
        "store_processed": True,
        "processed_folder": folders["processed"],
        "control_folder": folders["control"],
    }
    with Connection("filesystem://", transport_options=options) as connection:
        yield connection


def test_messages_come_in_the_order_in_which_they_were_sent(broker: Connection, tmp_path: Path) -> None:
    with broker.SimpleQueue("ordered") as queue:
        for number in range(20):
            queue.put(number)
        found = [queue.get(block=False) for _ in range(20)]
        for message in found:
            message.ack()

    assert [message.payload for message in found] == list(range(20))
    assert list((tmp_path / "messages").iterdir()) == []


def test_no_reader_ever_meets_half_a_message(broker: Connection) -> None:
    def send() -> None:
        with broker.clone() as own, own.SimpleQueue("whole") as queue:
            for number in range(500):
                queue.put({"number": number, "weight": "x" * 20_000})

    thread = threading.Thread(target=send)
    thread.start()
    found: list[int] = []
    with broker.SimpleQueue("whole") as queue:
        while thread.is_alive() or queue.qsize():
            try:
                message = queue.get(block=False)
            except Empty:
                continue
            message.ack()
            found.append(message.payload["number"])
    thread.join()

    assert found == list(range(500))


def test_queues_that_are_declared_at_once_are_all_there(broker: Connection, tmp_path: Path) -> None:
    def declare(number: int) -> None:
        with broker.clone() as own, own.SimpleQueue(f"at-once-{number}") as queue:
            queue.put(number)

    threads = [threading.Thread(target=declare, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = []
    for number in range(20):
        with broker.SimpleQueue(f"at-once-{number}") as queue:
            found.append(queue.get(block=False).payload)
    assert found == list(range(20))
