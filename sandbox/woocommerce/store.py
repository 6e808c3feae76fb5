"""One store: its lock, its catalogue, its orders, and how it is filled from a description."""

from __future__ import annotations

import itertools
import threading

from sandbox.catalogue import OrderDescription, ProductDescription, StoreDescription, VariationDescription
from sandbox.woocommerce.options import Options
from sandbox.woocommerce.orders import REDUCING, Orders
from sandbox.woocommerce.products import Emit, Products
from sandbox.woocommerce.records import Line, Order, Product, Refund, RefundLine, Variation
from sandbox.woocommerce.stock import holder_of

DAY = 86_400.0

_LEFT = ("shipped", "delivered")


class Store:
    """The state of one store. Hold ``lock`` around every read or change that must be of one moment."""

    def __init__(self, name: str, options: Options, emit: Emit) -> None:
        self.name = name
        self.options = options
        self.lock = threading.RLock()
        self._emit = emit
        self._ids = itertools.count(1)
        self.products = Products(options, emit, self.next_id)
        self.orders = Orders(options, self.products, emit)

    def next_id(self) -> int:
        """Return the next id of the one range that products, variations, orders and refunds share."""
        return next(each for each in self._ids if self.products.find(each) is None and self.orders.find(each) is None)

    def fill(self, description: StoreDescription) -> None:
        """Replace everything by what ``description`` says. Nothing is announced, past orders move no stock."""
        with self.lock:
            self._ids = itertools.count(11)
            self.products = Products(self.options, self._emit, self.next_id)
            self.orders = Orders(self.options, self.products, self._emit)
            now = self.options.clock()
            for position, each in enumerate(description.get("products", [])):
                self.add_product(each, created_at=now - 90 * DAY + position)
            for past in description.get("orders", []):
                self._record_order(past)

    def add_product(self, description: ProductDescription, *, created_at: float = 0.0) -> Product:
        """Add a described product, quietly; ids that are not given are chosen.

        Variations without a SKU sell from the product's number, those with one from their own.
        """
        variations = description.get("variations", [])
        shares = any(not each.get("sku") for each in variations) or not variations
        unlimited = description.get("unlimited", False)
        product = Product(
            id=description.get("id") or self.next_id(),
            name=description["name"],
            type="variable" if variations else "simple",
            sku=description.get("sku", ""),
            status="publish" if description.get("enabled", True) else "draft",
            manage_stock=shares and not unlimited,
            stock_quantity=description.get("quantity", 0) if shares and not unlimited else None,
            backorders="notify" if description.get("preorder") else "no",
            price=_price(description.get("price")),
            gtin=description.get("barcode", ""),
            description=description.get("description", ""),
            category=description.get("category", ""),
            weight=f"{description.get('weight', 0.0):g}",
            created_at=created_at,
        )
        for each in variations:
            product.variations.append(self._variation(each, product))
            for name, value in each["options"].items():
                values = product.attributes.setdefault(name, [])
                if value not in values:
                    values.append(value)
        return self.products.put(product)

    def _variation(self, description: VariationDescription, product: Product) -> Variation:
        counts = bool(description.get("sku")) and not description.get("unlimited", False)
        return Variation(
            id=description.get("id") or self.next_id(),
            parent_id=product.id,
            attributes=dict(description["options"]),
            sku=description.get("sku", ""),
            manage_stock=counts,
            stock_quantity=description.get("quantity", 0) if counts else None,
            backorders="notify" if description.get("preorder") else "no",
            price=_price(description.get("price")),
            gtin=description.get("barcode", ""),
        )

    def _record_order(self, past: OrderDescription) -> None:
        placed_at = self.options.clock() - past.get("days_ago", 0.0) * DAY
        has_left = past.get("fulfilment_status", "unfulfilled") in _LEFT
        status = {
            "paid": "completed" if has_left else "processing",
            "partially_refunded": "completed" if has_left else "processing",
            "awaiting_payment": "on-hold",
            "cancelled": "cancelled",
            "refunded": "refunded",
        }[past.get("payment_status", "paid")]
        order = Order(
            id=self.next_id(),
            status=status,
            lines=[self._past_line(each["sku"], each["quantity"], each.get("options")) for each in past["lines"]],
            created_at=placed_at,
            modified_at=placed_at,
            created_via="checkout",
            buyer=past.get("buyer", "A buyer"),
            email=past.get("email", "buyer@example.com"),
            payment_method="stripe",
            paid_at=None if status in ("on-hold", "cancelled") else placed_at,
            completed_at=placed_at if has_left else None,
            stock_reduced=status in REDUCING or status == "refunded",
        )
        for line in order.lines:
            if status in REDUCING and self._counts(line):
                line.reduced = line.quantity
            elif status == "refunded" and self._counts(line):
                line.reduced, line.restocked = 0, line.quantity
        if past.get("payment_status") in ("refunded", "partially_refunded"):
            self._record_refund(order, is_full=status == "refunded")
        self.orders.record(order)

    def _record_refund(self, order: Order, *, is_full: bool) -> None:
        lines = [RefundLine(line_id=each.id, quantity=each.quantity, total=each.total) for each in order.lines]
        amount = order.total if is_full else round(order.total / 4, 2)
        refund = Refund(id=self.next_id(), at=order.created_at, amount=amount, reason="Refunded by hand")
        refund.lines = lines if is_full else []
        order.refunds.append(refund)

    def _past_line(self, sku: str, quantity: int, options: dict[str, str] | None) -> Line:
        product, variation = self.products.find_sku(sku, options)
        return self.orders.line_for(product, variation, quantity)

    def _counts(self, line: Line) -> bool:
        found = self.products.find(line.variation_id or line.product_id)
        return found is not None and holder_of(*found) is not None


def _price(price: float | None) -> str:
    return "" if price is None else f"{price:.2f}"
