"""Paging for lists of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination, PageNumberPagination

from editing.services.paging import KeyPaginator

if TYPE_CHECKING:  # rest_framework.generics reads the settings that name a class of this module
    from rest_framework.request import Request


def _page_size(request: Request, default: int | None, most: int) -> int:
    """Raises ValidationError instead of taking the default for what is not a number: that would hide a mistake."""
    text = request.query_params.get("page_size", str(default))
    if not (text.isdecimal() and text.isascii() and len(text) < 10 and 1 <= int(text) <= most):
        raise ValidationError({"page_size": [f"Give a number from 1 to {most}."]})
    return int(text)


class Pages(PageNumberPagination):
    """`?page=` from 1 and `?page_size=` up to 500."""

    django_paginator_class = KeyPaginator
    page_size_query_param = "page_size"
    max_page_size = 500

    def get_page_size(self, request: Request) -> int:
        return _page_size(request, self.page_size, self.max_page_size)


class SegmentPages(CursorPagination):
    """By cursor: counting the segments of a year takes longer than reading a page of them."""

    ordering = "sequence"
    page_size = 200
    page_size_query_param = "page_size"
    max_page_size = 2000

    def get_page_size(self, request: Request) -> int:
        return _page_size(request, self.page_size, self.max_page_size)

    def decode_cursor(self, request: Request) -> Cursor | None:
        cursor = super().decode_cursor(request)
        if cursor and cursor.position and not str(cursor.position).isdecimal():
            raise NotFound(self.invalid_cursor_message)
        return cursor
