"""Orders as they are kept: trimmed to what ``orders.snapshot`` reads, nothing of the buyer. Pure."""

from __future__ import annotations

from typing import Any

from channels.contract import BadPayload, RawOrder
from channels.platforms.shopify.refs import number_of
from channels.platforms.shopify.values import Json, inner, moment, nodes

# Whitelists: what comes all the same is dropped before it is kept.
_HEAD = ("id", "name", "test", "confirmed", "createdAt", "updatedAt", "cancelledAt", "closedAt")
STATUS = ("displayFinancialStatus", "displayFulfillmentStatus")
_LINE = ("id", "sku", "name", "quantity", "currentQuantity", "unfulfilledQuantity")


def raw_order(payload: Json) -> RawOrder:
    """Return an order as it is kept: trimmed to the fields that ``snapshot`` reads. Raises BadPayload without an id."""
    ref = number_of(payload.get("id"), "Order")
    if not ref:
        raise BadPayload("An order of Shopify's list has no usable id.")
    return RawOrder(ref=ref, changed_at=moment(payload.get("updatedAt")), payload=trim(payload))


def trim(payload: Json) -> dict[str, Any]:
    """Keep the known fields only, lists without their pages; values of a wrong type stay for ``snapshot`` to judge."""
    return {
        **{name: payload.get(name) for name in (*_HEAD, *STATUS)},
        "lines": [_trim_line(line) for line in nodes(payload.get("lineItems"))],
        "refunds": [
            {"lines": [_trim_refunded(each) for each in nodes(refund.get("refundLineItems"))]}
            for refund in _list(payload, "refunds")
        ],
        "shipments": [
            {
                "status": shipment.get("status"),
                "location": number_of(inner(shipment.get("location")).get("id"), "Location"),
                "lines": [
                    {"line": _line_of(each), "quantity": each.get("quantity")}
                    for each in nodes(shipment.get("fulfillmentLineItems"))
                ],
            }
            for shipment in _list(payload, "fulfillments")
        ],
        "shares": [
            {
                "status": share.get("status"),
                "location": number_of(
                    inner(inner(share.get("assignedLocation")).get("location")).get("id"), "Location"
                ),
                "lines": [
                    {
                        "line": _line_of(each),
                        "total": each.get("totalQuantity"),
                        "remaining": each.get("remainingQuantity"),
                    }
                    for each in nodes(share.get("lineItems"))
                ],
            }
            for share in nodes(payload.get("fulfillmentOrders"))
        ],
    }


def _trim_line(line: Json) -> dict[str, Any]:
    variant = inner(line.get("variant"))
    return {
        **{name: line.get(name) for name in _LINE},
        "variant": number_of(variant.get("id"), "ProductVariant"),
        "item": number_of(inner(variant.get("inventoryItem")).get("id"), "InventoryItem"),
    }


def _trim_refunded(each: Json) -> dict[str, Any]:
    return {
        "line": _line_of(each),
        "quantity": each.get("quantity"),
        "type": each.get("restockType"),
        "restocked": each.get("restocked"),
        "location": number_of(inner(each.get("location")).get("id"), "Location"),
    }


def _line_of(each: Json) -> str:
    return number_of(inner(each.get("lineItem")).get("id"), "LineItem")


def _list(payload: Json, name: str) -> list[Json]:
    found = payload.get(name)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise BadPayload(f"An order of Shopify lacks its list of {name}.")
    return found
