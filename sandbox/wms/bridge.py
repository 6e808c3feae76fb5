"""The bridge: static/wms-v1.openapi.json, served over the warehouse, with its events and its faults."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import uuid
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Self

from sandbox.control import Action as ControlAction
from sandbox.control import rows_of, whole
from sandbox.desk import Action, View
from sandbox.faults import FaultKind
from sandbox.refusals import BadControl
from sandbox.server import Request, Response, Route, json_response, wait_until
from sandbox.system import StockSystem
from sandbox.webhooks import Courier, Delivery, DeliveryRules
from sandbox.wms.pages import Pages
from sandbox.wms.warehouse import Json, Shipment, Warehouse, told

MOST = 1000
USUAL = 200
# As Standard Webhooks asks of senders: 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h.
RULES = DeliveryRules(
    delivered=frozenset({200, 201, 202, 204}),
    retry_after=(5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400),
    answer_seconds=15.0,
)
FAULTS = [
    FaultKind("as_of_moves", "Count anew between pages", "as_of differs on the next page.", "Stock"),
    FaultKind("incomplete", "Incomplete", "A page says complete: false.", "Stock"),
    FaultKind("duplicate_row", "Row twice", "The first row of a page comes twice.", "Stock"),
    FaultKind("odd_quantity", "Odd quantity", "The first row of a page has −3 on hand.", "Stock"),
    FaultKind("webhook_delay", "Late event", "An event is sent late.", "Events", seconds=3),
    FaultKind("webhook_drop", "Lost event", "An event is never sent.", "Events"),
    FaultKind("webhook_duplicate", "Event twice", "An event is sent again after it has arrived.", "Events"),
    FaultKind("webhook_reorder", "Overtaken event", "The next event overtakes it.", "Events", seconds=3),
]


class Bridge(StockSystem):
    """One bridge on an HTTP port. ``clock_offset`` seconds is how far its clock is ahead."""

    platform = "warehouse system"
    fault_kinds = FAULTS

    def __init__(
        self,
        *,
        name: str = "Quayside Logistics",
        token: str = "wms_sandbox",  # noqa: S107 - of a simulated system
        events_url: str = "",
        secret: str = "",
        clock_offset: float = 0.0,
        time_scale: float = 1.0,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.token = token
        self.events_url = events_url
        self.secret = secret
        self.clock_offset = clock_offset
        self.warehouse = Warehouse(clock=self.now)
        super().__init__(name=name, host=host, port=port)
        self._courier = Courier(RULES, self.faults, time_scale=time_scale, workers=2)

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.clock_offset)

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
            self._courier.clear()
            self.warehouse = Warehouse(clock=self.now)

    # What a test or a person does -------------------------------------------------------------------------------

    def add_location(self, ref: str, name: str = "", kind: str = "warehouse") -> None:
        with self.lock:
            self.warehouse.locations[ref] = {"id": ref, "name": name or ref, "type": kind}

    def rename_location(self, ref: str, name: str) -> None:
        with self.lock:
            self.warehouse.locations[ref]["name"] = name

    def remove_location(self, ref: str) -> None:
        with self.lock:
            del self.warehouse.locations[ref]
            for key in [key for key in self.warehouse.levels if key[1] == ref]:
                del self.warehouse.levels[key]

    def set_stock(self, sku: str, location: str, on_hand: int, *, allocated: int = 0, unsellable: int = 0) -> None:
        """Set a level by hand, quietly."""
        with self.lock:
            level = self.warehouse.level(sku, location)
            level.on_hand, level.allocated, level.unsellable = on_hand, allocated, unsellable

    def on_hand(self, sku: str, location: str) -> int:
        with self.lock:
            return self.warehouse.level(sku, location).on_hand

    def ship(self, order_ref: str, location: str, lines: list[Json], *, shipment_id: str = "") -> Shipment:
        """Send an order's units off and tell of it."""
        with self.lock:
            shipment = self.warehouse.ship(order_ref, location, lines, shipment_id=shipment_id)
        data = {name: value for name, value in shipment.as_json().items() if name != "status"}
        self.send("shipment.confirmed", data)
        return shipment

    def cancel(self, shipment_id: str) -> Shipment:
        with self.lock:
            shipment = self.warehouse.cancel(shipment_id)
        self.send("shipment.cancelled", {"shipment_id": shipment_id})
        return shipment

    def pick(self, order_ref: str, location: str, lines: list[Json]) -> str:
        """Tell that units were taken off the shelf; the shipment comes later."""
        with self.lock:
            pick_id = f"PCK-{self.warehouse.number()}"
        named = [{"line_id": str(number), **line} for number, line in enumerate(lines, 1)]
        self.send(
            "pick.confirmed",
            {
                "pick_id": pick_id,
                "order_ref": order_ref,
                "location": location,
                "picked_at": told(self.now()),
                "lines": named,
            },
        )
        return pick_id

    def adjust(self, sku: str, location: str, delta: int, reason: str = "Found") -> None:
        with self.lock:
            self.warehouse.level(sku, location).on_hand += delta
            ref = f"ADJ-{self.warehouse.number()}"
        data = {"adjustment_id": ref, "sku": sku, "location": location, "delta": delta, "reason": reason}
        self.send("stock.adjusted", {**data, "occurred_at": told(self.now())})

    def count(self, sku: str, location: str, on_hand: int) -> None:
        with self.lock:
            self.warehouse.level(sku, location).on_hand = on_hand
            ref = f"CNT-{self.warehouse.number()}"
        data = {"count_id": ref, "sku": sku, "location": location, "on_hand": on_hand}
        self.send("stock.counted", {**data, "counted_at": told(self.now())})

    def take_back(self, location: str, lines: list[Json]) -> None:
        """Receive a return: lines of sku, quantity and sellable."""
        with self.lock:
            ref = f"RET-{self.warehouse.number()}"
            for line in lines:
                level = self.warehouse.level(str(line["sku"]), location)
                if line["sellable"]:
                    level.on_hand += int(line["quantity"])
                else:
                    level.unsellable += int(line["quantity"])
        data = {"return_id": ref, "location": location, "received_at": told(self.now()), "lines": lines}
        self.send("return.received", data)

    def send(self, kind: str, data: Json, *, event_id: str = "", signature: str = "valid") -> Delivery:
        """Send an event, whatever it says; ``signature`` is valid, wrong or none."""
        event_id = event_id or f"evt_{uuid.uuid4().hex}"
        moment = self.now()
        body = json.dumps({"type": kind, "timestamp": told(moment), "data": data}, ensure_ascii=False)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": str(int(moment.timestamp())),
        }
        if signature != "none":
            key = self.secret if signature == "valid" else "whsec_" + base64.b64encode(b"not the secret").decode()
            headers["webhook-signature"] = sign(key, event_id, headers["webhook-timestamp"], body)
        url = self.events_url if self.secret else ""
        entity = str(data.get("shipment_id") or data.get("sku") or data.get("return_id") or "")
        return self._courier.submit(
            event_id=event_id, event_type=kind, entity_id=entity, url=url, body=body, headers=headers
        )

    @property
    def deliveries(self) -> list[Delivery]:
        return self._courier.deliveries()

    def wait_for_events(self, seconds: float = 5.0) -> bool:
        return wait_until(self._courier.idle, seconds)

    # The contract -----------------------------------------------------------------------------------------------

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/v1/locations", self._allowed(self._locations)),
            Route("GET", "/v1/stock", self._allowed(self._stock)),
            Route("GET", "/v1/shipments", self._allowed(self._shipments)),
        ]

    def _allowed(self, handler: Any) -> Any:
        def answer(request: Request, variables: dict[str, str]) -> Response:
            if request.headers.get("authorization") != f"Bearer {self.token}":
                return self.refusal(401, "The token is not known.")
            response: Response = handler(request)
            response.headers["Date"] = format_datetime(self.now(), usegmt=True)
            return response

        return answer

    def _locations(self, request: Request) -> Response:
        return json_response({"items": list(self.warehouse.locations.values())})

    def _stock(self, request: Request) -> Response:
        query = request.query
        try:
            limit = min(MOST, max(1, int(query.get("limit", USUAL))))
            since = datetime.fromisoformat(query["updated_since"]) if query.get("updated_since") else None
        except ValueError:
            return self.refusal(400, "limit must be a number and updated_since a time.")
        if since is not None and since.tzinfo is None:
            return self.refusal(400, "updated_since needs a time zone.")
        if query.get("cursor"):
            key, _, start = query["cursor"].partition(":")
            if key not in self.warehouse.snapshots or not start.isdigit():
                return self.refusal(400, "The cursor is not known (any more): begin again.")
            offset = int(start)
        else:
            key, _at = self.warehouse.snapshot(
                self.warehouse.rows(location=query.get("location", ""), updated_since=since)
            )
            offset = 0
        as_of, rows = self.warehouse.snapshots[key]
        if offset and self.faults.take("as_of_moves"):
            as_of = self.now()
        page = [dict(row) for row in rows[offset : offset + limit]]
        if page and self.faults.take("duplicate_row"):
            page.append({**page[0], "on_hand": page[0]["on_hand"] + 1})
        if page and self.faults.take("odd_quantity"):
            page[0]["on_hand"] = -3
        end = offset + limit
        return json_response(
            {
                "as_of": told(as_of),
                "complete": not self.faults.take("incomplete"),
                "items": page,
                "next_cursor": f"{key}:{end}" if end < len(rows) else None,
            }
        )

    def _shipments(self, request: Request) -> Response:
        try:
            since = datetime.fromisoformat(request.query["since"])
            offset = int(request.query.get("cursor") or 0)
        except (KeyError, ValueError):
            return self.refusal(400, "since must be a time, and cursor what the last page gave.")
        if since.tzinfo is None:
            return self.refusal(400, "since needs a time zone.")
        found = sorted(
            (each for each in self.warehouse.shipments.values() if each.changed_at >= since),
            key=lambda each: (each.changed_at, each.id),
        )
        page = found[offset : offset + USUAL]
        end = offset + USUAL
        return json_response(
            {"items": [each.as_json() for each in page], "next_cursor": str(end) if end < len(found) else None}
        )

    # Control and page -------------------------------------------------------------------------------------------

    def calls(self) -> list[tuple[str, str, ControlAction]]:
        return [
            ("GET", "state", self._state_call),
            ("POST", "events", self._events_call),
            ("POST", "locations", self._location_call),
            ("POST", "stock", self._stock_call),
            ("POST", "ship", self._ship_call),
            ("POST", "shipments/{id}/cancel", self._cancel_call),
            ("POST", "return", self._return_call),
        ]

    def _state_call(self, _: Json, __: dict[str, str]) -> Json:
        with self.lock:
            return {
                "url": self.url,
                "token": self.token,
                "events_url": self.events_url,
                "stock": self.warehouse.rows(),
                "shipments": [each.as_json() for each in self.warehouse.shipments.values()],
            }

    def _events_call(self, body: Json, _: dict[str, str]) -> Json:
        self.events_url, self.secret = str(body.get("url", "")), str(body.get("secret", ""))
        return {}

    def _location_call(self, body: Json, _: dict[str, str]) -> Json:
        self.add_location(str(body["id"]), str(body.get("name", "")))
        return {}

    def _stock_call(self, body: Json, _: dict[str, str]) -> Json:
        rows = rows_of(body)
        for row in rows:
            self.set_stock(str(row["sku"]), str(row["location"]), whole(row, "on_hand"))
        return {"rows": len(rows)}

    def _ship_call(self, body: Json, _: dict[str, str]) -> Json:
        lines = body.get("lines")
        if not isinstance(lines, list) or not lines:
            raise BadControl("lines must be a list")
        return self.ship(str(body.get("order_ref", "")), str(body["location"]), lines).as_json()

    def _cancel_call(self, _: Json, variables: dict[str, str]) -> Json:
        return self.cancel(variables["id"]).as_json()

    def _return_call(self, body: Json, _: dict[str, str]) -> Json:
        self.take_back(str(body["location"]), list(body["lines"]))
        return {}

    def tabs(self) -> tuple[tuple[str, str], ...]:
        return (("/shipments", "Shipments"), ("/events", "Events"))

    def views(self) -> dict[str, View]:
        return Pages(self).views()

    def actions(self) -> dict[str, Action]:
        return Pages(self).actions()

    def redeliver(self, delivery_id: int) -> bool:
        """Send a logged event again to today's address; False when it is unknown or no address is set."""
        return self._courier.redeliver(delivery_id, self.events_url) is not None


def sign(secret: str, event_id: str, timestamp: str, body: str) -> str:
    """Return the ``webhook-signature`` of Standard Webhooks."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise BadControl(f"the secret is none of Standard Webhooks: {error}") from error
    digest = hmac.new(key, f"{event_id}.{timestamp}.{body}".encode(), hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()
