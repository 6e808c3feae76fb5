"""Reading the catalogue: page by page, single items directly, and the shop's locations.

https://shopify.dev/docs/api/admin-graphql/latest/queries/inventoryItems (2026-10). Pages are told by cursor, in the
order of ids: what comes or goes meanwhile shifts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from channels.contract import BadPayload, CatalogPage, ReportedListing, ReportedLocation
from channels.platforms.shopify.answers import TooCostly
from channels.platforms.shopify.client import ShopifyClient
from channels.platforms.shopify.documents import ITEMS, ITEMS_BY_ID, LEVELS_OF_ITEM, LOCATIONS, VARIANTS_COUNT
from channels.platforms.shopify.mapping import UnreadableItem, location_of, pools_of
from channels.platforms.shopify.refs import gid, number_of
from channels.platforms.shopify.values import Json, end_of, inner, nodes, whole

PAGE_SIZES = (50, 20, 5)
AT_ONCE = 10  # items read directly in one call
MOST_BY_PAGES = 5_000  # variants; a larger catalogue is read by a bulk operation


def locations(client: ShopifyClient) -> dict[str, ReportedLocation]:
    """Return the shop's locations by ref, those that are switched off included. Raises ChannelError."""
    found: dict[str, ReportedLocation] = {}
    after = ""
    while True:
        page = client.run(LOCATIONS, {"after": after or None}).get("locations")
        found |= {place.ref: place for place in map(location_of, nodes(page)) if place is not None}
        after = end_of(page)
        if not after:
            return found


def count_variants(client: ShopifyClient) -> int | None:
    """Return how many variants the shop has; None when it does not tell."""
    return whole(inner(client.run(VARIANTS_COUNT, {"limit": None}).get("productVariantsCount")).get("count"))


def page(
    client: ShopifyClient, after: str, places: Mapping[str, ReportedLocation], *, total: int | None
) -> CatalogPage:
    """Return the page of items behind ``after``. Raises ChannelError."""
    found = client.run_paged(ITEMS, PAGE_SIZES, {"after": after or None}).get("inventoryItems")
    return folded(
        [_with_all_levels(client, item) for item in nodes(found)], places, next_cursor=end_of(found), total=total
    )


def folded(
    items: Sequence[Json],
    places: Mapping[str, ReportedLocation],
    *,
    next_cursor: str,
    total: int | None,
    wait_seconds: float = 0.0,
) -> CatalogPage:
    """Fold items into pools; one that can't be read becomes a problem of its own."""
    listings: list[ReportedListing] = []
    problems: list[str] = []
    for item in items:
        try:
            listings.extend(pools_of(item, places))
        except UnreadableItem as error:
            problems.append(str(error))
    return CatalogPage(
        listings=tuple(listings),
        products=len(items),
        total=total,
        next_cursor=next_cursor,
        problems=tuple(problems),
        wait_seconds=wait_seconds,
    )


def read_items(client: ShopifyClient, refs: Iterable[str]) -> Iterator[tuple[str, Json | None]]:
    """Yield each item as it is now, in the order asked; None: there is none (any more). Raises ChannelError."""
    wanted = list(refs)
    at_once = AT_ONCE
    while wanted:
        batch = wanted[:at_once]
        ids = [gid("InventoryItem", ref) for ref in batch if ref.isdecimal()]
        try:
            found = client.run(ITEMS_BY_ID, {"ids": ids}).get("nodes") if ids else []
        except TooCostly:
            if at_once == 1:
                raise
            at_once = max(1, at_once // 4)
            continue
        if not isinstance(found, list):
            raise BadPayload("Shopify's answer lacks the items that were asked for.")
        by_ref = {number_of(item.get("id"), "InventoryItem"): item for item in found if isinstance(item, dict)}
        for ref in batch:
            item = by_ref.get(ref)
            yield ref, None if item is None else _with_all_levels(client, item)
        wanted = wanted[len(batch) :]


def _with_all_levels(client: ShopifyClient, item: Json) -> Json:
    """Return an item with the levels that did not fit on its first page."""
    after = end_of(item.get("inventoryLevels"))
    if not after:
        return item
    levels = [*nodes(item.get("inventoryLevels"))]
    while after:
        rest = inner(client.run(LEVELS_OF_ITEM, {"id": item.get("id"), "after": after}).get("inventoryItem"))
        levels += nodes(rest.get("inventoryLevels"))
        after = end_of(rest.get("inventoryLevels"))
    return {**item, "inventoryLevels": {"nodes": levels}}
