"""The demo merchant as plain data: what it stocks, and how its two stores describe the same goods.

Every simulated platform fills itself from a ``StoreDescription``. The numbers agree: for each SKU that stock is
kept of, units on hand in all warehouses minus units in open orders of both stores is what both stores show.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import NotRequired, TypedDict

from sandbox.catalogue_data import GOODS, Goods
from sandbox.catalogue_orders import ORDERS_A, ORDERS_B


class VariationDescription(TypedDict):
    """``sku`` empty or absent: sold from the product's own stock. ``quantity`` in whole units."""

    options: dict[str, str]
    id: NotRequired[int]
    sku: NotRequired[str]
    quantity: NotRequired[int]
    unlimited: NotRequired[bool]
    price: NotRequired[float]
    barcode: NotRequired[str]
    preorder: NotRequired[bool]


class ProductDescription(TypedDict):
    """``quantity`` in whole units, without meaning when ``unlimited``. ``weight`` in kilograms."""

    name: str
    id: NotRequired[int]
    sku: NotRequired[str]
    quantity: NotRequired[int]
    unlimited: NotRequired[bool]
    enabled: NotRequired[bool]
    preorder: NotRequired[bool]
    price: NotRequired[float]
    description: NotRequired[str]
    barcode: NotRequired[str]
    category: NotRequired[str]
    weight: NotRequired[float]
    variations: NotRequired[list[VariationDescription]]


class LineDescription(TypedDict):
    """``options`` pick a variation that has no SKU of its own."""

    sku: str
    quantity: int
    options: NotRequired[dict[str, str]]


class OrderDescription(TypedDict):
    """An order already placed; the quantities of the products are those after it.

    ``payment_status``: paid, awaiting_payment, cancelled, refunded or partially_refunded.
    ``fulfilment_status``: unfulfilled, processing, shipped or delivered.
    """

    lines: list[LineDescription]
    buyer: NotRequired[str]
    email: NotRequired[str]
    payment_status: NotRequired[str]
    fulfilment_status: NotRequired[str]
    days_ago: NotRequired[float]


class StoreDescription(TypedDict):
    """A whole store."""

    name: NotRequired[str]
    products: NotRequired[list[ProductDescription]]
    orders: NotRequired[list[OrderDescription]]


class MerchantSku(TypedDict):
    """One SKU of the merchant's own list. ``on_hand``: warehouse code → units; empty when ``tracked`` is False."""

    code: str
    name: str
    barcode: str
    tracked: bool
    on_hand: dict[str, int]


WAREHOUSES = {"MAIN": "Main warehouse", "SHOP": "Shop floor"}

STORE_NAMES = {"demo-a": "North Ridge Outdoor", "demo-b": "Hearth & Trail"}

# The SKU a careless hand typed in store B: a space for a hyphen. Nothing in the merchant's list matches it.
MISTYPED_IN_B = {"MUG-ENAM-GRN": "MUG-ENAM GRN"}

_FIRST_ID = {"demo-a": 103_878_161, "demo-b": 688_400_217}
_FIRST_VARIATION_ID = {"demo-a": 5_512_001, "demo-b": 91_730_441}


def merchant_skus() -> list[MerchantSku]:
    """Return the merchant's own SKU list with the units on hand now, open orders not yet subtracted."""
    found: list[MerchantSku] = []
    for goods in GOODS:
        for each in goods["skus"]:
            tracked = not goods.get("unlimited", False)
            found.append(
                {
                    "code": each["code"],
                    "name": _full_name(goods["name"], each.get("options", {})),
                    "barcode": each["barcode"],
                    "tracked": tracked,
                    "on_hand": {"MAIN": each["main"], "SHOP": each["shop"]} if tracked else {},
                }
            )
    return found


def demo_orders(name: str) -> list[OrderDescription]:
    """Return the orders that ``demo-a`` or ``demo-b`` begins with."""
    return {"demo-a": ORDERS_A, "demo-b": ORDERS_B}[name]


def open_units() -> dict[str, int]:
    """Return SKU → units sold in both stores that have not left the house (paid or unpaid, not cancelled)."""
    found: Counter[str] = Counter()
    for order in [*ORDERS_A, *ORDERS_B]:
        closed = order.get("payment_status") in ("cancelled", "refunded")
        if closed or order.get("fulfilment_status") in ("shipped", "delivered"):
            continue
        for line in order["lines"]:
            found[_true_code(line["sku"])] += line["quantity"]
    return dict(found)


def available_units() -> dict[str, int]:
    """Return SKU → units that the stores show at the start; untracked SKUs are left out."""
    promised = open_units()
    return {
        sku["code"]: sum(sku["on_hand"].values()) - promised.get(sku["code"], 0)
        for sku in merchant_skus()
        if sku["tracked"]
    }


def store(name: str) -> StoreDescription:
    """Return the description of ``demo-a``, ``demo-b`` or ``empty``, or the one in the JSON file of that name.

    Raises FileNotFoundError, and ValueError for a file that is not a JSON object.
    """
    if name == "empty":
        return {"name": "Empty store", "products": [], "orders": []}
    if name in STORE_NAMES:
        return _demo_store(name)
    loaded: StoreDescription = json.loads(Path(name).read_text(encoding="utf-8"))
    if not isinstance(loaded, dict):
        raise ValueError(f"{name} does not hold a JSON object")
    return loaded


def _demo_store(name: str) -> StoreDescription:
    side = name[-1]
    shown = available_units()
    product_id, variation_id = _FIRST_ID[name], _FIRST_VARIATION_ID[name]
    products: list[ProductDescription] = []
    for goods in GOODS:
        if side not in goods.get("stores", "ab"):
            continue
        product = _product(goods, side, shown)
        product["id"] = product_id
        product_id += 7
        for variation in product.get("variations", []):
            variation["id"] = variation_id
            variation_id += 3
        products.append(product)
    return {"name": STORE_NAMES[name], "products": products, "orders": demo_orders(name)}


def _product(goods: Goods, side: str, shown: dict[str, int]) -> ProductDescription:
    first = goods["skus"][0]
    product: ProductDescription = {
        "name": goods.get("name_in_b", goods["name"]) if side == "b" else goods["name"],
        "sku": goods.get("base", _listed(first["code"], side)),
        "price": goods["price"],
        "description": goods["about"],
        "category": goods["category"],
        "weight": goods["weight"],
        "enabled": goods.get("enabled", True),
        "unlimited": goods.get("unlimited", False),
        "preorder": goods.get("preorder", False),
    }
    if "base" in goods:
        # All stock of such a product is in its variations; the base SKU sells nothing.
        product["quantity"] = 0
        product["variations"] = [
            {
                "sku": _listed(each["code"], side),
                "options": each.get("options", {}),
                "quantity": shown[each["code"]],
                "barcode": each["barcode"],
                "price": each.get("price", goods["price"]),
                "preorder": goods.get("preorder", False),
            }
            for each in goods["skus"]
        ]
        return product
    product["quantity"] = shown.get(first["code"], 0)
    product["barcode"] = first["barcode"]
    if "shared_options" in goods:
        product["variations"] = [{"options": options} for options in goods["shared_options"]]
    return product


def _listed(code: str, side: str) -> str:
    return MISTYPED_IN_B.get(code, code) if side == "b" else code


def _true_code(listed: str) -> str:
    return next((code for code, typed in MISTYPED_IN_B.items() if typed == listed), listed)


def _full_name(name: str, options: dict[str, str]) -> str:
    return f"{name}, {', '.join(options.values())}" if options else name
