"""The two styles of pages that IMS has, and its ranges of time.

MaxResults and NextToken: pages that stay right while rows are added, and cost the same however far in they are.
PageNo and PageSize: numbered pages, with the count of all rows.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeVar

from django.db.models import Model, Q, QuerySet

from editing.rpc.errors import invalid
from editing.rpc.operation import Call
from editing.rpc.params import Param, instant, integer, optional, text
from editing.services.paging import rows_at
from editing.timeline.instant import SECOND, from_datetime, to_datetime

Row = TypeVar("Row", bound=Model)
Rows: TypeAlias = QuerySet[Row]
MAX_RESULTS = optional("MaxResults", integer(1, 100), 10)
NEXT_TOKEN = optional("NextToken", text(most=128), "")
PAGE_NO, PAGE_SIZE = optional("PageNo", integer(1, 1_000_000), 1), optional("PageSize", integer(1, 100), 10)
START_TIME, END_TIME = (optional(name, instant, None) for name in ("StartTime", "EndTime"))


def page(call: Call, rows: QuerySet[Row], *, oldest_first: bool) -> tuple[list[Row], str]:
    """The rows of this page by `created_at`, and the token of the next one: empty after the last."""
    most, token = call[MAX_RESULTS], call[NEXT_TOKEN]
    ordered = rows.order_by(*(("created_at", "pk") if oldest_first else ("-created_at", "-pk")))
    if token:
        at, key = _position(token)
        edge = "gte" if oldest_first else "lte"
        seen = "lte" if oldest_first else "gte"
        ordered = ordered.filter(**{f"created_at__{edge}": at}).exclude(Q(created_at=at, **{f"pk__{seen}": key}))
    found = rows_at(ordered, 0, most + 1)
    return found[:most], _token(found[most - 1]) if len(found) > most else ""


def numbered(
    call: Call, rows: Rows[Row], by: str, *, oldest_first: bool, size: Param[int] = PAGE_SIZE
) -> tuple[list[Row], dict[str, int]]:
    """The rows of the page that is asked for by the column `by`, and what answers say of it."""
    sign = "" if oldest_first else "-"
    number, most = call[PAGE_NO], call[size]
    found = rows_at(rows.order_by(f"{sign}{by}", f"{sign}pk"), (number - 1) * most, most)
    return found, {"PageNo": number, "PageSize": most, "TotalCount": rows.count()}


def created_within(call: Call, *, days: int) -> Q:
    """From StartTime to EndTime, at most so many days apart; either may be left out."""
    start, end = call[START_TIME], call[END_TIME]
    if start is not None and end is not None and not 0 <= end - start <= days * 24 * 3600 * SECOND:
        raise invalid(END_TIME.name, f"It lies up to {days} days after StartTime.")
    wanted = Q() if start is None else Q(created_at__gte=to_datetime(start))
    return wanted & (Q() if end is None else Q(created_at__lte=to_datetime(end)))


def _token(row: Any) -> str:
    position = f"{from_datetime(row.created_at)}:{row.pk}"
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def _position(token: str) -> tuple[datetime, str]:
    try:
        text = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4)).decode("ascii")
        micros, _, key = text.partition(":")
        if not key.isalnum():
            raise ValueError(key)
        return to_datetime(int(micros)).astimezone(UTC), key
    except (ValueError, OverflowError, binascii.Error):
        raise invalid(NEXT_TOKEN.name, "Give the one that the page before came with.") from None


def direction(name: str, ascending: str, descending: str, *, default: str = "") -> Param[str]:
    """A SortBy whose two words are these; both are compared whatever their case. Without one, descending."""

    def read(value: object, path: str) -> str:
        word = str(value).lower()
        if word not in (ascending.lower(), descending.lower()):
            raise invalid(path, f"It must be {descending} or {ascending}.")
        return word

    return optional(name, read, default or descending.lower())
