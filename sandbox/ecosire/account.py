"""One ECOSIRE account: products with stock by location, 60 calls a minute, webhooks about checkouts only."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Self

from sandbox.control import Action as ControlAction
from sandbox.control import whole
from sandbox.desk import Action, View
from sandbox.desk import whole as whole_of_form
from sandbox.faults import FaultKind
from sandbox.frame import Note
from sandbox.limits import SlidingWindow
from sandbox.page import button, element, hidden
from sandbox.page import field as form_field
from sandbox.page import form as post_form
from sandbox.server import Request, Response, Route, json_response, wait_until
from sandbox.system import StockSystem
from sandbox.webhooks import Courier, DeliveryRules

Json = dict[str, Any]
MOST = 100
USUAL = 20
RULES = DeliveryRules(delivered=frozenset({200, 201, 202, 204}), retry_after=(60, 600, 3600))
FAULTS = [
    FaultKind("total_moves", "Products appear", "meta.total is one more on the next page.", "Products"),
    FaultKind("product_twice", "Product twice", "A page repeats a product of the page before.", "Products"),
    FaultKind("bad_sum", "Doubtful sum", "A product's available is not on hand less reserved.", "Products"),
    FaultKind("webhook_delay", "Late webhook", "It is sent late.", "Webhooks", seconds=3),
    FaultKind("webhook_drop", "Lost webhook", "It is never sent.", "Webhooks"),
    FaultKind("webhook_duplicate", "Webhook twice", "It is sent again after it has arrived.", "Webhooks"),
    FaultKind("webhook_reorder", "Overtaken webhook", "The next one overtakes it.", "Webhooks", seconds=3),
]


@dataclass(slots=True)
class Product:
    id: str
    sku: str
    name: str
    stock: dict[str, int] = field(default_factory=dict)  # units on hand by location
    reserved: int = 0


class Ecosire(StockSystem):
    """One account on an HTTP port. ``filters_ids``: whether the undocumented ``productIds`` works."""

    platform = "ECOSIRE"
    fault_kinds = FAULTS

    def __init__(
        self,
        *,
        name: str = "ECOSIRE",
        token: str = "eco_live_sandbox",  # noqa: S107 - of a simulated account
        webhook_secret: str = "eco_secret",  # noqa: S107 - likewise
        webhook_url: str = "",
        rate_limit: int = 60,
        filters_ids: bool = True,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.token = token
        self.webhook_secret = webhook_secret
        self.webhook_url = webhook_url
        self.filters_ids = filters_ids
        self.products: dict[str, Product] = {}
        self.places: dict[str, str] = {}
        self.window = SlidingWindow(calls=rate_limit, seconds=60.0, clock=time.monotonic)
        super().__init__(name=name, host=host, port=port)
        self._courier = Courier(RULES, self.faults, time_scale=0.001, workers=1)

    def start(self) -> Self:
        super().start()
        self._courier.start()
        return self

    def stop(self) -> None:
        super().stop()
        self._courier.stop()

    def reset(self) -> None:
        with self.lock:
            super().reset()
            self.products.clear()
            self.places.clear()
            self.window.clear()
            self._courier.clear()

    @property
    def base_url(self) -> str:
        return f"{self.url}/api"

    # What a test or a person does -------------------------------------------------------------------------------

    def add_location(self, ref: str, name: str) -> None:
        with self.lock:
            self.places[ref] = name

    def add_product(self, sku: str, on_hand: int = 0, *, reserved: int = 0, place: str = "loc-1") -> Product:
        with self.lock:
            product = Product(str(uuid.uuid4()), sku, f"Product {sku}", {place: on_hand}, reserved)
            self.products[product.id] = product
            return product

    def find(self, sku: str) -> Product:
        with self.lock:
            return next(each for each in self.products.values() if each.sku == sku)

    def adjust(self, sku: str, delta: int, *, place: str = "") -> None:
        """Change a product's stock, as an adjustment or a return does. No webhook tells of it."""
        with self.lock:
            stock = self.find(sku).stock
            place = place or next(iter(stock))
            stock[place] = stock.get(place, 0) + delta

    def check_out(self, sku: str, quantity: int, *, signature: str = "hex") -> None:
        """Sell units in ECOSIRE's own checkout: they are reserved, and checkout.completed is sent."""
        with self.lock:
            product = self.find(sku)
            product.reserved += quantity
            line = {"productId": product.id, "productName": product.name, "quantity": quantity, "unitAmount": 1999}
        self.send("checkout.completed", {"orderId": str(uuid.uuid4()), "lineItems": [line]}, signature=signature)

    def send(self, event: str, data: Json, *, signature: str = "hex", event_id: str = "") -> None:
        """Send a webhook; ``signature`` is hex, prefixed, wrong or none."""
        event_id = event_id or f"evt_{uuid.uuid4().hex}"
        body = json.dumps({"id": event_id, "event": event, "createdAt": "2026-11-21T09:00:00Z", "data": data})
        headers = {"Content-Type": "application/json", "X-Ecosire-Event": event, "X-Ecosire-Delivery": event_id}
        digest = hmac.new(self.webhook_secret.encode(), body.encode(), hashlib.sha256).hexdigest()
        given = {"hex": digest, "prefixed": f"sha256={digest}", "wrong": "0" * 64}.get(signature)
        if given is not None:
            headers["X-Ecosire-Signature"] = given
        self._courier.submit(
            event_id=event_id, event_type=event, entity_id="", url=self.webhook_url, body=body, headers=headers
        )

    def wait_for_webhooks(self, seconds: float = 5.0) -> bool:
        return wait_until(self._courier.idle, seconds)

    # The API ----------------------------------------------------------------------------------------------------

    def refusal(self, status: int, words: str) -> Response:
        phrases = {401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests", 500: "Internal Server Error"}
        return json_response({"statusCode": status, "message": [words], "error": phrases.get(status, "Error")}, status)

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/api/inventory/products", self._allowed(self._product_list)),
            Route("GET", "/api/inventory/products/{id}/stock", self._allowed(self._stock_by_location)),
            Route("GET", "/api/inventory/locations", self._allowed(self._location_list)),
        ]

    def _allowed(self, handler: Any) -> Any:
        def answer(request: Request, variables: dict[str, str]) -> Response:
            if request.headers.get("authorization") != f"Bearer {self.token}":
                return self.refusal(401, "The API key is not valid.")
            wait = self.window.take(self.token)
            response: Response = self.refusal(429, "Too many requests.") if wait else handler(request, variables)
            response.headers["X-RateLimit-Limit"] = str(self.window.calls)
            response.headers["X-RateLimit-Remaining"] = "0" if wait else "1"
            response.headers["X-RateLimit-Reset"] = str(math.ceil(time.time()) + (wait or 60))
            return response

        return answer

    def _product_list(self, request: Request, _: dict[str, str]) -> Response:
        query = request.query
        try:
            page = max(1, int(query.get("page", 1)))
            limit = min(MOST, max(1, int(query.get("limit", USUAL))))
        except ValueError:
            return self.refusal(400, "page and limit must be numbers")
        rows = list(self.products.values())
        place = query.get("warehouseId", "")
        if query.get("productIds") and self.filters_ids:
            wanted = set(query["productIds"].split(","))
            rows = [each for each in rows if each.id in wanted]
        total = len(rows)
        found = [self._product_json(each, place) for each in rows[(page - 1) * limit : page * limit]]
        if page > 1 and found and self.faults.take("product_twice"):
            found[0] = self._product_json(rows[0], place)
        if page > 1 and self.faults.take("total_moves"):
            total += 1
        if found and self.faults.take("bad_sum"):
            found[0]["available"] += 5
        pages = math.ceil(len(rows) / limit)
        return json_response(
            {"data": found, "meta": {"total": total, "page": page, "limit": limit, "totalPages": pages}}
        )

    def _product_json(self, product: Product, place: str) -> Json:
        on_hand = product.stock.get(place, 0) if place else sum(product.stock.values())
        reserved = min(product.reserved, on_hand) if place else product.reserved
        return {
            "productId": product.id,
            "productName": product.name,
            "sku": product.sku,
            "onHand": on_hand,
            "reserved": reserved,
            "available": on_hand - reserved,
            "reorderPoint": 0,
            "uom": "unit",
        }

    def _stock_by_location(self, request: Request, variables: dict[str, str]) -> Response:
        product = self.products.get(variables["id"])
        if product is None:
            return self.refusal(404, "No such product.")
        return json_response(
            [
                {"locationId": ref, "locationName": self.places.get(ref, ref), "quantity": units}
                for ref, units in product.stock.items()
            ]
        )

    def _location_list(self, request: Request, _: dict[str, str]) -> Response:
        return json_response({"data": [{"id": ref, "name": name} for ref, name in self.places.items()]})

    # Control and page -------------------------------------------------------------------------------------------

    def calls(self) -> list[tuple[str, str, ControlAction]]:
        return [
            ("POST", "products", self._product_call),
            ("POST", "locations", self._location_call),
            ("POST", "adjust", self._adjust_call),
            ("POST", "check-out", self._check_out_call),
            ("POST", "webhook", self._webhook_call),
        ]

    def _product_call(self, body: Json, _: dict[str, str]) -> Json:
        return {"productId": self.add_product(str(body["sku"]), whole(body, "on_hand", 0)).id}

    def _location_call(self, body: Json, _: dict[str, str]) -> Json:
        self.add_location(str(body["id"]), str(body["name"]))
        return {}

    def _adjust_call(self, body: Json, _: dict[str, str]) -> Json:
        self.adjust(str(body["sku"]), whole(body, "delta"))
        return {}

    def _check_out_call(self, body: Json, _: dict[str, str]) -> Json:
        self.check_out(str(body["sku"]), whole(body, "quantity", 1))
        return {}

    def _webhook_call(self, body: Json, _: dict[str, str]) -> Json:
        self.webhook_url = str(body.get("url", ""))
        return {}

    def views(self) -> dict[str, View]:
        return {"/": self._stock_page}

    def actions(self) -> dict[str, Action]:
        return {"/adjust": self._adjust_action}

    def _stock_page(self, query: dict[str, str], note: Note) -> str:
        with self.lock:
            rows = [self._product_json(each, "") for each in list(self.products.values())[:200]]
        body = [
            element(
                "tr",
                *(element("td", row[name]) for name in ("sku", "onHand", "reserved", "available")),
                element(
                    "td",
                    post_form(
                        "/adjust",
                        hidden("sku", row["sku"]),
                        form_field("delta", 1, type="number", aria_label=f"Change of {row['sku']}"),
                        button("Adjust", data_adjust=row["sku"]),
                        class_="row",
                    ),
                ),
            )
            for row in rows
        ]
        heads = (element("th", text, scope="col") for text in ("SKU", "On hand", "Reserved", "Available", ""))
        table = element("table", element("thead", element("tr", *heads)), element("tbody", *body), class_="card")
        lead = f"{len(self.products)} products."
        return self.frame.page(path="/", title="Stock", lead=lead, query=query, note=note, body=[table])

    def _adjust_action(self, form: dict[str, str], _: dict[str, str]) -> str:
        self.adjust(form.get("sku", ""), whole_of_form(form, "delta"))
        return f"{form.get('sku')} was adjusted."
