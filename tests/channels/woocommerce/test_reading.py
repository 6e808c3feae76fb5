"""The catalogue and the orders, read from a running store while it changes under us."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.contract import (
    BadPayload,
    CatalogPage,
    OrderState,
    ReportedListing,
    Unreachable,
    UnreadableProducts,
)
from channels.platforms.woocommerce import catalog_scan, client
from channels.platforms.woocommerce.platform import WooCommercePlatform
from sandbox.woocommerce import WooCommerceSimulator
from sandbox.woocommerce.orders import Wanted


def pages_of(platform: WooCommercePlatform) -> list[CatalogPage]:
    pages: list[CatalogPage] = []
    cursor = ""
    while not pages or cursor:
        pages.append(platform.catalog_page(cursor))
        cursor = pages[-1].next_cursor
        assert len(pages) < 60
    return pages


def listings_of(platform: WooCommercePlatform) -> dict[str, ReportedListing]:
    return {listing.ref: listing for page in pages_of(platform) for listing in page.listings}


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (client, catalog_scan):
        monkeypatch.setattr(module, "PAGE", 5)


def add_tee(shop: WooCommerceSimulator, sku: str = "TEE", sizes: str = "SM") -> Any:
    options = [{"sku": f"{sku}-{size}", "options": {"Size": size}, "quantity": 3} for size in sizes]
    return shop.add_product(name=sku, sku=sku, variations=options, price=20.0)


def test_a_catalogue_of_all_kinds_is_read(shop: WooCommerceSimulator, platform: WooCommercePlatform) -> None:
    mug = shop.add_product(name="Mug", sku="MUG", quantity=7, barcode="4006381333931")
    tee = add_tee(shop)
    candle = shop.add_product(
        name="Candle",
        sku="CANDLE",
        quantity=9,
        variations=[{"options": {"Scent": "Oak"}}, {"options": {"Scent": "Fig"}}],
    )
    wrap = shop.add_product(name="Wrap", sku="WRAP", unlimited=True)
    draft = shop.add_product(name="Draft", sku="DRAFT", quantity=1, enabled=False)
    shop.trash_product(shop.add_product(name="Old", sku="OLD", quantity=1).id)

    listings = listings_of(platform)

    small, medium = tee.variations
    assert {ref: (item.sku, item.tracked, item.quantity) for ref, item in listings.items()} == {
        f"p{mug.id}": ("MUG", True, 7),
        f"p{tee.id}-v{small.id}": ("TEE-S", True, 3),
        f"p{tee.id}-v{medium.id}": ("TEE-M", True, 3),
        f"p{candle.id}": ("CANDLE", True, 9),
        f"p{wrap.id}": ("WRAP", False, None),
        f"p{draft.id}": ("DRAFT", True, 1),
    }
    assert [variant.options for variant in listings[f"p{candle.id}"].variants] == ["Scent: Oak", "Scent: Fig"]
    assert not listings[f"p{draft.id}"].enabled


def test_nothing_is_missed_while_pages_shift(
    shop: WooCommerceSimulator, platform: WooCommercePlatform, small_pages: None
) -> None:
    expected = {f"p{shop.add_product(name=f'P{n}', sku=f'P{n}', quantity=n).id}" for n in range(23)}
    shop.faults.set("shift_page", probability=1)

    listings = listings_of(platform)

    assert expected <= set(listings)
    assert shop.faults.struck["shift_page"] >= 4


def test_many_variable_products_are_read_in_parts_the_core_can_wait_for(
    shop: WooCommerceSimulator, platform: WooCommercePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog_scan, "VARIABLE_AT_ONCE", 3)
    expected = {variation.id for number in range(8) for variation in add_tee(shop, f"T{number}").variations}

    pages = pages_of(platform)

    assert {int(listing.ref.partition("-v")[2]) for page in pages for listing in page.listings} == expected
    assert [len(page.listings) for page in pages] == [6, 4, 4, 2]
    assert sum(page.products for page in pages) == 8


def test_variations_beyond_a_page_are_read_too(
    shop: WooCommerceSimulator, platform: WooCommercePlatform, small_pages: None
) -> None:
    tee = add_tee(shop, sizes="ABCDEFGHIJKLM")

    [(_, pools)] = list(platform.read_products([str(tee.id)]))

    assert sorted(pool.sku for pool in pools) == [f"TEE-{size}" for size in "ABCDEFGHIJKLM"]


def test_products_are_read_as_they_are_now_and_in_the_order_asked_for(
    shop: WooCommerceSimulator, platform: WooCommercePlatform
) -> None:
    mug, tee = shop.add_product(name="Mug", sku="MUG", quantity=7), add_tee(shop)
    trashed = shop.add_product(name="Old", sku="OLD", quantity=1)
    shop.trash_product(trashed.id)
    shop.set_quantity(mug.id, quantity=2)
    refs = [str(tee.id), "no-number", str(trashed.id), str(mug.id), "999999"]

    read = list(platform.read_products(refs))

    assert [ref for ref, _ in read] == refs
    assert [[pool.quantity for pool in pools] for _, pools in read] == [[3, 3], [], [], [2], []]


def test_a_product_that_can_not_be_read_stops_no_other(
    shop: WooCommerceSimulator, platform: WooCommercePlatform
) -> None:
    huge, mug = shop.add_product(name="Huge", quantity=10**12), shop.add_product(name="Mug", quantity=7)
    read: list[tuple[str, object]] = []

    with pytest.raises(UnreadableProducts) as error:
        read.extend(platform.read_products([str(huge.id), str(mug.id)]))

    assert [ref for ref, _ in read] == [str(mug.id)]
    assert list(error.value.problems) == [str(huge.id)]
    [page] = pages_of(platform)
    assert [listing.ref for listing in page.listings] == [f"p{mug.id}"]
    assert "not a whole number of sane size" in page.problems[0]


def test_the_switch_for_the_whole_store_makes_everything_untracked(
    shop: WooCommerceSimulator, platform: WooCommercePlatform
) -> None:
    shop.add_product(name="Mug", sku="MUG", quantity=7)
    shop.options.manage_stock = False

    [listing] = listings_of(platform).values()

    assert (listing.tracked, listing.quantity) == (False, None)


def test_a_cursor_of_something_else_is_refused(platform: WooCommercePlatform) -> None:
    with pytest.raises(BadPayload):
        platform.catalog_page("eyJ")


@pytest.mark.parametrize("fault", ["firewall", "empty", "html", "error_reads"])
def test_a_page_that_does_not_come_can_be_asked_for_again(
    shop: WooCommerceSimulator, platform: WooCommercePlatform, fault: str
) -> None:
    shop.faults.set(fault, next=1)

    with pytest.raises(Unreachable):
        platform.catalog_page("")

    assert platform.catalog_page("").products == 0


# Orders


def polled(platform: WooCommercePlatform, since: datetime) -> list[tuple[str, OrderState]]:
    found = []
    for page in platform.order_pages(since=since):
        for raw in page:
            found.append((raw.ref, platform.snapshot(raw.payload, {}).state))
    return found


def test_the_poll_reads_utc_whatever_the_stores_clock_shows(
    shop: WooCommerceSimulator, platform: WooCommercePlatform
) -> None:
    start = datetime.now(UTC)
    mug = shop.add_product(name="Mug", sku="MUG", quantity=70)
    times = iter([start - timedelta(hours=2), start - timedelta(seconds=5), start])
    orders = []
    real = shop.options.clock
    for at in times:
        shop.options.clock = lambda at=at: at.timestamp()  # type: ignore[misc]
        orders.append(shop.buy(mug.id))
    shop.options.clock = real

    for zone in ("America/New_York", "Asia/Tokyo"):
        shop.options.time_zone = zone
        found = polled(platform, since=start - timedelta(seconds=5))

        # Bounds are strict and stamps whole seconds: the second itself is asked for too.
        assert [ref for ref, _ in found] == [str(orders[1].id), str(orders[2].id)]


def test_the_poll_finds_orders_in_the_trash_and_says_so(
    shop: WooCommerceSimulator, platform: WooCommercePlatform
) -> None:
    mug = shop.add_product(name="Mug", sku="MUG", quantity=9)
    stays, trashed, gone = (shop.buy(mug.id) for _ in range(3))
    shop.trash_order(trashed.id)
    shop.trash_order(gone.id, force=True)

    found = polled(platform, since=datetime.now(UTC) - timedelta(minutes=1))

    assert found == [(str(stays.id), OrderState.OPEN), (str(trashed.id), OrderState.DELETED)]
    assert shop.quantity_of("MUG") == 6


def test_no_order_is_missed_while_others_leave_the_list(
    shop: WooCommerceSimulator, platform: WooCommercePlatform, small_pages: None
) -> None:
    mug = shop.add_product(name="Mug", sku="MUG", quantity=99)
    orders = [shop.buy(mug.id) for _ in range(17)]
    expected = {str(order.id) for order in orders[2:]}
    seen: set[str] = set()

    for number, page in enumerate(platform.order_pages(since=datetime.now(UTC) - timedelta(minutes=1))):
        seen |= {raw.ref for raw in page}
        if number < 2:
            shop.trash_order(orders[number].id, force=True)

    assert expected <= seen


def test_orders_are_fetched_alone_or_together_the_trash_included(
    shop: WooCommerceSimulator, platform: WooCommercePlatform
) -> None:
    mug = shop.add_product(name="Mug", sku="MUG", quantity=99)
    orders = [shop.buy(lines=[Wanted(product_id=mug.id), Wanted(product_id=mug.id, quantity=2)]) for _ in range(4)]
    shop.trash_order(orders[1].id)
    shop.trash_order(orders[2].id, force=True)
    refs = [str(order.id) for order in orders] + ["nonsense"]

    together = platform.fetch_orders(refs)
    alone = platform.fetch_orders(refs[1:3])

    assert [raw and raw.payload["status"] for raw in together.values()] == [
        "processing",
        "trash",
        None,
        "processing",
        None,
    ]
    assert list(together) == refs
    assert [raw and raw.payload["status"] for raw in alone.values()] == ["trash", None]
    first = together[refs[0]]
    assert first is not None
    assert [line["quantity"] for line in first.payload["line_items"]] == [1, 2]
