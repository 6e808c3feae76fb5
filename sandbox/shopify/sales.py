"""Resolvers of orders, their lines, refunds, fulfilments and fulfilment orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import GraphQLResolveInfo

from sandbox.server import Json
from sandbox.shopify.access import FULFILMENT_ORDERS, need
from sandbox.shopify.connections import connection
from sandbox.shopify.context import Context, context_of
from sandbox.shopify.gids import gid, number_of
from sandbox.shopify.moments import moment
from sandbox.shopify.records import Fulfilment, FulfilmentOrder, Line, Order, Refund
from sandbox.shopify.searching import search

Info = GraphQLResolveInfo[Any]


def _by_id(each: Any) -> int:
    number: int = each.id
    return number


def orders(_: Any, info: Info, **sent: Any) -> Json:
    context = context_of(info)
    fields: dict[str, Callable[[Any], Any]] = {
        "id": _by_id,
        "name": lambda order: order.name,
        "test": lambda order: str(order.test).lower(),
        "created_at": lambda order: float(order.created_at),
        "updated_at": lambda order: float(order.updated_at),
        "processed_at": lambda order: float(order.created_at),
    }
    rows = list(context.shop.orders.values())
    stamp = "updated_at" if sent["sortKey"] == "UPDATED_AT" else "created_at"

    def key(order: Order) -> list[float]:
        # Whole seconds, as Shopify keeps them; the id settles a tie.
        return [order.id] if sent["sortKey"] == "ID" else [int(getattr(order, stamp)), order.id]

    found = search(sorted(rows, key=key), sent.get("query"), fields, "orders", context.warnings)
    return connection(found, sent, key=key, is_bulk=context.is_bulk)


def order(_: Any, info: Info, *, id: str) -> Order | None:
    return context_of(info).shop.orders.get(number_of(id, "Order") or 0)


def fulfilment_order(_: Any, info: Info, *, id: str) -> FulfilmentOrder | None:
    wanted = number_of(id, "FulfillmentOrder")
    context = context_of(info)
    shares = (share for found in context.shop.orders.values() for share in _shares(found, context))
    return next((share for share in shares if share.id == wanted), None)


def refund_of(context: Context, number: int) -> Refund | None:
    found = (refund for order in context.shop.orders.values() for refund in order.refunds)
    return next((refund for refund in found if refund.id == number), None)


def fulfilment_of(context: Context, number: int) -> Fulfilment | None:
    found = (each for order in context.shop.orders.values() for each in order.fulfilments)
    return next((each for each in found if each.id == number), None)


def _shares(found: Order, context: Context) -> list[FulfilmentOrder]:
    """Return the fulfilment orders that are routed by now and that the caller's scopes let it see."""
    kept = []
    for share in found.fulfilment_orders:
        service = context.shop.locations[share.location_id].is_service
        scope = "read_third_party_fulfillment_orders" if service else "read_merchant_managed_fulfillment_orders"
        if share.visible_at <= context.shop.now() and scope in context.scopes:
            kept.append(share)
    return kept


def _visible_shares(found: Order, info: Info, **sent: Any) -> Json:
    context = context_of(info)
    need("fulfillmentOrders", FULFILMENT_ORDERS, context.scopes)
    return connection(_shares(found, context), sent, key=_by_id, is_bulk=context.is_bulk)


def _page_of(rows: Callable[[Any], list[Any]]) -> Callable[..., Json]:
    return lambda source, info, **sent: connection(rows(source), sent, key=_by_id, is_bulk=context_of(info).is_bulk)


def _first_of(rows: Callable[[Any], list[Any]]) -> Callable[..., list[Any]]:
    return lambda source, info, **sent: rows(source)[: sent.get("first")]


def _order_of(each: Any, info: Info) -> Order:
    return context_of(info).shop.orders[each.order_id]


def _location(each: Any, info: Info) -> Any:
    return None if each.location_id is None else context_of(info).shop.locations.get(each.location_id)


def _line_of(each: Any, info: Info) -> Line:
    return context_of(info).shop.owner_of(each.line_id).line(each.line_id)


def _unfulfilled(line: Line, info: Info) -> int:
    return context_of(info).shop.owner_of(line.id).remaining(line.id)


def _variant(line: Line, info: Info) -> Any:
    return context_of(info).shop.variants.get(line.variant_id or 0)


