"""What a simulated Shopify store holds."""

from __future__ import annotations

from dataclasses import dataclass, field

HELD = ("committed", "reserved", "damaged", "safety_stock", "quality_control")
"""The states that, with ``available``, make up ``on_hand``."""
NAMES = ("available", "committed", "damaged", "incoming", "on_hand", "quality_control", "reserved", "safety_stock")


@dataclass(slots=True, kw_only=True)
class Location:
    id: int
    name: str
    level_number: int
    """The number that stands in the ids of the location's levels; it is not the location's own."""
    is_active: bool = True
    fulfils_online: bool = True
    is_service: bool = False
    created_at: float = 0.0
    updated_at: float = 0.0
    deactivated_at: float | None = None


@dataclass(slots=True, kw_only=True)
class Product:
    id: int
    title: str
    status: str = "ACTIVE"
    category: str = ""
    about: str = ""
    is_gift_card: bool = False
    variant_ids: list[int] = field(default_factory=list)
    created_at: float = 0.0
    updated_at: float = 0.0


@dataclass(slots=True, kw_only=True)
class Item:
    """``is_bundle``: its stock follows from components and can't be written."""

    id: int
    tracked: bool = True
    requires_shipping: bool = True
    is_bundle: bool = False
    variant_ids: list[int] = field(default_factory=list)
    created_at: float = 0.0
    updated_at: float = 0.0


@dataclass(slots=True, kw_only=True)
class Variant:
    id: int
    product_id: int
    item_id: int
    title: str
    sku: str = ""
    barcode: str = ""
    price: float = 0.0
    policy: str = "DENY"
    options: dict[str, str] = field(default_factory=dict)
    created_at: float = 0.0
    updated_at: float = 0.0


@dataclass(slots=True, kw_only=True)
class Level:
    """The quantities of one item at one location."""

    item_id: int
    location_id: int
    is_active: bool = True
    quantities: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*HELD, "available", "incoming"), 0))
    created_at: float = 0.0
    updated_at: float = 0.0

    @property
    def available(self) -> int:
        return self.quantities["available"]

    @property
    def on_hand(self) -> int:
        return self.quantities["available"] + sum(self.quantities[name] for name in HELD)

    def of(self, name: str) -> int:
        return self.on_hand if name == "on_hand" else self.quantities[name]


@dataclass(slots=True, kw_only=True)
class Line:
    """``quantity`` never shrinks; ``current`` does. ``item_id`` is None for a custom line."""

    id: int
    title: str
    sku: str
    quantity: int
    current: int
    price: float = 0.0
    variant_title: str = ""
    product_id: int | None = None
    variant_id: int | None = None
    item_id: int | None = None
    requires_shipping: bool = True
    shipped: int = 0
    is_counted: bool = True
    """Whether its item was tracked and its order moves stock."""


@dataclass(slots=True, kw_only=True)
class ShareLine:
    """Units of one order line in a fulfilment order."""

    id: int
    line_id: int
    total: int
    remaining: int
    shipped: int = 0


@dataclass(slots=True, kw_only=True)
class FulfilmentOrder:
    """Where units of an order ship from. ``visible_at``: when routing is through."""

    id: int
    order_id: int
    location_id: int
    status: str = "OPEN"
    lines: list[ShareLine] = field(default_factory=list)
    created_at: float = 0.0
    updated_at: float = 0.0
    visible_at: float = 0.0


@dataclass(slots=True, kw_only=True)
class FulfilmentLine:
    id: int
    line_id: int
    quantity: int


@dataclass(slots=True, kw_only=True)
class Fulfilment:
    id: int
    order_id: int
    location_id: int
    name: str
    share_id: int
    status: str = "SUCCESS"
    lines: list[FulfilmentLine] = field(default_factory=list)
    created_at: float = 0.0
    updated_at: float = 0.0


@dataclass(slots=True, kw_only=True)
class RefundLine:
    """``restock_type`` in GraphQL's words; ``location_id`` None when nothing went back on a shelf."""

    id: int
    line_id: int
    quantity: int
    restock_type: str
    location_id: int | None


@dataclass(slots=True, kw_only=True)
class Refund:
    id: int
    order_id: int
    note: str
    lines: list[RefundLine] = field(default_factory=list)
    created_at: float = 0.0


@dataclass(slots=True, kw_only=True)
class Order:
    """Times in UNIX seconds. ``pos_location_id`` is set for sales at a till only."""

    id: int
    number: int
    buyer: str
    email: str
    lines: list[Line]
    created_at: float
    updated_at: float
    financial: str = "PAID"
    test: bool = False
    confirmed: bool = True
    edited: bool = False
    source: str = "web"
    pos_location_id: int | None = None
    cancelled_at: float | None = None
    cancel_reason: str | None = None
    closed_at: float | None = None
    fulfilment_orders: list[FulfilmentOrder] = field(default_factory=list)
    fulfilments: list[Fulfilment] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"#{self.number}"

    @property
    def total(self) -> float:
        return round(sum(line.price * line.current for line in self.lines), 2)

    def line(self, line_id: int) -> Line:
        """Return a line. Raises KeyError."""
        found = next((line for line in self.lines if line.id == line_id), None)
        if found is None:
            raise KeyError(f"line {line_id}")
        return found

    def remaining(self, line_id: int) -> int:
        """Return the units of a line that are still to ship."""
        return sum(
            share.remaining for each in self.fulfilment_orders for share in each.lines if share.line_id == line_id
        )

    @property
    def fulfilment_status(self) -> str:
        shipped = sum(line.shipped for line in self.lines)
        waiting = sum(self.remaining(line.id) for line in self.lines)
        if shipped and not waiting:
            return "FULFILLED"
        return "PARTIALLY_FULFILLED" if shipped else "UNFULFILLED"


@dataclass(slots=True, kw_only=True)
class Subscription:
    id: int
    topic: str
    uri: str
    include_fields: tuple[str, ...] = ()
    filter: str | None = None
    name: str | None = None
    created_at: float = 0.0
    updated_at: float = 0.0


@dataclass(slots=True, kw_only=True)
class Change:
    """One change of one quantity in an adjustment group."""

    name: str
    delta: int
    item_id: int
    location_id: int
    document: str | None = None


@dataclass(slots=True, kw_only=True)
class AdjustmentGroup:
    id: int
    reason: str
    document: str | None
    changes: list[Change]
    created_at: float


@dataclass(slots=True, kw_only=True)
class BulkOperation:
    """``rows``: its JSONL once it is completed."""

    id: int
    query: str
    status: str = "CREATED"
    error_code: str | None = None
    created_at: float = 0.0
    completed_at: float | None = None
    rows: bytes = b""
    objects: int = 0
    roots: int = 0
    secret: str = ""
