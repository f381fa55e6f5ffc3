from django.apps import AppConfig
from django.db.models.signals import post_migrate


class EditingConfig(AppConfig):
    name = "editing"

    def ready(self) -> None:
        from editing.models.defaults import create_defaults  # noqa: PLC0415 - models load after the app registry

        post_migrate.connect(create_defaults, sender=self)
