"""The Django project and its pages. The Celery app is loaded here so that the web process sends to our broker."""

from dashboard.celery import app as celery_app

__all__ = ["celery_app"]
