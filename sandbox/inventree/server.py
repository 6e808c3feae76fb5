"""The simulated InvenTree server: its API, its tokens, its faults."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sandbox.control import Action as ControlAction
from sandbox.control import number, rows_of
from sandbox.desk import Action, View
from sandbox.faults import FaultKind
from sandbox.inventree import recorded, wire
from sandbox.inventree.pages import Pages
from sandbox.inventree.store import STATUSES, Part, Shipment, StockItem, Store
from sandbox.server import Handler, Request, Response, Route, json_response
from sandbox.system import StockSystem

Json = dict[str, Any]
FAULTS = [
    FaultKind("row_moves", "Rows shift", "A row is added between two pages of the stock list.", "Stock"),
]
_VIEW_ROLES = {
    "admin": None,
    "part_category": ["view"],
    "part": ["view"],
    "bom": None,
    "stock_location": ["view"],
    "stock": ["view"],
    "build": None,
    "purchase_order": None,
    "sales_order": ["view"],
    "return_order": None,
    "transfer_order": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Someone who signs in. ``roles`` None: an administrator, who may do anything."""

    pk: int
    username: str
    password: str
    token: str
    roles: dict[str, list[str] | None] | None = None

    def may(self, role: str, verb: str) -> bool:
        return self.roles is None or verb in (self.roles.get(role) or ())


