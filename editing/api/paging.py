"""Paging for lists of the API."""

from rest_framework.pagination import CursorPagination, PageNumberPagination


class Pages(PageNumberPagination):
    """`?page=` from 1 and `?page_size=` up to 500."""

    page_size_query_param = "page_size"
    max_page_size = 500


class SegmentPages(CursorPagination):
    """By cursor: counting the segments of a year takes longer than reading a page of them."""

    ordering = "sequence"
    page_size = 200
    page_size_query_param = "page_size"
    max_page_size = 2000
