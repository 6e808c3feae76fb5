"""Search by ``query:``: a few filters, and a warning instead of an error for any other."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.server import Json
from sandbox.shopify.moments import read

_TERM = re.compile(r"(\w+):(>=|<=|>|<)?('[^']*'|\"[^\"]*\"|\S+)")

Field = Callable[[Any], Any]
"""Returns what a row has in a filter: a number of seconds, an id, or a text."""


def search(
    rows: Sequence[Any], query: str | None, fields: Mapping[str, Field], path: str, warnings: list[Json]
) -> list[Any]:
    """Return the rows that match all terms. An unknown field matches everything and leaves a warning behind."""
    found = list(rows)
    said: list[Json] = []
    for name, operator, quoted in _TERM.findall(query or ""):
        value = quoted.strip("'\"")
        if name not in fields:
            message = "Invalid search field for this query."
            said.append({"field": name, "message": message, "code": "invalid_field"})
            continue
        found = [row for row in found if _matches(fields[name](row), operator or "=", value)]
    if said:
        warnings.append({"path": [path], "query": query, "parsed": {}, "warnings": said})
    return found


def _matches(present: Any, operator: str, value: str) -> bool:
    if isinstance(present, float):
        wanted: Any = read(value)
        # Shopify keeps whole seconds.
        present, wanted = int(present), int(wanted)
    elif isinstance(present, int):
        wanted = int(value)
    else:
        # Tokenised: an exact SKU also finds those that contain it as a word.
        words = re.split(r"[^0-9a-z]+", str(present).lower())
        return all(word in words for word in re.split(r"[^0-9a-z]+", value.lower()))
    return bool(
        {
            "=": present == wanted,
            ">=": present >= wanted,
            "<=": present <= wanted,
            ">": present > wanted,
            "<": present < wanted,
        }[operator]
    )
