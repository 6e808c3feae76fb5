"""The catalogue of one store and what writes and sales do to it. Call with the store's lock held."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sandbox.server import Json
from sandbox.woocommerce.errors import WpError
from sandbox.woocommerce.options import Options
from sandbox.woocommerce.records import Product, Stocked, Units, Variation
from sandbox.woocommerce.stock import amount, holder_of, settle, settle_parent

Emit = Callable[[str, str, int], None]
"""Announces a change: resource, event, id."""

_TRUE = (True, 1, "1", "true", "yes")


class Products:
    """Products by id, their variations inside them. ``next_id`` counts for orders and refunds too."""

    def __init__(self, options: Options, emit: Emit, next_id: Callable[[], int]) -> None:
        self.options = options
        self.next_id = next_id
        self._emit = emit
        self._products: dict[int, Product] = {}

    # Finding

    def all(self) -> list[Product]:
        """Return the products outside the trash, in the order of their ids."""
        return [each for _, each in sorted(self._products.items()) if each.status != "trash"]

    def trashed(self) -> list[Product]:
        return [each for _, each in sorted(self._products.items()) if each.status == "trash"]

    def find(self, product_id: int) -> tuple[Product, Variation | None] | None:
        """Return the product, or the variation with its product, that has this id; None when nothing has."""
        product = self._products.get(product_id)
        if product is not None:
            return product, None
        return next(
            ((each, found) for each in self._products.values() if (found := each.variation(product_id))),
            None,
        )

    def sold_under(self, sku: str) -> Iterator[tuple[Product, Variation | None]]:
        """Yield what has this SKU of its own, without regard to case, in the order of ids."""
        for product in [*self.all(), *self.trashed()]:
            if product.sku.lower() == sku.lower():
                yield product, None
            for variation in product.variations:
                if variation.sku and variation.sku.lower() == sku.lower():
                    yield product, variation

    def find_sku(self, sku: str, options: dict[str, str] | None = None) -> tuple[Product, Variation | None]:
        """Return what is sold under ``sku``; ``options`` choose among variations that have none. Raises KeyError."""
        found = next(self.sold_under(sku), None)
        if found is None:
            raise KeyError(sku)
        product, variation = found
        if variation is None and product.variations:
            chosen = [each for each in product.variations if not options or each.attributes == options]
            return product, chosen[0] if chosen else None
        return found

    # Adding and removing

    def put(self, product: Product) -> Product:
        """Keep a product as it is given, without announcing it."""
        settle(product)
        for variation in product.variations:
            settle(variation)
        settle_parent(product)
        product.created_at = product.created_at or self.options.clock()
        product.modified_at = product.modified_at or product.created_at
        for variation in product.variations:
            variation.created_at = variation.created_at or product.created_at
            variation.modified_at = variation.modified_at or product.modified_at
        self._products[product.id] = product
        return product

    def create(self, body: Json) -> Product:
        """Add a product as the API does. Raises WpError for a SKU that is taken."""
        product = Product(id=0, name="")
        self._apply(product, body)
        product.id = self.next_id()
        self.put(product)
        self._emit("product", "created", product.id)
        self._emit("product", "updated", product.id)
        return product

    def create_variation(self, product: Product, body: Json) -> Variation:
        variation = Variation(id=0, parent_id=product.id)
        self._apply_variation(variation, body)
        variation.id = self.next_id()
        variation.created_at = variation.modified_at = self.options.clock()
        product.variations.append(variation)
        self.touch(product, variation)
        self._emit("product", "created", variation.id)
        return variation

    def trash(self, product: Product) -> None:
        product.trashed_from, product.status = product.status, "trash"
        product.modified_at = self.options.clock()
        self._emit("product", "deleted", product.id)

    def restore(self, product: Product) -> None:
        product.status, product.trashed_from = product.trashed_from or "draft", ""
        product.modified_at = self.options.clock()
        self._emit("product", "restored", product.id)

    def delete(self, product: Product) -> None:
        """Delete for good: nothing is announced."""
        del self._products[product.id]

    def delete_variation(self, product: Product, variation: Variation) -> None:
        product.variations.remove(variation)
        product.modified_at = self.options.clock()
        settle_parent(product)

    # Changing

    def update(self, product: Product, body: Json) -> None:
        """Write a product's fields. Raises WpError, having changed nothing."""
        self._apply(product, body)
        self.touch(product)

    def update_variation(self, product: Product, variation: Variation, body: Json) -> None:
        self._apply_variation(variation, body)
        product.modified_at = self.options.clock()
        self.touch(product, variation)

    def move(self, product: Product, variation: Variation | None, units: Units) -> bool:
        """Add ``units`` to whatever holds the stock, as one SQL increment; tell whether anything holds it."""
        holder = holder_of(product, variation) if self.options.manage_stock else None
        if holder is None:
            return False
        holder.stock_quantity = (holder.stock_quantity or 0) + units
        settle(holder)
        self.touch(product, variation if holder is variation else None)
        return True

    def touch(self, product: Product, variation: Variation | None = None) -> None:
        """Stamp and announce a change of the product, or of one variation, which stamps its product too."""
        settle_parent(product)
        changed: Stocked = variation or product
        changed.modified_at = product.modified_at = self.options.clock()
        self._emit("product", "updated", changed.id)

    def refuse_repeated_sku(self, sku: str, own: Stocked) -> None:
        """Raise WpError for a SKU that something else has, in any case of letters."""
        if not sku:
            return
        for product, variation in self.sold_under(sku):
            holder: Stocked = variation or product
            if holder is own:
                continue
            if product.status == "trash":
                raise WpError(
                    400,
                    "woocommerce_rest_product_not_created",
                    f"The product with SKU ({sku}) you are trying to insert is already present in the lookup table",
                )
            data: Json = {"resource_id": holder.id, "unique_sku": f"{sku}-1"}
            raise WpError(400, "product_invalid_sku", "Invalid or duplicated SKU.", data)

    def _apply(self, product: Product, body: Json) -> None:
        self.refuse_repeated_sku(str(body.get("sku") or ""), product)
        kind = str(body.get("type") or product.type)
        if kind == "external" and body.get("manage_stock") in _TRUE:
            words = "External products cannot be stock managed."
            raise WpError(400, "product_external_invalid_manage_stock", words)
        product.type = kind
        if isinstance(body.get("name"), str):
            product.name = body["name"]
        if body.get("status"):
            product.status, product.trashed_from = str(body["status"]), ""
        if isinstance(body.get("attributes"), list):
            product.attributes = {
                str(each.get("name", "")): [str(option) for option in each.get("options", [])]
                for each in body["attributes"]
                if isinstance(each, dict)
            }
        self._apply_common(product, body)
        if kind == "grouped":
            product.manage_stock = False
            settle(product)

    def _apply_variation(self, variation: Variation, body: Json) -> None:
        self.refuse_repeated_sku(str(body.get("sku") or ""), variation)
        if isinstance(body.get("attributes"), list):
            variation.attributes = {
                str(each.get("name", "")): str(each.get("option", ""))
                for each in body["attributes"]
                if isinstance(each, dict)
            }
        if body.get("status"):
            variation.status = str(body["status"])
        self._apply_common(variation, body)

    def _apply_common(self, stocked: Stocked, body: Json) -> None:
        for name, key in (("sku", "sku"), ("price", "regular_price"), ("gtin", "global_unique_id")):
            if body.get(key) is not None:
                setattr(stocked, name, str(body[key]))
        if body.get("backorders") is not None:
            stocked.backorders = str(body["backorders"])
        if body.get("stock_status") is not None:
            stocked.stock_status = str(body["stock_status"])
        if body.get("manage_stock") is not None:
            stocked.manage_stock = body["manage_stock"] in _TRUE
        if not self.options.manage_stock:
            return  # the store-wide switch: what is sent about stock goes nowhere
        if "low_stock_amount" in body:
            sent = body["low_stock_amount"]
            stocked.low_stock_amount = None if sent is None else int(amount(sent, decimal=False))
        if stocked.manage_stock:
            decimal = self.options.decimal_stock
            if body.get("stock_quantity") is not None:
                stocked.stock_quantity = amount(body["stock_quantity"], decimal=decimal)
            elif body.get("inventory_delta") is not None:
                delta = amount(body["inventory_delta"], decimal=decimal)
                stocked.stock_quantity = (stocked.stock_quantity or 0) + delta
        settle(stocked)
