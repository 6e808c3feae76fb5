"""Ecwid's webhooks: the envelope, the signature, the events. Pure.

https://docs.ecwid.com/webhooks (set-up, processing, signature, list of events)
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any

from channels.contract import BadPayload, BadSignature, ChannelEvent, Delivery, EventKind
from channels.platforms.ecwid.answers import decode
from channels.platforms.ecwid.refs import LARGEST_ID, identity, order_ref, text

SIGNATURE_HEADER = "X-Ecwid-Webhook-Signature"

# An abandoned cart sells nothing; once it is bought, order.created follows. Hence no unfinished_order.* here.
_KINDS = {
    "order.created": EventKind.ORDER,
    "order.updated": EventKind.ORDER,
    "order.deleted": EventKind.ORDER_DELETED,
    "product.created": EventKind.PRODUCT,
    "product.updated": EventKind.PRODUCT,
    "product.deleted": EventKind.PRODUCT_DELETED,
    "application.uninstalled": EventKind.DISCONNECTED,
}
_SPELLINGS = {topic.replace(".", "_"): topic for topic in _KINDS}


def read_delivery(body: bytes) -> Delivery:
    """Return the envelope, believing nothing. Raises BadPayload when it is not one."""
    event = _envelope(body)
    return Delivery(
        delivery_id=event["eventId"],
        topic=normalised(text(event.get("eventType"))),
        account_ref=_store_id(event.get("storeId")),
    )


def check_signature(headers: Mapping[str, str], body: bytes, client_secret: str) -> None:
    """Verify the signature in constant time. Raises BadSignature.

    Ecwid signs "{eventCreated}.{eventId}" with the app's client secret and nothing else of the body, so a good
    signature proves a hint, not its content.
    """
    sent = next((value for name, value in headers.items() if name.lower() == SIGNATURE_HEADER.lower()), "")
    if not sent or not client_secret:
        raise BadSignature("The signature or the secret to check it with is missing.")
    try:
        event = _envelope(body)
    except BadPayload as error:
        raise BadSignature("What the signature covers can't be read.") from error
    expected = signature(event["eventCreated"], event["eventId"], client_secret)
    if not hmac.compare_digest(expected.encode(), sent.strip().encode(errors="replace")):
        raise BadSignature("The signature does not match.")


def signature(event_created: int, event_id: str, client_secret: str) -> str:
    """Return the standard Base64 of the raw HMAC-SHA256, as Ecwid sends it."""
    message = f"{event_created}.{event_id}".encode()
    return base64.b64encode(hmac.new(client_secret.encode(), message, hashlib.sha256).digest()).decode()


def parse_events(topic: str, body: bytes) -> list[ChannelEvent]:
    """Return the one event of a webhook. Raises BadPayload when an order or product event names none.

    The ref of an order carries all ids that the event tells: "K8XTQ#516483487".
    """
    event = _envelope(body)
    topic = normalised(topic or text(event.get("eventType")))
    kind = _KINDS.get(topic, EventKind.OTHER)
    described = _description(topic, event)
    if kind in {EventKind.ORDER, EventKind.ORDER_DELETED}:
        data = event.get("data")
        text_id = text(data.get("orderId")) if isinstance(data, dict) else ""
        ref = order_ref(text_id, identity(event.get("entityId")))
        if not ref:
            raise BadPayload(f"The event {topic} names no order.")
    elif kind in {EventKind.PRODUCT, EventKind.PRODUCT_DELETED}:
        product_id = identity(event.get("entityId"))
        if product_id is None:
            raise BadPayload(f"The event {topic} names no product.")
        ref = str(product_id)
    else:
        ref = ""
    return [ChannelEvent(kind=kind, ref=ref, description=described)]


def normalised(event_type: str) -> str:
    """Return the documented spelling of a type that we act on; lower case with underscores of any other.

    Ecwid's pages write application.subscriptionStatusChanged, its own client subscription_status_changed.
    """
    spelt = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", event_type.strip()).lower()
    return _SPELLINGS.get(spelt.replace(".", "_"), spelt)[:120]


def _envelope(body: bytes) -> dict[str, Any]:
    try:
        event = decode(body.decode("utf-8"))
    except ValueError as error:
        raise BadPayload("The webhook's body is not JSON in UTF-8.") from error
    if not isinstance(event, dict):
        raise BadPayload("The webhook's body is not a JSON object.")
    event_id, created = event.get("eventId"), event.get("eventCreated")
    if not isinstance(event_id, str) or not 0 < len(event_id) <= 200 or not event_id.isprintable():
        raise BadPayload("The webhook has no usable eventId.")
    if isinstance(created, bool) or not isinstance(created, int) or not 0 <= created <= LARGEST_ID:
        raise BadPayload("The webhook has no usable eventCreated.")
    return event


def _store_id(value: object) -> str:
    if value is None:
        return ""
    number = identity(int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value) else value)
    if number is None:
        raise BadPayload("The webhook's storeId is not a store id.")
    return str(number)


def _description(topic: str, event: Mapping[str, Any]) -> str:
    data = event.get("data")
    if not isinstance(data, dict):
        return topic
    moves = [
        f"{text(data.get(old)) or 'new'} → {text(data[new])}"
        for old, new in (
            ("oldPaymentStatus", "newPaymentStatus"),
            ("oldFulfillmentStatus", "newFulfillmentStatus"),
        )
        if text(data.get(new)) and data.get(old) != data[new]
    ]
    return f"{topic}: {', '.join(moves)}"[:300] if moves else topic
