"""Shopify's inventory items as stock pools, one at each location. Pure functions, no I/O.

https://shopify.dev/docs/api/admin-graphql/latest/objects/InventoryItem (2026-10)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from channels.contract import ReportedListing, ReportedLocation, ReportedVariant
from channels.platforms.shopify.refs import PoolRef, at, number_of
from channels.platforms.shopify.values import Json, end_of, inner, nodes, text, whole

BUNDLE = "A bundle: Shopify works out its stock from its components."
GIFT_CARD = "A gift card has no stock."
SWITCHED_OFF = "Shopify does not stock it at this location any more. Stock it there again to sell it from there."
DEFAULT_TITLE = "Default Title"


class UnreadableItem(Exception):
    """An item whose numbers must not be guessed; the message is a sentence for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What an item has at one location. ``is_active`` false: its number is kept, but nothing sells from it."""

    location: str
    is_active: bool
    available: int


def location_of(node: Json) -> ReportedLocation | None:
    """Return a location, or None for one without an id."""
    ref = number_of(node.get("id"), "Location")
    if not ref:
        return None
    if node.get("isActive") is not True:
        reason = "Shopify has switched this location off."
    elif node.get("isFulfillmentService") is True:
        reason = "A fulfilment service keeps the stock here and writes it itself."
    elif node.get("fulfillsOnlineOrders") is not True:
        reason = "It does not fulfil online orders: nothing sells online from it."
    else:
        reason = ""
    name = text(node.get("name")) or f"Location {ref}"
    return ReportedLocation(ref=ref, name=name, is_usable=not reason, unusable_reason=reason)


def pools_of(item: Json, locations: Mapping[str, ReportedLocation]) -> tuple[ReportedListing, ...]:
    """Return an item's pools: one for each location that has it, and one for each that could sell it.

    An item that was never stocked at a location shows 0 there; the first quantity written makes the level. Raises
    UnreadableItem.
    """
    item_id = number_of(item.get("id"), "InventoryItem")
    if not item_id:
        raise UnreadableItem("An entry of Shopify's list of inventory items has no usable id.")
    tracked = item.get("tracked")
    if not isinstance(tracked, bool):
        raise UnreadableItem(f"Inventory item {item_id}: Shopify did not tell whether its stock is counted.")
    if end_of(item.get("variants")):
        raise UnreadableItem(f"Inventory item {item_id} belongs to more variants than can be read at once.")
    variants = nodes(item.get("variants"))
    levels = {level.location: level for level in levels_of(item_id, nodes(item.get("inventoryLevels")))}
    could_sell = [place.ref for place in locations.values() if place.is_usable and place.ref not in levels]
    return tuple(
        _pool(PoolRef(item_id, location), variants, tracked=tracked, level=levels.get(location), locations=locations)
        for location in [*levels, *could_sell]
    )


def levels_of(item_id: str, found: Iterable[Json]) -> list[Level]:
    """Return an item's levels. Raises UnreadableItem."""
    return [level_of(item_id, node) for node in found]


def level_of(item_id: str, node: Json) -> Level:
    """Return one level. Raises UnreadableItem."""
    location = number_of(inner(node.get("location")).get("id"), "Location")
    if not location or not isinstance(node.get("isActive"), bool):
        raise UnreadableItem(f"Inventory item {item_id}: one of its levels names no location or no state.")
    return Level(location=location, is_active=bool(node["isActive"]), available=available_of(item_id, node))


def available_of(item_id: str, node: Json) -> int:
    """Return a level's available quantity, never the one on hand. Raises UnreadableItem."""
    found = node.get("quantities")
    shown = next((each for each in found if inner(each).get("name") == "available"), None) if found else None
    units = whole(inner(shown).get("quantity"))
    if units is None:
        said = str(inner(shown).get("quantity"))[:40]
        raise UnreadableItem(f"Inventory item {item_id}: its available quantity is {said}, which is no whole number.")
    return units


def _pool(
    ref: PoolRef,
    variants: Sequence[Json],
    *,
    tracked: bool,
    level: Level | None,
    locations: Mapping[str, ReportedLocation],
) -> ReportedListing:
    first: Json = variants[0] if variants else {}
    product = inner(first.get("product"))
    place = locations.get(ref.location)
    sells = level is None or level.is_active
    return ReportedListing(
        ref=str(ref),
        product_ref=ref.item,
        item_ref=ref.item,
        location_ref=ref.location,
        title=(text(first.get("displayName")).removesuffix(f" - {DEFAULT_TITLE}") or f"Item {ref.item}")[:500],
        sku=_sku(first),
        barcode=text(first.get("barcode")).strip()[:64],
        tracked=tracked,
        # A level that was switched off keeps its number, but nothing sells from it.
        quantity=None if not tracked else level.available if level is not None and sells else 0,
        unwritable_reason=_unwritable_reason(variants, sells=sells, place=place),
        enabled=text(product.get("status")) in {"ACTIVE", "UNLISTED"},
        price=_price(first.get("price")),
        sells_below_zero=any(text(variant.get("inventoryPolicy")) == "CONTINUE" for variant in variants),
        variants=tuple(each for each in (_variant(variant, ref.location) for variant in variants) if each),
    )


def _unwritable_reason(variants: Sequence[Json], *, sells: bool, place: ReportedLocation | None) -> str:
    if any(variant.get("requiresComponents") is True for variant in variants):
        return BUNDLE
    if any(inner(variant.get("product")).get("isGiftCard") is True for variant in variants):
        return GIFT_CARD
    if place is not None and not place.is_usable:
        return place.unusable_reason
    return "" if sells else SWITCHED_OFF


def _variant(variant: Json, location: str) -> ReportedVariant | None:
    number = number_of(variant.get("id"), "ProductVariant")
    if not number:
        return None
    options = [inner(each) for each in variant.get("selectedOptions") or []]
    pairs = [(text(each.get("name")), text(each.get("value"))) for each in options]
    shown = ", ".join(f"{name}: {value}" for name, value in pairs if value and value != DEFAULT_TITLE)
    return ReportedVariant(ref=at(number, location), sku=_sku(variant), options=shown[:500])


def _sku(variant: Json) -> str:
    # Kept as typed; SKUs that differ by case or space are the core's business.
    found = text(variant.get("sku"))
    return found if found.strip() else ""


def _price(value: object) -> Decimal | None:
    try:
        price = Decimal(text(value))
    except InvalidOperation:
        return None
    return price.quantize(Decimal("0.0001")) if price.is_finite() and abs(price) < 10**10 else None
