"""Filling a shop from a description: goods at their first location, orders already placed. No webhooks are sent."""

from __future__ import annotations

from sandbox.catalogue import OrderDescription, StoreDescription
from sandbox.shopify.cart import Cart
from sandbox.shopify.options import DAY
from sandbox.shopify.orders import Orders
from sandbox.shopify.records import Fulfilment, FulfilmentLine, FulfilmentOrder, Line, Order, ShareLine
from sandbox.shopify.shop import Shop

_FINANCIAL = {
    "paid": "PAID",
    "awaiting_payment": "PENDING",
    "cancelled": "VOIDED",
    "refunded": "REFUNDED",
    "partially_refunded": "PARTIALLY_REFUNDED",
}


def fill(shop: Shop, orders: Orders, description: StoreDescription) -> None:
    """Replace everything in the shop by what ``description`` says."""
    cart = Cart(shop)
    shop.clear()
    shop.add_location("Main warehouse")
    for described in description.get("products", []):
        shop.add_product(described)
    for past in description.get("orders", []):
        _record(shop, cart, orders, past)


def _record(shop: Shop, cart: Cart, orders: Orders, past: OrderDescription) -> None:
    placed_at = shop.now() - past.get("days_ago", 0.0) * DAY
    status = past.get("payment_status", "paid")
    order = Order(
        id=shop.next_id("Order"),
        number=orders.new_number(),
        buyer=past.get("buyer", "A buyer"),
        email=past.get("email", "buyer@example.com"),
        lines=[cart.line_for(shop.find_sku(each["sku"]), each["quantity"]) for each in past["lines"]],
        created_at=placed_at,
        updated_at=placed_at,
        financial=_FINANCIAL[status],
    )
    has_left = past.get("fulfilment_status") in ("shipped", "delivered")
    is_void = status == "cancelled" or (status == "refunded" and not has_left)
    place = next(iter(shop.locations))
    share = FulfilmentOrder(id=shop.next_id("FulfillmentOrder"), order_id=order.id, location_id=place)
    share.created_at = share.updated_at = placed_at
    order.fulfilment_orders.append(share)
    if is_void:
        order.cancelled_at, order.cancel_reason = placed_at, "CUSTOMER"
    for line in order.lines:
        line.current = 0 if is_void else line.current
        line.shipped = line.quantity if has_left else 0
        _share(shop, share, line, is_open=not has_left and not is_void)
    if has_left or is_void:
        share.status = "CLOSED"
    if has_left:
        _ship(shop, order, place)
    orders.record(order)


def _share(shop: Shop, share: FulfilmentOrder, line: Line, *, is_open: bool) -> None:
    """Give the line's units to the location; those that wait there are committed already."""
    number = shop.next_id("FulfillmentOrderLineItem")
    units = line.quantity if is_open else 0
    share.lines.append(
        ShareLine(id=number, line_id=line.id, total=line.quantity, remaining=units, shipped=line.shipped)
    )
    if is_open and line.is_counted and line.item_id is not None:
        shop.stock(line.item_id, share.location_id).quantities["committed"] += units


def _ship(shop: Shop, order: Order, place: int) -> None:
    lines = [
        FulfilmentLine(id=shop.next_id("FulfillmentLineItem"), line_id=line.id, quantity=line.quantity)
        for line in order.lines
    ]
    number = shop.next_id("Fulfillment")
    order.fulfilments.append(
        Fulfilment(
            id=number,
            order_id=order.id,
            location_id=place,
            share_id=order.fulfilment_orders[0].id,
            name=f"{order.name}.1",
            lines=lines,
            created_at=order.created_at,
            updated_at=order.created_at,
        )
    )
