"""The control API of a simulated Amazon: what tests and scripts steer a running seller account with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.amazon.orders import Wanted
from sandbox.amazon.records import Order
from sandbox.amazon.wire import item_json, order_json
from sandbox.control import Action, control_routes, fault_calls, number, whole
from sandbox.refusals import BadControl
from sandbox.server import Json, Route

if TYPE_CHECKING:
    from sandbox.amazon.simulator import AmazonSimulator

SETTINGS = (
    *("accept_seconds", "feed_seconds", "report_seconds", "report_cache_seconds", "orders_told_after"),
    *("pending_seconds", "quota_scale"),
)
_SHOWN = frozenset({"summaries", "attributes", "fulfillmentAvailability"})


class Control:
    """Handlers of the control API. A refusal is ``{"error": …}`` with 400, 404 or 409."""

    def __init__(self, simulator: AmazonSimulator) -> None:
        self._simulator = simulator

    def routes(self) -> list[Route]:
        calls: list[tuple[str, str, Action]] = [
            ("GET", "state", lambda _, __: self._simulator.state()),
            ("POST", "reset", self.reset),
            ("POST", "buy", self.buy),
            ("POST", "items", self.add_item),
            ("DELETE", "items/{sku}", self.delete_item),
            ("POST", "quantity", self.set_quantity),
            ("POST", "convert", self.convert),
            ("GET", "orders/{id}", lambda _, names: self._shown(self._simulator.order(names["id"]))),
            ("POST", "orders/{id}/confirm", lambda _, names: self._shown(self._simulator.confirm(names["id"]))),
            ("POST", "orders/{id}/ship", self.ship),
            ("POST", "orders/{id}/cancel", self.cancel),
            ("POST", "orders/{id}/request-cancel", self.request_cancel),
            *fault_calls(self._simulator.faults),
            ("GET", "webhooks", self.deliveries),
            ("POST", "webhooks/send", self.send),
            ("POST", "webhooks/{id:int}/redeliver", self.redeliver),
            ("POST", "settings", self.change_settings),
            ("POST", "quota", self.change_quota),
            ("POST", "token/expire", self.expire_token),
            ("POST", "token/revoke", self.revoke),
            ("POST", "token/renew", self.authorise),
            ("GET", "requests", self.requests),
        ]
        return control_routes(calls)

    def reset(self, _: Json, __: dict[str, str]) -> Json:
        self._simulator.reset()
        return {"ok": True}

    def buy(self, body: Json, _: dict[str, str]) -> Json:
        sent = body.get("lines")
        lines = [_wanted(each) for each in sent] if isinstance(sent, list) else []
        order = self._simulator.buy(
            str(body.get("sku", "")),
            whole(body, "quantity", 1),
            lines=lines,
            marketplace=str(body.get("marketplace", "")),
            buyer=str(body.get("buyer", "Jamie Visitor")),
        )
        return self._shown(order)

    def add_item(self, body: Json, _: dict[str, str]) -> Json:
        details = {name: body[name] for name in ("title", "price", "category", "product_type") if name in body}
        item = self._simulator.add_item(
            str(body["sku"]),
            quantity=whole(body, "quantity", 0),
            held=whole(body, "held") if "held" in body else None,
            **details,
        )
        return {"item": item_json(item, item.marketplaces[0], _SHOWN)}

    def delete_item(self, _: Json, variables: dict[str, str]) -> Json:
        self._simulator.delete_item(variables["sku"])
        return {"ok": True}

    def set_quantity(self, body: Json, _: dict[str, str]) -> Json:
        self._simulator.set_quantity(str(body["sku"]), whole(body, "quantity"))
        return {"quantity": self._simulator.quantity_of(str(body["sku"]))}

    def convert(self, body: Json, _: dict[str, str]) -> Json:
        to_amazon = body.get("to") == "amazon"
        self._simulator.convert(str(body["sku"]), to_amazon=to_amazon, units=whole(body, "units", 0))
        return {"ok": True}

    def ship(self, body: Json, variables: dict[str, str]) -> Json:
        units = body.get("units")
        return self._shown(self._simulator.ship(variables["id"], units if isinstance(units, dict) else None))

    def cancel(self, body: Json, variables: dict[str, str]) -> Json:
        lines = body.get("lines")
        return self._shown(self._simulator.cancel(variables["id"], lines if isinstance(lines, list) else ()))

    def request_cancel(self, _: Json, variables: dict[str, str]) -> Json:
        return self._shown(self._simulator.request_cancel(variables["id"]))

    def deliveries(self, _: Json, __: dict[str, str]) -> Json:
        return {"deliveries": [each.describe() for each in self._simulator.deliveries]}

    def send(self, body: Json, _: dict[str, str]) -> Json:
        payload = body.get("payload")
        if not isinstance(body.get("type"), str) or not isinstance(payload, dict):
            raise BadControl("type and payload are required")
        sent = self._simulator.notifications.send(
            body["type"], payload, notification_id=str(body.get("notification_id", ""))
        )
        return {"delivery": sent.describe()}

    def redeliver(self, _: Json, variables: dict[str, str]) -> Json:
        if not self._simulator.redeliver(int(variables["id"])):
            raise KeyError(variables["id"])
        return {"ok": True}

    def change_settings(self, body: Json, _: dict[str, str]) -> Json:
        """Take ``{setting: seconds or scale}``; all names are checked before one is set."""
        unknown = set(body) - set(SETTINGS)
        if unknown:
            raise BadControl(f"{', '.join(sorted(unknown))} is not one of {', '.join(SETTINGS)}")
        for name in body:
            setattr(self._simulator.options, name, number(body, name))
        return {name: getattr(self._simulator.options, name) for name in SETTINGS}

    def change_quota(self, body: Json, _: dict[str, str]) -> Json:
        operation = str(body["operation"])
        self._simulator.quotas.change(operation, number(body, "rate"), number(body, "burst"))
        return {"ok": True}

    def expire_token(self, _: Json, __: dict[str, str]) -> Json:
        self._simulator.access.expire()
        return {"ok": True}

    def revoke(self, _: Json, __: dict[str, str]) -> Json:
        self._simulator.access.revoke()
        return {"ok": True}

    def authorise(self, body: Json, _: dict[str, str]) -> Json:
        sent = body.get("roles")
        roles = tuple(str(each) for each in sent) if isinstance(sent, list) else None
        return {"refresh_token": self._simulator.access.authorise(same=bool(body.get("same")), roles=roles)}

    def requests(self, _: Json, __: dict[str, str]) -> Json:
        calls = self._simulator.requests
        return {"requests": [{"method": c.method, "path": c.path, "query": c.query, "status": c.status} for c in calls]}

    def _shown(self, order: Order) -> Json:
        return {"order": order_json(order, frozenset({"FULFILLMENT", "CANCELLATION"}), self._simulator.options)}


def _wanted(sent: object) -> Wanted:
    if not isinstance(sent, dict):
        raise BadControl("lines must hold objects")
    return Wanted(sku=str(sent.get("sku", "")), quantity=whole(sent, "quantity", 1))
