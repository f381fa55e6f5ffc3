"""Querysets that all models share."""

from typing import Any, Self

from django.db import models

from editing.models.roles import Verb, can


class SeenByRole(models.QuerySet[Any]):
    """Rows that everybody with a role may see, and nobody else."""

    def visible_to(self, user: Any) -> Self:
        return self.all() if can(user, Verb.SEE) else self.none()
