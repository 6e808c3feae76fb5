"""The orders of one seller and what they do to its stock. Call with the store's lock held."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.amazon.items import Items, Tell
from sandbox.amazon.options import Options
from sandbox.amazon.records import Item, Order, OrderItem, Status
from sandbox.amazon.schedule import Schedule
from sandbox.amazon.wire import iso
from sandbox.refusals import CannotBuy, OutOfStock, Refusal
from sandbox.server import Json

# As the notification and the old API spell them.
OLD_STATUS = {
    "PENDING_AVAILABILITY": "PendingAvailability",
    "PENDING": "Pending",
    "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "PartiallyShipped",
    "SHIPPED": "Shipped",
    "CANCELLED": "Canceled",
    "UNFULFILLABLE": "Unfulfillable",
}


class NoSuchOrder(Refusal):
    """No order has this id."""

    status = 404


class WrongState(Refusal):
    """The order is over, or not so far yet."""

    status = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One line to buy."""

    sku: str
    quantity: int = 1


class Orders:
    """Orders by id. Stock is taken when an order is placed, that is, while it is still Pending."""

    def __init__(self, options: Options, items: Items, schedule: Schedule, tell: Tell, seller_id: str) -> None:
        self._options = options
        self._items = items
        self._schedule = schedule
        self._tell = tell
        self._seller_id = seller_id
        self._orders: dict[str, Order] = {}
        self._numbers = itertools.count(1)
        self._item_numbers = itertools.count(52_986_411_826_411)

    def all(self) -> list[Order]:
        """Return the orders, newest first."""
        return list(reversed(self._orders.values()))

    def get(self, order_id: str) -> Order | None:
        return self._orders.get(order_id)

    def find(self, order_id: str) -> Order:
        """Raises NoSuchOrder."""
        order = self._orders.get(order_id)
        if order is None:
            raise NoSuchOrder(f"There is no order {order_id}")
        return order

    def checkout(self, wanted: Sequence[Wanted], *, marketplace: str = "", buyer: str) -> Order:
        """Place an order as a buyer does. Raises NotSold, CannotBuy, OutOfStock; then nothing has changed."""
        marketplace = marketplace or self._options.marketplaces[0]
        bought = [(self._items.find(each.sku), each.quantity) for each in wanted]
        self._refuse(bought, marketplace)
        by_amazon = {item.is_held_by_amazon for item, _ in bought}
        if len(by_amazon) > 1:
            raise CannotBuy("Amazon makes one order of what it ships and another of what the merchant ships")
        order = Order(
            id=self._new_id(),
            marketplace=marketplace,
            items=[self.line(item, quantity) for item, quantity in bought],
            status="PENDING" if self._options.pending_seconds else "UNSHIPPED",
            by_amazon=by_amazon.pop(),
            buyer=buyer,
            postal_code="10115",
            created_at=self._options.clock(),
            updated_at=self._options.clock(),
        )
        self._orders[order.id] = order
        for item, quantity in bought:
            self._take(order, item, quantity)
        if order.status != "PENDING" or self._options.notifies_pending:
            self._announce(order, "NewOrder")
        if order.status == "PENDING":
            self._schedule.after(self._options.pending_seconds, lambda: self._paid(order))
        return order

    def record(self, order: Order) -> None:
        """Keep a past order without moving stock."""
        self._orders[order.id] = order

    def line(self, item: Item, quantity: int) -> OrderItem:
        return OrderItem(
            id=str(next(self._item_numbers)),
            sku=item.sku,
            asin=item.asin,
            title=item.title,
            quantity=quantity,
            price=item.price,
        )

    def new_id(self) -> str:
        return self._new_id()

    # What becomes of an order -----------------------------------------------------------------------------------

    def confirm(self, order: Order) -> None:
        """Let the payment be authorised: the order may be shipped. Raises WrongState."""
        if order.status != "PENDING":
            raise WrongState(f"Order {order.id} is not pending")
        self._change(order, "UNSHIPPED", "PaymentAuthorized")

    def _paid(self, order: Order) -> None:
        if order.status == "PENDING" and self._orders.get(order.id) is order:
            self.confirm(order)

    def ship(self, order: Order, units: Mapping[str, int] | None = None) -> None:
        """Ship everything, or ``units`` by order item id. Raises WrongState while pending or when it is over."""
        if order.status not in ("UNSHIPPED", "PARTIALLY_SHIPPED"):
            raise WrongState(f"Order {order.id} is {OLD_STATUS[order.status]}: nothing can be shipped")
        for line in order.items:
            more = line.unshipped if units is None else min(units.get(line.id, 0), line.unshipped)
            line.shipped += more
            item = self._items.get(line.sku)
            if order.by_amazon and item is not None and more:
                self._items.move_held(item, reserved=-more)
        left = sum(line.unshipped for line in order.items)
        shipped = sum(line.shipped for line in order.items)
        self._change(order, "PARTIALLY_SHIPPED" if left and shipped else "SHIPPED" if not left else order.status)

    def cancel(self, order: Order, line_ids: Sequence[str] = ()) -> None:
        """Cancel what has not been shipped, of the whole order or of some lines. Raises WrongState when it is over."""
        if order.is_over:
            raise WrongState(f"Order {order.id} is {OLD_STATUS[order.status]} already")
        for line in order.items:
            if line_ids and line.id not in line_ids:
                continue
            units = line.unshipped
            line.cancelled += units
            item = self._items.get(line.sku)
            if item is None or not units:
                continue
            if order.by_amazon:
                self._items.move_held(item, fulfillable=units, reserved=-units)
            elif self._options.restocks_on_cancel:
                self._items.move(item, units)
        if any(line.unshipped for line in order.items):
            self._change(order, order.status, "ItemCanceled")
        else:
            shipped = any(line.shipped for line in order.items)
            self._change(order, "SHIPPED" if shipped else "CANCELLED", "Canceled")

    def request_cancel(self, order: Order) -> None:
        """Let the buyer ask for a cancellation: a flag, nothing more, until the seller acts. Raises WrongState."""
        if order.is_over:
            raise WrongState(f"Order {order.id} is over")
        order.cancel_requested = True
        order.updated_at = self._options.clock()
        self._announce(order, "Buyer Requested Cancel", change="BuyerRequestedChange")

    def _change(self, order: Order, status: Status, reason: str = "OrderStatusChange") -> None:
        order.status = status
        order.updated_at = self._options.clock()
        self._announce(order, reason)

    def _take(self, order: Order, item: Item, units: int) -> None:
        if order.by_amazon:
            self._items.move_held(item, fulfillable=-units, reserved=units)
        else:
            self._items.move(item, -units)

    def _refuse(self, bought: Sequence[tuple[Item, int]], marketplace: str) -> None:
        demand: dict[str, int] = {}
        if not bought:
            raise CannotBuy("The cart is empty")
        for item, quantity in bought:
            if isinstance(quantity, bool) or not 1 <= quantity <= 100_000:
                raise CannotBuy("The quantity must be a whole number, 1 or more")
            if not item.enabled or marketplace not in item.marketplaces or not item.records:
                raise CannotBuy(f"{item.title} is not on sale here")
            demand[item.sku] = demand.get(item.sku, 0) + quantity
            left = item.held.fulfillable if item.is_held_by_amazon else item.quantity or 0
            if demand[item.sku] > left:
                raise OutOfStock(f"Only {max(0, left)} of {item.title} ({item.sku}) left")

    def _new_id(self) -> str:
        number = next(self._numbers)
        # An odd factor spreads the numbers, so that ids look as Amazon's do and never repeat.
        spread = (number * 7_919_351 + 1_234_567) % 10_000_000
        return f"305-{spread:07d}-{number:07d}"

    # Notifications ----------------------------------------------------------------------------------------------

    def _announce(self, order: Order, reason: str, *, change: str = "OrderStatusChange") -> None:
        if order.by_amazon and not self._options.notifies_fba_orders:
            return
        status = OLD_STATUS[order.status]
        summary: Json = {
            "MarketplaceId": order.marketplace,
            "OrderStatus": status,
            "PurchaseDate": iso(order.created_at),
            "DestinationPostalCode": order.postal_code,
            "FulfillmentType": "AFN" if order.by_amazon else "MFN",
            "OrderType": "StandardOrder",
            "NumberOfItemsShipped": sum(line.shipped for line in order.items),
            # A pending order counts none, as in the samples of the old API.
            "NumberOfItemsUnshipped": 0 if status == "Pending" else sum(line.unshipped for line in order.items),
            "OrderItems": [
                {
                    "OrderItemId": line.id,
                    "SellerSKU": line.sku,
                    "SupplySourceId": None,
                    "OrderItemStatus": "Unshipped" if line.unshipped else "Shipped",
                    "Quantity": line.quantity,
                    "QuantityShipped": line.shipped,
                    "IsBuyerRequestedCancel": order.cancel_requested,
                }
                for line in order.items
            ],
        }
        payload: Json = {
            "OrderChangeNotification": {
                "NotificationLevel": "OrderLevel",
                "SellerId": self._seller_id,
                "AmazonOrderId": order.id,
                "OrderChangeType": change,
                "OrderChangeTrigger": {"TimeOfOrderChange": iso(order.updated_at), "ChangeReason": reason},
                "Summary": summary,
            }
        }
        self._tell("ORDER_CHANGE", payload)
