"""WooCommerce's products and variations as stock pools. Pure functions, no I/O.

https://woocommerce.github.io/woocommerce-rest-api-docs/#products and #product-variations (wc/v3)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from channels.contract import ReportedListing, ReportedVariant
from channels.platforms.woocommerce.refs import identity, pool_ref, text, whole

_COMMON = (
    *("id", "type", "status", "sku", "global_unique_id", "price", "permalink"),
    *("manage_stock", "stock_quantity", "backorders_allowed"),
)
PRODUCT_FIELDS = ",".join((*_COMMON, "name", "parent_id", "variations"))
VARIATION_FIELDS = ",".join((*_COMMON, "parent_id", "attributes"))

EXTERNAL = "An external product is sold elsewhere: WooCommerce counts no stock of it."
GROUPED = "A grouped product only shows others together: they have the stock."
COMPOSED = "WooCommerce works out the stock of this product from its parts."
FRACTIONS = "A plugin lets WooCommerce count this stock in fractions ({quantity}); only whole units are kept here."
_UNWRITABLE_TYPES = {
    "external": EXTERNAL,
    "grouped": GROUPED,
    # Of plugins: product bundles, composite products, mix and match.
    "bundle": COMPOSED,
    "composite": COMPOSED,
    "mix-and-match": COMPOSED,
    "woosb": COMPOSED,
}


class UnreadableProduct(Exception):
    """A product whose numbers must not be guessed; the message is a sentence for people."""


def has_variations(product: Mapping[str, Any]) -> bool:
    """Whether its variations have to be read to know its pools; plugins have variable types of their own."""
    return bool(product.get("variations")) or text(product.get("type")).startswith("variable")


def pools_of(product: object, variations: Sequence[object]) -> tuple[ReportedListing, ...]:
    """Return a product's pools. Raises UnreadableProduct.

    A simple product is one pool. Of a variable one each variation that counts for itself, or is not counted, is a
    pool of its own, and those that say "parent" sell together from their product's number. The product itself is
    nothing that can be bought; an order line that names it alone is about a variation that is gone.
    """
    if not isinstance(product, dict):
        raise UnreadableProduct("An entry of WooCommerce's product list is not a product.")
    product_id = identity(product.get("id"))
    if product_id is None:
        raise UnreadableProduct(f"A product ({_name(product)}) has no usable id.")
    if not has_variations(product):
        variant = ReportedVariant(ref=pool_ref(product_id), sku=_sku(product))
        return (_listing(product, product, variant.ref, (variant,)),)
    shared: list[ReportedVariant] = []
    own: list[ReportedListing] = []
    for variation in variations:
        if not isinstance(variation, dict):
            raise UnreadableProduct(f"Product {product_id} ({_name(product)}): a variation is not readable.")
        variant = _variant(product, product_id, variation)
        if variation.get("manage_stock") == "parent":
            shared.append(variant)
        else:
            own.append(_listing(product, variation, variant.ref, (variant,)))
    if shared:
        return (_listing(product, product, pool_ref(product_id), tuple(shared)), *own)
    return tuple(own)


def stock_of(pool: Mapping[str, Any]) -> tuple[bool | None, int | None, str]:
    """Return (tracked, quantity, why it must not be written). Raises UnreadableProduct.

    ``manage_stock`` false means untracked whatever number stands beside it: the store-wide switch leaves old ones.
    """
    manages, quantity = pool.get("manage_stock"), pool.get("stock_quantity")
    if not isinstance(manages, bool):
        return None, None, "" if manages is None else f"WooCommerce says “{_shown(manages)}” for manage_stock."
    if not manages:
        return False, None, ""
    if quantity is None:
        # Tracking was turned on without a number: WooCommerce sells none, and the first write sets one.
        return True, 0, ""
    units = whole(quantity)
    if units is not None:
        return True, units, ""
    if isinstance(quantity, float):
        return None, None, FRACTIONS.format(quantity=f"{quantity:g}")
    raise UnreadableProduct(f"its quantity is {_shown(quantity)}, which is not a whole number of sane size")


def _listing(
    product: Mapping[str, Any], pool: Mapping[str, Any], ref: str, variants: tuple[ReportedVariant, ...]
) -> ReportedListing:
    try:
        tracked, quantity, reason = stock_of(pool)
    except UnreadableProduct as error:
        raise UnreadableProduct(f"Product {product['id']} ({_name(product)}), {ref}: {error}.") from None
    title = text(product.get("name")) or f"Product {product['id']}"
    is_variation = pool is not product
    if is_variation and variants[0].options:
        title = f"{title} — {variants[0].options}"
    return ReportedListing(
        ref=ref,
        product_ref=str(product["id"]),
        title=title[:500],
        sku=variants[0].sku if is_variation else _sku(product),
        barcode=_barcode(pool),
        tracked=tracked,
        quantity=quantity,
        unwritable_reason=_UNWRITABLE_TYPES.get(text(product.get("type")), "") or reason,
        enabled=product.get("status") == "publish" and pool.get("status") == "publish",
        price=_price(pool),
        url=_url(pool) or _url(product),
        variants=variants,
        sells_below_zero=tracked is True and pool.get("backorders_allowed") is True,
    )


def _variant(product: Mapping[str, Any], product_id: int, variation: Mapping[str, Any]) -> ReportedVariant:
    variation_id = identity(variation.get("id"))
    if variation_id is None:
        raise UnreadableProduct(f"Product {product_id} ({_name(product)}): a variation has no usable id.")
    sku = _sku(variation)
    # A variation without a SKU of its own reports its product's, which names none of them.
    return ReportedVariant(
        ref=pool_ref(product_id, variation_id),
        sku="" if sku == _sku(product) else sku,
        options=_options(variation.get("attributes")),
    )


def _options(attributes: object) -> str:
    """Return ``[{name, option}, …]`` for people: "Size: M, Colour: Black"."""
    if not isinstance(attributes, list):
        return ""
    pairs = [(text(each.get("name")), text(each.get("option"))) for each in attributes if isinstance(each, dict)]
    return ", ".join(f"{name}: {option}" if name else option for name, option in pairs if option)[:500]


def _sku(pool: Mapping[str, Any]) -> str:
    # Kept as typed; matching SKUs that differ by case or space is the core's business.
    found = text(pool.get("sku"))
    return found if found.strip() else ""


def _barcode(pool: Mapping[str, Any]) -> str:
    code = text(pool.get("global_unique_id")).strip()
    return code if len(code) <= 64 else ""


def _price(pool: Mapping[str, Any]) -> Decimal | None:
    try:
        price = Decimal(text(pool.get("price")).strip())
    except InvalidOperation:
        return None
    return price.quantize(Decimal("0.0001")) if price.is_finite() and abs(price) < 10**10 else None


def _url(pool: Mapping[str, Any]) -> str:
    url = text(pool.get("permalink"))
    return url if url.startswith(("https://", "http://")) and len(url) <= 500 else ""


def _name(product: Mapping[str, Any]) -> str:
    return text(product.get("name"))[:80] or "without a name"


def _shown(value: object) -> str:
    return f"“{str(value)[:40]}”" if isinstance(value, str) else str(value)[:40]
