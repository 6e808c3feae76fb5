"""The shop's own pages: what a visitor of the demo clicks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.desk import Action, Desk, View, fault_actions, number, whole
from sandbox.frame import Note
from sandbox.server import Route
from sandbox.shopify.cart import Wanted
from sandbox.shopify.orders import Given
from sandbox.shopify.views_faults import app_section, limit_section
from sandbox.shopify.views_orders import orders_page
from sandbox.shopify.views_shop import shop_page
from sandbox.switches import faults_page, webhooks_page

if TYPE_CHECKING:
    from sandbox.shopify.simulator import ShopifySimulator


class Pages:
    """Handlers of the visible pages."""

    def __init__(self, simulator: ShopifySimulator) -> None:
        self._simulator = simulator

    def routes(self) -> list[Route]:
        views: dict[str, View] = {
            "/": lambda query, note: shop_page(self._simulator, query, note),
            "/orders": lambda query, note: orders_page(self._simulator, query, note),
            "/webhooks": self._webhooks,
            "/faults": self._faults,
        }
        actions: dict[str, Action] = {
            "/buy": self.buy,
            "/quantity": self.set_quantity,
            "/tracked": self.set_tracked,
            "/active": self.set_active,
            "/locations": self.add_location,
            "/orders/{order_id:int}/cancel": self.cancel,
            "/orders/{order_id:int}/ship": self.ship,
            "/orders/{order_id:int}/pay": self.pay,
            "/orders/{order_id:int}/lines/{line_id:int}": self.edit_line,
            "/orders/{order_id:int}/lines/{line_id:int}/refund": self.refund,
            "/webhooks/{delivery_id:int}/redeliver": self.redeliver,
            "/subscriptions/drop": self.drop_subscriptions,
            "/rate-limit": self.set_rate_limit,
            "/token/expire": self.expire_token,
            "/token/renew": self.renew_token,
            "/app/uninstall": self.uninstall,
            "/app/install": self.install,
            "/reset": self.reset,
            **fault_actions(self._simulator.faults),
        }
        return Desk(views, actions).routes()

    def _webhooks(self, query: dict[str, str], note: Note) -> str:
        with self._simulator.shop.lock:
            subscriptions = list(self._simulator.webhooks.subscriptions.values())
        places = sorted({each.uri for each in subscriptions})
        where = f"{', '.join(places)} ({len(subscriptions)} subscriptions)" if places else "nowhere: none is subscribed"
        return webhooks_page(self._simulator.frame, self._simulator.deliveries, query, note, where=where)

    def _faults(self, query: dict[str, str], note: Note) -> str:
        own = app_section(), limit_section(self._simulator)
        return faults_page(self._simulator.frame, query, note, *own)

    def buy(self, form: dict[str, str], _: dict[str, str]) -> str:
        wanted = [Wanted(variant_id=whole(form, "variant_id"), quantity=whole(form, "quantity"))]
        kind = form.get("kind", "")
        order = self._simulator.buy(lines=wanted, test=kind == "test", paid=kind != "later")
        line = order.lines[0]
        return f"Order {order.name}: {line.quantity} × {line.title} ({line.sku})."

    def set_quantity(self, form: dict[str, str], _: dict[str, str]) -> str:
        quantity = whole(form, "quantity")
        with self._simulator.shop.lock:
            self._simulator.shop.set_by_hand(whole(form, "item_id"), whole(form, "location_id"), quantity)
        return f"The available quantity was set to {quantity} by hand."

    def set_tracked(self, form: dict[str, str], _: dict[str, str]) -> str:
        tracked = form.get("tracked") == "yes"
        with self._simulator.shop.lock:
            self._simulator.shop.set_tracked(whole(form, "item_id"), tracked=tracked)
        return "The stock is now counted." if tracked else "The stock is not counted any more."

    def set_active(self, form: dict[str, str], _: dict[str, str]) -> str:
        active = form.get("active") == "yes"
        with self._simulator.shop.lock:
            self._simulator.shop.set_active(whole(form, "item_id"), whole(form, "location_id"), active=active)
        return "The item is stocked there now." if active else "The item is not stocked there any more."

    def add_location(self, form: dict[str, str], _: dict[str, str]) -> str:
        name = form.get("name", "").strip()
        if not name:
            raise ValueError("A location needs a name.")
        self._simulator.add_location(name, fulfils_online=form.get("online", "yes") == "yes")
        return f"There is a location {name} now. Nothing is stocked there yet."

    def cancel(self, form: dict[str, str], variables: dict[str, str]) -> str:
        restock = form.get("restock", "yes") == "yes"
        order = self._simulator.cancel(int(variables["order_id"]), restock=restock)
        return f"Order {order.name} was cancelled {'and restocked' if restock else 'without restocking'}."

    def ship(self, _: dict[str, str], variables: dict[str, str]) -> str:
        return f"Order {self._simulator.ship(int(variables['order_id'])).name} was fulfilled."

    def pay(self, _: dict[str, str], variables: dict[str, str]) -> str:
        with self._simulator.shop.lock:
            return f"Order {self._simulator.orders.pay(int(variables['order_id'])).name} was paid."

    def edit_line(self, form: dict[str, str], variables: dict[str, str]) -> str:
        restock = form.get("restock") != "no"
        order = self._simulator.edit_line(
            int(variables["order_id"]), int(variables["line_id"]), whole(form, "quantity"), restock=restock
        )
        return f"Order {order.name} was edited."

    def refund(self, form: dict[str, str], variables: dict[str, str]) -> str:
        given = Given(
            line_id=int(variables["line_id"]),
            quantity=whole(form, "quantity"),
            restock_type=form.get("restock_type", "NO_RESTOCK"),
        )
        order = self._simulator.refund(int(variables["order_id"]), given)
        return f"{given.quantity} units of order {order.name} were refunded ({given.restock_type})."

    def redeliver(self, _: dict[str, str], variables: dict[str, str]) -> str:
        if not self._simulator.redeliver(int(variables["delivery_id"])):
            raise ValueError("There is no such webhook.")
        return "The webhook is sent again."

    def drop_subscriptions(self, _: dict[str, str], __: dict[str, str]) -> str:
        with self._simulator.shop.lock:
            self._simulator.webhooks.subscriptions.clear()
        return "All subscriptions are gone, as after too many failed deliveries."

    def set_rate_limit(self, form: dict[str, str], _: dict[str, str]) -> str:
        self._simulator.api.bucket.resize(number(form, "points"), number(form, "per second"))
        return "The bucket is full and as large as you said."

    def expire_token(self, _: dict[str, str], __: dict[str, str]) -> str:
        self._simulator.access.expire()
        return "Every token is dead: calls now get 401."

    def renew_token(self, form: dict[str, str], _: dict[str, str]) -> str:
        same = form.get("same") == "yes"
        token = self._simulator.access.renew(same=same)
        return "The first token works again." if same else f"New token: {token}"

    def uninstall(self, _: dict[str, str], __: dict[str, str]) -> str:
        self._simulator.uninstall()
        return "The app is gone: its tokens are dead and app/uninstalled was sent."

    def install(self, _: dict[str, str], __: dict[str, str]) -> str:
        return f"The app is installed again. New token: {self._simulator.access.renew()}"

    def reset(self, _: dict[str, str], __: dict[str, str]) -> str:
        self._simulator.reset()
        return "The shop is as it was at the start."
