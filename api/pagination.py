"""Pages by cursor: a page never shifts while it is read."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView

_MAX_ID = 2**63 - 1


class CursorPages(CursorPagination):
    """Newest first, 50 rows a page unless ``limit`` asks for 1 to 500."""

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "limit"
    page_size_query_description = "Rows on a page, 1 to 500; 50 unless given."
    cursor_query_description = "Where the page begins: take it from next or previous of the page before."
    max_page_size = 500

    def get_page_size(self, request: Request) -> int:
        text = request.query_params.get("limit")
        if text is None:
            return 50
        if not (text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= self.max_page_size):
            raise ValidationError({"limit": f"Ask for 1 to {self.max_page_size} rows."})
        return int(text)

    def decode_cursor(self, request: Request) -> Cursor | None:
        try:
            cursor = super().decode_cursor(request)
        except Exception as error:  # the framework's own decoder lets several kinds of garbage through
            raise self._not_ours() from error
        if cursor is None or cursor.position is None:
            return cursor
        position = str(cursor.position)
        if not (position.isascii() and position.isdecimal() and len(position) < 20 and int(position) <= _MAX_ID):
            raise self._not_ours()
        return cursor

    def _not_ours(self) -> ValidationError:
        return ValidationError({"cursor": "Take the cursor from next or previous of another page, unchanged."})

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"] = {"type": "integer", "minimum": 1, "maximum": self.max_page_size, "default": 50}
        return parameters

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = super().get_paginated_response_schema(schema)
        answer["required"] = ["next", "previous", "results"]
        examples = {"next": "https://stock.example.com/api/v1/skus/?cursor=cD00MQ%3D%3D", "previous": None}
        for name, example in examples.items():
            answer["properties"][name] = {"type": ["string", "null"], "format": "uri", "example": example}
        return answer
