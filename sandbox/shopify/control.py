"""The control API under ``/_control``: what tests and scripts steer a running shop with. JSON in, JSON out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.control import Action, control_routes, fault_calls, number, whole
from sandbox.refusals import BadControl
from sandbox.server import Json, Route
from sandbox.shopify.bodies import order_body
from sandbox.shopify.cart import Wanted
from sandbox.shopify.orders import Given

if TYPE_CHECKING:
    from sandbox.shopify.records import Order
    from sandbox.shopify.simulator import ShopifySimulator


class Control:
    """Handlers of the control API. A refusal is ``{"error": …}`` with 400, 404 or 409."""

    def __init__(self, simulator: ShopifySimulator) -> None:
        self._simulator = simulator

    def routes(self) -> list[Route]:
        calls: list[tuple[str, str, Action]] = [
            ("GET", "state", self.state),
            ("POST", "reset", self.reset),
            ("POST", "buy", self.buy),
            ("POST", "locations", self.add_location),
            ("POST", "locations/{location_id:int}", self.change_location),
            ("POST", "products", self.add_product),
            ("DELETE", "products/{product_id:int}", self.delete_product),
            ("POST", "quantity", self.set_quantity),
            ("POST", "tracked", self.set_tracked),
            ("POST", "active", self.set_active),
            ("GET", "orders/{order_id:int}", self.read_order),
            ("DELETE", "orders/{order_id:int}", self.delete_order),
            ("POST", "orders/{order_id:int}/cancel", self.cancel),
            ("POST", "orders/{order_id:int}/pay", self.pay),
            ("POST", "orders/{order_id:int}/refund", self.refund),
            ("POST", "orders/{order_id:int}/ship", self.ship),
            ("POST", "orders/{order_id:int}/move", self.move),
            ("POST", "orders/{order_id:int}/lines", self.add_line),
            ("POST", "orders/{order_id:int}/lines/{line_id:int}", self.edit_line),
            *fault_calls(self._simulator.faults),
            ("GET", "webhooks", self.webhooks),
            ("POST", "webhooks/send", self.send_webhook),
            ("POST", "webhooks/{delivery_id:int}/redeliver", self.redeliver),
            ("GET", "subscriptions", self.subscriptions),
            ("POST", "subscriptions", self.subscribe),
            ("DELETE", "subscriptions", self.drop_subscriptions),
            ("POST", "rate-limit", self.set_rate_limit),
            ("POST", "token/expire", self.expire_token),
            ("POST", "token/renew", self.renew_token),
            ("POST", "app/uninstall", self.uninstall),
            ("POST", "app/install", self.install),
            ("GET", "requests", self.requests),
        ]
        return control_routes(calls)

    def state(self, _: Json, __: dict[str, str]) -> Json:
        simulator = self._simulator
        with simulator.shop.lock:
            variants = [
                {
                    "sku": variant.sku,
                    "variant_id": variant.id,
                    "item_id": variant.item_id,
                    "tracked": simulator.shop.items[variant.item_id].tracked,
                    "sellable": simulator.shop.sellable(variant),
                    "levels": [
                        {
                            "location_id": level.location_id,
                            "is_active": level.is_active,
                            "on_hand": level.on_hand,
                            **level.quantities,
                        }
                        for level in simulator.shop.levels_of(variant.item_id)
                    ],
                }
                for variant in simulator.shop.variants.values()
            ]
            return {
                "name": simulator.name,
                "domain": simulator.domain,
                "api_url": simulator.base_url,
                "token": simulator.token,
                "client_id": simulator.client_id,
                "client_secret": simulator.client_secret,
                "locations": [
                    {"id": place.id, "name": place.name, "is_active": place.is_active}
                    for place in simulator.shop.locations.values()
                ],
                "variants": variants,
                "orders": [order_body(order) for order in simulator.shop.orders.values()],
            }

    def reset(self, _: Json, __: dict[str, str]) -> Json:
        self._simulator.reset()
        return {"ok": True}

    def buy(self, body: Json, _: dict[str, str]) -> Json:
        sent = body.get("lines")
        lines = [_wanted(each) for each in sent] if isinstance(sent, list) else None
        if lines is None and "variant_id" in body:
            lines = [_wanted(body)]
        order = self._simulator.buy(
            str(body.get("sku", "")),
            quantity=whole(body, "quantity", 1),
            lines=lines,
            buyer=str(body.get("buyer", "Jamie Visitor")),
            email=str(body.get("email", "jamie@example.com")),
            test=body.get("test") is True,
            paid=body.get("paid", True) is True,
            location_id=whole(body, "location_id") if "location_id" in body else None,
            force=body.get("force") is True,
        )
        return _shown(order)

    def add_location(self, body: Json, _: dict[str, str]) -> Json:
        if not isinstance(body.get("name"), str):
            raise BadControl("name is required")
        return {"location_id": self._simulator.add_location(body["name"], **_flags(body)).id}

    def change_location(self, body: Json, variables: dict[str, str]) -> Json:
        with self._simulator.shop.lock:
            place = self._simulator.shop.locations[int(variables["location_id"])]
            for field, value in _flags(body).items():
                setattr(place, field, value)
        return {"ok": True}

    def add_product(self, body: Json, _: dict[str, str]) -> Json:
        if not isinstance(body.get("name"), str):
            raise BadControl("name is required")
        return {"product_id": self._simulator.add_product(quietly=False, **body).id}

    def delete_product(self, _: Json, variables: dict[str, str]) -> Json:
        self._simulator.delete_product(int(variables["product_id"]))
        return {"ok": True}

    def set_quantity(self, body: Json, _: dict[str, str]) -> Json:
        place = whole(body, "location_id") if "location_id" in body else None
        self._simulator.set_quantity(_sku(body), whole(body, "quantity"), place)
        return {"quantity": self._simulator.quantity_of(_sku(body))}

    def set_tracked(self, body: Json, _: dict[str, str]) -> Json:
        self._simulator.set_tracked(_sku(body), tracked=body.get("tracked", True) is True)
        return {"quantity": self._simulator.quantity_of(_sku(body))}

    def set_active(self, body: Json, _: dict[str, str]) -> Json:
        active = body.get("active", True) is True
        self._simulator.set_active(_sku(body), whole(body, "location_id"), active=active)
        return {"quantity": self._simulator.quantity_of(_sku(body))}

    def read_order(self, _: Json, variables: dict[str, str]) -> Json:
        return _shown(self._simulator.shop.orders[int(variables["order_id"])])

    def delete_order(self, _: Json, variables: dict[str, str]) -> Json:
        self._simulator.delete_order(int(variables["order_id"]))
        return {"ok": True}

    def cancel(self, body: Json, variables: dict[str, str]) -> Json:
        restock = body.get("restock", True) is True
        return _shown(self._simulator.cancel(int(variables["order_id"]), restock=restock))

    def pay(self, _: Json, variables: dict[str, str]) -> Json:
        with self._simulator.shop.lock:
            return _shown(self._simulator.orders.pay(int(variables["order_id"])))

    def refund(self, body: Json, variables: dict[str, str]) -> Json:
        """Take ``lines: [{line_id, quantity, restock_type?, location_id?}]``."""
        sent = body.get("lines")
        if not isinstance(sent, list) or not sent:
            raise BadControl("lines is required")
        given = [
            Given(
                line_id=whole(each, "line_id"),
                quantity=whole(each, "quantity"),
                restock_type=str(each.get("restock_type", "NO_RESTOCK")),
                location_id=whole(each, "location_id") if "location_id" in each else None,
            )
            for each in sent
        ]
        return _shown(self._simulator.refund(int(variables["order_id"]), *given))

    def ship(self, body: Json, variables: dict[str, str]) -> Json:
        sent = body.get("units")
        units = {int(line): int(count) for line, count in sent.items()} if isinstance(sent, dict) else None
        return _shown(self._simulator.ship(int(variables["order_id"]), units))

    def move(self, body: Json, variables: dict[str, str]) -> Json:
        with self._simulator.shop.lock:
            return _shown(self._simulator.orders.move(int(variables["order_id"]), whole(body, "location_id")))

    def add_line(self, body: Json, variables: dict[str, str]) -> Json:
        with self._simulator.shop.lock:
            return _shown(self._simulator.orders.add_line(int(variables["order_id"]), _wanted(body)))

    def edit_line(self, body: Json, variables: dict[str, str]) -> Json:
        restock = body.get("restock", True) is True
        order_id, line_id = int(variables["order_id"]), int(variables["line_id"])
        return _shown(self._simulator.edit_line(order_id, line_id, whole(body, "quantity"), restock=restock))

    def webhooks(self, _: Json, __: dict[str, str]) -> Json:
        return {"deliveries": [entry.describe() for entry in self._simulator.deliveries]}

    def send_webhook(self, body: Json, _: dict[str, str]) -> Json:
        """Send any webhook, forged or not: ``topic`` in GraphQL's words, ``url``, ``body?``, ``signature?``."""
        signature = body.get("signature", "valid")
        if not isinstance(body.get("topic"), str) or not isinstance(body.get("url"), str):
            raise BadControl("topic and url are required")
        if signature not in ("valid", "wrong", "none"):
            raise BadControl("signature must be valid, wrong or none")
        sent = body.get("body")
        with self._simulator.shop.lock:
            delivery = self._simulator.webhooks.send(
                body["topic"],
                sent if isinstance(sent, dict) else {},
                url=body["url"],
                signature=signature,
                domain=str(body.get("domain", "")),
                delivery_id=str(body.get("webhook_id", "")),
            )
        return {"delivery": delivery.describe()}

    def redeliver(self, _: Json, variables: dict[str, str]) -> Json:
        if not self._simulator.redeliver(int(variables["delivery_id"])):
            raise KeyError(f"delivery {variables['delivery_id']}")
        return {"ok": True}

    def subscriptions(self, _: Json, __: dict[str, str]) -> Json:
        with self._simulator.shop.lock:
            found = list(self._simulator.webhooks.subscriptions.values())
        return {"subscriptions": [{"id": each.id, "topic": each.topic, "uri": each.uri} for each in found]}

    def subscribe(self, body: Json, _: dict[str, str]) -> Json:
        topics = body.get("topics")
        if not isinstance(body.get("url"), str) or not isinstance(topics, list):
            raise BadControl("url and topics are required")
        self._simulator.subscribe(body["url"], *(str(each) for each in topics))
        return self.subscriptions({}, {})

    def drop_subscriptions(self, _: Json, __: dict[str, str]) -> Json:
        """Forget all subscriptions, as Shopify does after too many failures."""
        with self._simulator.shop.lock:
            self._simulator.webhooks.subscriptions.clear()
        return self.subscriptions({}, {})

    def set_rate_limit(self, body: Json, _: dict[str, str]) -> Json:
        self._simulator.api.bucket.resize(number(body, "points"), number(body, "per_second"))
        return {"ok": True}

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
        return {"token": self._simulator.access.renew()}

    def requests(self, _: Json, __: dict[str, str]) -> Json:
        shown = [
            {
                "method": call.method,
                "path": call.path,
                "status": call.status,
                "body": call.body.decode("utf-8", "replace"),
            }
            for call in self._simulator.requests
        ]
        return {"requests": shown}


def _shown(order: Order) -> Json:
    return {"order": order_body(order)}


def _sku(body: Json) -> str:
    if not isinstance(body.get("sku"), str):
        raise BadControl("sku is required")
    sku: str = body["sku"]
    return sku


def _flags(body: Json) -> dict[str, bool]:
    return {field: body[field] is True for field in ("is_active", "fulfils_online", "is_service") if field in body}


def _wanted(sent: object) -> Wanted:
    if not isinstance(sent, dict):
        raise BadControl("lines must hold objects")
    if "variant_id" not in sent:
        return Wanted(title=str(sent.get("title", "")), quantity=whole(sent, "quantity", 1))
    return Wanted(variant_id=whole(sent, "variant_id"), quantity=whole(sent, "quantity", 1))
