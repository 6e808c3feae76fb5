"""How WooCommerce keeps a quantity: who holds it, what a write does to it, which status follows. Pure rules."""

from __future__ import annotations

import re

from sandbox.woocommerce.records import Product, Stocked, Units, Variation

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")


def holder_of(product: Product, variation: Variation | None) -> Stocked | None:
    """Return the record whose number a sale lowers; None where nothing is counted."""
    if variation is not None and variation.manage_stock:
        return variation
    return product if product.manage_stock else None


def shown_manage_stock(product: Product, variation: Variation | None) -> bool | str:
    """Return the field ``manage_stock``: true, false, or "parent" for a variation of a product that counts."""
    if variation is None or variation.manage_stock:
        return (variation or product).manage_stock
    return "parent" if product.manage_stock else False


def amount(value: object, *, decimal: bool) -> Units:
    """Return a quantity as PHP makes one of any value: text up to where it stops being a number, else 0."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return float(value) if decimal else int(value)
    match = _NUMBER.match(value) if isinstance(value, str) else None
    found = float(match[1]) if match else 0.0
    return found if decimal else int(found)


def settle(stocked: Stocked) -> None:
    """Bring the fields into line with one another, as every save does.

    While a quantity is counted the status follows from it; otherwise nothing is left of the quantity, and the
    status stays as it was.
    """
    if not stocked.manage_stock:
        stocked.stock_quantity, stocked.low_stock_amount, stocked.backorders = None, None, "no"
        return
    if stocked.stock_quantity is not None and stocked.stock_quantity > 0:
        stocked.stock_status = "instock"
    elif stocked.stock_quantity is not None and stocked.backorders != "no":
        stocked.stock_status = "onbackorder"
    else:
        stocked.stock_status = "outofstock"


def settle_parent(product: Product) -> None:
    """Let a variable product that counts nothing itself follow its variations."""
    if product.type != "variable" or product.manage_stock or not product.variations:
        return
    statuses = {each.stock_status for each in product.variations}
    product.stock_status = next(each for each in ("instock", "onbackorder", "outofstock") if each in statuses)
