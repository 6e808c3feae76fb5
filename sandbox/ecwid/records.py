"""What a store holds: products, variations, orders. Plain records; the rules live beside them."""

from __future__ import annotations

from dataclasses import dataclass, field

PAYMENT_STATUSES = (
    "AWAITING_PAYMENT",
    "PAID",
    "CANCELLED",
    "REFUNDED",
    "PARTIALLY_REFUNDED",
    "INCOMPLETE",
    "CUSTOM_PAYMENT_STATUS_1",
    "CUSTOM_PAYMENT_STATUS_2",
    "CUSTOM_PAYMENT_STATUS_3",
)
FULFILMENT_STATUSES = (
    "AWAITING_PROCESSING",
    "PROCESSING",
    "SHIPPED",
    "DELIVERED",
    "WILL_NOT_DELIVER",
    "RETURNED",
    "READY_FOR_PICKUP",
    "OUT_FOR_DELIVERY",
    "CUSTOM_FULFILLMENT_STATUS_1",
    "CUSTOM_FULFILLMENT_STATUS_2",
    "CUSTOM_FULFILLMENT_STATUS_3",
)


@dataclass(slots=True, kw_only=True)
class Variation:
    """``sku`` empty means that it inherits the product's SKU and sells from the product's pool."""

    id: int
    number: int
    options: dict[str, str]
    sku: str = ""
    quantity: int = 0
    unlimited: bool = False
    price: float | None = None
    barcode: str = ""
    warning_limit: int = 0
    out_of_stock: str = "SHOW"


@dataclass(slots=True, kw_only=True)
class Product:
    """``quantity`` in whole units, may be negative; it says nothing while ``unlimited``. Times in UNIX seconds."""

    id: int
    name: str
    sku: str
    quantity: int = 0
    unlimited: bool = False
    enabled: bool = True
    price: float = 0.0
    description: str = ""
    barcode: str = ""
    category: str = ""
    weight: float = 0.0
    warning_limit: int = 0
    out_of_stock: str = "SHOW"
    is_sample: bool = False
    is_gift_card: bool = False
    external_reference: str = ""
    min_purchase: int | None = None
    max_purchase: int | None = None
    components: list[dict[str, int]] = field(default_factory=list)
    options: dict[str, list[str]] = field(default_factory=dict)
    variations: list[Variation] = field(default_factory=list)
    created_at: float = 0.0
    updated_at: float = 0.0
    sequence: int = 0
    """Rises with every change of any product; orders the default, unstable sort."""

    def variation(self, combination_id: int) -> Variation | None:
        return next((each for each in self.variations if each.id == combination_id), None)


Pool = Product | Variation


def pool_of(product: Product, variation: Variation | None) -> Pool:
    """Return the record whose number a sale lowers.

    A variation has a pool of its own only with a SKU of its own; without one, or with the product's, it
    sells from the product.
    """
    if variation is None or not variation.sku or variation.sku == product.sku:
        return product
    return variation


@dataclass(slots=True, kw_only=True)
class Line:
    """One order line. ``combination_id`` is None when no variation matched the buyer's options."""

    id: int
    product_id: int
    combination_id: int | None
    name: str
    sku: str
    quantity: int
    price: float
    in_stock_before: int
    track_quantity: bool = True
    options: dict[str, str] = field(default_factory=dict)
    is_preorder: bool = False


@dataclass(slots=True, kw_only=True)
class Refund:
    at: float
    amount: float
    reason: str
    source: str


@dataclass(slots=True, kw_only=True)
class Order:
    """``id`` is the text id buyers see, ``internal_id`` the number in webhooks. Times in UNIX seconds."""

    id: str
    internal_id: int
    payment_status: str
    fulfilment_status: str
    email: str
    buyer: str
    lines: list[Line]
    created_at: float
    updated_at: float
    refunds: list[Refund] = field(default_factory=list)
    from_checkout: bool = True
    """Bought in the store front, not placed through the API."""
    holds_stock: bool = False
    """Whether the order's units are off the pools at present."""
    taken: dict[tuple[int, int | None], int] = field(default_factory=dict)
    """(product, combination) → units taken off its pool when the order last took stock."""
    tracking: str = ""
    external_id: str = ""
    private_notes: str = ""

    @property
    def total(self) -> float:
        return round(sum(line.price * line.quantity for line in self.lines), 2)


@dataclass(frozen=True, slots=True)
class Deleted:
    """A tombstone for the deleted lists; ``order_id`` is the text id, empty for products."""

    id: int
    at: float
    order_id: str = ""
