"""Paging for lists of the API."""

from rest_framework.pagination import PageNumberPagination


class Pages(PageNumberPagination):
    """`?page=` from 1 and `?page_size=` up to 500."""

    page_size_query_param = "page_size"
    max_page_size = 500
