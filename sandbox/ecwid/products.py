"""The catalogue of one store and the rules of its stock pools. Call with the store's lock held."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from sandbox.ecwid.errors import ApiError, not_found, wrong_parameter
from sandbox.ecwid.options import Options
from sandbox.ecwid.records import Deleted, Pool, Product, Variation, pool_of
from sandbox.ecwid.search import SearchIndex
from sandbox.server import Json

Emit = Callable[[str, int | str, Json | None], None]
"""Sends one webhook event: type, entity id, data."""

FIRST_PRODUCT_ID = 103_878_161
FIRST_COMBINATION_ID = 5_512_001
DECOY_SKU = "SHIFTED-PAGE"


class Products:
    """Products by id. Every change stamps the product, reindexes it and sends its event."""

    def __init__(self, options: Options, emit: Emit) -> None:
        self.options = options
        self.index = SearchIndex(options)
        self.deleted: list[Deleted] = []
        self.updated_at = options.clock()
        self._emit = emit
        self._products: dict[int, Product] = {}
        self._ids = itertools.count(FIRST_PRODUCT_ID)
        self._combination_ids = itertools.count(FIRST_COMBINATION_ID)
        self._sequence = itertools.count(1)

    def all(self) -> list[Product]:
        """Return the products in the order they were added."""
        return list(self._products.values())

    def next_product_id(self) -> int:
        return next(each for each in self._ids if each not in self._products)

    def next_combination_id(self) -> int:
        used = {each.id for product in self._products.values() for each in product.variations}
        return next(each for each in self._combination_ids if each not in used)

    def find(self, product_id: int) -> Product:
        """Raises ApiError 404 PRODUCT_NOT_FOUND."""
        product = self._products.get(product_id)
        if product is None:
            raise not_found("PRODUCT", product_id)
        return product

    def find_variation(self, product_id: int, combination_id: int) -> tuple[Product, Variation]:
        """Raises ApiError 404 PRODUCT_NOT_FOUND or COMBINATION_NOT_FOUND."""
        product = self.find(product_id)
        variation = product.variation(combination_id)
        if variation is None:
            raise not_found("COMBINATION", combination_id)
        return product, variation

    def pool(self, product_id: int, combination_id: int | None) -> tuple[Product, Pool] | None:
        """Return the product and the pool it sells from, or None when either has gone."""
        product = self._products.get(product_id)
        if product is None:
            return None
        if combination_id is None:
            return product, product
        variation = product.variation(combination_id)
        return None if variation is None else (product, pool_of(product, variation))

    def add(self, product: Product, *, quietly: bool = False) -> Product:
        """Add a product. Raises ApiError 409 SKU_ALREADY_EXISTS. ``quietly``: seeded, so no event and no lag."""
        self.refuse_repeated_sku(product.sku, product)
        now = self.options.clock()
        product.created_at = product.created_at or now
        product.updated_at = product.updated_at or product.created_at
        product.sequence = next(self._sequence)
        self._products[product.id] = product
        self.index.record(product, at_once=quietly)
        if not quietly:
            self.updated_at = now
            self._emit("product.created", product.id, None)
        return product

    def delete(self, product_id: int) -> None:
        """Raises ApiError 404 PRODUCT_NOT_FOUND."""
        product = self.find(product_id)
        del self._products[product.id]
        self.index.forget(product.id)
        self.updated_at = self.options.clock()
        self.deleted.append(Deleted(product.id, self.updated_at))
        self._emit("product.deleted", product.id, None)

    def touch(self, product: Product, *, stamp: bool = True) -> None:
        """Announce a change; ``stamp`` False leaves the time of the last update alone."""
        product.sequence = next(self._sequence)
        self.updated_at = self.options.clock()
        if stamp:
            product.updated_at = self.updated_at
        self.index.record(product)
        self._emit("product.updated", product.id, None)

    def change_by(self, product: Product, variation: Variation | None, delta: int) -> int:
        """Add ``delta`` (signed units) to a pool through the API's ``/inventory`` call; return the update count.

        Raises ApiError 400 for a variation that has no pool of its own.
        """
        if variation is not None and not variation.sku:
            raise ApiError(400, "", "Combination has no own SKU: its stock is that of the base product")
        if variation is not None and variation.sku == product.sku and delta:
            raise different_stock()
        pool = pool_of(product, variation)
        if pool.unlimited:
            if self.options.delta_on_unlimited == "refuse":
                raise wrong_parameter("quantityDelta: the stock is unlimited")
            return 0
        pool.quantity += delta
        self.touch(product)
        return 1

    def set_by_hand(
        self,
        product_id: int,
        combination_id: int | None,
        *,
        quantity: int | None = None,
        unlimited: bool | None = None,
    ) -> Product:
        """Set a pool as the merchant does in the admin. Raises ApiError 404."""
        if combination_id is None:
            product = self.find(product_id)
            pool: Pool = product
        else:
            product, variation = self.find_variation(product_id, combination_id)
            pool = pool_of(product, variation)
        if quantity is not None:
            pool.quantity = quantity
        if unlimited is not None:
            pool.unlimited = unlimited
        self.touch(product)
        return product

    def recreate_variation(self, product_id: int, combination_id: int) -> Variation:
        """Replace a variation by an equal one with a new id, as happens when options are edited."""
        product, variation = self.find_variation(product_id, combination_id)
        variation.id = self.next_combination_id()
        self.touch(product)
        return variation

    def shift(self) -> None:
        """Make later pages move: add a product before all others, or take it away again."""
        decoy = next((each for each in self._products.values() if each.sku == DECOY_SKU), None)
        if decoy is not None:
            self.delete(decoy.id)
            return
        oldest = min((each.created_at for each in self._products.values()), default=self.options.clock())
        product = Product(
            id=self.next_product_id(),
            name="Imported while you were reading",
            sku=DECOY_SKU,
            quantity=1,
            created_at=oldest - 60,
            updated_at=self.options.clock(),
        )
        self.add(product)

    def refuse_repeated_sku(self, sku: str, owner: Product) -> None:
        """Raise ApiError 409 when another product or its variation has ``sku``, unless the store allows it."""
        if not sku or self.options.non_unique_skus:
            return
        for product in self._products.values():
            if product is owner:
                continue
            if sku == product.sku or any(sku == each.sku for each in product.variations):
                raise ApiError(409, "SKU_ALREADY_EXISTS", f"SKU {sku} already exists")


def different_stock() -> ApiError:
    return ApiError(
        400,
        "DIFFERENT_COMBINATION_STOCK",
        "A combination with the SKU of the base product must have the stock of the base product",
    )
