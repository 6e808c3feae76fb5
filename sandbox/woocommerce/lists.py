"""Filtering and ordering of lists, over the JSON that would be answered."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.server import Json, Request
from sandbox.woocommerce.rest import asked_for
from sandbox.woocommerce.wire import Wire

_BOUNDS: dict[str, tuple[str, Callable[[int, int], bool]]] = {
    "after": ("created", lambda at, bound: at > bound),
    "before": ("created", lambda at, bound: at < bound),
    "modified_after": ("modified", lambda at, bound: at > bound),
    "modified_before": ("modified", lambda at, bound: at < bound),
}


def filtered(items: list[Json], request: Request, wire: Wire) -> list[Json]:
    """Return the items that a query asks for, in the order it asks for: newest first, unless told otherwise.

    Bounds are strict, and dates are stamped in whole seconds.
    """
    query = request.query
    is_gmt = asked_for(request, "dates_are_gmt")
    for name, (which, holds) in _BOUNDS.items():
        if name in query:
            bound = wire.moment(query[name], is_gmt=is_gmt)
            items = [
                item
                for item in items
                if item[f"date_{which}_gmt"] and holds(wire.moment(item[f"date_{which}_gmt"], is_gmt=True), bound)
            ]
    for name, keeps in (("include", True), ("exclude", False)):
        wanted = {int(part) for part in query.get(name, "").split(",") if part.strip().isdigit()}
        if wanted:
            items = [item for item in items if (item["id"] in wanted) is keeps]
    for name in ("type", "stock_status", "status"):
        values = set(query.get(name, "").split(",")) - {"", "any"}
        if values:
            items = [item for item in items if item.get(name) in values]
    for name, key in (("search_sku", "sku"), ("search", "name")):
        if query.get(name):
            items = [item for item in items if query[name].lower() in str(item.get(key) or "").lower()]
    by_date = query.get("orderby", "date") in ("date", "modified")
    which = "modified" if query.get("orderby") == "modified" else "created"
    return sorted(
        items,
        key=lambda item: (item[f"date_{which}_gmt"] if by_date else "", item["id"]),
        reverse=query.get("order", "desc") != "asc",
    )
