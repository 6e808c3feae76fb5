"""Resolvers of locations, items, levels, products and variants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import GraphQLResolveInfo

from sandbox.server import Json
from sandbox.shopify.connections import connection
from sandbox.shopify.context import context_of
from sandbox.shopify.errors import TopError
from sandbox.shopify.gids import gid, level_gid, number_of, parts
from sandbox.shopify.moments import moment
from sandbox.shopify.records import HELD, NAMES, Item, Level, Location, Product, Variant
from sandbox.shopify.searching import search
from sandbox.shopify.shop import Shop

Info = GraphQLResolveInfo[Any]


def _by_id(each: Any) -> int:
    number: int = each.id
    return number


def count(info: Info, total: int, sent: Json) -> Json:
    """Return a Count; ``limit`` None counts everything."""
    limit = sent.get("limit")
    if limit is not None and total > limit:
        return {"count": limit, "precision": "AT_LEAST"}
    return {"count": total, "precision": "EXACT"}


# Roots ------------------------------------------------------------------------------------------------------------


def locations(_: Any, info: Info, **sent: Any) -> Json:
    context = context_of(info)
    found = [
        place
        for place in context.shop.locations.values()
        if (place.is_active or sent["includeInactive"]) and (not place.is_service or sent["includeLegacy"])
    ]
    fields = {"id": _by_id, "name": lambda place: place.name}
    found = search(found, sent.get("query"), fields, "locations", context.warnings)
    if sent["sortKey"] == "NAME":
        found.sort(key=lambda place: (place.name, place.id))
        return connection(found, sent, key=lambda place: [place.name, place.id], is_bulk=context.is_bulk)
    return connection(sorted(found, key=_by_id), sent, key=_by_id, is_bulk=context.is_bulk)


def location(_: Any, info: Info, **sent: Any) -> Location | None:
    places = context_of(info).shop.locations
    if sent.get("id") is None:
        return next(iter(places.values()), None)
    return places.get(number_of(sent["id"], "Location") or 0)


def inventory_items(_: Any, info: Info, **sent: Any) -> Json:
    context = context_of(info)
    shop = context.shop
    fields = {
        "id": _by_id,
        "sku": lambda item: next((each.sku for each in shop.variants_of(item)), ""),
        "created_at": lambda item: float(item.created_at),
        "updated_at": lambda item: float(item.updated_at),
    }
    found = search(
        sorted(shop.items.values(), key=_by_id), sent.get("query"), fields, "inventoryItems", context.warnings
    )
    return connection(found, sent, key=_by_id, is_bulk=context.is_bulk)


def inventory_item(_: Any, info: Info, *, id: str) -> Item | None:
    return context_of(info).shop.items.get(number_of(id, "InventoryItem") or 0)


def inventory_level(_: Any, info: Info, *, id: str) -> Level | None:
    return level_of(context_of(info).shop, id)


def level_of(shop: Shop, text: str) -> Level | None:
    """Return the level that a global id names."""
    try:
        _, number, item_id = parts(text)
    except ValueError:
        return None
    place = next((each for each in shop.locations.values() if each.level_number == number), None)
    return shop.levels.get((item_id or 0, place.id)) if place else None


def _variant_fields(shop: Shop) -> dict[str, Callable[[Any], Any]]:
    return {
        "id": _by_id,
        "sku": lambda each: each.sku,
        "updated_at": lambda each: float(each.updated_at),
        "product_id": lambda each: each.product_id,
    }


def product_variants(_: Any, info: Info, **sent: Any) -> Json:
    context = context_of(info)
    rows = sorted(context.shop.variants.values(), key=_by_id)
    found = search(rows, sent.get("query"), _variant_fields(context.shop), "productVariants", context.warnings)
    return connection(found, sent, key=_by_id, is_bulk=context.is_bulk)


def product_variant(_: Any, info: Info, *, id: str) -> Variant | None:
    return context_of(info).shop.variants.get(number_of(id, "ProductVariant") or 0)


def products(_: Any, info: Info, **sent: Any) -> Json:
    context = context_of(info)
    fields = {
        "id": _by_id,
        "title": lambda each: each.title,
        "status": lambda each: each.status,
        "updated_at": lambda each: float(each.updated_at),
    }
    rows = sorted(context.shop.products.values(), key=_by_id)
    found = search(rows, sent.get("query"), fields, "products", context.warnings)
    return connection(found, sent, key=_by_id, is_bulk=context.is_bulk)


def product(_: Any, info: Info, *, id: str) -> Product | None:
    return context_of(info).shop.products.get(number_of(id, "Product") or 0)


def quantity_names(_: Any, info: Info) -> list[Json]:
    def described(name: str) -> Json:
        belongs = ["on_hand"] if name in (*HELD, "available") else []
        made_of = sorted((*HELD, "available")) if name == "on_hand" else []
        words = name.replace("_", " ").capitalize()
        return {"name": name, "displayName": words, "isInUse": True, "belongsTo": belongs, "comprises": made_of}

    return [described(name) for name in NAMES]


# Fields -----------------------------------------------------------------------------------------------------------


def _levels(found: list[Level], info: Info, sent: Json) -> Json:
    kept = [level for level in found if level.is_active or sent["includeInactive"]]
    kept.sort(key=lambda level: (level.item_id, level.location_id))
    return connection(
        kept, sent, key=lambda level: [level.item_id, level.location_id], is_bulk=context_of(info).is_bulk
    )


def _levels_of_item(item: Item, info: Info, **sent: Any) -> Json:
    return _levels(context_of(info).shop.levels_of(item.id), info, sent)


def _levels_of_location(place: Location, info: Info, **sent: Any) -> Json:
    levels = context_of(info).shop.levels.values()
    return _levels([level for level in levels if level.location_id == place.id], info, sent)


def _level(shop: Shop, item_id: int, location_id: int, *, include_inactive: bool) -> Level | None:
    level = shop.levels.get((item_id, location_id))
    return level if level is not None and (level.is_active or include_inactive) else None


def _level_of_item(item: Item, info: Info, **sent: Any) -> Level | None:
    place = number_of(sent["locationId"], "Location") or 0
    return _level(context_of(info).shop, item.id, place, include_inactive=sent["includeInactive"])


def _level_of_location(place: Location, info: Info, **sent: Any) -> Level | None:
    item = number_of(sent["inventoryItemId"], "InventoryItem") or 0
    return _level(context_of(info).shop, item, place.id, include_inactive=sent["includeInactive"])


def _quantities(level: Level, info: Info, *, names: list[str]) -> list[Json]:
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise TopError("BAD_REQUEST", f"The quantity name {unknown[0]} is not valid.")
    return [
        {
            "id": f"gid://shopify/InventoryQuantity/{level.item_id}?name={name}",
            "name": name,
            "quantity": level.of(name),
            "updatedAt": moment(level.updated_at),
        }
        for name in names
    ]


def _duplicates(item: Item, info: Info) -> int:
    shop = context_of(info).shop
    codes = {each.sku for each in shop.variants_of(item) if each.sku}
    return sum(1 for each in shop.variants.values() if each.sku in codes and each.item_id != item.id)


def _variants_of_item(item: Item, info: Info, **sent: Any) -> Json:
    context = context_of(info)
    return connection(context.shop.variants_of(item), sent, key=_by_id, is_bulk=context.is_bulk)


def _variants_of_product(found: Product, info: Info, **sent: Any) -> Json:
    context = context_of(info)
    rows = [context.shop.variants[each] for each in found.variant_ids]
    return connection(rows, sent, key=_by_id, is_bulk=context.is_bulk)


def _inventory_quantity(variant: Variant, info: Info) -> int:
    levels = context_of(info).shop.levels_of(variant.item_id, include_inactive=False)
    return sum(level.available for level in levels)


def _product_of(variant: Variant, info: Info) -> Product:
    return context_of(info).shop.products[variant.product_id]


def _item_of(variant: Variant, info: Info) -> Item:
    return context_of(info).shop.items[variant.item_id]


def _first_sku(item: Item, info: Info) -> str | None:
    return next((each.sku for each in context_of(info).shop.variants_of(item) if each.sku), None)


def _display_name(variant: Variant, info: Info) -> str:
    return f"{_product_of(variant, info).title} - {variant.title}"


def _is_for_sale(variant: Variant, info: Info) -> bool:
    shop = context_of(info).shop
    return variant.policy == "CONTINUE" or not shop.items[variant.item_id].tracked or shop.sellable(variant) > 0


def _plain(read: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda source, info: read(source)


RESOLVERS: dict[str, dict[str, Callable[..., Any]]] = {
    "Location": {
        "id": _plain(lambda place: gid("Location", place.id)),
        "legacyResourceId": _plain(_by_id),
        "isActive": _plain(lambda place: place.is_active),
        "fulfillsOnlineOrders": _plain(lambda place: place.fulfils_online),
        "shipsInventory": _plain(lambda place: place.fulfils_online),
        "isFulfillmentService": _plain(lambda place: place.is_service),
        "isPrimary": lambda place, info: place is next(iter(context_of(info).shop.locations.values())),
        "hasActiveInventory": lambda place, info: any(
            level.is_active for level in context_of(info).shop.levels.values() if level.location_id == place.id
        ),
        "deactivatedAt": _plain(lambda place: place.deactivated_at and moment(place.deactivated_at)),
        "inventoryLevel": _level_of_location,
        "inventoryLevels": _levels_of_location,
    },
    "InventoryItem": {
        "id": _plain(lambda item: gid("InventoryItem", item.id)),
        "legacyResourceId": _plain(_by_id),
        "sku": _first_sku,
        "requiresShipping": _plain(lambda item: item.requires_shipping),
        "duplicateSkuCount": _duplicates,
        "inventoryLevel": _level_of_item,
        "inventoryLevels": _levels_of_item,
        "variant": lambda item, info: context_of(info).shop.variants_of(item)[0],
        "variants": _variants_of_item,
    },
    "InventoryLevel": {
        "id": lambda level, info: level_gid(level, context_of(info).shop.locations[level.location_id]),
        "isActive": _plain(lambda level: level.is_active),
        "canDeactivate": lambda level, info: (
            len(context_of(info).shop.levels_of(level.item_id, include_inactive=False)) > 1
        ),
        "item": lambda level, info: context_of(info).shop.items[level.item_id],
        "location": lambda level, info: context_of(info).shop.locations[level.location_id],
        "quantities": _quantities,
    },
    "Product": {
        "id": _plain(lambda found: gid("Product", found.id)),
        "legacyResourceId": _plain(_by_id),
        "handle": _plain(lambda found: found.title.lower().replace(" ", "-")),
        "isGiftCard": _plain(lambda found: found.is_gift_card),
        "tracksInventory": lambda found, info: any(
            _item_of(context_of(info).shop.variants[each], info).tracked for each in found.variant_ids
        ),
        "totalInventory": lambda found, info: sum(
            _inventory_quantity(context_of(info).shop.variants[each], info) for each in found.variant_ids
        ),
        "variants": _variants_of_product,
    },
    "ProductVariant": {
        "id": _plain(lambda variant: gid("ProductVariant", variant.id)),
        "legacyResourceId": _plain(_by_id),
        "displayName": _display_name,
        "barcode": _plain(lambda variant: variant.barcode or None),
        "price": _plain(lambda variant: f"{variant.price:.2f}"),
        "position": lambda variant, info: _product_of(variant, info).variant_ids.index(variant.id) + 1,
        "inventoryPolicy": _plain(lambda variant: variant.policy),
        "inventoryQuantity": _inventory_quantity,
        "sellableOnlineQuantity": lambda variant, info: context_of(info).shop.sellable(variant),
        "availableForSale": _is_for_sale,
        "requiresComponents": lambda variant, info: _item_of(variant, info).is_bundle,
        "selectedOptions": _plain(
            lambda variant: [{"name": name, "value": value} for name, value in variant.options.items()]
        ),
        "product": _product_of,
        "inventoryItem": _item_of,
    },
}
