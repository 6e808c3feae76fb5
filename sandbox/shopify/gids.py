"""Global ids, ``gid://shopify/InventoryItem/123``, and what they name."""

from __future__ import annotations

import re

from sandbox.shopify.records import Level, Location

_GID = re.compile(r"gid://shopify/(\w+)/(\d{1,19})(?:\?inventory_item_id=(\d{1,19}))?")


def gid(kind: str, number: int) -> str:
    return f"gid://shopify/{kind}/{number}"


def level_gid(level: Level, location: Location) -> str:
    """The number before the question mark is the same for every item of the location, and not the location's id."""
    return f"gid://shopify/InventoryLevel/{location.level_number}?inventory_item_id={level.item_id}"


def parts(text: str) -> tuple[str, int, int | None]:
    """Return (kind, number, item of a level). Raises ValueError."""
    match = _GID.fullmatch(text)
    if match is None:
        raise ValueError(f"Invalid global id '{text}'")
    return match[1], int(match[2]), int(match[3]) if match[3] else None


def number_of(text: str, kind: str) -> int | None:
    """Return the number of a global id of this kind; None for anything else. A bare number is taken, too."""
    if text.isdigit():
        return int(text)
    try:
        found, number, _ = parts(text)
    except ValueError:
        return None
    return number if found == kind else None
