"""Sales channels and everything that has to survive a crash: events, orders, pushes, lanes.

Each arrow of the data's way is a row here: webhook → InboundEvent → Order → (ledger) → Listing due → Push.
"""

from __future__ import annotations

from channels.models.channel import Channel, ChannelWarehouse, ConnectAttempt, Location, ObservedDay
from channels.models.listing import CatalogImport, HoldBack, Listing, ListingVariant
from channels.models.mapping import MappingChange, MappingLine, MappingRun, MappingSuggestion
from channels.models.order import Order, OrderLine
from channels.models.sandbox import Sandbox
from channels.models.traffic import InboundEvent, Push
from channels.models.work import CallBudget, Heartbeat, Lane

__all__ = [
    "CallBudget",
    "CatalogImport",
    "Channel",
    "ChannelWarehouse",
    "ConnectAttempt",
    "Heartbeat",
    "HoldBack",
    "InboundEvent",
    "Lane",
    "Listing",
    "ListingVariant",
    "Location",
    "MappingChange",
    "MappingLine",
    "MappingRun",
    "MappingSuggestion",
    "ObservedDay",
    "Order",
    "OrderLine",
    "Push",
    "Sandbox",
]
