from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class DashboardConfig(AppConfig):
    name = "dashboard"


class ConsoleConfig(AdminConfig):
    """The admin, with our own door."""

    default_site = "editing.admin.site.Console"
