"""Connections: pages of a list by cursor."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from sandbox.server import Json
from sandbox.shopify.errors import TopError

MOST = 250


def connection(
    found: Sequence[Any], sent: Json, *, key: Callable[[Any], Any], is_bulk: bool = False, argument: str = "field"
) -> Json:
    """Return one page of ``found``, which is sorted by ``key`` already: unique, and comparable as JSON.

    A cursor says behind which key to go on, so a page does not shift when something before it comes or goes. Raises
    TopError for a page that is too large, or of no size.
    """
    rows = list(reversed(found)) if sent.get("reverse") else list(found)
    if is_bulk:
        return _page(rows, key, before=False, after=False)
    first, last = sent.get("first"), sent.get("last")
    if (first is None) == (last is None):
        raise TopError("BAD_REQUEST", "you must provide one of first or last")
    for name, size in (("first", first), ("last", last)):
        if size is not None and not 0 <= size <= MOST:
            message = f"{name} cannot be {size}: it must be between 0 and {MOST} ({argument})."
            raise TopError("BAD_REQUEST", message)
    start, end = 0, len(rows)
    if sent.get("after"):
        start = _behind(rows, _read(sent["after"]), key, reverse=bool(sent.get("reverse")))
    if sent.get("before"):
        end = _behind(rows, _read(sent["before"]), key, reverse=bool(sent.get("reverse")), inclusive=False)
    size = first if first is not None else last
    assert size is not None  # noqa: S101 - one of them is given
    if first is not None:
        shown = rows[start : min(start + size, end)]
        return _page(shown, key, before=start > 0, after=start + len(shown) < len(rows))
    shown = rows[max(start, end - size) : end]
    return _page(shown, key, before=end - len(shown) > 0, after=end < len(rows))


def _page(rows: Sequence[Any], key: Callable[[Any], Any], *, before: bool, after: bool) -> Json:
    cursors = [_cursor(key(row)) for row in rows]
    return {
        "edges": [{"cursor": cursor, "node": row} for cursor, row in zip(cursors, rows, strict=True)],
        "nodes": rows,
        "pageInfo": {
            "hasNextPage": after,
            "hasPreviousPage": before,
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
    }


def _behind(
    rows: Sequence[Any], wanted: Any, key: Callable[[Any], Any], *, reverse: bool, inclusive: bool = True
) -> int:
    """Return the place of the first row behind ``wanted``, or of it itself when not ``inclusive``."""
    for place, row in enumerate(rows):
        found = json.loads(json.dumps(key(row)))
        if found == wanted:
            return place + 1 if inclusive else place
        if (found < wanted) if reverse else (found > wanted):
            return place
    return len(rows)


def _cursor(key: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _read(cursor: str) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(cursor))
    except ValueError:
        raise TopError("BAD_REQUEST", "Invalid cursor for current pagination sort.") from None
