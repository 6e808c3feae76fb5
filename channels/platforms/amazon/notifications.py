"""Notifications as they come out of the queue: the envelope, and what they hint at. Pure.

https://developer-docs.amazon.com/sp-api/docs/notification-type-values ; bodies as in
https://github.com/amzn/selling-partner-api-models/tree/main/schemas/notifications
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from channels.contract import BadPayload, ChannelEvent, EventKind, QueueMessage
from channels.platforms.amazon.answers import decode
from channels.platforms.amazon.values import Json, entries, section, text

ORDER, HELD = "ORDER_CHANGE", "FBA_INVENTORY_AVAILABILITY_CHANGES"
QUANTITY, STATUS = "LISTINGS_ITEM_MFN_QUANTITY_CHANGE", "LISTINGS_ITEM_STATUS_CHANGE"
ISSUES = "LISTINGS_ITEM_ISSUES_CHANGE"
UNREADABLE = "unreadable"

_POSTAL_CODE = re.compile(r'"DestinationPostalCode"\s*:\s*"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What stands around a notification's payload."""

    kind: str
    id: str
    payload: Json


def envelope_of(body: bytes) -> Envelope:
    """Return the envelope, whichever way it came. Raises BadPayload when it is none.

    Some types spell their names in camelCase. EventBridge puts an envelope of its own around the message, which then
    stands in ``detail``, as a whole or as its payload alone.
    """
    try:
        found = section(decode(body.decode("utf-8")))
    except ValueError as error:
        raise BadPayload("The message is not JSON in UTF-8.") from error
    outer = found if isinstance(found.get("detail"), dict) else {}
    message = _lowered(section(outer.get("detail")) if outer else found)
    kind = text(message.get("notificationType")) or text(outer.get("detail-type"))
    if not kind:
        raise BadPayload("The message is no notification of Amazon's.")
    metadata = _lowered(section(message.get("notificationMetadata")))
    payload = section(message.get("payload")) or (section(outer.get("detail")) if outer else {})
    return Envelope(kind=kind[:120], id=text(metadata.get("notificationId")) or text(outer.get("id")), payload=payload)


def _lowered(message: Json) -> Json:
    return {name[:1].lower() + name[1:]: value for name, value in message.items()}


def seller_of(envelope: Envelope) -> str:
    """Return the seller that a notification says it is about; empty: it does not say."""
    payload = _lowered(envelope.payload)
    inner = next((_lowered(value) for value in payload.values() if isinstance(value, dict)), {})
    return text(payload.get("sellerId")) or text(inner.get("sellerId"))


def message_of(handle: str, message_id: str, body: str) -> QueueMessage:
    """Return a message as the inbox keeps it. One that can't be read is kept, too: nothing is dropped."""
    raw = _without_buyer(body)
    try:
        envelope = envelope_of(raw)
    except BadPayload:
        digest = hashlib.sha256(raw).hexdigest()[:40]
        return QueueMessage(handle=handle, delivery_id=message_id or digest, topic=UNREADABLE, account_ref="", body=raw)
    return QueueMessage(
        handle=handle,
        delivery_id=(envelope.id or message_id)[:200],
        topic=envelope.kind,
        account_ref=seller_of(envelope),
        body=raw,
    )


def _without_buyer(body: str) -> bytes:
    """Return a message without the one thing that it tells of the buyer: where an order goes."""
    return _POSTAL_CODE.sub('"DestinationPostalCode":null', body).encode()


def parse_events(body: bytes, seller_id: str) -> list[ChannelEvent]:
    """Return the one event of a notification. Raises BadPayload when it names nothing it must name."""
    envelope = envelope_of(body)
    seller = seller_of(envelope)
    if seller and seller != seller_id:
        return [_other(f"{envelope.kind}: about the seller {seller[:40]}, not about this one")]
    if envelope.kind == ORDER:
        return [_order(envelope)]
    if envelope.kind in {QUANTITY, STATUS, ISSUES}:
        return [_listing(envelope)]
    if envelope.kind == HELD:
        sku = text(envelope.payload.get("SKU"))[:120]
        return [ChannelEvent(kind=EventKind.HELD_STOCK, ref=sku, description="Stock at Amazon changed")]
    return [_other(envelope.kind)]


def _order(envelope: Envelope) -> ChannelEvent:
    """What Amazon ships itself is none of the merchant's stock: its orders are not even fetched.

    A message at item level names one item of the order. That says nothing of the others, and the order is read anyway.
    """
    change = section(envelope.payload.get("OrderChangeNotification"))
    ref, summary = text(change.get("AmazonOrderId")), section(change.get("Summary"))
    if not ref:
        raise BadPayload("The notification of an order names none.")
    described = f"{text(change.get('OrderChangeType'))}: {text(summary.get('OrderStatus'))}"[:300]
    if summary.get("FulfillmentType") == "AFN":
        return _other(f"Order {ref}, fulfilled by Amazon: {described}")
    if any(item.get("IsBuyerRequestedCancel") is True for item in entries(summary.get("OrderItems"))):
        described = f"{described}, the buyer asks to cancel"
    return ChannelEvent(kind=EventKind.ORDER, ref=ref, description=described)


def _listing(envelope: Envelope) -> ChannelEvent:
    sku = text(envelope.payload.get("Sku"))
    if not sku:
        raise BadPayload(f"The notification {envelope.kind} names no SKU.")
    status = envelope.payload.get("Status")
    if envelope.kind == STATUS and isinstance(status, list) and "DELETED" in status:
        # Deleted in one marketplace, perhaps, and listed in others: it is looked up.
        return ChannelEvent(kind=EventKind.PRODUCT_DELETED, ref=sku, description="deleted in a marketplace")
    told = envelope.payload.get("Quantity")
    described = f"{envelope.kind}: {told}" if envelope.kind == QUANTITY else envelope.kind
    return ChannelEvent(kind=EventKind.PRODUCT, ref=sku, description=described[:300])


def _other(description: str) -> ChannelEvent:
    return ChannelEvent(kind=EventKind.OTHER, ref="", description=description)
