"""The store's own page: what a visitor of the demo clicks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.desk import Action, Desk, View, fault_actions, whole
from sandbox.frame import Note
from sandbox.server import Route
from sandbox.switches import faults_page, webhooks_page
from sandbox.woocommerce.views_shop import orders_page, shop_page
from sandbox.woocommerce.views_store import SWITCHES, key_section, site_section

if TYPE_CHECKING:
    from sandbox.woocommerce.simulator import WooCommerceSimulator


class Pages:
    """Handlers of the visible pages."""

    def __init__(self, simulator: WooCommerceSimulator) -> None:
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
            "/orders/{order_id:int}/status": self.set_status,
            "/orders/{order_id:int}/refund": self.refund,
            "/orders/{order_id:int}/trash": self.trash,
            "/orders/{order_id:int}/lines/{line_id:int}": self.edit_line,
            "/webhooks/{delivery_id:int}/redeliver": self.redeliver,
            "/keys/revoke": self.revoke_keys,
            "/keys/revive": self.revive_key,
            "/site": self.set_site,
            "/reset": self.reset,
            **fault_actions(self._simulator.faults),
        }
        return Desk(views, actions).routes()

    def _webhooks(self, query: dict[str, str], note: Note) -> str:
        webhooks = self._simulator.webhooks.all()
        active = sum(each.status == "active" for each in webhooks)
        where = f"{active} of {len(webhooks)} webhooks that are active" if webhooks else "nobody: there is no webhook"
        return webhooks_page(self._simulator.frame, self._simulator.deliveries, query, note, where=where)

    def _faults(self, query: dict[str, str], note: Note) -> str:
        own = key_section(), site_section(self._simulator)
        return faults_page(self._simulator.frame, query, note, *own)

    def buy(self, form: dict[str, str], _: dict[str, str]) -> str:
        order = self._simulator.buy(
            whole(form, "product_id"),
            quantity=whole(form, "quantity"),
            status="on-hold" if form.get("payment") == "later" else "processing",
        )
        return f"Order {order.id}: {order.lines[0].quantity} × {order.lines[0].name}."

    def set_quantity(self, form: dict[str, str], _: dict[str, str]) -> str:
        quantity = whole(form, "quantity")
        self._simulator.set_quantity(whole(form, "product_id"), quantity=quantity)
        return f"The quantity was set to {quantity} by hand."

    def set_tracked(self, form: dict[str, str], _: dict[str, str]) -> str:
        tracked = form.get("tracked") == "yes"
        self._simulator.set_tracked(whole(form, "product_id"), tracked=tracked)
        return "The stock is now counted." if tracked else "The stock is not counted any more."

    def set_status(self, form: dict[str, str], variables: dict[str, str]) -> str:
        order = self._simulator.set_status(int(variables["order_id"]), form.get("status", ""))
        return f"Order {order.id} is {order.status} now."

    def refund(self, form: dict[str, str], variables: dict[str, str]) -> str:
        restock = form.get("restock") == "yes"
        order = self._simulator.refund(int(variables["order_id"]), restock=restock)
        return f"Order {order.id} was refunded and {'restocked' if restock else 'not restocked'}."

    def trash(self, _: dict[str, str], variables: dict[str, str]) -> str:
        self._simulator.trash_order(int(variables["order_id"]))
        return f"Order {variables['order_id']} is in the trash. WooCommerce gives nothing back."

    def edit_line(self, form: dict[str, str], variables: dict[str, str]) -> str:
        quantity = whole(form, "quantity")
        self._simulator.edit_line(int(variables["order_id"]), int(variables["line_id"]), quantity)
        return f"Order {variables['order_id']} was edited, and the stock with it."

    def redeliver(self, _: dict[str, str], variables: dict[str, str]) -> str:
        if not self._simulator.redeliver(int(variables["delivery_id"])):
            raise ValueError("There is no such delivery, or its webhook is gone.")
        return "The webhook is sent again."

    def revoke_keys(self, _: dict[str, str], __: dict[str, str]) -> str:
        self._simulator.access.revoke_all()
        return "Every API key is revoked: calls now get 401."

    def revive_key(self, _: dict[str, str], __: dict[str, str]) -> str:
        self._simulator.access.revive()
        return "The first API key works again."

    def set_site(self, form: dict[str, str], _: dict[str, str]) -> str:
        for name, _label in SWITCHES:
            setattr(self._simulator.options, name, form.get(name) == "yes")
        return "The site behaves like that now."

    def reset(self, _: dict[str, str], __: dict[str, str]) -> str:
        self._simulator.reset()
        return "The store is as it was at the start."
