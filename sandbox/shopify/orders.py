"""The orders of one shop and what they do to its stock. Call with the shop's lock held.

Placing moves units from ``available`` to ``committed``, fulfilling takes them out of ``committed``; a refund puts them
back on ``available`` or not, as its restock type says.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.refusals import CannotBuy
from sandbox.shopify import bodies
from sandbox.shopify.cart import Cart, Wanted
from sandbox.shopify.records import (
    Fulfilment,
    FulfilmentLine,
    FulfilmentOrder,
    Line,
    Order,
    Refund,
    RefundLine,
    ShareLine,
)
from sandbox.shopify.shop import Shop

FIRST_NUMBER = 1001
OVER = ("CLOSED", "CANCELLED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One line of a refund. ``location_id`` None: where the units came from."""

    line_id: int
    quantity: int
    restock_type: str = "NO_RESTOCK"
    location_id: int | None = None


class Orders:
    """Everything a buyer and a merchant do to orders. Each public method is one action, told by webhooks."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._cart = Cart(shop)
        self._numbers = itertools.count(FIRST_NUMBER)

    def find(self, order_id: int) -> Order:
        """Return an order. Raises KeyError."""
        return self._shop.orders[order_id]

    def checkout(
        self,
        wanted: Sequence[Wanted],
        *,
        buyer: str = "Jamie Visitor",
        email: str = "jamie@example.com",
        test: bool = False,
        paid: bool = True,
        location_id: int | None = None,
        force: bool = False,
    ) -> Order:
        """Place an order. ``location_id``: sold and handed over at a till there. ``force``: past all shortages.

        Raises CannotBuy, OutOfStock; then nothing has changed.
        """
        if not wanted:
            raise CannotBuy("The cart is empty")
        if not force and location_id is None:
            self._cart.refuse_shortages(wanted)
        now = self._shop.now()
        order = Order(
            id=self._shop.next_id("Order"),
            number=next(self._numbers),
            buyer=buyer,
            email=email,
            lines=[self._cart.line(each, test=test) for each in wanted],
            created_at=now,
            updated_at=now,
            financial="PAID" if paid else "PENDING",
            test=test,
            source="web" if location_id is None else "pos",
            pos_location_id=location_id,
        )
        self._shop.orders[order.id] = order
        action = self._shop.action()
        for line in order.lines:
            self._route(order, line, line.quantity, action, location_id)
        self._tell("ORDERS_CREATE", order, action)
        self._shop.emit("FULFILLMENT_ORDERS_ORDER_ROUTING_COMPLETE", self._routed(order), action)
        if location_id is not None:
            self._fulfil(order, {}, action)
        return order

    def fulfil(self, order_id: int, units: dict[int, int] | None = None) -> Order:
        """Ship an order, or some ``units`` by line id, from wherever its fulfilment orders stand."""
        order = self.find(order_id)
        self._fulfil(order, units or {}, self._shop.action())
        return order

    def cancel_fulfilment(self, order_id: int, fulfilment_id: int) -> Order:
        """Take a shipment back: its units wait to be shipped again, in a new fulfilment order where theirs is over.

        https://shopify.dev/docs/api/admin-graphql/latest/mutations/fulfillmentCancel
        """
        order = self.find(order_id)
        shipment = next((each for each in order.fulfilments if each.id == fulfilment_id), None)
        if shipment is None or shipment.status == "CANCELLED":
            raise KeyError(f"fulfilment {fulfilment_id}")
        if order.refunds:
            raise ValueError("A shipment of which units were refunded can't be cancelled.")
        action = self._shop.action()
        shipment.status = "CANCELLED"
        shipment.updated_at = self._shop.now()
        share = next(each for each in order.fulfilment_orders if each.id == shipment.share_id)
        again = share if share.status not in OVER else self._new_share(order, shipment.location_id)
        for each in shipment.lines:
            line = order.line(each.line_id)
            line.shipped -= each.quantity
            self._shift(line, shipment.location_id, action, committed=each.quantity)
            waits = next(part for part in share.lines if part.line_id == line.id and part.shipped >= each.quantity)
            waits.shipped -= each.quantity
            if again is share:
                waits.remaining += each.quantity
            else:
                again.lines.append(self._share(each.line_id, each.quantity))
        again.updated_at = self._shop.now()
        order.closed_at = None
        self._shop.emit("FULFILLMENTS_UPDATE", bodies.fulfilment_body(shipment), action)
        self._touch(order, action)
        return order

    def cancel(self, order_id: int, *, restock: bool = True, reason: str = "CUSTOMER") -> Order:
        """Cancel an order; what has not left goes back on sale or is written off. Raises ValueError twice."""
        order = self.find(order_id)
        if order.cancelled_at is not None:
            raise ValueError("The order has been cancelled already.")
        action = self._shop.action()
        kind = "CANCEL" if restock else "NO_RESTOCK"
        given = [
            Given(line_id=line.id, quantity=order.remaining(line.id), restock_type=kind)
            for line in order.lines
            if order.remaining(line.id)
        ]
        order.cancelled_at, order.cancel_reason = self._shop.now(), reason
        order.closed_at = order.cancelled_at
        order.financial = "REFUNDED" if order.financial == "PAID" else "VOIDED"
        if given:
            self._refund(order, given, "Order canceled", action)
        self._tell("ORDERS_CANCELLED", order, action)
        self._touch(order, action)
        return order

    def refund(self, order_id: int, given: Sequence[Given], *, note: str = "") -> Order:
        """Refund units of lines, each with its restock type. Raises KeyError, ValueError; then nothing has changed."""
        order = self.find(order_id)
        for each in given:
            line = order.line(each.line_id)
            if each.restock_type not in ("CANCEL", "RETURN", "NO_RESTOCK", "LEGACY_RESTOCK"):
                raise ValueError(f"There is no restock type {each.restock_type}.")
            if not 1 <= each.quantity <= line.current:
                raise ValueError(f"{line.current} units of line {line.id} can be refunded.")
            if each.restock_type == "CANCEL" and each.quantity > order.remaining(line.id):
                raise ValueError("CANCEL is for units that have not shipped.")
            if each.restock_type == "RETURN" and each.quantity > line.shipped:
                raise ValueError("RETURN is for units that have shipped.")
        action = self._shop.action()
        self._refund(order, given, note, action)
        everything = not any(line.current for line in order.lines)
        order.financial = "REFUNDED" if everything else "PARTIALLY_REFUNDED"
        self._touch(order, action)
        return order

    def edit(self, order_id: int, line_id: int, quantity: int, *, restock: bool = True) -> Order:
        """Change how many units a line asks for; 0 removes it. Raises ValueError below what has shipped."""
        order = self.find(order_id)
        line = order.line(line_id)
        if quantity < 0 or quantity < line.current - order.remaining(line_id):
            raise ValueError("Units that have shipped can't be taken out of an order.")
        action = self._shop.action()
        delta = quantity - line.current
        added, removed = [], []
        if delta > 0:
            line.quantity += delta
            line.current += delta
            self._route(order, line, delta, action, None)
            added.append({"id": line.id, "delta": delta})
        elif delta < 0:
            kind = "CANCEL" if restock else "NO_RESTOCK"
            gone = Given(line_id=line_id, quantity=-delta, restock_type=kind)
            if self._shop.options.edit_makes_refund:
                self._refund(order, [gone], "", action)
            else:
                self._take_out(order, gone, action)
            removed.append({"id": line.id, "delta": -delta})
        self._edited(order, added, removed, action)
        return order

    def add_line(self, order_id: int, wanted: Wanted) -> Order:
        """Add a line to an order, as editing it does."""
        order = self.find(order_id)
        line = self._cart.line(wanted, test=order.test)
        order.lines.append(line)
        action = self._shop.action()
        self._route(order, line, line.quantity, action, None)
        self._edited(order, [{"id": line.id, "delta": line.quantity}], [], action)
        return order

    def move(self, order_id: int, location_id: int) -> Order:
        """Move all that is still to ship to another location.

        A fulfilment order of which nothing has shipped changes its place; of another, a new one takes what is left.
        https://shopify.dev/docs/api/admin-graphql/latest/mutations/fulfillmentOrderMove
        """
        order = self.find(order_id)
        if location_id not in self._shop.locations:
            raise KeyError(f"location {location_id}")
        action = self._shop.action()
        for share in [each for each in order.fulfilment_orders if each.status not in OVER]:
            if share.location_id == location_id:
                continue
            for each in share.lines:
                line = order.line(each.line_id)
                self._shift(line, share.location_id, action, available=each.remaining, committed=-each.remaining)
                self._shift(line, location_id, action, available=-each.remaining, committed=each.remaining)
            moved = share
            if any(each.shipped for each in share.lines):
                moved = self._new_share(order, location_id)
                moved.lines = [self._share(each.line_id, each.remaining) for each in share.lines if each.remaining]
                for each in share.lines:
                    each.total, each.remaining = each.total - each.remaining, 0
                share.status = "CLOSED"
            moved.location_id = location_id
            share.updated_at = self._shop.now()
            body = {
                "original_fulfillment_order": {
                    "id": f"gid://shopify/FulfillmentOrder/{share.id}",
                    "status": share.status.lower(),
                },
                "moved_fulfillment_order": {"id": f"gid://shopify/FulfillmentOrder/{moved.id}", "status": "open"},
                "destination_location_id": f"gid://shopify/Location/{location_id}",
            }
            self._shop.emit("FULFILLMENT_ORDERS_MOVED", body, action)
        self._touch(order, action)
        return order

    def pay(self, order_id: int) -> Order:
        order = self.find(order_id)
        action = self._shop.action()
        order.financial = "PAID"
        self._tell("ORDERS_PAID", order, action)
        self._touch(order, action)
        return order

    def delete(self, order_id: int) -> None:
        """Delete an order; stock stays as it is."""
        del self._shop.orders[order_id]
        self._shop.emit("ORDERS_DELETE", {"id": order_id}, self._shop.action())

    def record(self, order: Order) -> None:
        """Keep a past order without moving stock or sending webhooks."""
        self._shop.orders[order.id] = order

    def new_number(self) -> int:
        return next(self._numbers)

    # Parts

    def _route(self, order: Order, line: Line, units: int, action: str, location_id: int | None) -> None:
        """Give the units of a line to locations, and take them off what these have available."""
        for place, share in self._cart.places(line, units, location_id):
            open_there = (
                each for each in order.fulfilment_orders if each.location_id == place and each.status == "OPEN"
            )
            fulfilment_order = next(open_there, None) or self._new_share(order, place)
            fulfilment_order.lines.append(self._share(line.id, share))
            fulfilment_order.updated_at = self._shop.now()
            self._shift(line, place, action, available=-share, committed=share)

    def _fulfil(self, order: Order, units: dict[int, int], action: str) -> None:
        wanted = dict(units) or {line.id: order.remaining(line.id) for line in order.lines}
        for share in [each for each in order.fulfilment_orders if each.status not in OVER]:
            shipment = Fulfilment(
                id=self._shop.next_id("Fulfillment"),
                order_id=order.id,
                location_id=share.location_id,
                share_id=share.id,
                name=f"{order.name}.{len(order.fulfilments) + 1}",
                created_at=self._shop.now(),
                updated_at=self._shop.now(),
            )
            for each in share.lines:
                shipped = min(each.remaining, wanted.get(each.line_id, 0))
                if not shipped:
                    continue
                line = order.line(each.line_id)
                each.remaining -= shipped
                each.shipped += shipped
                wanted[line.id] -= shipped
                line.shipped += shipped
                shipment.lines.append(
                    FulfilmentLine(id=self._shop.next_id("FulfillmentLineItem"), line_id=line.id, quantity=shipped)
                )
                self._shift(line, share.location_id, action, committed=-shipped)
            if shipment.lines:
                share.updated_at = self._shop.now()
                order.fulfilments.append(shipment)
                self._shop.emit("FULFILLMENTS_CREATE", bodies.fulfilment_body(shipment), action)
            self._close_if_done(share)
        if order.fulfilment_status == "FULFILLED":
            self._tell("ORDERS_FULFILLED", order, action)
        self._touch(order, action)

    def _refund(self, order: Order, given: Sequence[Given], note: str, action: str) -> None:
        refund = Refund(id=self._shop.next_id("Refund"), order_id=order.id, note=note, created_at=self._shop.now())
        for each in given:
            refund.lines += [
                RefundLine(
                    id=self._shop.next_id("RefundLineItem"),
                    line_id=each.line_id,
                    quantity=units,
                    restock_type=each.restock_type,
                    location_id=location_id,
                )
                for location_id, units in self._take_out(order, each, action)
            ]
        order.refunds.append(refund)
        order.updated_at = self._shop.now()
        self._shop.emit("REFUNDS_CREATE", bodies.refund_body(order, refund), action)

    def _take_out(self, order: Order, given: Given, action: str) -> list[tuple[int | None, int]]:
        """Take units out of an order; return where how many went back on a shelf: None for nowhere."""
        line = order.line(given.line_id)
        line.current -= given.quantity
        left, back = given.quantity, Counter[int | None]()
        # Units that are still to ship leave first, unless the goods are said to come back.
        for share in [] if given.restock_type == "RETURN" else order.fulfilment_orders:
            for each in share.lines:
                units = min(left, each.remaining) if each.line_id == line.id and share.status not in OVER else 0
                if not units:
                    continue
                each.remaining -= units
                each.total -= units if self._shop.options.refund_lowers_totals else 0
                left -= units
                share.updated_at = self._shop.now()
                self._shift(line, share.location_id, action, committed=-units)
                if given.restock_type in ("CANCEL", "LEGACY_RESTOCK"):
                    back[given.location_id or share.location_id] += units
                else:
                    back[None] += units
            self._close_if_done(share)
        if left and given.restock_type in ("RETURN", "LEGACY_RESTOCK"):
            for location_id, units in self._shelves(order, line, left):
                back[given.location_id or location_id] += units
        elif left:
            back[None] += left
        for place, units in back.items():
            if place is not None:
                self._shift(line, place, action, available=units)
        return list(back.items())

    def _shelves(self, order: Order, line: Line, units: int) -> list[tuple[int, int]]:
        """Return from which locations units were shipped that have not come back yet."""
        shipped: Counter[int] = Counter()
        for shipment in order.fulfilments:
            if shipment.status == "SUCCESS":
                shipped[shipment.location_id] += sum(e.quantity for e in shipment.lines if e.line_id == line.id)
        for refund in order.refunds:
            for each in refund.lines:
                if each.line_id == line.id and each.restock_type == "RETURN" and each.location_id is not None:
                    shipped[each.location_id] -= each.quantity
        found = []
        for place, there in shipped.items():
            share = min(units, max(0, there))
            if share:
                found.append((place, share))
                units -= share
        return found

    def _shift(self, line: Line, location_id: int, action: str, **deltas: int) -> None:
        if line.is_counted and line.item_id is not None and line.item_id in self._shop.items:
            self._shop.shift(line.item_id, location_id, action, **deltas)

    def _new_share(self, order: Order, location_id: int) -> FulfilmentOrder:
        now = self._shop.now()
        share = FulfilmentOrder(
            id=self._shop.next_id("FulfillmentOrder"),
            order_id=order.id,
            location_id=location_id,
            created_at=now,
            updated_at=now,
            visible_at=now + self._shop.options.routing_seconds,
        )
        order.fulfilment_orders.append(share)
        return share

    def _share(self, line_id: int, units: int) -> ShareLine:
        number = self._shop.next_id("FulfillmentOrderLineItem")
        return ShareLine(id=number, line_id=line_id, total=units, remaining=units)

    def _close_if_done(self, share: FulfilmentOrder) -> None:
        if not any(each.remaining for each in share.lines):
            share.status = "CLOSED"

    def _routed(self, order: Order) -> dict[str, object]:
        first = order.fulfilment_orders[0].id if order.fulfilment_orders else 0
        return {"fulfillment_order": {"id": f"gid://shopify/FulfillmentOrder/{first}", "status": "open"}}

    def _edited(self, order: Order, added: list[dict[str, int]], removed: list[dict[str, int]], action: str) -> None:
        order.edited = True
        body = {
            "order_edit": {
                "id": self._shop.next_id("OrderEdit"),
                "order_id": order.id,
                "line_items": {"additions": added, "removals": removed},
            }
        }
        self._shop.emit("ORDERS_EDITED", body, action)
        self._touch(order, action)

    def _touch(self, order: Order, action: str) -> None:
        order.updated_at = self._shop.now()
        self._tell("ORDERS_UPDATED", order, action)

    def _tell(self, topic: str, order: Order, action: str) -> None:
        self._shop.emit(topic, bodies.order_body(order), action)
