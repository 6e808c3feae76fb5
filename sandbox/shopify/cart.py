"""What a buyer wants: order lines, whether there is enough, and which location gives the units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.refusals import CannotBuy, OutOfStock
from sandbox.shopify.records import Line, Variant
from sandbox.shopify.shop import Shop


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One line to buy. A custom line has a title and no variant."""

    variant_id: int | None = None
    quantity: int = 1
    title: str = ""


class Cart:
    """Reads the shop; moves nothing. Call with its lock held."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def line(self, wanted: Wanted, *, test: bool) -> Line:
        if isinstance(wanted.quantity, bool) or not 1 <= wanted.quantity <= 100_000:
            raise CannotBuy("The quantity must be a whole number, 1 or more")
        if wanted.variant_id is None:
            return Line(
                id=self._shop.next_id("LineItem"),
                title=wanted.title or "A custom line",
                sku="",
                quantity=wanted.quantity,
                current=wanted.quantity,
                is_counted=False,
            )
        variant = self._shop.variants.get(wanted.variant_id)
        if variant is None:
            raise CannotBuy("This product is not on sale")
        return self.line_for(variant, wanted.quantity, test=test)

    def line_for(self, variant: Variant, quantity: int, *, test: bool = False) -> Line:
        item = self._shop.items[variant.item_id]
        product = self._shop.products[variant.product_id]
        return Line(
            id=self._shop.next_id("LineItem"),
            title=product.title,
            variant_title="" if variant.title == "Default Title" else variant.title,
            sku=variant.sku,
            quantity=quantity,
            current=quantity,
            price=variant.price,
            product_id=product.id,
            variant_id=variant.id,
            item_id=item.id,
            requires_shipping=item.requires_shipping,
            is_counted=item.tracked and (not test or self._shop.options.test_orders_take_stock),
        )

    def refuse_shortages(self, wanted: Sequence[Wanted]) -> None:
        demand: Counter[int] = Counter()
        for each in wanted:
            variant = self._shop.variants.get(each.variant_id) if each.variant_id is not None else None
            if variant is None:
                continue
            product = self._shop.products[variant.product_id]
            if product.status not in ("ACTIVE", "UNLISTED"):
                raise CannotBuy("This product is not on sale")
            demand[variant.item_id] += each.quantity
            left = self._shop.sellable(variant)
            if (
                self._shop.items[variant.item_id].tracked
                and variant.policy == "DENY"
                and demand[variant.item_id] > left
            ):
                raise OutOfStock(f"Only {max(0, left)} of {product.title} ({variant.sku}) left")

    def places(self, line: Line, units: int, location_id: int | None) -> list[tuple[int, int]]:
        """Return (location, units): the first location that has all of them, else split over those that have some."""
        if location_id is not None:
            return [(location_id, units)]
        places = [place.id for place in self._shop.selling_locations()] or list(self._shop.locations)
        if line.item_id is None or not line.is_counted:
            return [(places[0], units)]
        levels = {level.location_id: level for level in self._shop.levels_of(line.item_id, include_inactive=False)}
        stocked = [place for place in places if place in levels] or places
        free = {place: levels[place].available if place in levels else 0 for place in stocked}
        whole = next((place for place in stocked if free[place] >= units), None)
        if whole is not None:
            return [(whole, units)]
        found: list[tuple[int, int]] = []
        for place in stocked:
            share = min(units, max(0, free[place]))
            if share:
                found.append((place, share))
                units -= share
        if units:
            first = found.pop(0) if found else (stocked[0], 0)
            found.insert(0, (first[0], first[1] + units))
        return found
