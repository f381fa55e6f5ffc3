"""The Celery app. Messages carry only a job's key; the row is the truth, and a sweep finds what a broker loses."""

import os
import warnings

from celery import Celery
from celery.exceptions import SecurityWarning
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

# The warning is about pickled messages from a broker that others can write to; ours are JSON.
warnings.filterwarnings("ignore", category=SecurityWarning)

TRANSPORT_ALIASES["filesystem"] = "dashboard.broker:Transport"

app = Celery("live-editing-studio")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["editing"])
