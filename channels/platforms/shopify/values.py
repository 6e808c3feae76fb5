"""Values out of Shopify's JSON, read safely. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from channels.contract import BadPayload

# Shopify's own limit on a quantity.
LARGEST_QUANTITY = 10**9
LARGEST_ID = 2**63 - 1

Json = Mapping[str, Any]
"""One JSON object as it came over the wire."""

_UNSTORABLE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


def decode(body: bytes | str) -> Any:
    """Return the JSON value. Raises ValueError, also for nesting that is too deep to be honest."""
    try:
        raw = body if isinstance(body, str) else body.decode("utf-8")
        value = json.loads(raw)
        # No database keeps a NUL or half a surrogate pair; both are legal in JSON.
        return _storable(value) if _UNSTORABLE.search(raw) else value
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(each) for name, each in value.items()}
    return value


def whole(value: object) -> int | None:
    """Return a quantity, or None unless it is a whole number of sane size. A boolean is none, nor is 5.0."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST_QUANTITY:
        return None
    return value


def text(value: object) -> str:
    """Return a text, or an empty one for anything else."""
    return value if isinstance(value, str) else ""


def inner(value: object) -> Json:
    """Return an object, or an empty one for anything else, null included."""
    return value if isinstance(value, dict) else {}


def nodes(value: object) -> list[Json]:
    """Return the nodes of a connection. Raises BadPayload when it is none or one of them is not an object."""
    found = inner(value).get("nodes")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise BadPayload("Shopify's answer lacks a list that was asked for.")
    return found


def end_of(value: object) -> str:
    """Return where a connection goes on; "" at its end."""
    page = inner(inner(value).get("pageInfo"))
    return text(page.get("endCursor")) if page.get("hasNextPage") is True else ""


def moment(value: object) -> datetime | None:
    """Read ``2026-11-20T09:12:33Z``; None for anything else."""
    try:
        found = datetime.fromisoformat(text(value).replace("Z", "+00:00"))
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):  # the latter: the first or last day of the calendar, in another time zone
        return None
