"""One seller account: its lock, its listings, its orders, and how it is filled from a description."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from sandbox.amazon.items import Items, Tell
from sandbox.amazon.options import Options
from sandbox.amazon.orders import Orders
from sandbox.amazon.records import Order, Status
from sandbox.amazon.schedule import Schedule
from sandbox.catalogue import OrderDescription, ProductDescription, StoreDescription, VariationDescription
from sandbox.faults import Faults

DAY = 86_400.0
HANDLING_DAYS = 2  # of every listing that a description makes; what a careless write would lose


class Store:
    """The state of one seller. Hold ``lock`` around every read or change that must be of one moment."""

    def __init__(self, seller_id: str, options: Options, faults: Faults, tell: Tell) -> None:
        self.seller_id = seller_id
        self.options = options
        self.lock = threading.RLock()
        self.schedule = Schedule(self.lock, options.clock)
        self._faults = faults
        self._tell = tell
        self._empty()

    def _empty(self) -> None:
        self.schedule.clear()
        self.items = Items(self.options, self._faults, self.schedule, self._tell, self.seller_id)
        self.orders = Orders(self.options, self.items, self.schedule, self._tell, self.seller_id)

    def fill(self, description: StoreDescription, held: Mapping[str, int]) -> None:
        """Replace everything by what ``description`` says. No notifications, no stock moves for its past orders.

        Each SKU of its own becomes a listing; what is sold without a count can't be offered on Amazon. ``held``:
        SKU → units, for those that lie in Amazon's warehouses.
        """
        with self.lock:
            self._empty()
            for product in description.get("products", []):
                if not product.get("unlimited"):
                    self._list(product, held)
            for past in description.get("orders", []):
                self._record_order(past)

    def _list(self, product: ProductDescription, held: Mapping[str, int]) -> None:
        own: list[tuple[ProductDescription | VariationDescription, str]] = [
            (each, ", ".join(each["options"].values())) for each in product.get("variations", []) if each.get("sku")
        ]
        for each, options in own or [(product, "")]:
            sku = each.get("sku", "")
            if not sku:
                continue
            self.items.add(
                sku,
                title=f"{product['name']}, {options}" if options else product["name"],
                quantity=each.get("quantity", 0),
                held=held.get(sku),
                lead_days=HANDLING_DAYS,
                price=each.get("price") or product.get("price", 0.0),
                description=product.get("description", ""),
                category=product.get("category", ""),
                barcode=each.get("barcode", ""),
                enabled=product.get("enabled", True),
            )

    def _record_order(self, past: OrderDescription) -> None:
        lines = [
            self.orders.line(item, each["quantity"])
            for each in past["lines"]
            if (item := self.items.get(each["sku"])) is not None
        ]
        if not lines:
            return
        placed_at = self.options.clock() - past.get("days_ago", 0.0) * DAY
        status = _status(past)
        for line in lines:
            line.shipped = line.quantity if status == "SHIPPED" else 0
            line.cancelled = line.quantity if status == "CANCELLED" else 0
        first = self.items.find(lines[0].sku)
        self.orders.record(
            Order(
                id=self.orders.new_id(),
                marketplace=self.options.marketplaces[0],
                items=lines,
                status=status,
                by_amazon=first.is_held_by_amazon,
                buyer=past.get("buyer", "A buyer"),
                postal_code="10115",
                created_at=placed_at,
                updated_at=placed_at,
            )
        )


def _status(past: OrderDescription) -> Status:
    if past.get("fulfilment_status") in ("shipped", "delivered"):
        return "SHIPPED"
    if past.get("payment_status") in ("cancelled", "refunded"):
        return "CANCELLED"
    return "PENDING" if past.get("payment_status") == "awaiting_payment" else "UNSHIPPED"
