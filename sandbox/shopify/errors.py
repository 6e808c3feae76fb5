"""Errors at the top of a GraphQL answer, and errors of a user in its payload."""

from __future__ import annotations

from collections.abc import Sequence

from graphql import GraphQLError

from sandbox.server import Json


class TopError(GraphQLError):
    """An error with ``extensions.code``; the field it stands at is null in ``data``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message, extensions={"code": code})


def user_error(message: str, field: Sequence[str] | None = None, code: str | None = None) -> Json:
    """Return one entry of ``userErrors``; indexes in ``field`` are written as text."""
    return {"field": list(field) if field is not None else None, "message": message, "code": code}
