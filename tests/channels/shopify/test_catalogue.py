"""The catalogue by pages and by a bulk operation, single items, locations: pools as the core is told of them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from channels.contract import (
    BadPayload,
    CatalogPage,
    Rejected,
    ReportedListing,
    ReportedLocation,
    ReportedVariant,
    Unreachable,
    UnreadableProducts,
)
from channels.platforms.shopify import bulk, catalog_scan
from channels.platforms.shopify.mapping import UnreadableItem, pools_of
from channels.platforms.shopify.platform import ShopifyPlatform
from sandbox.shopify import ShopifySimulator
from tests.channels.shopify.conftest import operations, pool

MAIN = ReportedLocation(ref="7", name="Main")
PLACES = {"7": MAIN, "8": ReportedLocation(ref="8", name="Loft")}


def item(**fields: Any) -> dict[str, Any]:
    """Return an inventory item as Shopify documents it."""
    variant = {
        "id": "gid://shopify/ProductVariant/43",
        "title": "M / Moss",
        "displayName": "Merino tee - M / Moss",
        "sku": "TEE-M",
        "barcode": "5390000100547",
        "price": "54.00",
        "inventoryPolicy": "DENY",
        "requiresComponents": False,
        "selectedOptions": [{"name": "Size", "value": "M"}, {"name": "Colour", "value": "Moss"}],
        "product": {"id": "gid://shopify/Product/79", "title": "Merino tee", "status": "ACTIVE", "isGiftCard": False},
    } | fields.pop("variant", {})
    level = {
        "isActive": True,
        "location": {"id": "gid://shopify/Location/7"},
        "quantities": [{"name": "available", "quantity": 5}],
    } | fields.pop("level", {})
    return {
        "id": "gid://shopify/InventoryItem/53",
        "tracked": True,
        "variants": {"nodes": [variant]},
        "inventoryLevels": {"nodes": [level]},
    } | fields


def test_an_item_is_a_pool_at_each_place_that_has_it_or_could() -> None:
    main, loft = pools_of(item(), PLACES)

    assert main == ReportedListing(
        ref="53@7",
        product_ref="53",
        item_ref="53",
        location_ref="7",
        title="Merino tee - M / Moss",
        sku="TEE-M",
        barcode="5390000100547",
        tracked=True,
        quantity=5,
        price=Decimal("54.0000"),
        variants=(ReportedVariant(ref="43@7", sku="TEE-M", options="Size: M, Colour: Moss"),),
    )
    assert (loft.ref, loft.quantity, loft.variants[0].ref, loft.unwritable_reason) == ("53@8", 0, "43@8", "")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"tracked": False}, {"tracked": False, "quantity": None}),
        ({"variant": {"inventoryPolicy": "CONTINUE"}}, {"sells_below_zero": True}),
        ({"variant": {"product": {"status": "DRAFT"}}}, {"enabled": False}),
        ({"variant": {"product": {"status": "UNLISTED"}}}, {"enabled": True}),
        ({"variant": {"displayName": "Map - Default Title", "sku": " "}}, {"title": "Map", "sku": ""}),
        ({"variant": {"price": "NaN", "barcode": None}}, {"price": None, "barcode": ""}),
        ({"level": {"quantities": [{"name": "available", "quantity": -3}]}}, {"quantity": -3}),
    ],
)
def test_what_an_item_says_of_itself(changed: dict[str, Any], expected: dict[str, Any]) -> None:
    listing = pools_of(item(**changed), PLACES)[0]

    assert {name: getattr(listing, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("changed", "places", "words"),
    [
        ({"variant": {"requiresComponents": True}}, PLACES, "bundle"),
        ({"variant": {"product": {"isGiftCard": True}}}, PLACES, "gift card"),
        ({"level": {"isActive": False}}, PLACES, "does not stock it at this location any more"),
        (
            {},
            {"7": ReportedLocation(ref="7", name="Till", is_usable=False, unusable_reason="Not online.")},
            "Not online",
        ),
    ],
)
def test_what_must_not_be_written_says_why(
    changed: dict[str, Any], places: dict[str, ReportedLocation], words: str
) -> None:
    assert words in pools_of(item(**changed), places)[0].unwritable_reason


def test_a_level_that_is_switched_off_shows_nothing() -> None:
    assert pools_of(item(level={"isActive": False}), {})[0].quantity == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "gid://shopify/Product/53"},
        {"tracked": None},
        {"level": {"quantities": [{"name": "available", "quantity": 5.5}]}},
        {"level": {"quantities": []}},
        {"level": {"location": None}},
        {"variants": {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": "x"}}},
    ],
)
def test_numbers_are_not_guessed(changed: dict[str, Any]) -> None:
    with pytest.raises(UnreadableItem):
        pools_of(item(**changed), PLACES)


# Against a running shop -------------------------------------------------------------------------------------------


def pages(platform: ShopifyPlatform) -> Iterator[CatalogPage]:
    cursor = ""
    while True:
        page = platform.catalog_page(cursor)
        yield page
        time.sleep(page.wait_seconds)
        cursor = page.next_cursor
        if not cursor:
            return


def filled(shop: ShopifySimulator, count: int) -> None:
    shop.add_location("Loft")
    shop.add_location("Till", fulfils_online=False)
    for number in range(count):
        shop.add_product(
            name=f"Tee {number}",
            variations=[
                {"sku": f"T{number}-{size}", "options": {"Size": size}, "quantity": number} for size in ("S", "M")
            ],
        )
    shop.set_tracked("T1-M", tracked=False)


def test_the_catalogue_is_walked_to_its_end_while_it_changes(
    shop: ShopifySimulator, platform: ShopifyPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog_scan, "PAGE_SIZES", (4, 2))
    filled(shop, 6)
    walk = pages(platform)
    first = next(walk)
    shop.delete_product(shop.variant("T0-S").product_id)
    rest = list(walk)
    listings = [listing for page in [first, *rest] for listing in page.listings]

    assert (first.total, first.products) == (12, 4)
    # Two places could sell each; the till can't.
    assert len(listings) == 24
    assert {listing.ref for listing in listings if listing.tracked is False} == {
        pool(shop, "T1-M"),
        pool(shop, "T1-M", 1),
    }
    assert operations(shop).count("Locations") == 1


def test_a_page_that_costs_too_much_is_asked_for_smaller(shop: ShopifySimulator, platform: ShopifyPlatform) -> None:
    filled(shop, 6)
    items = [pool(shop, f"T{number}-S").partition("@")[0] for number in range(6)]
    shop.options.max_cost = 130

    assert sum(len(page.listings) for page in pages(platform)) == 24
    assert operations(shop) == ["VariantsCount", "Locations", "Items", "Items"]
    assert list(dict(platform.read_products(items))) == items
    # All six were too many at once, two are not.
    assert operations(shop)[4:] == ["ItemsById"] * 4


def test_a_large_catalogue_is_read_by_a_bulk_operation_and_tells_the_same(
    shop: ShopifySimulator, platform: ShopifyPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(shop, 6)
    by_pages = {listing.ref: listing for page in pages(platform) for listing in page.listings}
    monkeypatch.setattr(catalog_scan, "MOST_BY_PAGES", 5)
    monkeypatch.setattr(bulk, "PAGE", 5)

    found = list(pages(platform))

    assert {listing.ref: listing for page in found for listing in page.listings} == by_pages
    assert found[0].total == 12
    assert [page.products for page in found if page.products] == [5, 5, 2]
    assert any(page.wait_seconds for page in found)
    assert list(Path(tempfile.gettempdir()).glob("evenkeel-bulk-*/*")) == []


def test_a_bulk_operation_that_fails_is_begun_again_and_not_for_ever(
    shop: ShopifySimulator, platform: ShopifyPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(shop, 2)
    monkeypatch.setattr(catalog_scan, "MOST_BY_PAGES", 1)
    monkeypatch.setattr(bulk, "BUSY_WAIT_SECONDS", 0.0)
    shop.bulk.fail_next = 1
    assert sum(page.products for page in pages(platform)) == 4

    shop.bulk.fail_next = 3
    with pytest.raises(Rejected, match="in 3 tries \\(INTERNAL_SERVER_ERROR\\)"):
        list(pages(platform))


def test_a_bulk_operation_waits_for_others_and_an_empty_shop_has_none(
    shop: ShopifySimulator, platform: ShopifyPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.options.bulk_seconds = 30
    for _ in range(5):
        assert platform.catalog_page(bulk.FIRST).next_cursor.startswith("bulk:1:")
    busy = platform.catalog_page(bulk.FIRST)
    shop.bulk.clear()
    shop.options.bulk_seconds = 0.0
    monkeypatch.setattr(bulk, "BUSY_WAIT_SECONDS", 0.0)
    cursor = platform.catalog_page(bulk.FIRST).next_cursor
    ended = platform.catalog_page(cursor)
    while ended.next_cursor:
        ended = platform.catalog_page(ended.next_cursor)

    assert (busy.next_cursor, busy.wait_seconds) == (bulk.FIRST, 30.0)
    assert (ended.listings, ended.next_cursor) == ((), "")
    with pytest.raises(BadPayload):
        platform.catalog_page("bulk:x")


def test_a_file_that_breaks_off_leaves_nothing_behind(tmp_path: Path) -> None:
    def lines() -> Iterator[bytes]:
        yield b'{"id": "gid://shopify/InventoryItem/1", "tracked": true}'
        raise Unreachable("broken off")

    with pytest.raises(Unreachable):
        bulk._fill(tmp_path / "1.sqlite3", lines())
    with pytest.raises(BadPayload):
        bulk._fill(tmp_path / "1.sqlite3", iter([b'{"id": "gid://shopify/Product/1"}']))

    assert list(tmp_path.iterdir()) == []


def test_items_are_read_directly_with_all_their_levels(shop: ShopifySimulator, platform: ShopifyPlatform) -> None:
    shop.add_product(sku="TEE", quantity=10)
    for number in range(14):
        shop.stock("TEE", shop.add_location(f"Place {number}").id, number)
    refs = [pool(shop, "TEE").partition("@")[0], "1", "nonsense"]

    read = dict(platform.read_products(refs))

    assert [listing.quantity for listing in read[refs[0]]] == [10, *range(14)]
    assert (read["1"], read["nonsense"]) == ((), ())
    assert "LevelsOfItem" in operations(shop)


def test_an_item_that_can_not_be_read_is_told_after_the_others(
    shop: ShopifySimulator, platform: ShopifyPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    for sku in ("TEE", "CAP"):
        shop.add_product(sku=sku, quantity=10)
    bad, good = (pool(shop, sku).partition("@")[0] for sku in ("TEE", "CAP"))
    level = shop.level("TEE")
    assert level is not None
    level.quantities["available"] = 10**9 + 5

    read = platform.read_products([bad, good])

    assert next(read)[0] == good
    with pytest.raises(UnreadableProducts, match="its available quantity is 1000000005"):
        next(read)


def test_only_places_that_sell_online_are_usable(shop: ShopifySimulator, platform: ShopifyPlatform) -> None:
    shop.add_location("Till", fulfils_online=False)
    shop.add_location("Closed", is_active=False)
    shop.add_location("Depot of a service", is_service=True)

    found = {place.name: place.unusable_reason for place in platform.locations()}

    assert found["Main warehouse"] == ""
    assert "does not fulfil online orders" in found["Till"]
    assert "switched this location off" in found["Closed"]
    assert "fulfilment service keeps the stock" in found["Depot of a service"]
