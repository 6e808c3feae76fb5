"""The catalogue calls: products, variations, stock."""

from __future__ import annotations

from typing import Any

from sandbox.ecwid.errors import ApiError
from sandbox.ecwid.fields import keep_fields, parse_fields
from sandbox.ecwid.parameters import Parameters, body_whole, envelope, object_body
from sandbox.ecwid.product_updates import create_product, create_variation, update_product, update_variation
from sandbox.ecwid.records import Deleted, Product, Variation, pool_of
from sandbox.ecwid.search import Entry
from sandbox.ecwid.store import Store
from sandbox.ecwid.wire import date_text, product_json, variation_json
from sandbox.faults import Faults
from sandbox.server import Json, Request, Response, Route, json_response

_SORTS: dict[str, tuple[str, bool]] = {
    "ADDED_TIME_ASC": ("createTimestamp", False),
    "ADDED_TIME_DESC": ("createTimestamp", True),
    "UPDATED_TIME_ASC": ("updateTimestamp", False),
    "UPDATED_TIME_DESC": ("updateTimestamp", True),
    "NAME_ASC": ("name", False),
    "NAME_DESC": ("name", True),
    "PRICE_ASC": ("price", False),
    "PRICE_DESC": ("price", True),
    "DEFINED_BY_STORE_OWNER": ("id", False),
}


class CatalogueApi:
    """Handlers for everything under ``/products``."""

    def __init__(self, store: Store, faults: Faults) -> None:
        self._store = store
        self._faults = faults

    def routes(self) -> list[Route]:
        one, many = "/products/{product_id:int}", "/products"
        variation = one + "/combinations/{combination_id:int}"
        return [
            Route("GET", many, self.search, "read_catalog"),
            Route("POST", many, self.create, "create_catalog"),
            Route("GET", "/products/deleted", self.deleted, "read_catalog"),
            Route("GET", one, self.read, "read_catalog"),
            Route("PUT", one, self.update, "update_catalog"),
            Route("DELETE", one, self.delete, "update_catalog"),
            Route("PUT", one + "/inventory", self.adjust, "update_catalog"),
            Route("GET", one + "/combinations", self.variations, "read_catalog"),
            Route("POST", one + "/combinations", self.create_variation, "update_catalog"),
            Route("GET", variation, self.read_variation, "read_catalog"),
            Route("PUT", variation, self.update_variation, "read_catalog update_catalog"),
            Route("DELETE", variation, self.delete_variation, "read_catalog update_catalog"),
            Route("PUT", variation + "/inventory", self.adjust, "read_catalog update_catalog"),
        ]

    def search(self, request: Request, _: dict[str, str]) -> Response:
        parameters = Parameters(request.query)
        offset, limit = parameters.page()
        fields = parse_fields(parameters.text("responseFields"))
        found = [entry.wire for entry in self._matching(parameters)]
        page = envelope(found, offset, limit)
        if offset + limit < len(found) and self._faults.take("shift_page"):
            self._store.products.shift()
        return json_response(keep_fields(page, fields))

    def create(self, request: Request, _: dict[str, str]) -> Response:
        return json_response({"id": create_product(self._store.products, object_body(request)).id})

    def deleted(self, request: Request, _: dict[str, str]) -> Response:
        return json_response(deleted_page(self._store.products.deleted, Parameters(request.query)))

    def read(self, request: Request, variables: dict[str, str]) -> Response:
        product = self._store.products.find(int(variables["product_id"]))
        return _filtered(request, product_json(product))

    def update(self, request: Request, variables: dict[str, str]) -> Response:
        product = self._store.products.find(int(variables["product_id"]))
        parameters, body = Parameters(request.query), object_body(request)
        parameters.flag("checkLowStockNotification")
        with_item = parameters.flag("returnItem")
        save_combinations = bool(parameters.flag("saveCombinations"))
        if self._ignored():
            return json_response({"updateCount": 0})
        update_product(self._store.products, product, body, save_combinations=save_combinations)
        reply: Json = {"updateCount": 1}
        if with_item:
            reply["item"] = product_json(product)
            if parameters.text("responseFields"):
                reply = {"updateCount": 1, **_filter(request, {"item": reply["item"]})}
        return json_response(reply)

    def delete(self, _: Request, variables: dict[str, str]) -> Response:
        self._store.products.delete(int(variables["product_id"]))
        return json_response({"deleteCount": 1})

    def adjust(self, request: Request, variables: dict[str, str]) -> Response:
        product, variation = self._target(variables)
        Parameters(request.query).flag("checkLowStockNotification")
        delta = body_whole(object_body(request), "quantityDelta")
        if self._ignored():
            return json_response({"updateCount": 0})
        reply: Json = {"updateCount": self._store.products.change_by(product, variation, delta)}
        pool = pool_of(product, variation)
        if not pool.unlimited and pool.quantity < 0:
            reply["warning"] = "Product has negative stock."
        return json_response(reply)

    def variations(self, request: Request, variables: dict[str, str]) -> Response:
        product = self._store.products.find(int(variables["product_id"]))
        return _filtered(request, [variation_json(product, each) for each in product.variations])

    def create_variation(self, request: Request, variables: dict[str, str]) -> Response:
        if not self._store.options.plan_has_variations:
            raise ApiError(402, "NOT_AVAILABLE_ON_CURRENT_PLAN", "Variations are not on this plan")
        product = self._store.products.find(int(variables["product_id"]))
        return json_response({"id": create_variation(self._store.products, product, object_body(request)).id})

    def read_variation(self, request: Request, variables: dict[str, str]) -> Response:
        product, variation = self._variation(variables)
        return _filtered(request, variation_json(product, variation))

    def update_variation(self, request: Request, variables: dict[str, str]) -> Response:
        product, variation = self._variation(variables)
        body = object_body(request)
        Parameters(request.query).flag("checkLowStockNotification")
        if self._ignored():
            return json_response({"updateCount": 0})
        update_variation(self._store.products, product, variation, body)
        return json_response({"updateCount": 1})

    def delete_variation(self, _: Request, variables: dict[str, str]) -> Response:
        product, variation = self._variation(variables)
        product.variations.remove(variation)
        self._store.products.touch(product)
        return json_response({"deleteCount": 1})

    def _target(self, variables: dict[str, str]) -> tuple[Product, Variation | None]:
        if "combination_id" in variables:
            return self._variation(variables)
        return self._store.products.find(int(variables["product_id"])), None

    def _variation(self, variables: dict[str, str]) -> tuple[Product, Variation]:
        return self._store.products.find_variation(int(variables["product_id"]), int(variables["combination_id"]))

    def _ignored(self) -> bool:
        return self._faults.take("not_updated") is not None

    def _matching(self, parameters: Parameters) -> list[Entry]:
        entries = self._store.products.index.visible()
        ids = parameters.numbers("productId")
        if ids:
            return [entry for entry in _sorted(entries, parameters) if entry.wire["id"] in ids]
        sku = parameters.text("sku")
        if sku:
            return [entry for entry in _sorted(entries, parameters) if sku in _skus(entry.wire)]
        kept = [entry for entry in entries if _passes(entry.wire, parameters)]
        return _sorted(kept, parameters)


