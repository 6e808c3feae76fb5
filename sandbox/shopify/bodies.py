"""Webhook bodies: the REST resource of each topic, with REST's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.server import Json
from sandbox.shopify.moments import rest_moment

if TYPE_CHECKING:
    from sandbox.shopify.records import Fulfilment, Line, Order, Refund


def order_body(order: Order) -> Json:
    """Return a whole order as ``orders/create`` and its siblings carry it, the buyer's data included."""
    first, _, last = order.buyer.partition(" ")
    return {
        "id": order.id,
        "admin_graphql_api_id": f"gid://shopify/Order/{order.id}",
        "name": order.name,
        "order_number": order.number,
        "number": order.number - 1000,
        "confirmed": order.confirmed,
        "test": order.test,
        "source_name": order.source,
        "location_id": order.pos_location_id,
        "financial_status": order.financial.lower(),
        "fulfillment_status": {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}.get(order.fulfilment_status),
        "created_at": rest_moment(order.created_at),
        "updated_at": rest_moment(order.updated_at),
        "processed_at": rest_moment(order.created_at),
        "cancelled_at": _moment(order.cancelled_at),
        "cancel_reason": order.cancel_reason.lower() if order.cancel_reason else None,
        "closed_at": _moment(order.closed_at),
        "total_price": f"{order.total:.2f}",
        "email": order.email,
        "contact_email": order.email,
        "customer": {"first_name": first, "last_name": last, "email": order.email},
        "shipping_address": {"name": order.buyer, "city": "Dublin", "country_code": "IE"},
        "line_items": [_line(order, line) for line in order.lines],
        "fulfillments": [fulfilment_body(each) for each in order.fulfilments],
        "refunds": [refund_body(order, each) for each in order.refunds],
    }


def _line(order: Order, line: Line) -> Json:
    return {
        "id": line.id,
        "admin_graphql_api_id": f"gid://shopify/LineItem/{line.id}",
        "title": line.title,
        "variant_title": line.variant_title or None,
        "name": f"{line.title} - {line.variant_title}" if line.variant_title else line.title,
        "sku": line.sku,
        "product_id": line.product_id,
        "variant_id": line.variant_id,
        "quantity": line.quantity,
        "current_quantity": line.current,
        "fulfillable_quantity": order.remaining(line.id),
        "price": f"{line.price:.2f}",
        "requires_shipping": line.requires_shipping,
        "properties": [],
    }


def refund_body(order: Order, refund: Refund) -> Json:
    """``location_id`` is null where nothing was put back."""
    return {
        "id": refund.id,
        "admin_graphql_api_id": f"gid://shopify/Refund/{refund.id}",
        "order_id": refund.order_id,
        "created_at": rest_moment(refund.created_at),
        "processed_at": rest_moment(refund.created_at),
        "note": refund.note or None,
        "restock": any(line.location_id is not None for line in refund.lines),
        "transactions": [],
        "refund_line_items": [
            {
                "id": line.id,
                "line_item_id": line.line_id,
                "quantity": line.quantity,
                "restock_type": line.restock_type.lower(),
                "location_id": line.location_id,
                "line_item": _line(order, order.line(line.line_id)),
            }
            for line in refund.lines
        ],
    }


def fulfilment_body(fulfilment: Fulfilment) -> Json:
    return {
        "id": fulfilment.id,
        "admin_graphql_api_id": f"gid://shopify/Fulfillment/{fulfilment.id}",
        "order_id": fulfilment.order_id,
        "location_id": fulfilment.location_id,
        "name": fulfilment.name,
        "status": fulfilment.status.lower(),
        "created_at": rest_moment(fulfilment.created_at),
        "updated_at": rest_moment(fulfilment.updated_at),
        "line_items": [{"id": each.line_id, "quantity": each.quantity} for each in fulfilment.lines],
    }


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else rest_moment(seconds)
