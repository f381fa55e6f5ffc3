"""The Celery app. Messages carry only a job's key; the row is the truth, and a sweep finds what a broker loses."""

import os
import threading
import warnings
from typing import Any

from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import worker_ready, worker_shutting_down

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

# The warning is about pickled messages from a broker that others can write to; ours are JSON.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("live-editing-studio")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["editing"])


@worker_ready.connect
def show_life(sender: Any, **_: Any) -> None:
    """From now on a thread writes this worker's sign of life, and what others lost is looked for at once."""
    from editing.worker import life  # noqa: PLC0415 - models load after the app registry

    queues = ",".join(sorted(queue.name for queue in sender.task_consumer.queues))
    threading.Thread(target=life.show, args=(sender.hostname, queues), name="life", daemon=True).start()
    app.send_task("editing.sweep", queue="system")


@worker_shutting_down.connect
def give_back_jobs(**_: Any) -> None:
    """Running jobs stop and go back into the queue, so that ending takes a second and not an encode."""
    from editing.worker import lease  # noqa: PLC0415 - models load after the app registry

    lease.stopping.set()
