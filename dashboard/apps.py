from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class DashboardConfig(AppConfig):
    name = "dashboard"


class ConsoleConfig(AdminConfig):
    """The admin, with our own door. Not a module of editing.admin: that one registers on the site it would make."""

    default_site = "dashboard.console.Console"
