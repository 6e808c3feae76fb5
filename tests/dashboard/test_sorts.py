"""Lists sorted by what no index has the order of: right to the last page, with ties, in both directions."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels.models import Listing
from inventory import operations, querysets, searches
from inventory.models import Sku, Warehouse
from tests.dashboard.conftest import make_channel, make_listing, oversell

NOW = timezone.now()
EACH = 20  # rows of a kind: of two kinds more than a page has


def receive(sku: Sku, warehouse: Warehouse, units: int) -> None:
    key = f"{sku.pk}-{warehouse.pk}"
    operations.receive(sku=sku, warehouse=warehouse, units=units, key=key, actor="user:ana", now=NOW)


def skus(name: str) -> Iterator[Sku]:
    """Make EACH SKUs whose codes say nothing of when they were made."""
    for number in reversed(range(EACH)):
        yield Sku.objects.create(code=f"{name}-{number:02}", match_key=f"{name}{number}")


def pages(browser: Client, address: str) -> list[Any]:
    """Return the rows of all pages, read page by page, until no other one follows."""
    rows: list[Any] = []
    for number in range(1, 20):
        page = browser.get(f"{address}&per_page=25&page={number}").context["table"].page
        rows += [row.record for row in page.object_list]
        if not page.has_next():
            return rows
    raise AssertionError("there are more pages than rows")


def in_file(browser: Client, address: str, column: str) -> list[str]:
    body = b"".join(browser.get(f"{address}&export=csv"))
    return [row[column] for row in csv.DictReader(body.decode("utf-8-sig").splitlines())]


@pytest.fixture
def stocked(shop: SimpleNamespace) -> SimpleNamespace:
    """SKUs with nothing anywhere, with units here, there and in both, and short ones."""
    list(skus("NONE"))
    for sku in skus("TIED"):
        receive(sku, shop.main, 5)
    for number, sku in enumerate(skus("BOTH")):
        receive(sku, shop.main, 1 + number)
        receive(sku, shop.back, 40 - 2 * number)
    for number, sku in enumerate(skus("SHORT")):
        oversell(sku, shop.main, 1 + number % 3)
    return shop


@pytest.fixture(params=[8, 1], ids=["joined", "looked-up"])
def most_joined(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of as few warehouses as there are the levels are joined; of more, each SKU's are summed up by themselves."""
    monkeypatch.setattr(querysets, "MOST_JOINED", request.param)


@pytest.mark.usefixtures("most_joined")
@pytest.mark.parametrize("column", ["on_hand", "reserved", "available"])
@pytest.mark.parametrize("place", ["", "main", "back"])
def test_skus_are_sorted_by_their_units(browser: Client, stocked: SimpleNamespace, column: str, place: str) -> None:
    warehouse = getattr(stocked, place) if place else None
    kept = Sku.objects.filter(levels__warehouse=warehouse) if warehouse else Sku.objects.all()
    found = list(kept.with_stock(warehouse))
    query = f"&warehouse={warehouse.pk}" if warehouse else ""

    for mark, is_falling in (("", False), ("-", True)):
        expected = sorted(found, key=lambda sku: (getattr(sku, column), sku.pk), reverse=is_falling)
        address = f"/skus/?sort={mark}{column}{query}"
        assert pages(browser, address) == expected
        assert in_file(browser, address, "Code") == [sku.code for sku in expected]


def test_ties_of_units_are_sorted_by_the_next_column(browser: Client, stocked: SimpleNamespace) -> None:
    found = Sku.objects.all().with_stock()
    expected = sorted(found, key=lambda sku: (sku.available, sku.code))

    assert pages(browser, "/skus/?sort=available&sort=code") == expected


@pytest.mark.usefixtures("most_joined")
@pytest.mark.parametrize("state", ["in-stock", "out-of-stock", "oversold"])
def test_skus_are_sorted_by_their_units_among_those_found(
    browser: Client, stocked: SimpleNamespace, state: str
) -> None:
    Sku.objects.create(code="BUNDLE", is_bundle=True)
    wanted = {
        "in-stock": Q(available__gt=0),
        "out-of-stock": Q(available__lte=0, is_bundle=False),
        "oversold": Q(available__lt=0),
    }
    found = Sku.objects.all().with_stock().filter(wanted[state])
    expected = sorted(found, key=lambda sku: (sku.available, sku.pk), reverse=True)

    assert pages(browser, f"/skus/?sort=-available&state={state}") == expected


