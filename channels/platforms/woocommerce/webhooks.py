"""WooCommerce's webhooks: the envelope, the signature, the events, and what of a body is kept. Pure.

https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks (wc/v3)
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from channels.contract import BadPayload, BadSignature, ChannelEvent, Delivery, EventKind
from channels.platforms.woocommerce.answers import decode, error_of
from channels.platforms.woocommerce.refs import identity, text

SIGNATURE, TOPIC, SOURCE = "x-wc-webhook-signature", "x-wc-webhook-topic", "x-wc-webhook-source"
WEBHOOK_ID, DELIVERY_ID = "x-wc-webhook-id", "x-wc-webhook-delivery-id"
_OLD_DELIVERY_ID = "x-wc-delivery-id"  # as the documentation calls it

# "deleted" means moved to the trash; deleting for good sends nothing. What comes back out of it is looked at at once.
_KINDS = {
    "order.created": EventKind.ORDER,
    "order.updated": EventKind.ORDER,
    "order.restored": EventKind.ORDER,
    "order.deleted": EventKind.ORDER_DELETED,
    "product.created": EventKind.PRODUCT,
    "product.updated": EventKind.PRODUCT,
    "product.published": EventKind.PRODUCT,
    "product.restored": EventKind.PRODUCT_DELETED,
    "product.deleted": EventKind.PRODUCT_DELETED,
}
TOPICS = (
    *("order.created", "order.updated", "order.deleted", "order.restored"),
    *("product.created", "product.updated", "product.deleted", "product.restored"),
)

_KEPT = ("id", "parent_id", "status", "type", "code", "date_modified_gmt")
_PING = re.compile(rb"webhook_id=\d{1,19}")


def read_delivery(headers: Mapping[str, str], body: bytes) -> Delivery:
    """Return the envelope, believing nothing. Raises BadPayload when it is not one.

    WooCommerce's delivery id is a hash of the webhook and the second, the same for all deliveries of that second: so
    ours is made from it, the webhook and the body. A ping is a form with the webhook's number, without signature.
    """
    sent = {name.lower(): value for name, value in headers.items()}
    if TOPIC not in sent and _PING.fullmatch(body.strip()):
        return Delivery(delivery_id="ping", topic="ping", account_ref="", is_ping=True)
    topic = sent.get(TOPIC, "").strip().lower()
    if not topic or not topic.isprintable():
        raise BadPayload("The webhook names no topic.")
    _payload(body)
    given = sent.get(DELIVERY_ID) or sent.get(_OLD_DELIVERY_ID, "")
    mixed = hashlib.sha256(f"{sent.get(WEBHOOK_ID, '')}\n{given}\n".encode() + body).hexdigest()
    return Delivery(delivery_id=mixed[:48], topic=topic[:120], account_ref=store_ref(sent.get(SOURCE, "")))


def store_ref(address: str) -> str:
    """Return what a store is known by: its own address without scheme and closing slash; "" for none.

    The scheme is left out because PHP tells it by how it was called.
    """
    try:
        split = urlsplit(address.strip())
    except ValueError:
        return ""
    return f"{split.netloc.lower()}{split.path.rstrip('/')}"[:100]


def check_signature(headers: Mapping[str, str], body: bytes, secret: str) -> None:
    """Verify the signature over the raw body in constant time. Raises BadSignature.

    It covers neither topic nor id nor time, so a good one proves a hint, not that it is new.
    """
    sent = next((value for name, value in headers.items() if name.lower() == SIGNATURE), "")
    if not sent or not secret:
        raise BadSignature("The signature or the secret to check it with is missing.")
    if not hmac.compare_digest(signature(body, secret).encode(), sent.strip().encode(errors="replace")):
        raise BadSignature("The signature does not match.")


def signature(body: bytes, secret: str) -> str:
    """Return the standard Base64 of the raw HMAC-SHA256, as WooCommerce sends it."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def kept_body(body: bytes) -> bytes:
    """Return what of a verified body is stored: ids, status and times. An order's body tells who bought it."""
    payload = _payload(body)
    kept: dict[str, Any] = {name: payload[name] for name in _KEPT if name in payload}
    if "code" in payload:
        kept["message"] = error_of(payload)[0]
    return json.dumps(kept).encode()


def parse_events(topic: str, body: bytes) -> list[ChannelEvent]:
    """Return the one event of a webhook. Raises BadPayload when an order or product event names none.

    The body is built when it is sent, so it tells the state of then; an error in its place is a thing that was gone
    by then, or a user who may not see it any more.
    """
    payload = _payload(body)
    topic = topic.strip().lower()
    kind = _KINDS.get(topic, EventKind.OTHER)
    if kind is EventKind.OTHER:
        return [ChannelEvent(kind=kind, ref="", description=topic[:300])]
    number = identity(payload.get("id"))
    if number is None:
        words, code = error_of(payload)
        if code:
            said = f"{topic}: the store sent an error instead: {words} ({code})"
            return [ChannelEvent(kind=EventKind.OTHER, ref="", description=said[:300])]
        raise BadPayload(f"The event {topic} names nothing.")
    if kind in {EventKind.PRODUCT, EventKind.PRODUCT_DELETED}:
        # A variation arrives under its own id; what is read is its product.
        number = identity(payload.get("parent_id")) or number
    status = text(payload.get("status"))
    return [ChannelEvent(kind=kind, ref=str(number), description=f"{topic}: {status}"[:300] if status else topic)]


def _payload(body: bytes) -> dict[str, Any]:
    try:
        payload = decode(body)
    except ValueError as error:
        raise BadPayload("The webhook's body is not JSON.") from error
    if not isinstance(payload, dict):
        raise BadPayload("The webhook's body is not a JSON object.")
    return payload
