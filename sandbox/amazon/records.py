"""What a seller account holds: listings, orders, stock in Amazon's warehouses. Plain records; the rules lie beside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sandbox.server import Json

MERCHANT = "DEFAULT"
"""The fulfilment channel code of what the merchant ships."""

Status = Literal[
    "PENDING_AVAILABILITY", "PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED", "UNFULFILLABLE"
]


@dataclass(slots=True, kw_only=True)
class Record:
    """How one fulfilment channel can deliver a listing; the attribute ``fulfillment_availability`` that is live."""

    code: str
    quantity: int | None = None
    lead_time_to_ship_max_days: int | None = None
    restock_date: str = ""

    def attribute(self) -> Json:
        """Return the record in the words of the listing's attributes."""
        found: Json = {"fulfillment_channel_code": self.code}
        if self.quantity is not None:
            found["quantity"] = self.quantity
        if self.lead_time_to_ship_max_days is not None:
            found["lead_time_to_ship_max_days"] = self.lead_time_to_ship_max_days
        if self.restock_date:
            found["restock_date"] = self.restock_date
        return found


@dataclass(slots=True, kw_only=True)
class Held:
    """Units of a listing in Amazon's warehouses."""

    fulfillable: int = 0
    reserved: int = 0
    inbound: int = 0
    unfulfillable: int = 0
    updated_at: float = 0.0

    @property
    def total(self) -> int:
        return self.fulfillable + self.reserved + self.inbound + self.unfulfillable


@dataclass(slots=True, kw_only=True)
class Item:
    """One SKU of the seller, in all marketplaces of the region: its quantity is one number for all. UNIX seconds."""

    sku: str
    asin: str
    fnsku: str
    listing_id: str
    title: str
    product_type: str
    marketplaces: tuple[str, ...]
    price: float = 0.0
    description: str = ""
    category: str = ""
    barcode: str = ""
    enabled: bool = True
    records: dict[str, Record] = field(default_factory=dict)
    held: Held = field(default_factory=Held)
    submitted: dict[str, list[Json]] = field(default_factory=dict)
    """Marketplace → the attribute as it was last submitted there; goes stale when another one is written."""
    created_at: float = 0.0
    updated_at: float = 0.0
    sold: int = 0
    """Units that the merchant's channel has sold so far."""

    @property
    def merchant(self) -> Record | None:
        return self.records.get(MERCHANT)

    @property
    def quantity(self) -> int | None:
        """What the merchant's channel shows; None where it shows nothing."""
        return self.merchant.quantity if self.merchant else None

    @property
    def is_held_by_amazon(self) -> bool:
        return any(code != MERCHANT for code in self.records)

    def is_buyable(self, marketplace: str) -> bool:
        if not self.enabled or marketplace not in self.marketplaces:
            return False
        return self.held.fulfillable > 0 if self.is_held_by_amazon else (self.quantity or 0) > 0


@dataclass(slots=True, kw_only=True)
class OrderItem:
    """One line of an order; ``cancelled`` of its units will not be shipped any more."""

    id: str
    sku: str
    asin: str
    title: str
    quantity: int
    price: float
    shipped: int = 0
    cancelled: int = 0

    @property
    def unshipped(self) -> int:
        return self.quantity - self.shipped - self.cancelled


@dataclass(slots=True, kw_only=True)
class Order:
    """One order. ``status`` in the words of the 2026 API; times in UNIX seconds."""

    id: str
    marketplace: str
    items: list[OrderItem]
    status: Status
    by_amazon: bool
    buyer: str
    postal_code: str
    created_at: float
    updated_at: float
    cancel_requested: bool = False

    @property
    def total(self) -> float:
        return round(sum(item.price * item.quantity for item in self.items), 2)

    @property
    def is_over(self) -> bool:
        return self.status in ("SHIPPED", "CANCELLED")
