"""The seller account's own page: what a visitor of the demo clicks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.amazon.control import SETTINGS
from sandbox.amazon.views import access_section, orders_page, settings_section, shop_page
from sandbox.desk import Action, Desk, View, fault_actions, number, whole
from sandbox.frame import Note
from sandbox.server import Route
from sandbox.switches import faults_page, webhooks_page

if TYPE_CHECKING:
    from sandbox.amazon.simulator import AmazonSimulator


class Pages:
    """Handlers of the visible pages."""

    def __init__(self, simulator: AmazonSimulator) -> None:
        self._simulator = simulator

    def routes(self) -> list[Route]:
        views: dict[str, View] = {
            "/": lambda query, note: shop_page(self._simulator, query, note),
            "/orders": lambda query, note: orders_page(self._simulator, query, note),
            "/webhooks": self._notifications,
            "/faults": self._faults,
        }
        actions: dict[str, Action] = {
            "/buy": self.buy,
            "/quantity": self.set_quantity,
            "/convert": self.convert,
            "/orders/{id}/confirm": self.confirm,
            "/orders/{id}/ship": self.ship,
            "/orders/{id}/cancel": self.cancel,
            "/orders/{id}/request-cancel": self.request_cancel,
            "/webhooks/{id:int}/redeliver": self.redeliver,
            "/settings": self.change_settings,
            "/token/expire": self.expire,
            "/token/revoke": self.revoke,
            "/token/renew": self.authorise,
            "/reset": self.reset,
            **fault_actions(self._simulator.faults),
        }
        return Desk(views, actions).routes()

    def _notifications(self, query: dict[str, str], note: Note) -> str:
        waiting, in_flight, dead = self._simulator.queue.counts()
        subscribed = len(self._simulator.notifications.subscriptions)
        where = (
            f"queues by {subscribed} subscriptions. The own queue holds {waiting}, {in_flight} in flight, {dead} dead"
            if subscribed
            else "nowhere: nothing is subscribed to"
        )
        return webhooks_page(
            self._simulator.frame, self._simulator.deliveries, query, note, where=where, title="Notifications"
        )

    def _faults(self, query: dict[str, str], note: Note) -> str:
        own = settings_section(self._simulator), access_section(self._simulator)
        return faults_page(self._simulator.frame, query, note, *own)

    def buy(self, form: dict[str, str], _: dict[str, str]) -> str:
        order = self._simulator.buy(
            form.get("sku", ""), whole(form, "quantity"), marketplace=form.get("marketplace", "")
        )
        line = order.items[0]
        return f"Order {order.id}: {line.quantity} × {line.title} ({line.sku})."

    def set_quantity(self, form: dict[str, str], _: dict[str, str]) -> str:
        quantity = whole(form, "quantity")
        self._simulator.set_quantity(form.get("sku", ""), quantity)
        return f"The quantity was set to {quantity} by hand."

    def convert(self, form: dict[str, str], _: dict[str, str]) -> str:
        sku, to_amazon = form.get("sku", ""), form.get("to") == "amazon"
        item = self._simulator.item(sku)
        units = (item.quantity or 0) if to_amazon else item.held.fulfillable
        self._simulator.convert(sku, to_amazon=to_amazon, units=units)
        return f"{sku} is now fulfilled by {'Amazon' if to_amazon else 'the merchant'}."

    def confirm(self, _: dict[str, str], variables: dict[str, str]) -> str:
        return f"The payment of order {self._simulator.confirm(variables['id']).id} was authorised."

    def ship(self, _: dict[str, str], variables: dict[str, str]) -> str:
        return f"Order {self._simulator.ship(variables['id']).id} was shipped."

    def cancel(self, _: dict[str, str], variables: dict[str, str]) -> str:
        return f"Order {self._simulator.cancel(variables['id']).id} was cancelled."

    def request_cancel(self, _: dict[str, str], variables: dict[str, str]) -> str:
        return f"The buyer of order {self._simulator.request_cancel(variables['id']).id} asks to cancel it."

    def redeliver(self, _: dict[str, str], variables: dict[str, str]) -> str:
        if not self._simulator.redeliver(int(variables["id"])):
            raise ValueError("There is no such notification.")
        return "The notification is sent again."

    def change_settings(self, form: dict[str, str], _: dict[str, str]) -> str:
        changed = {name: number(form, name) for name in SETTINGS if name in form}
        for name, value in changed.items():
            setattr(self._simulator.options, name, value)
        return "The settings hold from now on."

    def expire(self, _: dict[str, str], __: dict[str, str]) -> str:
        self._simulator.access.expire()
        return "Every access token has expired; new ones can be had."

    def revoke(self, _: dict[str, str], __: dict[str, str]) -> str:
        self._simulator.access.revoke()
        return "The authorisation is gone: no token can be had any more."

    def authorise(self, form: dict[str, str], _: dict[str, str]) -> str:
        same = form.get("same") == "yes"
        token = self._simulator.access.authorise(same=same)
        return "The first refresh token works again." if same else f"New refresh token: {token}"

    def reset(self, _: dict[str, str], __: dict[str, str]) -> str:
        self._simulator.reset()
        return "The seller account is as it was at the start."
