"""The orders of one store and what they do to its stock. Call with the store's lock held."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field

from sandbox.ecwid.errors import not_found
from sandbox.ecwid.options import Options
from sandbox.ecwid.products import Emit, Products
from sandbox.ecwid.records import Deleted, Line, Order, Product, Refund, pool_of
from sandbox.refusals import CannotBuy, OutOfStock
from sandbox.server import Json

FIRST_INTERNAL_ID = 516_483_487
# Above 2**32, so that a client which keeps line ids in 32 bits fails.
FIRST_LINE_ID = 4_828_115_520
RELEASED = ("CANCELLED", "REFUNDED")
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(slots=True, kw_only=True)
class Wanted:
    """One line to buy; ``options`` are the buyer's choices, known anyway when ``combination_id`` is given."""

    product_id: int
    combination_id: int | None = None
    quantity: int = 1
    options: dict[str, str] = field(default_factory=dict)


class Orders:
    """Orders by text id, and the moments at which they take stock and give it back."""

    def __init__(self, store_id: int, options: Options, products: Products, emit: Emit) -> None:
        self.options = options
        self.deleted: list[Deleted] = []
        self.updated_at = options.clock()
        self._products = products
        self._emit = emit
        self._orders: dict[str, Order] = {}
        self._by_number: dict[int, Order] = {}
        self._numbers = itertools.count(FIRST_INTERNAL_ID + store_id * 100_000)  # no two stores share an order id
        self._line_ids = itertools.count(FIRST_LINE_ID)

    def all(self) -> list[Order]:
        """Return the orders, newest first."""
        return list(reversed(self._orders.values()))

    def find(self, ref: str) -> Order:
        """Return an order by text id, or by number where the store takes numbers. Raises ApiError 404."""
        order = self._orders.get(ref)
        if order is None and self.options.numeric_order_ids and ref.isdigit():
            order = self._by_number.get(int(ref))
        if order is None:
            raise not_found("ORDER", ref)
        return order

    def checkout(self, wanted: list[Wanted], *, payment_status: str, buyer: str, email: str) -> Order:
        """Place an order as a buyer does. Raises CannotBuy, OutOfStock; then nothing has changed."""
        if not wanted:
            raise CannotBuy("The cart is empty")
        lines = [self._line(each) for each in wanted]
        self._refuse_shortages(lines)
        order = self._new(lines, payment_status, "AWAITING_PROCESSING", buyer, email)
        if payment_status == "INCOMPLETE":
            self._announce_unfinished("unfinished_order.created", order)
            return order
        self._announce_created(order)
        if self.options.take_stock_at == "checkout" or payment_status == "PAID":
            self._take(order)
        return order

    def place(self, lines: list[Line], *, payment_status: str, fulfilment_status: str, buyer: str, email: str) -> Order:
        """Place an order through the API: only one placed as PAID takes stock, whatever there is."""
        order = self._new(lines, payment_status, fulfilment_status, buyer, email)
        order.from_checkout = False
        self._announce_created(order)
        if payment_status == "PAID":
            self._take(order)
        return order

    def record(self, order: Order) -> None:
        """Keep an order without moving stock or sending events, for a store that starts with a history."""
        self._orders[order.id] = order
        self._by_number[order.internal_id] = order

    def new_identity(self) -> tuple[str, int]:
        """Return the next (text id, internal id)."""
        number = next(self._numbers)
        # An odd factor visits every five-letter id once, so ids look random and never repeat.
        rest, text = (number * 7_919_351 + 1_234_567) % 32**5, ""
        for _ in range(5):
            rest, digit = divmod(rest, 32)
            text += _ALPHABET[digit]
        return text, number

    def next_line_id(self) -> int:
        return next(self._line_ids)

    def update(
        self,
        order: Order,
        *,
        payment_status: str | None = None,
        fulfilment_status: str | None = None,
        lines: list[Line] | None = None,
        refund: Refund | None = None,
    ) -> None:
        """Change an order. A new line list never moves stock; statuses may take or give back."""
        before = order.payment_status, order.fulfilment_status
        if lines is not None:
            order.lines = lines
        if payment_status is not None:
            order.payment_status = payment_status
        if fulfilment_status is not None:
            order.fulfilment_status = fulfilment_status
        if refund is not None:
            order.refunds.append(refund)
        self._stamp(order)
        if order.payment_status == "INCOMPLETE":
            self._announce_unfinished("unfinished_order.updated", order)
        elif before[0] == "INCOMPLETE":
            self._announce_created(order)
        else:
            self._announce_updated(order, before)
        self._settle(order, before)

    def delete(self, order: Order) -> None:
        """Delete an order; whether that gives stock back is a knob."""
        del self._orders[order.id]
        del self._by_number[order.internal_id]
        self.updated_at = self.options.clock()
        self.deleted.append(Deleted(order.internal_id, self.updated_at, order.id))
        if order.payment_status == "INCOMPLETE":
            self._announce_unfinished("unfinished_order.deleted", order)
        else:
            self._emit("order.deleted", order.internal_id, {"orderId": order.id})
        if self.options.restock_on_delete:
            self._give_back(order)

    def line_for(self, product: Product, combination_id: int | None, quantity: int, options: dict[str, str]) -> Line:
        """Return a new line at today's price; ``in_stock_before`` is the stock it would be sold from."""
        variation = None if combination_id is None else product.variation(combination_id)
        pool = pool_of(product, variation)
        price = product.price if variation is None or variation.price is None else variation.price
        return Line(
            id=self.next_line_id(),
            product_id=product.id,
            combination_id=None if variation is None else variation.id,
            name=product.name,
            sku=(variation.sku if variation is not None else "") or product.sku,
            quantity=quantity,
            price=price,
            in_stock_before=0 if pool.unlimited else pool.quantity,
            track_quantity=not pool.unlimited,
            options=dict(variation.options) if variation is not None else options,
            is_preorder=not pool.unlimited and pool.quantity <= 0,
        )

    def _line(self, wanted: Wanted) -> Line:
        found = self._products.pool(wanted.product_id, wanted.combination_id)
        if found is None or not found[0].enabled:
            raise CannotBuy("This product is not on sale")
        if isinstance(wanted.quantity, bool) or not 1 <= wanted.quantity <= 100_000:
            raise CannotBuy("The quantity must be a whole number, 1 or more")
        product, combination_id = found[0], wanted.combination_id
        if combination_id is None and wanted.options:
            match = next((each for each in product.variations if each.options == wanted.options), None)
            combination_id = match.id if match else None
        return self.line_for(product, combination_id, wanted.quantity, wanted.options)

    def _refuse_shortages(self, lines: list[Line]) -> None:
        demand: Counter[int] = Counter()
        for line in lines:
            found = self._products.pool(line.product_id, line.combination_id)
            if found is None:
                continue
            product, pool = found
            demand[id(pool)] += line.quantity
            if pool.unlimited or demand[id(pool)] <= pool.quantity:
                continue
            if pool.out_of_stock == "ALLOW_PREORDER" and self.options.allow_preorders:
                continue
            raise OutOfStock(f"Only {max(0, pool.quantity)} of {product.name} ({line.sku}) left")

    def _new(self, lines: list[Line], payment: str, fulfilment: str, buyer: str, email: str) -> Order:
        text, number = self.new_identity()
        now = self.options.clock()
        order = Order(
            id=text,
            internal_id=number,
            payment_status=payment,
            fulfilment_status=fulfilment,
            email=email,
            buyer=buyer,
            lines=lines,
            created_at=now,
            updated_at=now,
        )
        self.record(order)
        self.updated_at = now
        return order

    def _settle(self, order: Order, before: tuple[str, str]) -> None:
        payment = order.payment_status
        if payment in RELEASED:
            self._give_back(order)
        elif order.fulfilment_status == "RETURNED" and before[1] != "RETURNED":
            if self.options.restock_on_returned:
                self._give_back(order)
        elif not order.holds_stock and payment != before[0] and self._takes_now(order, before[0]):
            self._take(order)

    def _takes_now(self, order: Order, old_payment: str) -> bool:
        at_checkout = order.from_checkout and self.options.take_stock_at == "checkout"
        if order.payment_status != "PAID" and not (at_checkout and order.payment_status == "AWAITING_PAYMENT"):
            return False
        if old_payment in RELEASED:
            return self.options.take_again_on_reopen
        return order.from_checkout or self.options.take_when_paid_later

    def _take(self, order: Order) -> None:
        order.holds_stock = True
        order.taken = {}
        for line in order.lines:
            found = self._products.pool(line.product_id, line.combination_id)
            if found is not None and not found[1].unlimited:
                found[1].quantity -= line.quantity
                key = line.product_id, line.combination_id
                order.taken[key] = order.taken.get(key, 0) + line.quantity
        self._touch_products(order)

    def _give_back(self, order: Order) -> None:
        if not order.holds_stock:
            return
        order.holds_stock = False
        if self.options.restock_amount == "taken":
            amounts = list(order.taken.items())
        else:
            amounts = [((line.product_id, line.combination_id), line.quantity) for line in order.lines]
        for (product_id, combination_id), units in amounts:
            found = self._products.pool(product_id, combination_id)
            if found is not None and not found[1].unlimited:
                found[1].quantity += units
        self._touch_products(order)

    def _touch_products(self, order: Order) -> None:
        """Send one product.updated for each product, however many lines it has."""
        touched = {line.product_id for line in order.lines} | {product_id for product_id, _ in order.taken}
        for product_id in sorted(touched):
            found = self._products.pool(product_id, None)
            if found is not None:
                self._products.touch(found[0], stamp=self.options.sale_moves_update_timestamp)

    def _stamp(self, order: Order) -> None:
        order.updated_at = self.updated_at = self.options.clock()

    def _announce_created(self, order: Order) -> None:
        data: Json = {
            "orderId": order.id,
            "newPaymentStatus": order.payment_status,
            "newFulfillmentStatus": order.fulfilment_status,
        }
        self._emit("order.created", order.internal_id, data)

    def _announce_updated(self, order: Order, before: tuple[str, str]) -> None:
        data: Json = {
            "orderId": order.id,
            "oldPaymentStatus": before[0],
            "newPaymentStatus": order.payment_status,
            "oldFulfillmentStatus": before[1],
            "newFulfillmentStatus": order.fulfilment_status,
        }
        self._emit("order.updated", order.internal_id, data)

    def _announce_unfinished(self, event_type: str, order: Order) -> None:
        data: Json = {"orderId": order.id, "cartId": f"CART-{order.internal_id:08X}"}
        self._emit(event_type, order.internal_id, data)