class InvenTree(StockSystem):
    """One InvenTree server on an HTTP port; ``filled``: with the data that was recorded."""

    platform = "InvenTree"
    fault_kinds = FAULTS

    def __init__(
        self, *, name: str = "InvenTree", filled: bool = False, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.filled = filled
        self.store = Store()
        self.users = [
            User(pk=1, username="admin", password="inventree", token="inv-admin"),  # noqa: S106
            User(pk=3, username="sync_ro", password="read-only", token="inv-readonly", roles=_VIEW_ROLES),  # noqa: S106
            User(pk=4, username="nobody", password="nothing", token="inv-norights", roles={}),  # noqa: S106
        ]
        super().__init__(name=name, host=host, port=port)
        self.reset()

    def reset(self) -> None:
        with self.lock:
            super().reset()
            self.store = Store()
            if self.filled:
                recorded.fill(self.store)

    @property
    def token(self) -> str:
        """The token of a user who may view what a stock source needs."""
        return self.users[1].token

    # What a test or a person does -------------------------------------------------------------------------------

    def place_order(self, customer_reference: str, lines: Sequence[tuple[str, float]]) -> Shipment:
        with self.lock:
            return self.store.place_order(customer_reference, list(lines))

    def ship(self, shipment: Shipment) -> None:
        with self.lock:
            self.store.ship(shipment)

    # The API ----------------------------------------------------------------------------------------------------

    def routes(self) -> list[Route]:
        def route(method: str, path: str, handler: Callable[..., Response], role: str, verb: str = "view") -> Route:
            return Route(method, path, self._for(handler, role, verb))

        return [
            Route("GET", "/api/", lambda request, variables: json_response(wire.server_json(self.name, self.store))),
            Route("GET", "/api/user/me/token/", self._give_token),
            route("GET", "/api/user/me/roles/", self._roles, ""),
            route("GET", "/api/part/", self._parts, "part"),
            route("GET", "/api/part/{pk:int}/", self._part, "part"),
            route("GET", "/api/part/{pk:int}/requirements/", self._requirements, "part"),
            route("POST", "/api/barcode/", self._barcode, ""),
            route("GET", "/api/stock/", self._stock, "stock"),
            route("GET", "/api/stock/location/", self._locations, "stock_location"),
            route("GET", "/api/stock/status/", self._statuses, "stock"),
            route("POST", "/api/stock/add/", self._add, "stock", "add"),
            route("GET", "/api/order/so/{pk:int}/", self._order, "sales_order"),
            route("GET", "/api/order/so/shipment/", self._shipments, "sales_order"),
            route("GET", "/api/order/so-allocation/", self._allocations, "sales_order"),
        ]

    def _for(self, handler: Callable[..., Response], role: str, verb: str) -> Handler:
        def answer(request: Request, variables: dict[str, str]) -> Response:
            user, refusal = self._user_of(request)
            if user is None:
                return refusal
            if role and not user.may(role, verb):
                return self.refusal(403, "You do not have permission to perform this action.")
            return handler(request, variables, user)

        return answer

    def _user_of(self, request: Request) -> tuple[User | None, Response]:
        given = request.headers.get("authorization", "")
        words = "Authentication credentials were not provided."
        if given.startswith("Token "):
            words = "Invalid token."
            for user in self.users:
                if given.removeprefix("Token ").strip() == user.token:
                    return user, Response()
        response = self.refusal(401, words)
        response.headers["WWW-Authenticate"] = "Token"
        return None, response

    def _give_token(self, request: Request, _: dict[str, str]) -> Response:
        kind, _space, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            name, _colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            name = password = ""
        for user in self.users:
            if kind == "Basic" and (name, password) == (user.username, user.password):
                # The recorded server's date plus a year; a running one counts from its own.
                year = int(self.store.today()[:4]) + 1
                expiry = f"{year}{self.store.today()[4:]}"
                return json_response({"token": user.token, "name": request.query.get("name", ""), "expiry": expiry})
        return self.refusal(401, "Invalid username/password.")

    def _roles(self, request: Request, _: dict[str, str], user: User) -> Response:
        roles = user.roles
        if roles is None:
            roles = {name: ["view", "add", "change", "delete"] for name in _VIEW_ROLES}
        return json_response(
            {
                "user": user.pk,
                "username": user.username,
                "roles": roles,
                "permissions": {},
                "is_staff": user.roles is None,
                "is_superuser": user.roles is None,
            }
        )

    def _listed(self, request: Request, rows: list[Any], shown: Callable[[Any], Json]) -> Response:
        """Return a page where a limit above 0 is asked for, else a bare list."""
        query = request.query
        try:
            limit, offset = int(query.get("limit", 0)), max(0, int(query.get("offset", 0)))
        except ValueError:
            limit, offset = 0, 0
        if limit <= 0:
            return json_response([shown(row) for row in rows])
        page = rows[offset : offset + limit]
        is_last = offset + limit >= len(rows)
        return json_response(
            {
                "count": len(rows),
                "next": None if is_last else self._link(request, offset=offset + limit),
                "previous": self._link(request, offset=max(0, offset - limit)) if offset > 0 else None,
                "results": [shown(row) for row in page],
            }
        )

    def _link(self, request: Request, *, offset: int) -> str:
        query = {**request.query, "offset": str(offset)}
        if offset == 0:
            del query["offset"]
        return f"{self.url}{request.path}?{urlencode(sorted(query.items()))}"

    def _parts(self, request: Request, _: dict[str, str], user: User) -> Response:
        parts = sorted(self.store.parts.values(), key=lambda each: (each.name, each.pk))
        ipn = request.query.get("IPN")
        if ipn is not None:
            parts = [each for each in parts if each.ipn.casefold() == ipn.casefold()]
        if "has_ipn" in request.query:
            parts = [each for each in parts if bool(each.ipn) == _true(request.query["has_ipn"])]
        return self._listed(request, parts, lambda part: wire.part_json(self.store, part))

    def _found(self, variables: dict[str, str]) -> Part | None:
        return self.store.parts.get(int(variables["pk"]))

    def _part(self, request: Request, variables: dict[str, str], user: User) -> Response:
        part = self._found(variables)
        if part is None:
            return self.refusal(404, "No Part matches the given query.")
        return json_response(wire.part_json(self.store, part, detail=True))

    def _requirements(self, request: Request, variables: dict[str, str], user: User) -> Response:
        part = self._found(variables)
        if part is None:
            return self.refusal(404, "No Part matches the given query.")
        return json_response(wire.requirements_json(self.store, part))

    def _barcode(self, request: Request, _: dict[str, str], user: User) -> Response:
        sent = json.loads(request.body or b"{}")
        data = sent.get("barcode")
        if not data:
            return json_response({"barcode": ["This field is required."]}, 400)
        found = next((each for each in self.store.parts.values() if each.barcode == data), None)
        told = {"barcode_data": data, "barcode_hash": wire.barcode_hash(data)}
        if found is None:
            return json_response({"plugin": "None", **told, "error": "No match found for barcode data"}, 400)
        return json_response(
            {
                "part": {
                    "pk": found.pk,
                    "api_url": f"/api/part/{found.pk}/",
                    "instance": wire.bare_part_json(self.store, found),
                    "web_url": f"/web/part/{found.pk}",
                },
                "success": "Match found for barcode data",
                "plugin": "InvenTreeBarcode",
                **told,
            }
        )

    def _stock(self, request: Request, _: dict[str, str], user: User) -> Response:
        query = request.query
        items = list(self.store.items.values())
        if "part" in query:
            if not query["part"].isdigit() or int(query["part"]) not in self.store.parts:
                words = "Select a valid choice. That choice is not one of the available choices."
                return json_response({"part": [words]}, 400)
            pk = int(query["part"])
            parts = {pk} | (self.store.variants(pk) if _true(query.get("include_variants", "true")) else set())
            items = [each for each in items if each.part in parts]
        if "IPN" in query:
            wanted = query["IPN"].casefold()
            items = [each for each in items if self.store.parts[each.part].ipn.casefold() == wanted]
        if "in_stock" in query:
            items = [each for each in items if each.in_stock == _true(query["in_stock"])]
        if query.get("status", "").isdigit():
            items = [each for each in items if each.status == int(query["status"])]
        if "external" in query:
            outside = {each.pk for each in self.store.locations.values() if each.external}
            items = [each for each in items if (each.location in outside) == _true(query["external"])]
        items = self._in_location(items, query)
        if int(query.get("offset") or 0) > 0 and self.faults.take("row_moves"):
            first = min(self.store.parts)
            self.store.add_item(first, 1.0, next(iter(self.store.locations)))
            items.append(self.store.items[max(self.store.items)])
        # What is not a name for ordering is ignored; the usual one is by the part's name, then the quantity.
        items.sort(key=lambda each: (self.store.parts[each.part].name, each.quantity, each.location or 0, each.pk))
        part_detail = _true(query.get("part_detail", "true"))
        location_detail = _true(query.get("location_detail", "false"))
        return self._listed(
            request,
            items,
            lambda item: wire.item_json(self.store, item, part_detail=part_detail, location_detail=location_detail),
        )

    def _in_location(self, items: list[StockItem], query: dict[str, str]) -> list[StockItem]:
        """Narrow by location, with the recorded oddities: with cascade, what is no location is no filter at all."""
        if "location" not in query:
            return items
        cascade = _true(query.get("cascade", "true"))
        text = query["location"]
        if text == "null":
            return items if cascade else [each for each in items if each.location is None]
        pk = int(text) if text.isdigit() else 0
        if cascade:
            if pk not in self.store.locations:
                return items
            within = self.store.within(pk)
            return [each for each in items if each.location in within]
        return [each for each in items if each.location == pk]

    def _locations(self, request: Request, _: dict[str, str], user: User) -> Response:
        rows = sorted(self.store.locations.values(), key=self.store.path)
        return self._listed(request, rows, lambda row: wire.location_json(self.store, row))

    def _statuses(self, request: Request, _: dict[str, str], user: User) -> Response:
        values = {
            name: {"key": key, "name": name, "label": label, "color": colour} for key, name, label, colour in STATUSES
        }
        return json_response({"status_class": "StockStatus", "values": values})

    def _add(self, request: Request, _: dict[str, str], user: User) -> Response:
        for row in json.loads(request.body)["items"]:
            self.store.items[int(row["pk"])].quantity += float(row["quantity"])
        return json_response({}, 201)

    def _order(self, request: Request, variables: dict[str, str], user: User) -> Response:
        order = self.store.orders.get(int(variables["pk"]))
        if order is None:
            return self.refusal(404, "No SalesOrder matches the given query.")
        return json_response(wire.order_json(order))

    def _shipments(self, request: Request, _: dict[str, str], user: User) -> Response:
        rows = list(self.store.shipments.values())
        if "shipped" in request.query:
            rows = [each for each in rows if bool(each.shipment_date) == _true(request.query["shipped"])]
        order_detail = _true(request.query.get("order_detail", "false"))
        return self._listed(request, rows, lambda row: wire.shipment_json(self.store, row, order_detail=order_detail))

    def _allocations(self, request: Request, _: dict[str, str], user: User) -> Response:
        rows = list(self.store.allocations.values())
        if request.query.get("order", "").isdigit():
            order = int(request.query["order"])
            rows = [each for each in rows if self.store.shipments[each.shipment].order == order]
        part_detail = _true(request.query.get("part_detail", "true"))
        return self._listed(request, rows, lambda row: wire.allocation_json(self.store, row, part_detail=part_detail))

    # Control and page -------------------------------------------------------------------------------------------

    def calls(self) -> list[tuple[str, str, ControlAction]]:
        return [
            ("POST", "parts", self._part_call),
            ("POST", "locations", self._location_call),
            ("POST", "stock", self._stock_call),
            ("POST", "ship", self._ship_call),
        ]

    def _part_call(self, body: Json, _: dict[str, str]) -> Json:
        with self.lock:
            parts = [
                self.store.add_part(str(row["name"]), str(row.get("IPN", "")), barcode=str(row.get("barcode", "")))
                for row in rows_of(body)
            ]
            return {"pks": [part.pk for part in parts]}

    def _location_call(self, body: Json, _: dict[str, str]) -> Json:
        with self.lock:
            parent = body.get("parent")
            return {"pk": self.store.add_location(str(body["name"]), parent=parent).pk}

    def _stock_call(self, body: Json, _: dict[str, str]) -> Json:
        with self.lock:
            items = [
                self.store.add_item(
                    self.store.part_by_ipn(str(row["IPN"])).pk, number(row, "quantity"), row.get("location")
                )
                for row in rows_of(body)
            ]
            return {"pks": [item.pk for item in items]}

    def _ship_call(self, body: Json, _: dict[str, str]) -> Json:
        lines = [(str(line["IPN"]), float(line["quantity"])) for line in body["lines"]]
        shipment = self.place_order(str(body.get("customer_reference", "")), lines)
        self.ship(shipment)
        return {"shipment": shipment.pk, "shipment_date": shipment.shipment_date}

    def views(self) -> dict[str, View]:
        return Pages(self).views()

    def actions(self) -> dict[str, Action]:
        return Pages(self).actions()

    def tabs(self) -> tuple[tuple[str, str], ...]:
        return (("/orders", "Sales orders"),)


def _true(text: str) -> bool:
    return text.strip().casefold() in ("true", "1", "yes", "y", "on", "t")