def test_an_order_by_units_looks_into_no_sku_by_itself(browser: Client, stocked: SimpleNamespace) -> None:
    with CaptureQueriesContext(connection) as captured:
        browser.get("/skus/?sort=-available")

    ordering = [query["sql"] for query in captured if "ORDER BY" in query["sql"] and "level_0" in query["sql"]]
    assert len(ordering) == 1
    assert "SUM(" not in ordering[0]


@pytest.mark.parametrize("warehouses", [0, 1])
def test_without_stock_skus_are_sorted_all_the_same(browser: Client, warehouses: int) -> None:
    for number in range(warehouses):
        Warehouse.objects.create(code=f"W{number}", name="Empty")
    made = list(skus("S"))

    assert pages(browser, "/skus/?sort=available") == made
    assert pages(browser, "/skus/?sort=-available") == made[::-1]


@pytest.fixture
def offered(shop: SimpleNamespace) -> dict[str, int]:
    """By the codes of SKUs: on how many channels each is. One is there twice, one is gone, one is archived."""
    south, west = shop.south, make_channel("West")
    list(skus("NOWHERE"))
    for number, sku in enumerate(skus("TWICE")):
        first = make_listing(shop.north, sku)
        Listing.objects.filter(pk=first.pk).update(ref=f"again-{number}")
        make_listing(shop.north, sku)
    for sku in skus("EVERYWHERE"):
        for channel in (shop.north, south, west):
            make_listing(channel, sku)
    for sku in skus("GONE"):
        make_listing(shop.north, sku)
        make_listing(south, sku)
        make_listing(west, sku, state=Listing.State.GONE)
    gone, archived = Sku.objects.create(code="LEFT"), Sku.objects.create(code="OLD", archived_at=NOW)
    make_listing(south, gone, state=Listing.State.GONE)
    make_listing(south, archived)
    make_listing(south, None)
    on = {"NOWHERE": 0, "TWICE": 1, "EVERYWHERE": 3, "GONE": 2, "LEFT": 0}
    return {sku.code: on.get(sku.code.split("-")[0], 0) for sku in Sku.objects.filter(archived_at=None)}


def test_skus_are_sorted_by_the_channels_that_they_are_on(browser: Client, offered: dict[str, int]) -> None:
    found = list(Sku.objects.filter(code__in=offered))

    for mark, is_falling in (("", False), ("-", True)):
        expected = sorted(found, key=lambda sku: (offered[sku.code], sku.pk), reverse=is_falling)
        rows = pages(browser, f"/skus/?sort={mark}channels")
        assert rows == expected
        assert [row.channels for row in rows] == [offered[sku.code] for sku in expected]
        assert in_file(browser, f"/skus/?sort={mark}channels", "Code") == [sku.code for sku in expected]


def test_skus_that_are_found_are_sorted_by_their_channels(browser: Client, offered: dict[str, int]) -> None:
    found = list(Sku.objects.filter(code__contains="WHERE"))
    expected = sorted(found, key=lambda sku: (offered[sku.code], sku.pk), reverse=True)

    assert pages(browser, "/skus/?sort=-channels&q=WHERE") == expected
    assert pages(browser, "/skus/?sort=channels&state=off-channel") == [
        sku for sku in Sku.objects.order_by("pk") if offered.get(sku.code) == 0
    ]


@pytest.mark.parametrize("number", [2, 99])
def test_beyond_the_last_part_is_the_last_page(browser: Client, offered: dict[str, int], number: int) -> None:
    Sku.objects.exclude(pk__in=Sku.objects.order_by("pk").values("pk")[:26]).filter(listings=None).delete()
    few = pages(browser, "/skus/?sort=-channels&state=off-channel")
    assert len(few) < 25

    page = browser.get(f"/skus/?sort=-channels&state=off-channel&per_page=25&page={number}").context["table"].page

    assert [row.record for row in page.object_list] == few


