"""The store's own page: what a visitor of the demo clicks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.desk import Action, Desk, View, fault_actions, number, whole
from sandbox.ecwid.views_faults import store_section, token_section
from sandbox.ecwid.views_shop import orders_page, shop_page
from sandbox.frame import Note
from sandbox.server import Route
from sandbox.switches import faults_page, webhooks_page

if TYPE_CHECKING:
    from sandbox.ecwid.simulator import EcwidSimulator


class Pages:
    """Handlers of the visible pages."""

    def __init__(self, simulator: EcwidSimulator) -> None:
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
            "/unlimited": self.set_unlimited,
            "/orders/{order_id}/cancel": self.cancel,
            "/orders/{order_id}/refund": self.refund,
            "/orders/{order_id}/ship": self.ship,
            "/orders/{order_id}/pay": self.pay,
            "/orders/{order_id}/lines/{line_id:int}": self.edit_line,
            "/webhooks/{delivery_id:int}/redeliver": self.redeliver,
            "/search-lag": self.set_search_lag,
            "/token/expire": self.expire_token,
            "/token/renew": self.renew_token,
            "/app/uninstall": self.uninstall,
            "/app/install": self.install,
            "/reset": self.reset,
            **fault_actions(self._simulator.faults),
        }
        return Desk(views, actions).routes()

    def _webhooks(self, query: dict[str, str], note: Note) -> str:
        where = self._simulator.webhooks.url or "nowhere: no webhook address is set"
        return webhooks_page(self._simulator.frame, self._simulator.deliveries, query, note, where=where)

    def _faults(self, query: dict[str, str], note: Note) -> str:
        own = token_section(self._simulator), store_section(self._simulator)
        return faults_page(self._simulator.frame, query, note, *own)

    def buy(self, form: dict[str, str], _: dict[str, str]) -> str:
        order = self._simulator.buy(
            whole(form, "product_id"),
            whole(form, "combination_id") if form.get("combination_id") else None,
            quantity=whole(form, "quantity"),
            payment_status="AWAITING_PAYMENT" if form.get("payment") == "later" else "PAID",
        )
        line = order.lines[0]
        return f"Order {order.id}: {line.quantity} × {line.name} ({line.sku})."

    def set_quantity(self, form: dict[str, str], _: dict[str, str]) -> str:
        product_id, combination_id = _pool(form)
        quantity = whole(form, "quantity")
        self._simulator.set_quantity(product_id, combination_id, quantity=quantity)
        return f"The quantity was set to {quantity} by hand."

    def set_unlimited(self, form: dict[str, str], _: dict[str, str]) -> str:
        product_id, combination_id = _pool(form)
        unlimited = form.get("unlimited") == "yes"
        self._simulator.set_unlimited(product_id, combination_id, unlimited=unlimited)
        return "The stock is now unlimited." if unlimited else "The stock is now counted."

    def cancel(self, _: dict[str, str], variables: dict[str, str]) -> str:
        return f"Order {self._simulator.cancel(variables['order_id']).id} was cancelled and restocked."

    def refund(self, _: dict[str, str], variables: dict[str, str]) -> str:
        return f"Order {self._simulator.refund(variables['order_id']).id} was refunded and restocked."

    def ship(self, _: dict[str, str], variables: dict[str, str]) -> str:
        return f"Order {self._simulator.ship(variables['order_id']).id} was shipped."

    def pay(self, _: dict[str, str], variables: dict[str, str]) -> str:
        return f"Order {self._simulator.pay(variables['order_id']).id} was paid."

    def edit_line(self, form: dict[str, str], variables: dict[str, str]) -> str:
        quantity = whole(form, "quantity")
        self._simulator.edit_line(variables["order_id"], int(variables["line_id"]), quantity)
        return f"Order {variables['order_id']} was edited. Ecwid leaves the stock as it is."

    def redeliver(self, _: dict[str, str], variables: dict[str, str]) -> str:
        if not self._simulator.redeliver(int(variables["delivery_id"])):
            raise ValueError("There is no such webhook, or no webhook address is set.")
        return "The webhook is sent again."

    def set_search_lag(self, form: dict[str, str], _: dict[str, str]) -> str:
        seconds = number(form, "seconds")
        self._simulator.options.search_lag_seconds = seconds
        return f"Product search now lags {seconds:g} s behind."

    def expire_token(self, _: dict[str, str], __: dict[str, str]) -> str:
        self._simulator.access.expire()
        return "Every token is dead: calls now get 403 INVALID_API_TOKEN."

    def renew_token(self, form: dict[str, str], _: dict[str, str]) -> str:
        same = form.get("same") == "yes"
        token = self._simulator.access.renew(same=same)
        return "The first token works again." if same else f"New token: {token}"

    def uninstall(self, _: dict[str, str], __: dict[str, str]) -> str:
        self._simulator.uninstall()
        return "The app is gone: its tokens are dead and application.uninstalled was sent."

    def install(self, _: dict[str, str], __: dict[str, str]) -> str:
        return f"The app is installed again. New token: {self._simulator.install()}"

    def reset(self, _: dict[str, str], __: dict[str, str]) -> str:
        self._simulator.reset()
        return "The store is as it was at the start."


def _pool(form: dict[str, str]) -> tuple[int, int | None]:
    return whole(form, "product_id"), whole(form, "combination_id") if form.get("combination_id") else None
