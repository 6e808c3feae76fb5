"""One store: its lock, its catalogue, its orders, and how it is filled from a description."""

from __future__ import annotations

import threading

from sandbox.catalogue import OrderDescription, ProductDescription, StoreDescription, VariationDescription
from sandbox.ecwid.options import Options
from sandbox.ecwid.orders import RELEASED, Orders
from sandbox.ecwid.products import Emit, Products
from sandbox.ecwid.records import Line, Order, Product, Variation

DAY = 86_400.0

_PAYMENT = {
    "paid": "PAID",
    "awaiting_payment": "AWAITING_PAYMENT",
    "cancelled": "CANCELLED",
    "refunded": "REFUNDED",
    "partially_refunded": "PARTIALLY_REFUNDED",
}
_FULFILMENT = {
    "unfulfilled": "AWAITING_PROCESSING",
    "processing": "PROCESSING",
    "shipped": "SHIPPED",
    "delivered": "DELIVERED",
}


class Store:
    """The state of one store. Hold ``lock`` around every read or change that must be of one moment."""

    def __init__(self, store_id: int, name: str, options: Options, emit: Emit) -> None:
        self.store_id = store_id
        self.name = name
        self.options = options
        self.lock = threading.RLock()
        self._emit = emit
        self.products = Products(options, emit)
        self.orders = Orders(store_id, options, self.products, emit)

    def fill(self, description: StoreDescription) -> None:
        """Replace everything by what ``description`` says. No events, no stock moves for its past orders."""
        with self.lock:
            self.products = Products(self.options, self._emit)
            self.orders = Orders(self.store_id, self.options, self.products, self._emit)
            now = self.options.clock()
            described = description.get("products", [])
            for position, each in enumerate(described):
                self.add_product(each, created_at=now - 90 * DAY + position, quietly=True)
            for past in description.get("orders", []):
                self._record_order(past)

    def add_product(
        self, description: ProductDescription, *, created_at: float = 0.0, quietly: bool = False
    ) -> Product:
        """Add a described product; ids that are not given are chosen."""
        product = Product(
            id=description.get("id") or self.products.next_product_id(),
            name=description["name"],
            sku=description.get("sku", ""),
            quantity=description.get("quantity", 0),
            unlimited=description.get("unlimited", False),
            enabled=description.get("enabled", True),
            price=description.get("price", 0.0),
            description=description.get("description", ""),
            barcode=description.get("barcode", ""),
            category=description.get("category", ""),
            weight=description.get("weight", 0.0),
            out_of_stock="ALLOW_PREORDER" if description.get("preorder") else "SHOW",
            created_at=created_at,
        )
        for number, each in enumerate(description.get("variations", []), start=1):
            product.variations.append(self._variation(each, number, product))
            for name, value in each["options"].items():
                values = product.options.setdefault(name, [])
                if value not in values:
                    values.append(value)
        return self.products.add(product, quietly=quietly)

    def _variation(self, description: VariationDescription, number: int, product: Product) -> Variation:
        taken = {each.id for each in product.variations}
        variation_id = description.get("id") or self.products.next_combination_id()
        while variation_id in taken:
            variation_id = self.products.next_combination_id()
        return Variation(
            id=variation_id,
            number=number,
            options=dict(description["options"]),
            sku=description.get("sku", ""),
            quantity=description.get("quantity", 0),
            unlimited=description.get("unlimited", False),
            price=description.get("price"),
            barcode=description.get("barcode", ""),
            out_of_stock="ALLOW_PREORDER" if description.get("preorder") else "SHOW",
        )

    def _record_order(self, past: OrderDescription) -> None:
        placed_at = self.options.clock() - past.get("days_ago", 0.0) * DAY
        text, number = self.orders.new_identity()
        payment = _PAYMENT[past.get("payment_status", "paid")]
        order = Order(
            id=text,
            internal_id=number,
            payment_status=payment,
            fulfilment_status=_FULFILMENT[past.get("fulfilment_status", "unfulfilled")],
            email=past.get("email", "buyer@example.com"),
            buyer=past.get("buyer", "A buyer"),
            lines=[self._past_line(each["sku"], each["quantity"], each.get("options")) for each in past["lines"]],
            created_at=placed_at,
            updated_at=placed_at,
            holds_stock=payment not in RELEASED,
        )
        for line in order.lines if order.holds_stock else []:
            order.taken[line.product_id, line.combination_id] = line.quantity
        self.orders.record(order)

    def _past_line(self, sku: str, quantity: int, options: dict[str, str] | None) -> Line:
        product, variation = self.find_sku(sku, options)
        combination_id = None if variation is None else variation.id
        line = self.orders.line_for(product, combination_id, quantity, options or {})
        line.in_stock_before += quantity if line.track_quantity else 0
        line.is_preorder = False
        return line

    def find_sku(self, sku: str, options: dict[str, str] | None = None) -> tuple[Product, Variation | None]:
        """Return what is sold under ``sku``; ``options`` choose among variations that have no SKU.

        Raises KeyError when nothing is.
        """
        for product in self.products.all():
            for variation in product.variations:
                if variation.sku == sku and sku != product.sku:
                    return product, variation
            if product.sku == sku:
                match = next((each for each in product.variations if options and each.options == options), None)
                return product, match
        raise KeyError(sku)
