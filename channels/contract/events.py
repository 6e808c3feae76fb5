"""Webhooks and messages: envelopes, and what they hint at."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class EventKind(enum.StrEnum):
    ORDER = "order"
    ORDER_DELETED = "order-deleted"
    PRODUCT = "product"
    PRODUCT_DELETED = "product-deleted"
    HELD_STOCK = "held-stock"  # what the platform holds for the merchant has changed
    DISCONNECTED = "disconnected"  # the store removed the app
    OTHER = "other"  # nothing to do; kept for the record


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEvent:
    """What a webhook hints at."""

    kind: EventKind
    ref: str  # of the order or the product, as fetch_orders and read_products take it
    description: str = ""  # for people


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The envelope of a webhook, told before its body is believed."""

    delivery_id: str
    topic: str
    account_ref: str  # the store it says it is about; empty: it does not say
    is_ping: bool = False  # a test of the address: answered, not kept


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMessage:
    """One message of the platform's queue."""

    handle: str  # what ``forget`` takes
    delivery_id: str  # the same for every repetition of the message
    topic: str
    account_ref: str  # the account it says it is about; empty: it does not say
    body: bytes
