"""What a worker process does besides its tasks. Celery imports this when a worker starts (CELERY_IMPORTS)."""

import threading
from typing import Any

from celery.signals import worker_ready, worker_shutting_down

from editing import queue
from editing.worker import lease, life


@worker_ready.connect
def show_life(sender: Any, **_: Any) -> None:
    """From now on a thread writes this worker's sign of life, and what others lost is looked for at once."""
    queues = ",".join(sorted(each.name for each in sender.task_consumer.queues))
    threading.Thread(target=life.show, args=(sender.hostname, queues), name="life", daemon=True).start()
    queue.send(queue.SWEEP, queue=queue.SYSTEM)


@worker_shutting_down.connect
def give_back_jobs(**_: Any) -> None:
    """Running jobs stop and go back into the queue, so that ending takes a second and not an encode."""
    lease.stopping.set()
