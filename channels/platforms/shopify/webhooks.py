"""Shopify's webhooks: the envelope in the headers, the signature over the raw body, the events. Pure.

https://shopify.dev/docs/apps/build/webhooks (verify deliveries, delivery structure). Bodies have REST's names.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from channels.contract import BadPayload, BadSignature, ChannelEvent, Delivery, EventKind
from channels.platforms.shopify.order_feed import SHARE
from channels.platforms.shopify.refs import number_of, plain_number
from channels.platforms.shopify.values import decode, inner

SIGNATURE_HEADER = "x-shopify-hmac-sha256"

# Where the body of a topic names what it is about. A product's own topic is no signal of stock: it fires on every sale.
_ORDER = {
    "orders/create": ("id",),
    "orders/updated": ("id",),
    "orders/cancelled": ("id",),
    "orders/fulfilled": ("id",),
    "orders/paid": ("id",),
    "orders/edited": ("order_edit", "order_id"),
    "refunds/create": ("order_id",),
    "fulfillments/create": ("order_id",),
    "fulfillments/update": ("order_id",),
}
_ITEM = {
    "inventory_levels/update": "inventory_item_id",
    "inventory_levels/connect": "inventory_item_id",
    "inventory_levels/disconnect": "inventory_item_id",
    "inventory_items/create": "id",
    "inventory_items/update": "id",
}
_SHARE = {
    "fulfillment_orders/moved": "moved_fulfillment_order",
    "fulfillment_orders/order_routing_complete": "fulfillment_order",
}


def read_delivery(headers: Mapping[str, str], body: bytes) -> Delivery:
    """Return the envelope, believing nothing. Raises BadPayload when it is not one."""
    delivery_id = _header(headers, "x-shopify-webhook-id")
    topic = _header(headers, "x-shopify-topic").lower()
    if not delivery_id or not topic:
        raise BadPayload("The webhook lacks the headers that name its topic and its delivery.")
    return Delivery(
        # One action of a merchant fires several topics, and a retry may have an id of its own: both are harmless.
        delivery_id=delivery_id,
        topic=topic,
        account_ref=_header(headers, "x-shopify-shop-domain").lower(),
    )


def check_signature(headers: Mapping[str, str], body: bytes, client_secret: str) -> None:
    """Verify the signature in constant time. Raises BadSignature."""
    sent = _header(headers, SIGNATURE_HEADER)
    if not sent or not client_secret:
        raise BadSignature("The signature or the secret to check it with is missing.")
    if not hmac.compare_digest(signature(body, client_secret).encode(), sent.encode(errors="replace")):
        raise BadSignature("The signature does not match.")


def signature(body: bytes, client_secret: str) -> str:
    """Return the standard Base64 of the raw HMAC-SHA256, as Shopify sends it."""
    return base64.b64encode(hmac.new(client_secret.encode(), body, hashlib.sha256).digest()).decode()


def parse_events(topic: str, body: bytes) -> list[ChannelEvent]:
    """Return the one event of a webhook. Raises BadPayload when an order's or an item's names none."""
    try:
        payload: Any = decode(body)
    except ValueError as error:
        raise BadPayload("The webhook's body is not JSON in UTF-8.") from error
    if not isinstance(payload, dict):
        raise BadPayload("The webhook's body is not a JSON object.")
    if topic in _ORDER:
        return [_event(EventKind.ORDER, topic, _number_at(payload, _ORDER[topic]))]
    if topic == "orders/delete":
        return [_event(EventKind.ORDER_DELETED, topic, plain_number(payload.get("id")))]
    if topic in _SHARE:
        number = number_of(inner(payload.get(_SHARE[topic])).get("id"), "FulfillmentOrder")
        return [_event(EventKind.ORDER, topic, f"{SHARE}{number}" if number else "")]
    if topic in _ITEM:
        return [_event(EventKind.PRODUCT, topic, plain_number(payload.get(_ITEM[topic])))]
    if topic == "inventory_items/delete":
        return [_event(EventKind.PRODUCT_DELETED, topic, plain_number(payload.get("id")))]
    kind = EventKind.DISCONNECTED if topic == "app/uninstalled" else EventKind.OTHER
    return [ChannelEvent(kind=kind, ref="", description=topic)]


def _event(kind: EventKind, topic: str, ref: str) -> ChannelEvent:
    if not ref:
        raise BadPayload(f"The webhook {topic} does not name what it is about.")
    return ChannelEvent(kind=kind, ref=ref, description=topic)


def _number_at(payload: Mapping[str, Any], path: tuple[str, ...]) -> str:
    found: Any = payload
    for name in path:
        found = inner(found).get(name)
    return plain_number(found)


def _header(headers: Mapping[str, str], name: str) -> str:
    found = next((value for key, value in headers.items() if key.lower() == name), "")
    return found.strip() if found.isprintable() and len(found) <= 200 else ""
