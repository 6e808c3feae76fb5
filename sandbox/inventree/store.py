"""What the simulated InvenTree keeps: parts, a tree of locations, stock rows, sales orders, shipments."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sandbox.refusals import Refusal

OK, DAMAGED = 10, 55
# Key, name, label, colour. in_stock holds those of IN_STOCK alone.
STATUSES = (
    (10, "OK", "OK", "success"),
    (50, "ATTENTION", "Attention needed", "warning"),
    (55, "DAMAGED", "Damaged", "warning"),
    (60, "DESTROYED", "Destroyed", "danger"),
    (65, "REJECTED", "Rejected", "danger"),
    (70, "LOST", "Lost", "dark"),
    (75, "QUARANTINED", "Quarantined", "info"),
    (85, "RETURNED", "Returned", "warning"),
)
IN_STOCK = frozenset({10, 50, 55, 85})


class Unknown(Refusal):
    """No row has this number."""

    status = 404


@dataclass(slots=True, kw_only=True)
class Part:
    pk: int
    name: str
    ipn: str = ""
    barcode: str = ""
    minimum_stock: float = 0.0
    units: str = ""
    variant_of: int | None = None
    is_template: bool = False
    trackable: bool = False
    virtual: bool = False
    salable: bool = True
    active: bool = True
    pricing_updated: str | None = None


@dataclass(slots=True, kw_only=True)
class Location:
    pk: int
    name: str
    description: str = ""
    parent: int | None = None
    structural: bool = False
    external: bool = False


@dataclass(slots=True, kw_only=True)
class StockItem:
    pk: int
    part: int
    quantity: float
    location: int | None = None
    status: int = OK
    serial: str | None = None
    batch: str = ""
    sales_order: int | None = None
    customer: int | None = None

    @property
    def in_stock(self) -> bool:
        return self.quantity > 0 and self.sales_order is None and self.customer is None and self.status in IN_STOCK


@dataclass(slots=True, kw_only=True)
class Allocation:
    pk: int
    line: int
    item: int
    quantity: float
    shipment: int


@dataclass(slots=True, kw_only=True)
class Shipment:
    pk: int
    order: int
    reference: str = "1"
    shipment_date: str | None = None


@dataclass(slots=True, kw_only=True)
class SalesOrder:
    pk: int
    reference: str
    customer_reference: str
    lines: list[tuple[int, int, float]] = field(default_factory=list)  # line, part, quantity


@dataclass(slots=True)
class Store:
    """All rows. ``today`` is the server's date; InvenTree keeps days, not moments, for shipments."""

    today: Callable[[], str] = lambda: datetime.now(UTC).date().isoformat()
    stamp: str = "2026-11-21 04:46"
    parts: dict[int, Part] = field(default_factory=dict)
    locations: dict[int, Location] = field(default_factory=dict)
    items: dict[int, StockItem] = field(default_factory=dict)
    orders: dict[int, SalesOrder] = field(default_factory=dict)
    shipments: dict[int, Shipment] = field(default_factory=dict)
    allocations: dict[int, Allocation] = field(default_factory=dict)
    waiting: list[int] = field(default_factory=list)  # shipments handed to the worker, which does not run
    worker_running: bool = True
    _numbers: dict[str, itertools.count[int]] = field(default_factory=dict)

    def next_pk(self, kind: str, rows: dict[int, object]) -> int:
        counter = self._numbers.setdefault(kind, itertools.count(max(rows, default=0) + 1))
        return next(counter)

    def add_part(self, name: str, ipn: str = "", *, pk: int = 0, **fields: object) -> Part:
        pk = pk or self.next_pk("part", self.parts)  # type: ignore[arg-type]
        part = Part(pk=pk, name=name, ipn=ipn, **fields)  # type: ignore[arg-type]
        self.parts[pk] = part
        return part

    def add_location(self, name: str, *, pk: int = 0, **fields: object) -> Location:
        pk = pk or self.next_pk("location", self.locations)  # type: ignore[arg-type]
        location = Location(pk=pk, name=name, **fields)  # type: ignore[arg-type]
        self.locations[pk] = location
        return location

    def add_item(self, part: int, quantity: float, location: int | None, *, pk: int = 0, **fields: object) -> StockItem:
        pk = pk or self.next_pk("item", self.items)  # type: ignore[arg-type]
        item = StockItem(pk=pk, part=part, quantity=quantity, location=location, **fields)  # type: ignore[arg-type]
        self.items[pk] = item
        return item

    def path(self, location: Location) -> str:
        parent = self.locations.get(location.parent) if location.parent is not None else None
        return f"{self.path(parent)}/{location.name}" if parent else location.name

    def within(self, pk: int) -> set[int]:
        """Return a location and everything below it."""
        found = {pk}
        while True:
            more = {each.pk for each in self.locations.values() if each.parent in found} - found
            if not more:
                return found
            found |= more

    def variants(self, pk: int) -> set[int]:
        """Return the parts below a template, at any depth."""
        below = {part.pk for part in self.parts.values() if part.variant_of == pk}
        return below.union(*(self.variants(each) for each in below)) if below else set()

    def allocated(self, item: StockItem) -> float:
        """Return what is promised to shipments that have not left."""
        return sum(
            each.quantity
            for each in self.allocations.values()
            if each.item == item.pk and self.shipments[each.shipment].shipment_date is None
        )

    # Sales orders -----------------------------------------------------------------------------------------------

    def place_order(self, customer_reference: str, lines: list[tuple[str, float]], *, reference: str = "") -> Shipment:
        """Make an issued order with one pending shipment to which stock is allocated, the fullest row first."""
        pk = self.next_pk("order", self.orders)  # type: ignore[arg-type]
        order = SalesOrder(pk=pk, reference=reference or f"SO-{pk:04d}", customer_reference=customer_reference)
        self.orders[pk] = order
        shipment = Shipment(pk=self.next_pk("shipment", self.shipments), order=pk)  # type: ignore[arg-type]
        self.shipments[shipment.pk] = shipment
        for ipn, quantity in lines:
            part = self.part_by_ipn(ipn)
            line = self.next_pk("line", {})
            order.lines.append((line, part.pk, quantity))
            self._allocate(part.pk, line, quantity, shipment)
        return shipment

    def part_by_ipn(self, ipn: str) -> Part:
        for part in self.parts.values():
            if part.ipn == ipn:
                return part
        raise Unknown(f"no part {ipn}")

    def _allocate(self, part: int, line: int, quantity: float, shipment: Shipment) -> None:
        rows = [item for item in self.items.values() if item.part == part and item.in_stock and item.status == OK]
        for item in sorted(rows, key=lambda each: -each.quantity):
            share = min(quantity, item.quantity - self.allocated(item))
            if share > 0:
                pk = self.next_pk("allocation", self.allocations)  # type: ignore[arg-type]
                self.allocations[pk] = Allocation(pk=pk, line=line, item=item.pk, quantity=share, shipment=shipment.pk)
                quantity -= share
        if quantity > 0:
            raise Refusal("there is not enough stock to allocate")

    def ship(self, shipment: Shipment) -> None:
        """Complete a shipment, as the background worker does; without one it waits."""
        if not self.worker_running:
            self.waiting.append(shipment.pk)
            return
        shipment.shipment_date = self.today()
        for each in self.allocations.values():
            if each.shipment != shipment.pk:
                continue
            item = self.items[each.item]
            if each.quantity < item.quantity:
                item.quantity -= each.quantity
                pk = self.next_pk("item", self.items)  # type: ignore[arg-type]
                item = replace(item, pk=pk, quantity=each.quantity)
                self.items[pk], each.item = item, pk
            item.sales_order, item.customer, item.location = shipment.order, 1, None

    def run_worker(self) -> None:
        """Start the background worker and let it do what has waited."""
        self.worker_running = True
        waiting, self.waiting = self.waiting, []
        for pk in waiting:
            self.ship(self.shipments[pk])