@pytest.fixture
def listed(shop: SimpleNamespace) -> list[Listing]:
    """Listings with a SKU, on one channel or on both, and without."""
    for sku in skus("SKU"):
        make_listing(shop.north, sku)
        make_listing(shop.south, sku, parked_at=NOW, parked_reason="Locked")
    for number in range(2 * EACH):
        make_listing(shop.north, None, parked_at=NOW if number % 2 else None)
    return list(Listing.objects.select_related("sku"))


def by_sku(listings: list[Listing], *, is_falling: bool) -> list[Listing]:
    """Sort by the code of the SKU, then by age; those without one come after all others, whichever way."""
    mapped = [listing for listing in listings if listing.sku_id]
    others = [listing for listing in listings if not listing.sku_id]
    mapped.sort(key=lambda listing: (listing.sku.code, listing.pk), reverse=is_falling)  # type: ignore[union-attr]
    return [*mapped, *sorted(others, key=lambda listing: listing.pk, reverse=is_falling)]


@pytest.mark.parametrize("few", [2000, 1], ids=["found-first", "walked"])
@pytest.mark.parametrize("query", ["", "&state=parked", "&q=Listing", "&mapping=unmapped", "&mapping=mapped"])
def test_listings_are_sorted_by_the_code_of_their_sku(
    browser: Client, listed: list[Listing], monkeypatch: pytest.MonkeyPatch, query: str, few: int
) -> None:
    monkeypatch.setattr(searches, "FEW", few)
    if query == "&state=parked":
        found = [listing for listing in listed if listing.parked_at]
    elif query.startswith("&mapping"):
        found = [listing for listing in listed if listing.mapping == query.partition("=")[2]]
    else:
        found = listed

    for mark, is_falling in (("", False), ("-", True)):
        expected = by_sku(found, is_falling=is_falling)
        address = f"/listings/?sort={mark}sku{query}"
        assert pages(browser, address) == expected
        assert in_file(browser, address, "Listing") == [str(listing) for listing in expected]


@pytest.mark.parametrize("query", ["", "&mapping=mapped"])
def test_listings_are_sorted_by_the_name_of_their_channel(
    browser: Client, listed: list[Listing], shop: SimpleNamespace, query: str
) -> None:
    make_channel("Aside")  # has none
    first = make_channel("East")
    made = [make_listing(first, sku) for sku in Sku.objects.order_by("-code")]
    found = [listing for listing in [*listed, *made] if not query or listing.sku_id]

    for mark, is_falling in (("", False), ("-", True)):
        expected = sorted(found, key=lambda listing: (listing.channel.name, listing.pk), reverse=is_falling)
        assert pages(browser, f"/listings/?sort={mark}channel{query}") == expected
        names = [listing.channel.name for listing in expected]
        assert in_file(browser, f"/listings/?sort={mark}channel{query}", "Channel") == names


def test_without_a_channel_there_is_an_empty_list_to_sort(browser: Client) -> None:
    assert pages(browser, "/listings/?sort=channel") == []


@pytest.mark.parametrize("few", [2000, 1], ids=["found-first", "walked"])
@pytest.mark.parametrize("address", ["/listings/not-pushing/?", "/channels/{uuid}/observe/?show=all&"])
def test_reports_of_listings_are_sorted_by_the_code_of_their_sku_too(
    browser: Client, shop: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, address: str, few: int
) -> None:
    monkeypatch.setattr(searches, "FEW", few)
    watched = make_channel("Watched", mode="observe")
    found = [make_listing(watched, sku, accounted=1) for name in ("B", "A") for sku in skus(name)]

    for mark, is_falling in (("", False), ("-", True)):
        rows = pages(browser, f"{address.format(uuid=watched.uuid)}sort={mark}sku")
        assert rows == by_sku(found, is_falling=is_falling)


@pytest.mark.parametrize(("number", "rows"), [(1, 25), (2, 25), (3, 25), (4, 5), (99, 5)])
def test_a_page_over_both_parts_is_full(browser: Client, listed: list[Listing], number: int, rows: int) -> None:
    page = browser.get(f"/listings/?sort=sku&per_page=25&page={number}").context["table"].page

    assert len(page.object_list) == rows
    assert page.has_next() is (number < 4)
