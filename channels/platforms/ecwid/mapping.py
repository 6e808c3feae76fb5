"""Ecwid's products as stock pools. Pure functions, no I/O.

https://docs.ecwid.com/api-reference/rest-api/products/search-products (REST API v3)
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from math import isfinite
from typing import Any

from channels.contract import BadPayload, CatalogPage, ReportedListing, ReportedVariant
from channels.platforms.ecwid.refs import identity, pool_ref, text, whole

_POOL_FIELDS = "id,sku,quantity,unlimited,price,externalReferenceId,locationInventory,attributes(type,value)"
PRODUCT_FIELDS = (
    f"{_POOL_FIELDS},name,enabled,url,isSampleProduct,isGiftCard,compositeComponents,"
    f"combinations({_POOL_FIELDS},combinationNumber,options(name,value))"
)
PAGE_FIELDS = f"total,count,offset,limit,items({PRODUCT_FIELDS})"

OWNED_BY_POS = "Stock is owned by the point of sale or by Ecwid's locations, not by the online store."
BUNDLE = "A bundle: Ecwid works out its stock from its components."
GIFT_CARD = "A gift card has no stock."
SAMPLE = "A sample product that Ecwid made for an empty store."


class UnreadableProduct(Exception):
    """A product whose numbers must not be guessed; the message is a sentence for people."""


def page_of(payload: Mapping[str, Any], *, next_cursor: str, without: int | None = None) -> CatalogPage:
    """Fold one page of ``GET /products`` into pools; ``without`` is a product that an earlier page held already.

    Raises BadPayload when the answer is no page; a product that can't be read becomes a problem of its own.
    """
    items = [item for item in items_of(payload) if without is None or _id(item) != without]
    listings: list[ReportedListing] = []
    problems: list[str] = []
    for item in items:
        try:
            listings.extend(pools_of(item))
        except UnreadableProduct as error:
            problems.append(str(error))
    return CatalogPage(
        listings=tuple(listings),
        products=len(items),
        total=whole(payload.get("total")),
        next_cursor=next_cursor,
        problems=tuple(problems),
    )


def items_of(payload: Mapping[str, Any]) -> list[Any]:
    """Return the entries of a list answer. Raises BadPayload."""
    items = payload.get("items")
    if not isinstance(items, list):
        raise BadPayload("Ecwid's list has no items.")
    return items


def _id(item: object) -> int | None:
    return identity(item.get("id")) if isinstance(item, dict) else None


def pools_of(product: object) -> tuple[ReportedListing, ...]:
    """Return a product's pools: the product itself first, then each variation that has a SKU of its own.

    A variation without a SKU, or with the product's, sells from the product's number; so does a choice of options
    that matches no variation, which is why the product's pool is there even when every variation has its own.
    Raises UnreadableProduct.
    """
    if not isinstance(product, dict):
        raise UnreadableProduct("An entry of Ecwid's product list is not a product.")
    product_id = identity(product.get("id"))
    if product_id is None:
        raise UnreadableProduct(f"A product ({_name(product)}) has no usable id.")
    base_sku = _sku(product)
    base_variants = [ReportedVariant(ref=pool_ref(product_id), sku=base_sku)]
    base_reason = _unwritable_reason(product)
    own: list[ReportedListing] = []
    for variation in _variations(product):
        variant = _variant(product, product_id, variation)
        reason = _owner_reason(variation)
        if variant.sku and variant.sku != base_sku:
            own.append(_listing(product, variation, variant.ref, (variant,), base_reason or reason))
        else:
            base_variants.append(variant)
            base_reason = base_reason or reason
    base = _listing(product, product, pool_ref(product_id), tuple(base_variants), base_reason)
    return (base, *own)


def stock_of(pool: Mapping[str, Any]) -> tuple[bool | None, int | None]:
    """Return (tracked, quantity) in Ecwid's order of precedence. Raises UnreadableProduct.

    ``unlimited`` wins over a number beside it; a number means tracked; neither means that the answer did not tell,
    which is never 0.
    """
    unlimited, quantity = pool.get("unlimited"), pool.get("quantity")
    if unlimited is not None and not isinstance(unlimited, bool):
        raise UnreadableProduct(f"“unlimited” is {_shown(unlimited)}, neither true nor false")
    if unlimited:
        return False, None
    if quantity is None:
        return None, None
    units = whole(quantity)
    if units is None:
        raise UnreadableProduct(f"its quantity is {_shown(quantity)}, which is not a whole number of sane size")
    return True, units


def _listing(
    product: Mapping[str, Any],
    pool: Mapping[str, Any],
    ref: str,
    variants: tuple[ReportedVariant, ...],
    unwritable_reason: str,
) -> ReportedListing:
    try:
        tracked, quantity = stock_of(pool)
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
        sku=_sku(pool),
        barcode=_barcode(pool),
        tracked=tracked,
        quantity=quantity,
        unwritable_reason=unwritable_reason,
        enabled=product.get("enabled") is not False,
        # A variation without a price of its own inherits the product's.
        price=_price(pool) if "price" in pool else _price(product),
        url=_url(product),
        variants=variants,
    )


def _variations(product: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = product.get("combinations")
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise UnreadableProduct(
            f"Product {product['id']} ({_name(product)}): its variations are not a list of objects."
        )
    return found


def _variant(product: Mapping[str, Any], product_id: int, variation: Mapping[str, Any]) -> ReportedVariant:
    combination_id = identity(variation.get("id"))
    if combination_id is None:
        raise UnreadableProduct(f"Product {product_id} ({_name(product)}): a variation has no usable id.")
    number = whole(variation.get("combinationNumber"))
    return ReportedVariant(
        ref=pool_ref(product_id, combination_id),
        number=number if number is not None and number >= 0 else None,
        sku=_sku(variation),
        options=options_text(variation.get("options")),
    )


def options_text(options: object) -> str:
    """Return ``[{name, value}, …]`` for people: "Size: M, Colour: Black"."""
    if not isinstance(options, list):
        return ""
    pairs = [(text(each.get("name")), text(each.get("value"))) for each in options if isinstance(each, dict)]
    return ", ".join(f"{name}: {value}" if name else value for name, value in pairs if value)[:500]


def _unwritable_reason(product: Mapping[str, Any]) -> str:
    if product.get("compositeComponents"):
        return BUNDLE
    if product.get("isGiftCard") is True:
        return GIFT_CARD
    if product.get("isSampleProduct") is True:
        return SAMPLE
    return _owner_reason(product)


def _owner_reason(pool: Mapping[str, Any]) -> str:
    return OWNED_BY_POS if pool.get("locationInventory") or pool.get("externalReferenceId") else ""


def _sku(pool: Mapping[str, Any]) -> str:
    # Kept as typed; matching SKUs that differ by case or space is the core's business.
    found = text(pool.get("sku"))
    return found if found.strip() else ""


def _barcode(pool: Mapping[str, Any]) -> str:
    attributes = pool.get("attributes")
    if not isinstance(attributes, list):
        return ""
    codes = (text(each.get("value")) for each in attributes if isinstance(each, dict) and each.get("type") == "UPC")
    return next((code.strip() for code in codes if 0 < len(code.strip()) <= 64), "")


def _price(pool: Mapping[str, Any]) -> Decimal | None:
    price = pool.get("price")
    if isinstance(price, bool) or not isinstance(price, int | float) or not isfinite(price) or abs(price) >= 10**10:
        return None
    return Decimal(str(price)).quantize(Decimal("0.0001"))


def _url(product: Mapping[str, Any]) -> str:
    url = text(product.get("url"))
    return url if url.startswith(("https://", "http://")) and len(url) <= 500 else ""


def _name(product: Mapping[str, Any]) -> str:
    return text(product.get("name"))[:80] or "without a name"


def _shown(value: object) -> str:
    return f"“{str(value)[:40]}”" if isinstance(value, str) else str(value)[:40]
