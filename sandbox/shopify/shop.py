"""The state of one shop: its lock, its goods, its locations, its stock. Hold ``lock`` around every use."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

from sandbox.catalogue import ProductDescription, VariationDescription
from sandbox.server import Json
from sandbox.shopify.moments import rest_moment
from sandbox.shopify.options import Options
from sandbox.shopify.records import AdjustmentGroup, Item, Level, Location, Order, Product, Variant

LIMIT = 1_000_000_000

Emit = Callable[[str, Json, str], None]
"""Sends a webhook: the topic in GraphQL's words, the body in REST's, the id of the merchant's action."""


class Shop:
    """Goods by id. Ids count up from a number of their own, so that a mixed-up one is found out."""

    def __init__(self, options: Options, emit: Emit) -> None:
        self.options = options
        self.lock = threading.RLock()
        self.emit = emit
        self.clear()

    def clear(self) -> None:
        self.locations: dict[int, Location] = {}
        self.products: dict[int, Product] = {}
        self.variants: dict[int, Variant] = {}
        self.items: dict[int, Item] = {}
        self.levels: dict[tuple[int, int], Level] = {}
        self.orders: dict[int, Order] = {}
        self.groups: dict[int, AdjustmentGroup] = {}
        self._owners: dict[int, int] = {}
        self._ids = {
            "Location": itertools.count(70_100_000_001, 11),
            "Product": itertools.count(7_900_000_000_101, 13),
            "ProductVariant": itertools.count(43_000_000_000_201, 17),
            "InventoryItem": itertools.count(53_000_000_000_301, 19),
            "Order": itertools.count(6_300_000_000_401, 23),
            # Beyond 2**53, so that a client which keeps ids in floating point fails.
            "LineItem": itertools.count(9_100_000_000_000_501, 29),
        }
        self._other_ids = itertools.count(880_000_000_001, 7)

    def next_id(self, kind: str) -> int:
        return next(self._ids.get(kind, self._other_ids))

    def now(self) -> float:
        return self.options.clock()

    # Locations

    def add_location(self, name: str, **fields: Any) -> Location:
        number = self.next_id("Location")
        now = self.now()
        place = Location(id=number, name=name, level_number=number + 73_000_000_000, created_at=now, updated_at=now)
        for field, value in fields.items():
            setattr(place, field, value)
        self.locations[place.id] = place
        return place

    def selling_locations(self) -> list[Location]:
        return [place for place in self.locations.values() if place.is_active and place.fulfils_online]

    # Goods

    def add_product(self, described: ProductDescription, *, quietly: bool = True) -> Product:
        """Add a product with its variants, stocked at the first location only; no variation means one plain variant."""
        now = self.now()
        product = Product(
            id=described.get("id") or self.next_id("Product"),
            title=described["name"],
            status="ACTIVE" if described.get("enabled", True) else "DRAFT",
            category=described.get("category", ""),
            about=described.get("description", ""),
            created_at=now,
            updated_at=now,
        )
        self.products[product.id] = product
        variations: list[VariationDescription] = described.get("variations", [])
        shared = bool(variations) and not any(each.get("sku") for each in variations)
        plain: VariationDescription = {"options": {}, "sku": described.get("sku", "")}
        for field in ("quantity", "unlimited", "barcode", "preorder"):
            if field in described:
                plain[field] = described[field]
        if not variations or shared:
            # Shopify keeps stock per variant: choices that share one stock are one variant here.
            variations = [plain]
        for each in variations:
            self._add_variant(product, each, described.get("price", 0.0))
        if not quietly:
            self._announce_product("PRODUCTS_CREATE", product)
        return product

    def _add_variant(self, product: Product, described: VariationDescription, price: float) -> Variant:
        now = self.now()
        tracked = not described.get("unlimited", False)
        item = Item(id=self.next_id("InventoryItem"), tracked=tracked, created_at=now, updated_at=now)
        variant = Variant(
            id=described.get("id") or self.next_id("ProductVariant"),
            product_id=product.id,
            item_id=item.id,
            title=" / ".join(described["options"].values()) or "Default Title",
            sku=described.get("sku", ""),
            barcode=described.get("barcode", ""),
            price=described.get("price", price),
            policy="CONTINUE" if described.get("preorder") else "DENY",
            options=dict(described["options"]) or {"Title": "Default Title"},
            created_at=now,
            updated_at=now,
        )
        item.variant_ids.append(variant.id)
        product.variant_ids.append(variant.id)
        self.items[item.id] = item
        self.variants[variant.id] = variant
        first = next(iter(self.locations.values()), None) or self.add_location("Main warehouse")
        level = self.stock(item.id, first.id)
        level.quantities["available"] = described.get("quantity", 0) if tracked else 0
        return variant

    def delete_product(self, product_id: int) -> None:
        """Delete a product with its variants, items and levels. Raises KeyError."""
        product = self.products.pop(product_id)
        action = self.action()
        for variant_id in product.variant_ids:
            item_id = self.variants.pop(variant_id).item_id
            item = self.items[item_id]
            item.variant_ids.remove(variant_id)
            if not item.variant_ids:
                del self.items[item_id]
                for key in [key for key in self.levels if key[0] == item_id]:
                    del self.levels[key]
                self.emit("INVENTORY_ITEMS_DELETE", {"id": item_id}, action)
        self.emit("PRODUCTS_DELETE", {"id": product_id}, action)

    def find_sku(self, sku: str) -> Variant:
        """Return the first variant with exactly this SKU. Raises KeyError."""
        found = next((each for each in self.variants.values() if each.sku == sku), None)
        if found is None:
            raise KeyError(sku)
        return found

    def variants_of(self, item: Item) -> list[Variant]:
        return [self.variants[variant_id] for variant_id in item.variant_ids]

    def sellable(self, variant: Variant) -> int:
        """Return the units for sale online: over the active levels of the places that fulfil online orders."""
        places = {place.id for place in self.selling_locations()}
        return sum(
            level.available
            for level in self.levels_of(variant.item_id)
            if level.is_active and level.location_id in places
        )

    def owner_of(self, line_id: int) -> Order:
        """Return the order that has a line. Raises KeyError."""
        if line_id not in self._owners:
            self._owners = {line.id: order.id for order in self.orders.values() for line in order.lines}
        return self.orders[self._owners[line_id]]

    # Stock

    def stock(self, item_id: int, location_id: int) -> Level:
        """Return the item's level at a location, made active and empty where there is none."""
        level = self.levels.get((item_id, location_id))
        if level is None:
            now = self.now()
            level = Level(item_id=item_id, location_id=location_id, created_at=now, updated_at=now)
            self.levels[item_id, location_id] = level
        return level

    def levels_of(self, item_id: int, *, include_inactive: bool = True) -> list[Level]:
        found = [self.levels[item_id, place] for place in self.locations if (item_id, place) in self.levels]
        return [level for level in found if level.is_active or include_inactive]

    def shift(self, item_id: int, location_id: int, action: str, **deltas: int) -> None:
        """Move quantities of a level, each by its delta, and tell of it as Shopify does."""
        level = self.stock(item_id, location_id)
        for name, delta in deltas.items():
            level.quantities[name] += delta
        level.updated_at = self.now()
        if deltas.get("available") or self.options.committed_change_fires_level_update:
            self.announce_level("INVENTORY_LEVELS_UPDATE", level, action)

    def set_by_hand(self, item_id: int, location_id: int, available: int) -> None:
        """Set a quantity as the merchant does in the admin. Raises KeyError."""
        if item_id not in self.items or location_id not in self.locations:
            raise KeyError(f"item {item_id} at location {location_id}")
        level = self.stock(item_id, location_id)
        self.shift(item_id, location_id, self.action(), available=available - level.available)

    def set_active(self, item_id: int, location_id: int, *, active: bool) -> Level:
        """Stock an item at a location or take it off there; its numbers stay."""
        level = self.stock(item_id, location_id)
        level.is_active = active
        level.updated_at = self.now()
        self.announce_level("INVENTORY_LEVELS_CONNECT" if active else "INVENTORY_LEVELS_DISCONNECT", level)
        return level

    def set_tracked(self, item_id: int, *, tracked: bool) -> None:
        item = self.items[item_id]
        item.tracked = tracked
        item.updated_at = self.now()
        self.announce_item("INVENTORY_ITEMS_UPDATE", item)

    # Telling

    def action(self) -> str:
        """Return the id of one more action of the merchant; the topics it fires share it."""
        return f"{next(self._other_ids):032x}"

    def announce_level(self, topic: str, level: Level, action: str = "") -> None:
        place = self.locations[level.location_id]
        body: Json = {"inventory_item_id": level.item_id, "location_id": level.location_id}
        if topic != "INVENTORY_LEVELS_DISCONNECT":
            body |= {
                "available": level.available if self.items[level.item_id].tracked else None,
                "updated_at": rest_moment(level.updated_at),
                "admin_graphql_api_id": f"gid://shopify/InventoryLevel/{place.level_number}"
                f"?inventory_item_id={level.item_id}",
            }
        self.emit(topic, body, action or self.action())

    def announce_item(self, topic: str, item: Item) -> None:
        variants = self.variants_of(item)
        body: Json = {
            "id": item.id,
            "sku": variants[0].sku if variants else "",
            "created_at": rest_moment(item.created_at),
            "updated_at": rest_moment(item.updated_at),
            "requires_shipping": item.requires_shipping,
            "cost": None,
            "tracked": item.tracked,
            "country_code_of_origin": None,
            "province_code_of_origin": None,
            "harmonized_system_code": None,
            "country_harmonized_system_codes": [],
            "admin_graphql_api_id": f"gid://shopify/InventoryItem/{item.id}",
        }
        self.emit(topic, body, self.action())

    def _announce_product(self, topic: str, product: Product) -> None:
        body = {"id": product.id, "admin_graphql_api_id": f"gid://shopify/Product/{product.id}", "title": product.title}
        self.emit(topic, body, self.action())
        for variant_id in product.variant_ids:
            self.announce_item("INVENTORY_ITEMS_CREATE", self.items[self.variants[variant_id].item_id])
