"""The control API under ``/_control``: what tests and scripts steer a running store with. JSON in, JSON out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.control import Action, control_routes, fault_calls, number, whole
from sandbox.ecwid.errors import ApiError
from sandbox.ecwid.orders import Wanted
from sandbox.ecwid.wire import order_json, product_json
from sandbox.refusals import BadControl
from sandbox.server import Json, Route

if TYPE_CHECKING:
    from sandbox.ecwid.simulator import EcwidSimulator


class Control:
    """Handlers of the control API. A refusal is ``{"error": …}`` with 400, 404 or 409."""

    def __init__(self, simulator: EcwidSimulator) -> None:
        self._simulator = simulator

    def routes(self) -> list[Route]:
        calls: list[tuple[str, str, Action]] = [
            ("GET", "state", self.state),
            ("POST", "reset", self.reset),
            ("POST", "buy", self.buy),
            ("POST", "products", self.add_product),
            ("DELETE", "products/{product_id:int}", self.delete_product),
            ("POST", "quantity", self.set_quantity),
            ("POST", "unlimited", self.set_unlimited),
            ("POST", "recreate-variation", self.recreate_variation),
            ("GET", "orders/{order_id}", self.read_order),
            ("DELETE", "orders/{order_id}", self.delete_order),
            ("POST", "orders/{order_id}/cancel", self.cancel),
            ("POST", "orders/{order_id}/pay", self.pay),
            ("POST", "orders/{order_id}/refund", self.refund),
            ("POST", "orders/{order_id}/ship", self.ship),
            ("POST", "orders/{order_id}/status", self.set_status),
            ("POST", "orders/{order_id}/lines/{line_id:int}", self.edit_line),
            *fault_calls(self._simulator.faults),
            ("GET", "webhooks", self.webhooks),
            ("POST", "webhooks/send", self.send_webhook),
            ("POST", "webhooks/{delivery_id:int}/redeliver", self.redeliver),
            ("POST", "webhook", self.set_webhook),
            ("POST", "rate-limit", self.set_rate_limit),
            ("POST", "search-lag", self.set_search_lag),
            ("POST", "token/expire", self.expire_token),
            ("POST", "token/renew", self.renew_token),
            ("POST", "app/uninstall", self.uninstall),
            ("POST", "app/install", self.install),
            ("GET", "requests", self.requests),
        ]
        return control_routes(calls)

    def state(self, _: Json, __: dict[str, str]) -> Json:
        return self._simulator.state()

    def reset(self, _: Json, __: dict[str, str]) -> Json:
        self._simulator.reset()
        return {"ok": True}

    def buy(self, body: Json, _: dict[str, str]) -> Json:
        sent = body.get("lines")
        lines = [_wanted(each) for each in sent] if isinstance(sent, list) else None
        product_id = body.get("product_id")
        order = self._simulator.buy(
            None if product_id is None else whole(body, "product_id"),
            None if body.get("combination_id") is None else whole(body, "combination_id"),
            quantity=whole(body, "quantity", 1),
            sku=str(body.get("sku", "")),
            lines=lines,
            payment_status=str(body.get("payment_status", "PAID")),
            buyer=str(body.get("buyer", "Jamie Visitor")),
            email=str(body.get("email", "jamie@example.com")),
        )
        return {"order": order_json(order)}

    def add_product(self, body: Json, _: dict[str, str]) -> Json:
        if not isinstance(body.get("name"), str):
            raise BadControl("name is required")
        return {"product": product_json(self._simulator.add_product(quietly=False, **body))}

    def delete_product(self, _: Json, variables: dict[str, str]) -> Json:
        self._simulator.delete_product(int(variables["product_id"]))
        return {"ok": True}

    def set_quantity(self, body: Json, _: dict[str, str]) -> Json:
        product_id, combination_id = self._pool(body)
        self._simulator.set_quantity(product_id, combination_id, quantity=whole(body, "quantity"))
        return {"quantity": self._simulator.quantity(product_id, combination_id)}

    def set_unlimited(self, body: Json, _: dict[str, str]) -> Json:
        product_id, combination_id = self._pool(body)
        unlimited = body.get("unlimited", True)
        if not isinstance(unlimited, bool):
            raise BadControl("unlimited must be true or false")
        self._simulator.set_unlimited(product_id, combination_id, unlimited=unlimited)
        return {"quantity": self._simulator.quantity(product_id, combination_id)}

    def recreate_variation(self, body: Json, _: dict[str, str]) -> Json:
        product_id, combination_id = self._pool(body)
        if combination_id is None:
            raise BadControl("name a variation by combination_id or by its SKU")
        return {"combination_id": self._simulator.recreate_variation(product_id, combination_id)}

    def read_order(self, _: Json, variables: dict[str, str]) -> Json:
        return {"order": order_json(self._simulator.order(variables["order_id"]))}

    def delete_order(self, _: Json, variables: dict[str, str]) -> Json:
        self._simulator.delete_order(variables["order_id"])
        return {"ok": True}

    def cancel(self, _: Json, variables: dict[str, str]) -> Json:
        return {"order": order_json(self._simulator.cancel(variables["order_id"]))}

    def pay(self, _: Json, variables: dict[str, str]) -> Json:
        return {"order": order_json(self._simulator.pay(variables["order_id"]))}

    def refund(self, body: Json, variables: dict[str, str]) -> Json:
        amount = None if body.get("amount") is None else number(body, "amount")
        return {"order": order_json(self._simulator.refund(variables["order_id"], amount=amount))}

    def ship(self, _: Json, variables: dict[str, str]) -> Json:
        return {"order": order_json(self._simulator.ship(variables["order_id"]))}

    def set_status(self, body: Json, variables: dict[str, str]) -> Json:
        order = self._simulator.set_status(
            variables["order_id"], payment=body.get("payment"), fulfilment=body.get("fulfilment")
        )
        return {"order": order_json(order)}

    def edit_line(self, body: Json, variables: dict[str, str]) -> Json:
        quantity = whole(body, "quantity")
        order = self._simulator.edit_line(variables["order_id"], int(variables["line_id"]), quantity)
        return {"order": order_json(order)}

    def webhooks(self, _: Json, __: dict[str, str]) -> Json:
        return {"deliveries": [entry.describe() for entry in self._simulator.deliveries]}

    def send_webhook(self, body: Json, _: dict[str, str]) -> Json:
        if not isinstance(body.get("eventType"), str):
            raise BadControl("eventType is required")
        signature = body.get("signature", "valid")
        if signature not in ("valid", "wrong", "none"):
            raise BadControl("signature must be valid, wrong or none")
        data = body.get("data")
        delivery = self._simulator.webhooks.send(
            body["eventType"],
            body.get("entityId", 0),
            data if isinstance(data, dict) else None,
            store_id=whole(body, "storeId") if "storeId" in body else None,
            signature=signature,
            event_id=str(body.get("eventId", "")),
        )
        return {"delivery": delivery.describe()}

    def redeliver(self, _: Json, variables: dict[str, str]) -> Json:
        if not self._simulator.redeliver(int(variables["delivery_id"])):
            raise ApiError(404, "", "no such delivery, or no webhook URL is set")
        return {"ok": True}

    def set_webhook(self, body: Json, _: dict[str, str]) -> Json:
        self._simulator.set_webhook(str(body.get("url", "")), body.get("client_secret"))
        return {"url": self._simulator.webhooks.url}

    def set_rate_limit(self, body: Json, _: dict[str, str]) -> Json:
        self._simulator.access.set_rate_limit(whole(body, "calls"))
        return {"calls": self._simulator.access.window.calls}

    def set_search_lag(self, body: Json, _: dict[str, str]) -> Json:
        self._simulator.options.search_lag_seconds = number(body, "seconds")
        return {"seconds": self._simulator.options.search_lag_seconds}

    def expire_token(self, _: Json, __: dict[str, str]) -> Json:
        self._simulator.access.expire()
        return {"ok": True}

    def renew_token(self, body: Json, _: dict[str, str]) -> Json:
        sent = body.get("scopes")
        scopes = tuple(str(each) for each in sent) if isinstance(sent, list) else None
        return {"token": self._simulator.access.renew(same=bool(body.get("same")), scopes=scopes)}

    def uninstall(self, _: Json, __: dict[str, str]) -> Json:
        self._simulator.uninstall()
        return {"ok": True}

    def install(self, _: Json, __: dict[str, str]) -> Json:
        return {"token": self._simulator.install()}

    def requests(self, _: Json, __: dict[str, str]) -> Json:
        calls = self._simulator.requests
        shown = [
            {"method": call.method, "path": call.path, "query": call.query, "status": call.status} for call in calls
        ]
        return {"requests": shown}

    def _pool(self, body: Json) -> tuple[int, int | None]:
        if body.get("sku"):
            with self._simulator.store.lock:
                product, variation = self._simulator.store.find_sku(str(body["sku"]))
                return product.id, None if variation is None else variation.id
        combination = None if body.get("combination_id") is None else whole(body, "combination_id")
        return whole(body, "product_id"), combination


def _wanted(sent: object) -> Wanted:
    if not isinstance(sent, dict):
        raise BadControl("lines must hold objects")
    combination = None if sent.get("combination_id") is None else whole(sent, "combination_id")
    options = sent.get("options")
    return Wanted(
        product_id=whole(sent, "product_id"),
        combination_id=combination,
        quantity=whole(sent, "quantity", 1),
        options={str(name): str(value) for name, value in options.items()} if isinstance(options, dict) else {},
    )
