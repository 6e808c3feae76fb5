"""What every platform offers the core, in our words. A platform folder speaks HTTP; the core sees only this.

Quantities are whole units. Times are aware and UTC. No method opens a transaction or touches the database, except
that every call passes the shared limiter. ``snapshot``, ``check_signature`` and ``parse_events`` do no I/O at all.
"""

from __future__ import annotations

from channels.contract.capabilities import (
    Capabilities,
    ConnectionReport,
    CredentialField,
    CredentialKeeper,
    MemoryKeeper,
    OptionField,
    Store,
    SubscriptionReport,
    WriteMode,
)
from channels.contract.errors import (
    BadCredentials,
    BadPayload,
    BadSignature,
    ChannelError,
    NotListed,
    RateLimited,
    Rejected,
    StoreMoved,
    StoreRefused,
    Unreachable,
    UnreadableProducts,
)
from channels.contract.events import ChannelEvent, Delivery, EventKind, QueueMessage
from channels.contract.listings import CatalogPage, HeldStock, ReportedListing, ReportedLocation, ReportedVariant
from channels.contract.orders import KnownLine, OrderLineSnapshot, OrderSnapshot, OrderState, RawOrder
from channels.contract.platform import OAuthPlatform, Platform
from channels.contract.writes import Outcome, OutcomeKind, QuantityChange

__all__ = [
    "BadCredentials",
    "BadPayload",
    "BadSignature",
    "Capabilities",
    "CatalogPage",
    "ChannelError",
    "ChannelEvent",
    "ConnectionReport",
    "CredentialField",
    "CredentialKeeper",
    "Delivery",
    "EventKind",
    "HeldStock",
    "KnownLine",
    "MemoryKeeper",
    "NotListed",
    "OAuthPlatform",
    "OptionField",
    "OrderLineSnapshot",
    "OrderSnapshot",
    "OrderState",
    "Outcome",
    "OutcomeKind",
    "Platform",
    "QuantityChange",
    "QueueMessage",
    "RateLimited",
    "RawOrder",
    "Rejected",
    "ReportedListing",
    "ReportedLocation",
    "ReportedVariant",
    "Store",
    "StoreMoved",
    "StoreRefused",
    "SubscriptionReport",
    "Unreachable",
    "UnreadableProducts",
    "WriteMode",
]
