"""What the API may write into products and variations. Call with the store's lock held."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.ecwid.errors import ApiError, wrong_parameter
from sandbox.ecwid.parameters import body_amount, body_choice, body_flag, body_text, body_whole
from sandbox.ecwid.products import Products, different_stock
from sandbox.ecwid.records import Product, Variation
from sandbox.server import Json

MAX_COMBINATIONS = 200

Reader = Callable[[Json, str], Any]


def _nullable_whole(body: Json, name: str) -> int | None:
    return None if body.get(name) is None else body_whole(body, name)


def _visibility(body: Json, name: str) -> str:
    return body_choice(body, name, ("SHOW", "HIDE", "ALLOW_PREORDER"))


def _variation_visibility(body: Json, name: str) -> str:
    return body_choice(body, name, ("SHOW", "ALLOW_PREORDER"))


_PRODUCT_FIELDS: dict[str, tuple[str, Reader]] = {
    "name": ("name", body_text),
    "sku": ("sku", body_text),
    "enabled": ("enabled", body_flag),
    "price": ("price", body_amount),
    "weight": ("weight", body_amount),
    "description": ("description", body_text),
    "warningLimit": ("warning_limit", body_whole),
    "outOfStockVisibilityBehaviour": ("out_of_stock", _visibility),
    "minPurchaseQuantity": ("min_purchase", _nullable_whole),
    "maxPurchaseQuantity": ("max_purchase", _nullable_whole),
    "isSampleProduct": ("is_sample", body_flag),
    "externalReferenceId": ("external_reference", body_text),
}
_VARIATION_FIELDS: dict[str, tuple[str, Reader]] = {
    "sku": ("sku", body_text),
    "price": ("price", body_amount),
    "warningLimit": ("warning_limit", body_whole),
    "outOfStockVisibilityBehaviour": ("out_of_stock", _variation_visibility),
}


def create_product(products: Products, body: Json) -> Product:
    """Add a product from ``POST /products``. Raises ApiError 400 or 409."""
    if not body.get("name"):
        raise wrong_parameter("name is required")
    product = Product(id=0, name="", sku="")
    values = _values(body, _PRODUCT_FIELDS)
    stock = _stock(products, body, unlimited_now=False)
    product.id = products.next_product_id()
    _assign(product, values | stock)
    # Ecwid sells a product without stated stock without limit.
    product.unlimited = bool(stock.get("unlimited", "quantity" not in body))
    product.sku = product.sku or f"{product.id:05d}"
    product.options = _options(body)
    return products.add(product)


def update_product(products: Products, product: Product, body: Json, *, save_combinations: bool) -> None:
    """Apply ``PUT /products/{id}``: fields left out stay. Nothing is changed when one field is wrong.

    Raises ApiError 400 or 409.
    """
    _refuse_locations(body)
    values = _values(body, _PRODUCT_FIELDS) | _stock(products, body, unlimited_now=product.unlimited)
    if "sku" in values:
        products.refuse_repeated_sku(values["sku"], product)
    sent = body.get("combinations") if save_combinations else None
    changes = _combination_changes(products, product, sent) if sent is not None else []
    _assign(product, values)
    for variation, change in changes:
        _assign(variation, change)
    products.touch(product)


def update_variation(products: Products, product: Product, variation: Variation, body: Json) -> None:
    """Apply ``PUT /products/{id}/combinations/{id}``. Raises ApiError 400 or 409."""
    change = _variation_change(products, product, variation, body)
    _assign(variation, change)
    products.touch(product)


def create_variation(products: Products, product: Product, body: Json) -> Variation:
    """Add a variation from ``POST /products/{id}/combinations``. Raises ApiError 400 or 409."""
    sent = body.get("options")
    if not isinstance(sent, list) or not sent:
        raise wrong_parameter("options is required")
    options = {body_text(each, "name"): body_text(each, "value") for each in sent if isinstance(each, dict)}
    if any(each.options == options for each in product.variations):
        raise ApiError(409, "CONSTRAINT_VIOLATION", "A combination with these options exists")
    number = max((each.number for each in product.variations), default=0) + 1
    variation = Variation(id=products.next_combination_id(), number=number, options=options)
    _assign(variation, _variation_change(products, product, variation, body))
    product.variations.append(variation)
    for name, value in options.items():
        known = product.options.setdefault(name, [])
        if value not in known:
            known.append(value)
    products.touch(product)
    return variation


def _combination_changes(products: Products, product: Product, sent: object) -> list[tuple[Variation, Json]]:
    if not isinstance(sent, list):
        raise wrong_parameter("combinations must be an array")
    if len(sent) > MAX_COMBINATIONS:
        raise ApiError(
            400, "COMBINATION_LIMIT_PER_REQUEST_EXCEEDED", f"At most {MAX_COMBINATIONS} combinations at once"
        )
    changes: list[tuple[Variation, Json]] = []
    for each in sent:
        if not isinstance(each, dict):
            raise wrong_parameter("combinations must hold objects")
        _, variation = products.find_variation(product.id, body_whole(each, "id"))
        changes.append((variation, _variation_change(products, product, variation, each)))
    return changes


def _variation_change(products: Products, product: Product, variation: Variation, body: Json) -> Json:
    _refuse_locations(body)
    values: Json = _values(body, _VARIATION_FIELDS)
    stock = _stock(products, body, unlimited_now=variation.unlimited)
    sku = values.get("sku", variation.sku)
    if sku and sku != product.sku:
        if sku != variation.sku:
            products.refuse_repeated_sku(sku, product)
        if not variation.sku and not stock:
            # A first SKU of its own starts a pool; it begins with what was shown until now.
            stock = {"quantity": product.quantity, "unlimited": product.unlimited}
        return values | stock
    if stock and not sku:
        raise wrong_parameter("quantity: a combination without its own SKU has the stock of the base product")
    unlimited = stock.get("unlimited", product.unlimited)
    if unlimited != product.unlimited or stock.get("quantity", product.quantity) != product.quantity:
        raise different_stock()
    return values


def _values(body: Json, fields: dict[str, tuple[str, Reader]]) -> Json:
    return {attribute: read(body, name) for name, (attribute, read) in fields.items() if name in body}


def _stock(products: Products, body: Json, *, unlimited_now: bool) -> Json:
    found: Json = {}
    if "quantity" in body:
        quantity = body_whole(body, "quantity")
        if quantity < 0 and not products.options.accept_negative_quantity:
            raise wrong_parameter("quantity must be 0 or more")
        found["quantity"] = quantity
    if "unlimited" in body:
        found["unlimited"] = body_flag(body, "unlimited")
        if unlimited_now and not found["unlimited"]:
            # Limited without a number means none left: the stray zero that takes a product off sale.
            found.setdefault("quantity", 0)
    return found


def _refuse_locations(body: Json) -> None:
    if "locationInventory" in body:
        raise ApiError(
            409, "NOT_ALLOWED_TO_UPDATE_PARAMETER", "Changing location inventory is not allowed in this store"
        )


def _options(body: Json) -> dict[str, list[str]]:
    sent = body.get("options", [])
    if not isinstance(sent, list):
        raise wrong_parameter("options must be an array")
    found: dict[str, list[str]] = {}
    for option in sent:
        if not isinstance(option, dict) or not isinstance(option.get("choices", []), list):
            raise wrong_parameter("options must hold objects with choices")
        choices = [each for each in option.get("choices", []) if isinstance(each, dict)]
        found[body_text(option, "name")] = [body_text(each, "text") for each in choices]
    return found


def _assign(record: Product | Variation, values: Json) -> None:
    for attribute, value in values.items():
        setattr(record, attribute, value)
