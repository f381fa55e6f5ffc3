"""Pages of long lists. The keys of a page are found first, in an index; then its rows alone are read and joined."""

from __future__ import annotations

from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


def rows_at(ordered: QuerySet[Row], first: int, count: int) -> list[Row]:
    """So many of the ordered rows from the `first` on. What has gone between the two queries is left out."""
    keys = list(ordered.values_list("pk", flat=True)[first : first + count])
    found = ordered.in_bulk(keys) if keys else {}
    return [found[key] for key in keys if key in found]


class KeyPaginator(Paginator):  # type: ignore[type-arg] # it takes one for type checkers alone
    """Django's, of a queryset that is ordered."""

    def page(self, number: int | str) -> Page[Any]:
        valid = self.validate_number(number)
        rows: Any = self.object_list
        found = rows_at(rows, (valid - 1) * self.per_page, self.per_page) if self.count else []
        return Page(found, valid, self)
