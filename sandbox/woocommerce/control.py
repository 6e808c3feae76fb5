"""The control API under ``/_control``: what tests and scripts steer a running store with. JSON in, JSON out."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, get_args

from sandbox.control import Action, control_routes, fault_calls, number, whole
from sandbox.refusals import BadControl
from sandbox.server import Json, Route
from sandbox.woocommerce.access import Permission
from sandbox.woocommerce.errors import WpError
from sandbox.woocommerce.options import Options
from sandbox.woocommerce.orders import Wanted
from sandbox.woocommerce.records import Order, Units

if TYPE_CHECKING:
    from sandbox.woocommerce.simulator import WooCommerceSimulator

_NO_OPTIONS = {"clock", "fault_seed", "webhook_workers"}


class Control:
    """Handlers of the control API. A refusal is ``{"error": …}`` with 400, 404 or 409."""

    def __init__(self, simulator: WooCommerceSimulator) -> None:
        self._simulator = simulator

    def routes(self) -> list[Route]:
        calls: list[tuple[str, str, Action]] = [
            ("GET", "state", lambda _, __: self._simulator.state()),
            ("POST", "reset", self.reset),
            ("POST", "buy", self.buy),
            ("POST", "products", self.add_product),
            ("DELETE", "products/{product_id:int}", self.trash_product),
            ("POST", "quantity", self.set_quantity),
            ("POST", "tracked", self.set_tracked),
            ("GET", "orders/{order_id:int}", self.read_order),
            ("DELETE", "orders/{order_id:int}", self.trash_order),
            ("POST", "orders/{order_id:int}/restore", self.restore_order),
            ("POST", "orders/{order_id:int}/status", self.set_status),
            ("POST", "orders/{order_id:int}/refund", self.refund),
            ("POST", "orders/{order_id:int}/lines/{line_id:int}", self.edit_line),
            *fault_calls(self._simulator.faults),
            ("GET", "webhooks", self.webhooks),
            ("POST", "webhooks/run-queue", lambda _, __: {"sent": self._simulator.webhooks.run_queue()}),
            ("POST", "webhooks/{webhook_id:int}/send", self.send_webhook),
            ("POST", "deliveries/{delivery_id:int}/redeliver", self.redeliver),
            ("GET", "options", self.options),
            ("POST", "options", self.set_options),
            ("POST", "keys", self.add_key),
            ("DELETE", "keys", self.revoke_keys),
            ("POST", "keys/revive", self.revive_key),
            ("GET", "requests", self.requests),
        ]
        return control_routes(calls)

    def reset(self, _: Json, __: dict[str, str]) -> Json:
        self._simulator.reset()
        return {"ok": True}

    def buy(self, body: Json, _: dict[str, str]) -> Json:
        sent = body.get("lines")
        order = self._simulator.buy(
            None if body.get("product_id") is None else whole(body, "product_id"),
            quantity=whole(body, "quantity", 1),
            sku=str(body.get("sku", "")),
            lines=[_wanted(each) for each in sent] if isinstance(sent, list) else None,
            status=str(body.get("status", "processing")),
            buyer=str(body.get("buyer", "Jamie Visitor")),
            email=str(body.get("email", "jamie@example.com")),
        )
        return self._order(order)

    def add_product(self, body: Json, _: dict[str, str]) -> Json:
        if not isinstance(body.get("name"), str):
            raise BadControl("name is required")
        return {"product": self._simulator.wire.product(self._simulator.add_product(**body))}

    def trash_product(self, body: Json, variables: dict[str, str]) -> Json:
        self._simulator.trash_product(int(variables["product_id"]), force=bool(body.get("force")))
        return {"ok": True}

    def set_quantity(self, body: Json, _: dict[str, str]) -> Json:
        product_id = self._product_id(body)
        self._simulator.set_quantity(product_id, quantity=whole(body, "quantity"))
        return {"quantity": self._simulator.quantity(product_id)}

    def set_tracked(self, body: Json, _: dict[str, str]) -> Json:
        product_id = self._product_id(body)
        self._simulator.set_tracked(product_id, tracked=_flag(body, "tracked"))
        return {"quantity": self._simulator.quantity(product_id)}

    def read_order(self, _: Json, variables: dict[str, str]) -> Json:
        return self._order(self._simulator.order(int(variables["order_id"])))

    def trash_order(self, body: Json, variables: dict[str, str]) -> Json:
        self._simulator.trash_order(int(variables["order_id"]), force=bool(body.get("force")))
        return {"ok": True}

    def restore_order(self, _: Json, variables: dict[str, str]) -> Json:
        return self._order(self._simulator.restore_order(int(variables["order_id"])))

    def set_status(self, body: Json, variables: dict[str, str]) -> Json:
        return self._order(self._simulator.set_status(int(variables["order_id"]), str(body.get("status", ""))))

    def refund(self, body: Json, variables: dict[str, str]) -> Json:
        sent = body.get("quantities")
        quantities: dict[int, Units] | None = None
        if isinstance(sent, dict):
            quantities = {int(line): whole(sent, line) for line in sent}
        amount = None if body.get("amount") is None else number(body, "amount")
        order_id, restock = int(variables["order_id"]), bool(body.get("restock", True))
        return self._order(self._simulator.refund(order_id, quantities=quantities, restock=restock, amount=amount))

    def edit_line(self, body: Json, variables: dict[str, str]) -> Json:
        order_id, line_id = int(variables["order_id"]), int(variables["line_id"])
        return self._order(self._simulator.edit_line(order_id, line_id, whole(body, "quantity")))

    def webhooks(self, _: Json, __: dict[str, str]) -> Json:
        simulator = self._simulator
        return {
            "webhooks": [simulator.wire.webhook(each) for each in simulator.webhooks.all()],
            "deliveries": [entry.describe() for entry in simulator.deliveries],
        }

    def send_webhook(self, body: Json, variables: dict[str, str]) -> Json:
        signature = body.get("signature", "valid")
        if signature not in ("valid", "wrong", "none"):
            raise BadControl("signature must be valid, wrong or none")
        webhook = self._simulator.webhooks.find(int(variables["webhook_id"]))
        if webhook is None:
            raise WpError(404, "", "no such webhook")
        payload = json.dumps(body.get("body", {"id": 1}))
        topic = str(body.get("topic", ""))
        delivery = self._simulator.webhooks.send(webhook, payload, topic=topic, signature=signature)
        return {"delivery": delivery.describe()}

    def redeliver(self, _: Json, variables: dict[str, str]) -> Json:
        if not self._simulator.redeliver(int(variables["delivery_id"])):
            raise WpError(404, "", "no such delivery, or its webhook is gone")
        return {"ok": True}

    def options(self, _: Json, __: dict[str, str]) -> Json:
        names = [each.name for each in fields(Options) if each.name not in _NO_OPTIONS]
        return {name: getattr(self._simulator.options, name) for name in names}

    def set_options(self, body: Json, _: dict[str, str]) -> Json:
        known = self.options({}, {})
        for name, value in body.items():
            if name not in known or type(value) is not type(known[name]):
                raise BadControl(f"{name} is no option, or its value is of another kind")
        for name, value in body.items():
            setattr(self._simulator.options, name, value)
        return self.options({}, {})

    def add_key(self, body: Json, _: dict[str, str]) -> Json:
        permission: Permission = body.get("permission", "read_write")
        if permission not in get_args(Permission):
            raise BadControl("permission must be read, write or read_write")
        key = self._simulator.add_key(permission, manages_shop=bool(body.get("manages_shop", True)))
        return {"consumer_key": key.consumer_key, "consumer_secret": key.consumer_secret}

    def revoke_keys(self, _: Json, __: dict[str, str]) -> Json:
        self._simulator.access.revoke_all()
        return {"ok": True}

    def revive_key(self, _: Json, __: dict[str, str]) -> Json:
        self._simulator.access.revive()
        return {"ok": True}

    def requests(self, _: Json, __: dict[str, str]) -> Json:
        calls = self._simulator.requests
        shown = [
            {"method": call.method, "path": call.path, "query": call.query, "status": call.status} for call in calls
        ]
        return {"requests": shown}

    def _order(self, order: Order) -> Json:
        return {"order": self._simulator.wire.order(order, self._simulator.store.products)}

    def _product_id(self, body: Json) -> int:
        if not body.get("sku"):
            return whole(body, "product_id")
        with self._simulator.store.lock:
            product, variation = self._simulator.store.products.find_sku(str(body["sku"]))
            return variation.id if variation else product.id


def _wanted(sent: object) -> Wanted:
    if not isinstance(sent, dict):
        raise BadControl("lines must hold objects")
    return Wanted(
        product_id=whole(sent, "product_id"),
        variation_id=whole(sent, "variation_id", 0),
        quantity=whole(sent, "quantity", 1),
    )


def _flag(body: Json, name: str) -> bool:
    value = body.get(name)
    if not isinstance(value, bool):
        raise BadControl(f"{name} must be true or false")
    return value
