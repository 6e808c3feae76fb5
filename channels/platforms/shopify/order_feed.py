"""Reading orders: the poll, and single ones by the ids that events tell.

https://shopify.dev/docs/api/admin-graphql/latest/queries/orders (2026-10). An order is read with the first page of each
of its lists; the rest of a long one is fetched list by list, so that none is ever booked in part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from channels.contract import BadPayload, RawOrder, Unreachable
from channels.platforms.shopify.answers import TooCostly
from channels.platforms.shopify.client import ShopifyClient
from channels.platforms.shopify.document import Document
from channels.platforms.shopify.order_documents import (
    MORE_LINES,
    MORE_REFUND_LINES,
    MORE_SHARE_LINES,
    MORE_SHARES,
    MORE_SHIPMENT_LINES,
    ORDERS,
    ORDERS_BY_ID,
    ORDERS_OF_SHARES,
)
from channels.platforms.shopify.order_payload import raw_order
from channels.platforms.shopify.refs import gid, number_of
from channels.platforms.shopify.values import Json, end_of, inner, nodes

PAGE_SIZES = (15, 5, 1)
AT_ONCE = 5  # orders read by id in one call
MOST_AT_ONCE = 50  # refunds and shipments of one order that are asked for
FURTHEST = 20_000  # orders behind one cursor: Shopify's lists end at 25 000
SHARE = "fo"  # begins an event's ref that names a fulfilment order and not the order


def order_pages(client: ShopifyClient, *, since: datetime, until: datetime | None = None) -> Iterator[list[RawOrder]]:
    """Yield all orders that changed from ``since`` to ``until``. Raises ChannelError.

    In the order of their changes: one that changes again meanwhile comes once more, later.
    """
    begin = since
    while True:
        after, read, last = "", 0, begin
        while True:
            query = " AND ".join(
                f"updated_at:{bound}'{_stamp(at)}'" for bound, at in ((">=", begin), ("<=", until)) if at is not None
            )
            found = client.run_paged(ORDERS, PAGE_SIZES, {"query": query, "after": after or None}).get("orders")
            page = [raw_order(completed(client, order)) for order in nodes(found)]
            if page:
                yield page
            read += len(page)
            last = max([last, *(order.changed_at for order in page if order.changed_at is not None)])
            after = end_of(found)
            if not after:
                return
            if read >= FURTHEST and last > begin:
                break
        begin = last


def _stamp(at: datetime) -> str:
    """Return the whole second, rounded down."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def fetch_orders(client: ShopifyClient, refs: Sequence[str]) -> dict[str, RawOrder | None]:
    """Return each order as it is now by the ref it was asked for; None where Shopify has none. Raises ChannelError."""
    numbers = {ref: ref for ref in refs if not ref.startswith(SHARE)} | _orders_of_shares(client, refs)
    wanted = sorted({number for number in numbers.values() if number.isdecimal()})
    found: dict[str, RawOrder] = {}
    at_once = AT_ONCE
    while wanted:
        batch = wanted[:at_once]
        try:
            orders = client.run(ORDERS_BY_ID, {"ids": [gid("Order", number) for number in batch]}).get("nodes")
        except TooCostly:
            if at_once == 1:
                raise
            at_once = max(1, at_once // 3)
            continue
        if not isinstance(orders, list):
            raise BadPayload("Shopify's answer has no list of orders.")
        for order in orders:
            if isinstance(order, dict) and number_of(order.get("id"), "Order"):
                raw = raw_order(completed(client, order))
                found[raw.ref] = raw
        wanted = wanted[len(batch) :]
    return {ref: found.get(numbers.get(ref, "")) for ref in refs}


def _orders_of_shares(client: ShopifyClient, refs: Sequence[str]) -> dict[str, str]:
    """Return which order each ref of a fulfilment order leads to."""
    shares = [ref for ref in refs if ref.startswith(SHARE)]
    if not shares:
        return {}
    ids = [gid("FulfillmentOrder", ref.removeprefix(SHARE)) for ref in shares]
    found = client.run(ORDERS_OF_SHARES, {"ids": ids}).get("nodes")
    return {
        f"{SHARE}{number_of(each.get('id'), 'FulfillmentOrder')}": number_of(each.get("orderId"), "Order")
        for each in (inner(share) for share in (found if isinstance(found, list) else []))
    }


def completed(client: ShopifyClient, order: Json) -> Json:
    """Return an order with all its lists whole. Raises ChannelError."""
    whole: dict[str, Any] = dict(order)
    order_id = order.get("id")
    for name in ("refunds", "fulfillments"):
        found = order.get(name)
        if isinstance(found, list) and len(found) >= MOST_AT_ONCE:
            # Lists without pages: more than this can't be told from exactly this.
            raise BadPayload(f"An order has {MOST_AT_ONCE} or more {name}: it can't be read as a whole.")
    whole["lineItems"] = _rest(client, order.get("lineItems"), MORE_LINES, order_id, ("order", "lineItems"))
    shares = _rest(client, order.get("fulfillmentOrders"), MORE_SHARES, order_id, ("order", "fulfillmentOrders"))
    whole["fulfillmentOrders"] = {
        "nodes": [
            {**share, "lineItems": _of_node(client, share, "lineItems", MORE_SHARE_LINES)} for share in nodes(shares)
        ]
    }
    whole["refunds"] = [
        {**refund, "refundLineItems": _of_node(client, refund, "refundLineItems", MORE_REFUND_LINES)}
        for refund in _objects(order, "refunds")
    ]
    whole["fulfillments"] = [
        {**each, "fulfillmentLineItems": _of_node(client, each, "fulfillmentLineItems", MORE_SHIPMENT_LINES)}
        for each in _objects(order, "fulfillments")
    ]
    return whole


def _of_node(client: ShopifyClient, holder: Json, name: str, more: Document) -> Json:
    return _rest(client, holder.get(name), more, holder.get("id"), ("node", name))


def _rest(client: ShopifyClient, first: Any, more: Document, holder: object, path: tuple[str, str]) -> Json:
    """Return a connection with the nodes of all its pages."""
    found, after = list(nodes(first)), end_of(first)
    while after:
        reply = inner(client.run(more, {"id": holder, "after": after}).get(path[0]))
        if not reply:
            raise Unreachable("An order changed while it was read; it is read again.")
        found += nodes(reply.get(path[1]))
        after = end_of(reply.get(path[1]))
    return {"nodes": found}


def _objects(order: Json, name: str) -> list[Mapping[str, Any]]:
    found = order.get(name)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise BadPayload(f"An order of Shopify lacks its list of {name}.")
    return found
