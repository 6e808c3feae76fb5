"""Listings as pools: what is read, what may be written, and the whole catalogue."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from channels.contract import BadPayload, CatalogPage, Rejected, ReportedListing, UnreadableProducts
from channels.platforms.amazon import catalogue, mapping
from channels.platforms.amazon.platform import AmazonPlatform
from sandbox.amazon import AmazonSimulator
from tests.amazon_models import model, needs_models
from tests.channels.amazon.conftest import Opener

DE, UK = "A1PA6795UKMFR9", "A1F83G8C2ARO7P"


def item(*records: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a listings item as the API documents it."""
    summary = {
        "marketplaceId": DE,
        "asin": "B071VG5N9D",
        "productType": "LUGGAGE",
        "status": ["BUYABLE", "DISCOVERABLE"],
        "itemName": "Hardside Carry-On",
    }
    return {"sku": "GM-ZDPI-9B4E", "summaries": [summary], "fulfillmentAvailability": list(records), **more}


def record(code: str, quantity: object = None) -> dict[str, Any]:
    return {"fulfillmentChannelCode": code} | ({} if quantity is None else {"quantity": quantity})


@pytest.mark.parametrize(
    ("records", "quantity", "reason"),
    [
        ([record("DEFAULT", 100)], 100, ""),
        ([record("DEFAULT", 0)], 0, ""),
        ([record("DEFAULT")], None, ""),
        ([record("AMAZON_EU")], None, mapping.BY_AMAZON),
        ([record("AMAZON_ZZ", 7)], None, mapping.BY_AMAZON),
        ([record("DEFAULT", 3), record("AMAZON_EU")], 3, mapping.BOTH_WAYS),
        ([record("d7679e14-031b", 3)], None, mapping.PER_SOURCE),
        ([record("DEFAULT", 3), record("d7679e14-031b", 3)], 3, mapping.PER_SOURCE),
        ([], None, mapping.NO_CHANNEL),
        ([{"quantity": 3}], None, mapping.NO_CHANNEL),
    ],
)
def test_only_what_the_merchant_alone_ships_may_be_written(
    records: list[dict[str, Any]], quantity: int | None, reason: str
) -> None:
    listing = mapping.listing_of(item(*records), DE)

    assert (listing.quantity, listing.unwritable_reason) == (quantity, reason)
    assert listing.tracked is (None if quantity is None else True)


@pytest.mark.parametrize("quantity", [-1, 2.5, "7", True, 10**12])
def test_a_quantity_that_is_none_is_not_guessed(quantity: object) -> None:
    with pytest.raises(mapping.UnreadableItem, match="no whole number"):
        mapping.listing_of(item({"fulfillmentChannelCode": "DEFAULT", "quantity": quantity}), DE)


def test_what_people_see_of_a_listing() -> None:
    offers = [
        {"marketplaceId": UK, "offerType": "B2C", "price": {"currencyCode": "GBP", "amount": "90.00"}},
        {"marketplaceId": DE, "offerType": "B2C", "price": {"currencyCode": "EUR", "amount": "100.00"}},
    ]
    attributes = {"externally_assigned_product_identifier": [{"type": "ean", "value": "5390000100547"}]}

    listing = mapping.listing_of(item(record("DEFAULT", 1), offers=offers, attributes=attributes), DE)

    assert (listing.ref, listing.title, listing.price) == ("GM-ZDPI-9B4E", "Hardside Carry-On", Decimal("100.0000"))
    assert (listing.barcode, listing.url) == ("5390000100547", "https://www.amazon.de/dp/B071VG5N9D")
    assert [variant.ref for variant in listing.variants] == ["GM-ZDPI-9B4E"]


@needs_models
def test_amazons_own_samples_can_be_read() -> None:
    items = [
        found
        for path in ("/listings/2021-08-01/items/{sellerId}/{sku}", "/listings/2021-08-01/items/{sellerId}")
        for answer in model("listingsItems_2021-08-01")["paths"][path]["get"]["responses"]["200"]["x-amzn-api-sandbox"][
            "static"
        ]
        for found in answer["response"].get("items", [answer["response"]])
    ]

    listings = [mapping.listing_of(found, "ATVPDKIKX0DER") for found in items]

    assert {listing.ref for listing in listings} >= {"GM-ZDPI-9B4E"}
    assert {listing.quantity for listing in listings if listing.ref == "GM-ZDPI-9B4E"} == {100}


# Reading ------------------------------------------------------------------------------------------------------------


def scan(platform: AmazonPlatform) -> tuple[list[CatalogPage], dict[str, ReportedListing]]:
    pages = [platform.catalog_page("")]
    while pages[-1].next_cursor:
        pages.append(platform.catalog_page(pages[-1].next_cursor))
    return pages, {listing.ref: listing for page in pages for listing in page.listings}


