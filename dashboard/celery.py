"""The Celery app. Messages carry only a job's key; the row is the truth, and a sweep finds what a broker loses."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

app = Celery("live-editing-studio")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["editing"])
