"""Pages by cursor: a page never shifts while it is read."""

from __future__ import annotations

from rest_framework.pagination import CursorPagination


class CursorPages(CursorPagination):
    """Newest first, 50 rows a page unless ``limit`` asks for 1 to 500."""

    ordering = "-pk"
    page_size_query_param = "limit"
    max_page_size = 500
