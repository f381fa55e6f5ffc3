"""A task's name and key into the queue, once the transaction that made it necessary has been committed."""

import logging

from celery import current_app
from django.db import transaction

from editing.timeline.clips import Mode

log = logging.getLogger(__name__)

FAST, SLOW, SYSTEM = "fast", "slow", "system"
EDIT, SWEEP = "editing.edit", "editing.sweep"


def of_mode(mode: str) -> str:
    """Copying does not wait behind encoding."""
    return FAST if Mode(mode).copies else SLOW


def send(name: str, key: str, *, queue: str) -> None:
    """Send on commit. A broker that is down is logged, never raised: the row waits, and the sweep sends it again."""
    transaction.on_commit(lambda: _send(name, key, queue))


def _send(name: str, key: str, queue: str) -> None:
    try:
        current_app.send_task(name, args=(key,), queue=queue, retry=False)
    except Exception:
        log.exception("Could not send %s %s to queue %s; the sweep will.", name, key, queue)
