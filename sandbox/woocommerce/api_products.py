"""Addresses of products and variations, one by one and in batches."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sandbox.faults import Faults
from sandbox.refusals import CannotBuy, OutOfStock
from sandbox.server import Json, Request, Response, Route
from sandbox.woocommerce import schema
from sandbox.woocommerce.errors import WpError, unknown_product, unknown_variation
from sandbox.woocommerce.lists import filtered
from sandbox.woocommerce.orders import Wanted
from sandbox.woocommerce.records import Product, Stocked, Variation
from sandbox.woocommerce.rest import answer, answer_page, asked_for, body_of
from sandbox.woocommerce.stock import holder_of
from sandbox.woocommerce.store import Store
from sandbox.woocommerce.wire import Wire

_ID = "{product_id:int}"
_OWN = f"/products/{_ID}"
_VARIATIONS = f"{_OWN}/variations"
_VARIATION = f"{_VARIATIONS}/{{variation_id:int}}"
_DECOY_ID = 1

_USE_VARIATIONS = (
    "To manipulate product variations you should use the /products/&lt;product_id&gt;/variations/&lt;id&gt; endpoint."
)


class ProductsApi:
    """Handlers below /products. ``home`` returns the site's address."""

    def __init__(self, store: Store, wire: Wire, faults: Faults, home: Callable[[], str]) -> None:
        self._store = store
        self._wire = wire
        self._faults = faults
        self._home = home

    def routes(self) -> list[Route]:
        found = [
            Route("GET", "/products", self.list_products),
            Route("POST", "/products", self.create),
            Route("GET", _OWN, self.read),
            Route("DELETE", _OWN, self.delete),
            Route("GET", _VARIATIONS, self.list_variations),
            Route("POST", _VARIATIONS, self.create_variation),
            Route("GET", _VARIATION, self.read_variation),
            Route("DELETE", _VARIATION, self.delete_variation),
        ]
        for method in ("POST", "PUT", "PATCH"):
            found += [
                Route(method, "/products/batch", self.batch),
                Route(method, _OWN, self.update),
                Route(method, f"{_VARIATIONS}/batch", self.batch_variations),
                Route(method, _VARIATION, self.update_variation),
            ]
        return found

    # Products

    def list_products(self, request: Request, _: dict[str, str]) -> Response:
        schema.check_list(request.query, schema.PRODUCT_LIST_ENUMS, self._wire)
        if self._is_later_page(request) and self._faults.take("shift_page"):
            self._shift()
        with self._store.lock:
            found = [self._json(*each) for each in self._wanted(request)]
        response = answer_page(request, filtered(found, request, self._wire), f"{self._home()}/wp-json/wc/v3/products")
        if "include" in request.query:
            self._sell_between(found)
        return response

    def read(self, request: Request, variables: dict[str, str]) -> Response:
        with self._store.lock:
            found = self._store.products.find(int(variables["product_id"]))
            if found is None:
                raise unknown_product(404)
            return answer(request, self._json(*found))

    def create(self, request: Request, _: dict[str, str]) -> Response:
        body = schema.checked(body_of(request), schema.PRODUCT_ENUMS, decimal=self._decimal)
        with self._store.lock:
            return answer(request, self._wire.product(self._store.products.create(body)), 201)

    def update(self, request: Request, variables: dict[str, str]) -> Response:
        body = schema.checked(body_of(request), schema.PRODUCT_ENUMS, decimal=self._decimal)
        with self._store.lock:
            return answer(request, self._update(int(variables["product_id"]), body))

    def delete(self, request: Request, variables: dict[str, str]) -> Response:
        with self._store.lock:
            return answer(request, self._delete(int(variables["product_id"]), asked_for(request, "force")))

    def batch(self, request: Request, _: dict[str, str]) -> Response:
        return self._batch(
            request,
            create=lambda body: self._wire.product(self._store.products.create(body)),
            update=self._update,
            delete=lambda number: self._delete(number, True),
        )

    # Variations

    def list_variations(self, request: Request, variables: dict[str, str]) -> Response:
        schema.check_list(request.query, schema.LIST_ENUMS, self._wire)
        with self._store.lock:
            product = self._product(int(variables["product_id"]))
            found = [self._wire.variation(product, each) for each in product.variations]
        address = f"{self._home()}/wp-json/wc/v3/products/{product.id}/variations"
        response = answer_page(request, filtered(found, request, self._wire), address)
        if "include" in request.query:
            self._sell_between(found)
        return response

    def read_variation(self, request: Request, variables: dict[str, str]) -> Response:
        with self._store.lock:
            return answer(request, self._wire.variation(*self._variation(variables)))

    def create_variation(self, request: Request, variables: dict[str, str]) -> Response:
        body = self._checked_variation(request)
        with self._store.lock:
            product = self._product(int(variables["product_id"]))
            variation = self._store.products.create_variation(product, body)
            return answer(request, self._wire.variation(product, variation), 201)

    def update_variation(self, request: Request, variables: dict[str, str]) -> Response:
        body = self._checked_variation(request)
        with self._store.lock:
            product, variation = self._variation(variables)
            return answer(request, self._update_variation(product, variation.id, body))

    def delete_variation(self, request: Request, variables: dict[str, str]) -> Response:
        with self._store.lock:
            product, variation = self._variation(variables)
            return answer(request, self._delete_variation(product, variation.id))

    def batch_variations(self, request: Request, variables: dict[str, str]) -> Response:
        found = self._store.products.find(int(variables["product_id"]))
        # Under a product that is not there every item fails by itself.
        product = found[0] if found else Product(id=0, name="")
        return self._batch(
            request,
            create=lambda body: self._wire.variation(product, self._store.products.create_variation(product, body)),
            update=lambda number, body: self._update_variation(product, number, body),
            delete=lambda number: self._delete_variation(product, number),
        )

    # The work

    @property
    def _decimal(self) -> bool:
        return self._store.options.decimal_stock

    def _checked_variation(self, request: Request) -> Json:
        return schema.checked(body_of(request), schema.VARIATION_ENUMS, decimal=self._decimal, knows_parent=True)

    def _json(self, product: Product, variation: Variation | None) -> Json:
        return self._wire.variation(product, variation) if variation else self._wire.product(product)

    def _wanted(self, request: Request) -> list[tuple[Product, Variation | None]]:
        products = self._store.products
        if request.query.get("status") == "trash":
            return [(each, None) for each in products.trashed()]
        if request.query.get("sku"):
            skus = [each.strip() for each in request.query["sku"].split(",")]
            found = [each for sku in skus if sku for each in products.sold_under(sku)]
            return [(product, variation) for product, variation in found if product.status != "trash"]
        return [(each, None) for each in products.all()]

    def _product(self, product_id: int) -> Product:
        found = self._store.products.find(product_id)
        if found is None:
            raise unknown_product(404)
        return found[0]

    def _variation(self, variables: dict[str, str]) -> tuple[Product, Variation]:
        found = self._store.products.find(int(variables["variation_id"]))
        if found is None or found[1] is None or found[0].id != int(variables["product_id"]):
            raise unknown_variation()
        return found[0], found[1]

    def _update(self, product_id: int, body: Json) -> Json:
        found = self._store.products.find(product_id)
        if found is None:
            raise unknown_product(400)
        product, variation = found
        if variation is not None:
            raise WpError(404, "woocommerce_rest_invalid_product_id", _USE_VARIATIONS)
        if "stock_quantity" in body and self._faults.take("not_updated"):
            return self._wire.product(product)
        self._store.products.update(product, body)
        return self._wire.product(product)

    def _update_variation(self, product: Product, variation_id: int, body: Json) -> Json:
        variation = product.variation(variation_id)
        if variation is None:
            raise unknown_variation()
        if "stock_quantity" not in body or not self._faults.take("not_updated"):
            self._store.products.update_variation(product, variation, body)
        return self._wire.variation(product, variation)

    def _delete(self, product_id: int, force: bool) -> Json:
        found = self._store.products.find(product_id)
        if found is None:
            raise unknown_product(404)
        before = self._wire.product(found[0])
        if force:
            self._store.products.delete(found[0])
        elif found[0].status == "trash":
            raise WpError(410, "woocommerce_rest_already_trashed", "The product has already been deleted.")
        else:
            self._store.products.trash(found[0])
        return before

    def _delete_variation(self, product: Product, variation_id: int) -> Json:
        variation = product.variation(variation_id)
        if variation is None:
            raise unknown_variation()
        before = self._wire.variation(product, variation)
        self._store.products.delete_variation(product, variation)
        return before

    def _batch(
        self,
        request: Request,
        *,
        create: Callable[[Json], Json],
        update: Callable[[int, Json], Json],
        delete: Callable[[int], Json],
    ) -> Response:
        """Do each item by itself; items are not checked against a schema, and good ones stay."""
        body = body_of(request)
        lists = {name: body[name] for name in ("create", "update", "delete") if isinstance(body.get(name), list)}
        limit = self._store.options.batch_limit
        if sum(len(each) for each in lists.values()) > limit:
            words = f"Unable to accept more than {limit} items for this request."
            raise WpError(413, "woocommerce_rest_request_entity_too_large", words)
        done: Json = {}
        for item in lists.get("create", []):
            fields = item if isinstance(item, dict) else {}
            done.setdefault("create", []).append(self._item(0, create, fields))
        for item in lists.get("update", []):
            fields = item if isinstance(item, dict) else {}
            number = fields.get("id")
            wanted = number if isinstance(number, int) else 0
            done.setdefault("update", []).append(self._item(number, update, wanted, fields))
        for item in lists.get("delete", []):
            number = item.get("id") if isinstance(item, dict) else item
            wanted = number if isinstance(number, int) else 0
            done.setdefault("delete", []).append(self._item(number, delete, wanted))
        return answer(request, done)

    def _item(self, number: object, work: Callable[..., Json], *arguments: Any) -> Json:
        time.sleep(self._store.options.item_seconds)
        try:
            if self._faults.take("item_error"):
                raise WpError(500, "db_update_error", "Could not update post in the database.")
            with self._store.lock:
                return work(*arguments)
        except WpError as error:
            return {"id": number, "error": error.body()}

    # Faults

    def _is_later_page(self, request: Request) -> bool:
        return request.query.get("page", "1") != "1" or request.query.get("offset", "0") != "0"

    def _shift(self) -> None:
        """Have a product appear before all others, or vanish again."""
        with self._store.lock:
            found = self._store.products.find(_DECOY_ID)
            if found is not None:
                self._store.products.delete(found[0])
                return
            self._store.products.put(Product(id=_DECOY_ID, name="Shifted page", sku="SHIFTED-PAGE", status="draft"))

    def _sell_between(self, shown: list[Json]) -> None:
        if not shown or not self._faults.take("sale_between"):
            return
        with self._store.lock:
            for each in shown:
                found = self._store.products.find(each["id"])
                holder: Stocked | None = holder_of(*found) if found else None
                if found is None or holder is None or (holder.stock_quantity or 0) < 1:
                    continue
                product, variation = found
                variation = variation or next((v for v in product.variations if not v.manage_stock), None)
                wanted = Wanted(product_id=product.id, variation_id=variation.id if variation else 0)
                try:
                    self._store.orders.checkout([wanted], status="processing", buyer="Quick Buyer", email="")
                except (CannotBuy, OutOfStock):
                    continue
                return
