"""Orders of one store, and what their statuses, edits and refunds do to stock. Call with the store's lock held."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.refusals import CannotBuy, OutOfStock
from sandbox.server import Json
from sandbox.woocommerce.errors import WpError
from sandbox.woocommerce.options import Options
from sandbox.woocommerce.products import Emit, Products
from sandbox.woocommerce.records import Line, Order, Product, Refund, RefundLine, Units, Variation
from sandbox.woocommerce.stock import holder_of

REDUCING = frozenset({"processing", "completed", "on-hold"})
RESTORING = frozenset({"cancelled", "pending"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Something a buyer puts into the cart."""

    product_id: int
    variation_id: int = 0
    quantity: int = 1


class Orders:
    """Orders by id. Every change stamps the order, moves the stock that WooCommerce moves, and is announced."""

    def __init__(self, options: Options, products: Products, emit: Emit) -> None:
        self.options = options
        self._products = products
        self._emit = emit
        self._orders: dict[int, Order] = {}
        self.line_ids = itertools.count(1)

    # Finding

    def all(self) -> list[Order]:
        """Return the orders outside the trash, in the order of their ids."""
        return [each for _, each in sorted(self._orders.items()) if each.status != "trash"]

    def trashed(self) -> list[Order]:
        return [each for _, each in sorted(self._orders.items()) if each.status == "trash"]

    def find(self, order_id: int) -> Order | None:
        return self._orders.get(order_id)

    # Placing

    def checkout(self, wanted: Iterable[Wanted], *, status: str, buyer: str, email: str) -> Order:
        """Place an order in the store front. Raises CannotBuy, OutOfStock."""
        lines = [self._bought(each) for each in wanted]
        if not lines:
            raise CannotBuy("The cart is empty")
        self._refuse_shortages(lines)
        order = self._new(lines, created_via="checkout", buyer=buyer, email=email)
        order.payment_method = "bacs" if status == "on-hold" else "cod" if status == "completed" else "stripe"
        self._emit("order", "created", order.id)
        self._change_status(order, status)
        self._saved(order)
        return order

    def create(self, body: Json) -> Order:
        """Place an order through the API, which refuses none for lack of stock."""
        lines = [self._line(each) for each in body.get("line_items") or [] if isinstance(each, dict)]
        sent = body.get("billing")
        billing: Json = sent if isinstance(sent, dict) else {}
        buyer = f"{billing.get('first_name', '')} {billing.get('last_name', '')}".strip()
        order = self._new(lines, created_via="rest-api", buyer=buyer, email=str(billing.get("email", "")))
        order.payment_method = str(body.get("payment_method", ""))
        self._emit("order", "created", order.id)
        self._change_status(order, str(body.get("status") or "pending"))
        if body.get("set_paid") is True:
            self._pay(order)
        self._saved(order)
        return order

    def record(self, order: Order) -> Order:
        """Keep an order as it is given, moving and announcing nothing."""
        self._orders[order.id] = order
        return order

    # Changing

    def update(self, order: Order, body: Json) -> None:
        """Write an order's status, payment and lines."""
        for each in body.get("line_items") or []:
            if isinstance(each, dict):
                self._edit(order, each)
        if body.get("status"):
            if order.trashed_from:
                order.trashed_from = ""
            self._change_status(order, str(body["status"]))
        if body.get("set_paid") is True:
            self._pay(order)
        self._saved(order)

    def set_status(self, order: Order, status: str) -> None:
        self.update(order, {"status": status})

    def trash(self, order: Order) -> None:
        """Nothing comes back to stock."""
        order.trashed_from, order.status = order.status, "trash"
        order.trashed_at = order.modified_at = self.options.clock()
        self._emit("order", "deleted", order.id)

    def restore(self, order: Order) -> None:
        order.status, order.trashed_from = order.trashed_from, ""
        order.modified_at = self.options.clock()
        self._emit("order", "restored", order.id)

    def delete(self, order: Order) -> None:
        """Delete for good: nothing comes back and nothing is announced."""
        del self._orders[order.id]

    def refund(self, order: Order, *, amount: float, reason: str, lines: list[RefundLine], restock: bool) -> Refund:
        """Refund money and, for the units of its lines, put stock back. Nothing checks the quantities."""
        refund = Refund(id=self._products.next_id(), at=self.options.clock(), amount=amount, reason=reason, lines=lines)
        order.refunds.append(refund)
        if restock:
            by_id = {line.id: line for line in order.lines}
            for each in lines:
                line = by_id.get(each.line_id)
                if line is not None and line.reduced and each.quantity and self._give(line, each.quantity):
                    line.reduced -= each.quantity
                    line.restocked += each.quantity
        if order.refunded >= order.total and order.status != "refunded":
            order.status = "refunded"
        self._saved(order)
        return refund

    # The rules

    def _new(self, lines: list[Line], *, created_via: str, buyer: str, email: str) -> Order:
        now = self.options.clock()
        order = Order(
            id=self._products.next_id(),
            status="new",
            lines=lines,
            created_at=now,
            modified_at=now,
            created_via=created_via,
            buyer=buyer,
            email=email,
        )
        return self.record(order)

    def _saved(self, order: Order) -> None:
        order.modified_at = self.options.clock()
        self._emit("order", "updated", order.id)

    def _change_status(self, order: Order, status: str) -> None:
        if status == order.status:
            return
        order.status = status
        now = self.options.clock()
        if status in ("processing", "completed") and order.paid_at is None and order.total > 0:
            order.paid_at = now
        if status == "completed":
            order.completed_at = now
        if status in REDUCING and not order.stock_reduced:
            self._reduce(order)
        if (status in RESTORING or (status == "failed" and self.options.restores_on_failed)) and order.stock_reduced:
            self._restore_stock(order)
        if status == "refunded" and order.refunded < order.total:
            rest = round(order.total - order.refunded, 2)
            reason = "Order fully refunded."
            order.refunds.append(Refund(id=self._products.next_id(), at=now, amount=rest, reason=reason))

    def _pay(self, order: Order) -> None:
        order.paid_at = order.paid_at or self.options.clock()
        self._change_status(order, "completed" if order.payment_method == "cod" else "processing")

    def _reduce(self, order: Order) -> None:
        if not self.options.manage_stock:
            return
        for line in order.lines:
            if not line.reduced and self._give(line, -line.quantity):
                line.reduced = line.quantity
        order.stock_reduced = True

    def _restore_stock(self, order: Order) -> None:
        if not self.options.manage_stock:
            return
        for line in order.lines:
            if line.reduced and self._give(line, line.reduced):
                line.reduced = None
        order.stock_reduced = False

    def _give(self, line: Line, units: Units) -> bool:
        """Add units to what holds the line's stock; tell whether anything does."""
        found = self._sold(line)
        return found is not None and self._products.move(*found, units)

    def _sold(self, line: Line) -> tuple[Product, Variation | None] | None:
        of_variation = self._products.find(line.variation_id) if line.variation_id else None
        return of_variation or self._products.find(line.product_id)

    def _edit(self, order: Order, sent: Json) -> None:
        """Change, remove (quantity 0) or add a line; on an order that takes stock the difference moves."""
        line = next((each for each in order.lines if each.id == sent.get("id")), None)
        if line is None:
            line = self._line(sent)
            order.lines.append(line)
        elif sent.get("quantity") is not None:
            line.quantity = sent["quantity"]
        if line.quantity == 0:
            order.lines.remove(line)
            if line.reduced:
                self._give(line, line.reduced)
        elif order.status in REDUCING:
            self._adjust(order, line)

    def _adjust(self, order: Order, line: Line) -> None:
        wanted = line.quantity - line.restocked
        more = wanted - (line.reduced or 0)
        if more and self._give(line, -more):
            line.reduced = wanted
            order.stock_reduced = True

    def line_for(self, product: Product, variation: Variation | None, quantity: Units) -> Line:
        """Return a new line at today's price."""
        price = float((variation.price if variation else "") or product.price or 0)
        name = f"{product.name} - {variation.label}" if variation else product.name
        return Line(
            id=next(self.line_ids),
            product_id=product.id,
            variation_id=variation.id if variation else 0,
            name=name,
            quantity=quantity,
            subtotal=price * quantity,
            total=price * quantity,
            parent_name=product.name if variation else None,
            attributes=dict(variation.attributes) if variation else {},
        )

    def _line(self, sent: Json) -> Line:
        wanted = sent.get("variation_id") or sent.get("product_id")
        found = self._products.find(wanted) if isinstance(wanted, int) and wanted else None
        if found is None and sent.get("sku"):
            found = next(self._products.sold_under(str(sent["sku"])), None)
        quantity = sent.get("quantity", 1)
        if found is not None:
            return self.line_for(*found, quantity)
        return Line(
            id=next(self.line_ids), product_id=0, variation_id=0, name="", quantity=quantity, subtotal=0, total=0
        )

    def _bought(self, wanted: Wanted) -> Line:
        found = self._products.find(wanted.variation_id or wanted.product_id)
        if found is None or found[0].status != "publish" or found[0].type in ("grouped", "external"):
            raise CannotBuy("This product is not on sale")
        product, variation = found
        if product.variations and variation is None:
            raise CannotBuy("Please choose product options")
        if isinstance(wanted.quantity, bool) or not 1 <= wanted.quantity <= 100_000:
            raise CannotBuy("The quantity must be a whole number, 1 or more")
        return self.line_for(product, variation, wanted.quantity)

    def _refuse_shortages(self, lines: list[Line]) -> None:
        demand: Counter[int] = Counter()
        for line in lines:
            found = self._sold(line)
            if found is None:
                continue
            product, variation = found
            holder = holder_of(product, variation) if self.options.manage_stock else None
            if holder is None:
                if (variation or product).stock_status == "outofstock":
                    raise OutOfStock(f"{line.name} is out of stock")
                continue
            demand[holder.id] += int(line.quantity)
            left = (holder.stock_quantity or 0) - self._held(holder.id)
            if holder.backorders == "no" and demand[holder.id] > left:
                raise OutOfStock(f"Only {max(0, left):g} of {line.name} left")

    def _held(self, holder_id: int) -> Units:
        """Return the units that orders waiting for a payment in the store front keep from other buyers."""
        since = self.options.clock() - self.options.hold_stock_minutes * 60
        held: Units = 0
        for order in self._orders.values():
            if order.status != "pending" or order.created_via != "checkout" or order.created_at < since:
                continue
            for line in order.lines:
                found = self._sold(line)
                holder = holder_of(*found) if found else None
                held += line.quantity if holder is not None and holder.id == holder_id else 0
        return held


def refund_lines(sent: object) -> list[RefundLine]:
    """Return the lines of a refund as the API takes them."""
    return [
        RefundLine(
            line_id=int(each.get("id") or 0),
            quantity=each.get("quantity") or 0,
            total=float(each.get("refund_total") or 0),
        )
        for each in (sent if isinstance(sent, list) else [])
        if isinstance(each, dict)
    ]


def no_gateway() -> WpError:
    """A refund that the payment gateway was asked to carry out, and can't."""
    words = "The payment gateway for this order does not exist."
    return WpError(500, "woocommerce_rest_cannot_create_order_refund", words, bare_status=True)