def test_a_small_catalogue_is_searched_in_every_marketplace(sim: AmazonSimulator, platform: AmazonPlatform) -> None:
    for number in range(45):
        sim.add_item(f"S{number:02d}", quantity=number, barcode="5390000100547")
    sim.add_item("UK-ONLY", quantity=3, marketplaces=[UK])
    sim.add_item("LAMP", held=8, marketplaces=[DE])
    sim.add_item("PARENT", quantity=None)

    pages, found = scan(platform)

    assert len(found) == 48
    assert (found["S44"].quantity, found["S44"].barcode) == (44, "5390000100547")
    assert found["UK-ONLY"].url.startswith("https://www.amazon.co.uk/dp/")
    assert found["LAMP"].unwritable_reason == mapping.BY_AMAZON
    assert found["PARENT"].unwritable_reason == mapping.NO_CHANNEL
    assert not any(page.problems for page in pages)


@pytest.fixture
def large(sim: AmazonSimulator, monkeypatch: pytest.MonkeyPatch) -> AmazonSimulator:
    """A catalogue that a search does not find as a whole."""
    monkeypatch.setattr(catalogue, "SEARCH_LIMIT", 5)
    monkeypatch.setattr(catalogue, "REPORT_PAGE", 3)
    sim.options.search_limit = 5
    for number in range(7):
        sim.add_item(f"S{number}", quantity=number)
    return sim


def test_a_large_catalogue_is_read_by_report_and_its_numbers_live(
    large: AmazonSimulator, open_platform: Opener
) -> None:
    large.options.report_seconds = 0.05
    large.options.report_cache_seconds = 3600.0
    large.add_item("A,B", quantity=9)
    scan(open_platform())
    large.set_quantity("S3", 50)  # the report that is served again does not know it
    large.delete_item("S4")

    pages, found = scan(open_platform())

    assert sorted(found) == ["A,B", "S0", "S1", "S2", "S3", "S5", "S6"]
    assert (found["S3"].quantity, found["A,B"].quantity) == (50, 9)
    assert [page.wait_seconds for page in pages if page.wait_seconds] != []
    [asked] = {call.body for call in large.requests if call.path.endswith("/reports") and DE.encode() in call.body}
    assert json.loads(asked)["reportOptions"] == {"preferredReportDocumentLocale": "en_US"}


def test_a_report_in_another_encoding_names_the_skus_rightly(large: AmazonSimulator, platform: AmazonPlatform) -> None:
    large.options.report_charset = "cp1252"
    large.options.compresses = False
    large.add_item("TASSE-GRÜN", quantity=4)

    assert scan(platform)[1]["TASSE-GRÜN"].quantity == 4


def test_a_report_that_can_not_be_made_says_so(large: AmazonSimulator, platform: AmazonPlatform) -> None:
    large.faults.set("report_fatal", next=1)
    page = platform.catalog_page("")

    with pytest.raises(Rejected, match="FATAL"):
        platform.catalog_page(page.next_cursor)


@pytest.mark.parametrize("cursor", ["nonsense", "search:x:y", "rows:0:token", "report:0", "search:9:"])
def test_a_cursor_that_is_none_is_refused(sim: AmazonSimulator, platform: AmazonPlatform, cursor: str) -> None:
    with pytest.raises(BadPayload):
        platform.catalog_page(cursor)


def test_many_listings_are_read_twenty_at_a_time(sim: AmazonSimulator, platform: AmazonPlatform) -> None:
    refs = [sim.add_item(f"S{number:02d}", quantity=number).sku for number in range(30)]
    refs += [sim.add_item("A,B", quantity=9).sku, sim.add_item("UK", quantity=1, marketplaces=[UK]).sku, "GONE"]

    read = dict(platform.read_products(refs))

    assert {ref: [each.quantity for each in read[ref]] for ref in ("S29", "A,B", "UK", "GONE")} == {
        "S29": [29],
        "A,B": [9],
        "UK": [1],
        "GONE": [],
    }
    assert sum(call.path.endswith(sim.seller_id) for call in sim.requests) == 2


def test_one_listing_that_can_not_be_read_does_not_hide_the_others(
    sim: AmazonSimulator, platform: AmazonPlatform
) -> None:
    sim.add_item("GOOD", quantity=3)
    bad = sim.add_item("BAD", quantity=3).merchant
    assert bad is not None
    bad.quantity = 10**12

    read = platform.read_products(["BAD", "GOOD"])

    assert next(read)[1][0].quantity == 3
    with pytest.raises(UnreadableProducts) as refused:
        next(read)
    assert set(refused.value.problems) == {"BAD"}


def test_stock_at_amazon_is_read_whole_and_not_added_up(sim: AmazonSimulator, platform: AmazonPlatform) -> None:
    for number in range(60):
        sim.add_item(f"F{number:02d}", held=number)
    sim.add_item("MINE", quantity=5)

    held = {each.external_sku: each.units for each in platform.held_stock()}

    assert held == {f"F{number:02d}": number for number in range(60)}


def test_a_role_that_only_stock_at_amazon_needs_stops_nothing_else(
    sim: AmazonSimulator, platform: AmazonPlatform
) -> None:
    sim.access.authorise(same=True, roles=("Inventory and Order Tracking",))

    with pytest.raises(Rejected, match="getInventorySummaries"):
        list(platform.held_stock())