def _plain(read: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda source, info: read(source)


def _time(name: str) -> Callable[..., Any]:
    def read(source: Any, info: Info) -> str | None:
        seconds = getattr(source, name)
        return None if seconds is None else moment(seconds)

    return read


RESOLVERS: dict[str, dict[str, Callable[..., Any]]] = {
    "Order": {
        "id": _plain(lambda found: gid("Order", found.id)),
        "legacyResourceId": _plain(_by_id),
        "closed": _plain(lambda found: found.closed_at is not None),
        "closedAt": _time("closed_at"),
        "cancelledAt": _time("cancelled_at"),
        "cancelReason": _plain(lambda found: found.cancel_reason),
        "processedAt": _time("created_at"),
        "sourceName": _plain(lambda found: found.source),
        "displayFinancialStatus": _plain(lambda found: found.financial),
        "displayFulfillmentStatus": _plain(lambda found: found.fulfilment_status),
        "currencyCode": lambda found, info: context_of(info).shop.options.currency,
        "retailLocation": lambda found, info: context_of(info).shop.locations.get(found.pos_location_id or 0),
        "lineItems": _page_of(lambda found: found.lines),
        "refunds": _first_of(lambda found: found.refunds),
        "fulfillments": _first_of(lambda found: found.fulfilments),
        "fulfillmentOrders": _visible_shares,
    },
    "LineItem": {
        "id": _plain(lambda line: gid("LineItem", line.id)),
        "name": _plain(lambda line: f"{line.title} - {line.variant_title}" if line.variant_title else line.title),
        "variantTitle": _plain(lambda line: line.variant_title or None),
        "sku": _plain(lambda line: line.sku or None),
        "currentQuantity": _plain(lambda line: line.current),
        "unfulfilledQuantity": _unfulfilled,
        "nonFulfillableQuantity": _plain(lambda line: line.quantity - line.current),
        "refundableQuantity": _plain(lambda line: line.current),
        "requiresShipping": _plain(lambda line: line.requires_shipping),
        "isGiftCard": _plain(lambda line: False),
        "product": lambda line, info: context_of(info).shop.products.get(line.product_id or 0),
        "variant": _variant,
    },
    "Refund": {
        "id": _plain(lambda refund: gid("Refund", refund.id)),
        "legacyResourceId": _plain(_by_id),
        "note": _plain(lambda refund: refund.note or None),
        "updatedAt": _time("created_at"),
        "order": _order_of,
        "refundLineItems": _page_of(lambda refund: refund.lines),
    },
    "RefundLineItem": {
        "id": _plain(lambda each: gid("RefundLineItem", each.id)),
        "restocked": _plain(lambda each: each.location_id is not None),
        "restockType": _plain(lambda each: each.restock_type),
        "location": _location,
        "lineItem": _line_of,
    },
    "Fulfillment": {
        "id": _plain(lambda each: gid("Fulfillment", each.id)),
        "legacyResourceId": _plain(_by_id),
        "location": _location,
        "order": _order_of,
        "fulfillmentLineItems": _page_of(lambda each: each.lines),
    },
    "FulfillmentLineItem": {
        "id": _plain(lambda each: gid("FulfillmentLineItem", each.id)),
        "lineItem": _line_of,
    },
    "FulfillmentOrder": {
        "id": _plain(lambda share: gid("FulfillmentOrder", share.id)),
        "requestStatus": _plain(lambda share: "CLOSED" if share.status == "CLOSED" else "UNSUBMITTED"),
        "updatedAt": _time("updated_at"),
        "assignedLocation": _plain(lambda share: share),
        "lineItems": _page_of(lambda share: share.lines),
        "order": _order_of,
        "orderId": _plain(lambda share: gid("Order", share.order_id)),
        "orderName": lambda share, info: _order_of(share, info).name,
    },
    "FulfillmentOrderAssignedLocation": {
        "name": lambda share, info: context_of(info).shop.locations[share.location_id].name,
        "location": _location,
    },
    "FulfillmentOrderLineItem": {
        "id": _plain(lambda each: gid("FulfillmentOrderLineItem", each.id)),
        "totalQuantity": _plain(lambda each: each.total),
        "remainingQuantity": _plain(lambda each: each.remaining),
        "lineItem": _line_of,
        "sku": lambda each, info: _line_of(each, info).sku or None,
        "inventoryItemId": lambda each, info: gid("InventoryItem", _line_of(each, info).item_id or 0),
    },
}
