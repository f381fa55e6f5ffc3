"""A worker that records the jobs whose ids are its arguments, each in a thread, until it is asked to end."""

from __future__ import annotations

import os
import signal
import sys
import threading

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
django.setup()

from editing.worker import lease, record  # noqa: E402 - once the settings are known

signal.signal(signal.SIGTERM, lambda *_: lease.stopping.set())
threads = [threading.Thread(target=record.run, args=(job,)) for job in sys.argv[1:]]
print("ready", flush=True)
for thread in threads:
    thread.start()
while not lease.stopping.wait(0.5):
    pass
for thread in threads:
    thread.join()
