"""The Celery app. Messages carry only a job's key; the row is the truth, and a sweep finds what a broker loses."""

import os
import warnings

from celery import Celery
from celery.exceptions import SecurityWarning

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

# The warning is about pickled messages from a broker that others can write to; ours are JSON.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("live-editing-studio")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["editing"])
