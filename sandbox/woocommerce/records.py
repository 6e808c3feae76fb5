"""What a store holds: products, variations, orders, refunds, webhooks. Plain records; the rules live beside them."""

from __future__ import annotations

from dataclasses import dataclass, field

ORDER_STATUSES = (
    "auto-draft",
    "pending",
    "processing",
    "on-hold",
    "completed",
    "cancelled",
    "refunded",
    "failed",
    "checkout-draft",
)
PRODUCT_TYPES = ("simple", "grouped", "external", "variable")
PRODUCT_STATUSES = ("draft", "pending", "private", "publish")
STOCK_STATUSES = ("instock", "outofstock", "onbackorder")
BACKORDERS = ("no", "notify", "yes")

Units = int | float
"""Whole units, unless a plugin counts in fractions."""


@dataclass(slots=True, kw_only=True)
class Stocked:
    """What a quantity may be kept of. Times in UNIX seconds; ``price`` as text, empty for none."""

    id: int
    sku: str = ""
    status: str = "publish"
    manage_stock: bool = False
    stock_quantity: Units | None = None
    stock_status: str = "instock"
    backorders: str = "no"
    low_stock_amount: int | None = None
    price: str = ""
    gtin: str = ""
    created_at: float = 0.0
    modified_at: float = 0.0


@dataclass(slots=True, kw_only=True)
class Variation(Stocked):
    """``sku`` empty: it reports its parent's."""

    parent_id: int
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return ", ".join(self.attributes.values())


@dataclass(slots=True, kw_only=True)
class Product(Stocked):
    """``trashed_from`` is the status before the trash, empty outside it."""

    name: str
    type: str = "simple"
    description: str = ""
    category: str = ""
    weight: str = ""
    attributes: dict[str, list[str]] = field(default_factory=dict)
    variations: list[Variation] = field(default_factory=list)
    total_sales: int = 0
    trashed_from: str = ""

    @property
    def slug(self) -> str:
        return "-".join("".join(each if each.isalnum() else " " for each in self.name.lower()).split())

    def variation(self, variation_id: int) -> Variation | None:
        return next((each for each in self.variations if each.id == variation_id), None)


@dataclass(slots=True, kw_only=True)
class Line:
    """One order line. ``reduced`` is the mark ``_reduced_stock``, ``restocked`` is ``_restock_refunded_items``."""

    id: int
    product_id: int
    variation_id: int
    name: str
    quantity: Units
    subtotal: float
    total: float
    parent_name: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    reduced: Units | None = None
    restocked: Units = 0


@dataclass(slots=True, kw_only=True)
class RefundLine:
    line_id: int
    quantity: Units
    total: float


@dataclass(slots=True, kw_only=True)
class Refund:
    id: int
    at: float
    amount: float
    reason: str
    lines: list[RefundLine] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Order:
    """``stock_reduced`` is WooCommerce's own flag for the whole order. Times in UNIX seconds."""

    id: int
    status: str
    lines: list[Line]
    created_at: float
    modified_at: float
    created_via: str = "rest-api"
    buyer: str = ""
    email: str = ""
    payment_method: str = ""
    paid_at: float | None = None
    completed_at: float | None = None
    refunds: list[Refund] = field(default_factory=list)
    stock_reduced: bool = False
    trashed_from: str = ""
    trashed_at: float = 0.0

    @property
    def total(self) -> float:
        return round(sum(line.total for line in self.lines), 2)

    @property
    def refunded(self) -> float:
        return round(sum(refund.amount for refund in self.refunds), 2)


@dataclass(slots=True, kw_only=True)
class Webhook:
    """``failures`` in a row are not told by the API; ``awaits_ping`` until a ping has been answered with 200."""

    id: int
    name: str
    topic: str
    delivery_url: str
    secret: str
    status: str = "active"
    created_at: float = 0.0
    modified_at: float = 0.0
    failures: int = 0
    awaits_ping: bool = True

    @property
    def resource(self) -> str:
        return self.topic.partition(".")[0]

    @property
    def event(self) -> str:
        return self.topic.partition(".")[2]
