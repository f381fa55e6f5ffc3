"""A task's name and key into the queue, once the transaction that made it necessary has been committed."""

import logging
from typing import Any

from celery import current_app
from django.db import transaction

from editing.timeline.clips import Mode

log = logging.getLogger(__name__)

FAST, SLOW, LIVE, CALLBACKS, SYSTEM = "fast", "slow", "live", "callbacks", "system"
EDIT, PREPARE, RECORD, SWEEP = "editing.edit", "editing.prepare", "editing.record", "editing.sweep"
CONVERT, NOTIFY, RECORD_FILE, STILLS = "editing.convert", "editing.notify", "editing.record_file", "editing.stills"


OF_JOBS = (FAST, SLOW)


def of_mode(mode: str) -> str:
    """Copying does not wait behind encoding."""
    return FAST if Mode(mode).copies else SLOW


def modes_of(name: str) -> list[str]:
    """The modes whose jobs go through that queue."""
    return [mode.value for mode in Mode if of_mode(mode) == name]


def send(name: str, *keys: str, queue: str) -> None:
    """Send on commit. A broker that is down is logged, never raised: the row waits, and the sweep sends it again."""
    transaction.on_commit(lambda: _send(name, keys, queue))


def waiting(name: str) -> int | None:
    """How many messages nobody has taken from a queue yet; None where the broker does not answer."""
    try:
        with current_app.connection_for_read() as broker:
            channel: Any = broker.default_channel
            return int(channel.queue_declare(name).message_count)
    except Exception as error:
        log.warning("The broker does not answer: %s", error)
        return None


def _send(name: str, keys: tuple[str, ...], queue: str) -> None:
    try:
        current_app.send_task(name, args=keys, queue=queue, retry=False)
    except Exception as error:
        log.warning("Could not send %s %s to queue %s, the sweep will: %s", name, " ".join(keys), queue, error)