def deleted_page(deleted: list[Deleted], parameters: Parameters) -> Json:
    """Return the envelope of tombstones, oldest first; orders also carry their text id."""
    since, until = parameters.moment("from_date"), parameters.moment("to_date")
    offset, limit = parameters.page()
    found: list[Json] = []
    for each in deleted:
        if (since is not None and int(each.at) < since) or (until is not None and int(each.at) > until):
            continue
        item: Json = {"id": each.id, "date": date_text(each.at)}
        if each.order_id:
            item["orderId"] = each.order_id
        found.append(item)
    return envelope(found, offset, limit)


def _passes(wire: Json, parameters: Parameters) -> bool:
    for name, key in (("updated", "updateTimestamp"), ("created", "createTimestamp")):
        since, until = parameters.moment(f"{name}From"), parameters.moment(f"{name}To")
        if (since is not None and wire[key] < since) or (until is not None and wire[key] > until):
            return False
    enabled, in_stock = parameters.flag("enabled"), parameters.flag("inStock")
    inventory = parameters.choices("inventory", ("instock", "outofstock"))
    if inventory:
        in_stock = inventory[0] == "instock"
    reference = parameters.text("externalReferenceId")
    return (
        (enabled is None or wire["enabled"] is enabled)
        and (in_stock is None or wire["inStock"] is in_stock)
        and (not reference or wire.get("externalReferenceId") == reference)
        and _has_keyword(wire, parameters.text("keyword"))
    )


def _has_keyword(wire: Json, keyword: str) -> bool:
    if not keyword:
        return True
    text = " ".join([wire["name"], wire["description"], *_skus(wire)]).lower()
    if keyword.endswith("*"):
        return keyword[:-1].lower() in text
    words = text.replace("-", " ").split() + text.split()
    return all(word in words for word in keyword.lower().split())


def _skus(wire: Json) -> list[str]:
    return [wire["sku"], *(each["sku"] for each in wire["combinations"] if "sku" in each)]


def _sorted(entries: list[Entry], parameters: Parameters) -> list[Entry]:
    chosen = parameters.choices("sortBy", ("RELEVANCE", *_SORTS))
    if not chosen or chosen[0] == "RELEVANCE":
        # The default order moves with every change, so pages read one after another shift.
        return sorted(entries, key=lambda entry: -entry.sequence)
    key, descending = _SORTS[chosen[0]]
    return sorted(entries, key=lambda entry: (entry.wire[key], entry.wire["id"]), reverse=descending)


def _filter(request: Request, value: object) -> Any:
    return keep_fields(value, parse_fields(request.query.get("responseFields", "")))


def _filtered(request: Request, value: object) -> Response:
    return json_response(_filter(request, value))
