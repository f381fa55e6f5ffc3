"""A worker process's sign of life."""

import logging

from django.db import DatabaseError, connection
from django.utils import timezone

from editing.models import Worker
from editing.worker.lease import stopping

log = logging.getLogger(__name__)
_EVERY = 4


def show(name: str, queues: str) -> None:
    """Write that this worker is alive, every few seconds until the process ends."""
    begun = timezone.now()
    while True:
        try:
            Worker.objects.update_or_create(
                name=name, defaults={"queues": queues, "started_at": begun, "seen_at": timezone.now()}
            )
        except DatabaseError:
            log.warning("The sign of life could not be written.", exc_info=True)
        connection.close()
        if stopping.wait(_EVERY):
            break
    Worker.objects.filter(name=name).delete()
    connection.close()
