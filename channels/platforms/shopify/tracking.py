"""Beginning to count an item's stock: the one absolute write.

https://shopify.dev/docs/api/admin-graphql/latest/mutations/inventoryItemUpdate (2026-10)
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from channels.contract import BadPayload, NotListed, Rejected, ReportedListing, ReportedLocation, Unreachable
from channels.platforms.shopify.catalog_scan import read_items
from channels.platforms.shopify.client import ShopifyClient
from channels.platforms.shopify.documents import ACTIVATE, SET_QUANTITIES, TRACK_ITEM
from channels.platforms.shopify.mapping import UnreadableItem, available_of, pools_of
from channels.platforms.shopify.refs import PoolRef, number_of, read_pool_ref
from channels.platforms.shopify.values import LARGEST_QUANTITY, Json, inner, nodes, text
from channels.platforms.shopify.writes import REASON, user_errors


def start_tracking(
    client: ShopifyClient, ref: str, quantity: int, places: Mapping[str, ReportedLocation]
) -> ReportedListing:
    """Give an untracked item a counted stock of ``quantity`` >= 0 units at one location, and return what shows then.

    The number is written first, while it means nothing, and counting begins after; at other locations counting begins
    with whatever number stands there. The reading decides, whatever became of the calls. Raises Rejected for an item
    that must not be written or is counted already, and any ChannelError of the reading.
    """
    if not 0 <= quantity <= LARGEST_QUANTITY:
        raise Rejected("The quantity to start with must be a whole number from 0 to 1 000 000 000.")
    item, pool = _read(client, ref, places)
    if pool.unwritable_reason:
        raise Rejected(pool.unwritable_reason)
    if pool.tracked is not False:
        raise Rejected("Shopify counts this stock already; an absolute number is not written to it.")
    try:
        _put(client, read_pool_ref(ref), item, quantity)
        _refuse(client.run(TRACK_ITEM, {"id": item.get("id")}).get("inventoryItemUpdate"))
    except (Unreachable, BadPayload) as error:
        if isinstance(error, Unreachable) and not error.may_have_applied:
            raise
    return _read(client, ref, places)[1]


def _put(client: ShopifyClient, pool: PoolRef, item: Json, quantity: int) -> None:
    level = next(
        (
            each
            for each in nodes(item.get("inventoryLevels"))
            if number_of(inner(each.get("location")).get("id"), "Location") == pool.location
        ),
        None,
    )
    if level is None:
        variables = {"item": pool.item_gid, "location": pool.location_gid, "available": quantity, "key": _key()}
        _refuse(client.run(ACTIVATE, variables).get("inventoryActivate"))
        return
    entry = {
        "inventoryItemId": pool.item_gid,
        "locationId": pool.location_gid,
        "quantity": quantity,
        "changeFromQuantity": available_of(pool.item, level),
    }
    sent = {"name": "available", "reason": REASON, "quantities": [entry]}
    variables = {"input": sent, "location": pool.location_gid, "key": _key()}
    _refuse(client.run(SET_QUANTITIES, variables).get("inventorySetQuantities"))


def _read(client: ShopifyClient, ref: str, places: Mapping[str, ReportedLocation]) -> tuple[Json, ReportedListing]:
    try:
        wanted = read_pool_ref(ref)
        item = next(found for _, found in read_items(client, [wanted.item]))
        pools = pools_of(item, places) if item is not None else ()
    except ValueError as error:
        raise NotListed("Not an inventory item of Shopify.") from error
    except UnreadableItem as error:
        raise BadPayload(str(error)) from error
    pool = next((each for each in pools if each.ref == ref), None)
    if item is None or pool is None:
        raise NotListed("Shopify has no such inventory item at this location.")
    return item, pool


def _refuse(payload: object) -> None:
    """Raise Rejected with Shopify's words when a payload has user errors."""
    words = "; ".join(text(error.get("message")) or "no words" for error in user_errors(payload))
    if words:
        raise Rejected(f"Shopify refused: {words}")


def _key() -> str:
    return str(uuid.uuid4())
