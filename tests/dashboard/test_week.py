"""The last week: how fast sales spread, what runs out, what drifted."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels.models import Channel, Listing, Push
from dashboard import latency
from inventory import ledger, risk
from inventory.models import Movement, Sku, Warehouse
from tests.dashboard.conftest import make_channel, make_listing


def sell(channel: Channel, sku: Sku, warehouse: Warehouse, ref: str, *, at: datetime, heard_at: datetime) -> None:
    entry = ledger.Entry(
        key=f"order:{channel.pk}:{ref}:r1:1:{sku.pk}:{warehouse.pk}",
        sku_id=sku.pk,
        warehouse_id=warehouse.pk,
        kind=Movement.Kind.RESERVE,
        reserved=1,
    )
    ledger.post([entry], actor=f"channel:{channel.name}", now=heard_at, occurred_at=at)


def push(listing: Listing, *, cause_at: datetime, settled_at: datetime, state: str = "applied") -> Push:
    return Push.objects.create(
        channel=listing.channel,
        listing=listing,
        accounted_before=10,
        target=9,
        delta=-1,
        state=state,
        cause_at=cause_at,
        created_at=cause_at,
        settled_at=settled_at,
    )


def spread_of(name: str, now: datetime) -> latency.ChannelLatency:
    found = latency.week(list(Channel.objects.order_by("name")), now=now)
    return next(row for row in found.channels if row.channel.name == name)


@pytest.fixture(autouse=True)
def connected_long_ago(shop: SimpleNamespace) -> None:
    Channel.objects.update(created_at=timezone.now() - timedelta(days=30))


@pytest.mark.parametrize("late", ["North", "South"])
def test_a_sale_from_before_a_channel_was_connected_is_not_timed(shop: SimpleNamespace, late: str) -> None:
    now = timezone.now()
    listing = make_listing(shop.south, shop.tee)
    Channel.objects.filter(name=late).update(created_at=now - timedelta(minutes=5))
    sell(shop.north, shop.tee, shop.main, "old", at=now - timedelta(hours=26), heard_at=now - timedelta(minutes=4))
    push(listing, cause_at=now - timedelta(minutes=4), settled_at=now - timedelta(minutes=3))

    assert spread_of("South", now).week.sales == 0


def test_a_sale_is_timed_from_the_store_that_sold_to_the_receipt_of_the_other(shop: SimpleNamespace) -> None:
    now = timezone.now()
    listing = make_listing(shop.south, shop.tee)
    for number, seconds in enumerate((2, 4, 6, 40)):
        at = now - timedelta(minutes=10, seconds=number)
        heard_at = at + timedelta(seconds=1)
        sell(shop.north, shop.tee, shop.main, f"n{number}", at=at, heard_at=heard_at)
        push(listing, cause_at=heard_at, settled_at=at + timedelta(seconds=seconds))

    south = spread_of("South", now)

    assert (south.now.sales, south.now.p50, south.now.p95) == (4, timedelta(seconds=4), timedelta(seconds=40))
    assert south.week == south.now
    assert (south.heard.p50, south.written.p50) == (timedelta(seconds=1), timedelta(seconds=3))
    assert south.days[-1].spread.sales + south.days[-2].spread.sales == 4  # the night may lie between
    assert spread_of("North", now).week.sales == 0


def test_what_is_no_sale_elsewhere_is_not_timed(shop: SimpleNamespace) -> None:
    now = timezone.now()
    at = now - timedelta(hours=3)
    north, south = make_listing(shop.north, shop.tee), make_listing(shop.south, shop.tee)
    sell(shop.north, shop.tee, shop.main, "n1", at=at, heard_at=at)
    push(north, cause_at=at, settled_at=now)  # to the channel that sold
    push(south, cause_at=at + timedelta(seconds=9), settled_at=now)  # after a delivery
    push(south, cause_at=at, settled_at=now, state="rejected")

    found = latency.week([shop.north, shop.south], now=now)

    assert (found.pushes, found.looked_at, found.sales) == (2, 2, 0)


def test_the_hour_is_apart_from_the_week(shop: SimpleNamespace) -> None:
    now = timezone.now()
    listing = make_listing(shop.south, shop.tee)
    for number, (ago, took) in enumerate(((timedelta(minutes=5), 3), (timedelta(days=2), 9), (timedelta(days=9), 30))):
        at = now - ago
        sell(shop.north, shop.tee, shop.main, f"n{number}", at=at, heard_at=at)
        push(listing, cause_at=at, settled_at=at + timedelta(seconds=took))

    south = spread_of("South", now)

    assert (south.now.sales, south.week.sales) == (1, 2)
    assert south.week.p95 == timedelta(seconds=9)


def test_of_many_pushes_an_even_sample_is_read(shop: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "SAMPLE", 5)
    now = timezone.now()
    listing = make_listing(shop.south, shop.tee)
    for number in range(12):
        at = now - timedelta(minutes=number + 1)
        sell(shop.north, shop.tee, shop.main, f"n{number}", at=at, heard_at=at)
        push(listing, cause_at=at, settled_at=at + timedelta(seconds=1))

    found = latency.week([shop.north, shop.south], now=now)

    assert (found.pushes, found.looked_at, found.sales) == (12, 4, 4)


def test_a_sku_runs_out_at_the_pace_of_four_weeks(shop: SimpleNamespace) -> None:
    now = timezone.now()
    for number in range(8):  # of the 10 + 4 tees in two warehouses 6 stay: 21 days at 8 in 28
        at = now - timedelta(days=number)
        sell(shop.north, shop.tee, shop.main, f"n{number}", at=at, heard_at=at)
    for number in range(2):  # of 3 mugs 1 stays: 14 days at 2 in 28
        sell(shop.north, shop.mug, shop.main, f"m{number}", at=now, heard_at=now)
    sell(shop.north, shop.mug, shop.main, "old", at=now, heard_at=now - timedelta(days=40))

    def codes(days: int) -> list[tuple[str, int, int, float]]:
        found = risk.runs_out(within_days=days, now=now)
        return [(row.sku.code, row.available, row.sold, row.days_left) for row in found]

    assert codes(7) == []
    assert codes(21) == [("TEE-BLK-M", 6, 8, 21.0)]
    sell(shop.north, shop.tee, shop.main, "late", at=now, heard_at=now)
    assert [code for code, *_ in codes(28)] == ["TEE-BLK-M"]


def test_what_was_given_back_was_not_sold(shop: SimpleNamespace) -> None:
    now = timezone.now()
    sell(shop.north, shop.mug, shop.main, "m1", at=now, heard_at=now)
    sell(shop.north, shop.mug, shop.main, "m2", at=now, heard_at=now)
    entry = ledger.Entry(
        key="give-back", sku_id=shop.mug.pk, warehouse_id=shop.main.pk, kind=Movement.Kind.RELEASE, reserved=-1
    )
    ledger.post([entry], actor="channel:North", now=now)

    [found] = risk.runs_out(within_days=60, now=now)

    assert (found.available, found.sold, round(found.days_left)) == (2, 1, 56)


def test_the_page_has_every_number_as_a_table_too(browser: Client, shop: SimpleNamespace) -> None:
    now = timezone.now()
    listing = make_listing(shop.south, shop.tee)
    sell(shop.north, shop.tee, shop.main, "n1", at=now - timedelta(minutes=5), heard_at=now - timedelta(minutes=5))
    push(listing, cause_at=now - timedelta(minutes=5), settled_at=now - timedelta(minutes=5) + timedelta(seconds=2))

    html = browser.get("/overview/week/").content.decode()
    part = browser.get("/overview/week/", headers={"HX-Request": "true"}).content.decode()

    assert html.count("2.0 s") >= 3
    assert "All 1 pushes of the last 7 days, of which 1 followed a sale elsewhere." in html
    assert "<html" in html
    assert "<html" not in part
    assert "<svg" in part


def test_without_a_sale_the_week_says_so(browser: Client, shop: SimpleNamespace) -> None:
    html = browser.get("/overview/week/").content.decode()

    assert "No sale has moved another channel within the last 7 days." in html
    assert "Nothing, at the pace of the last 28 days." in html
    assert "Nothing runs out soon" in browser.get("/stock/risk/").content.decode()


def test_the_list_of_what_runs_out(browser: Client, shop: SimpleNamespace) -> None:
    now = timezone.now()
    for number in range(2):
        sell(shop.north, shop.mug, shop.main, f"m{number}", at=now, heard_at=now)

    html = browser.get("/stock/risk/?days=14").content.decode()

    assert "MUG-11OZ" in html
    assert "14 days" in html
    assert "MUG-11OZ" not in browser.get("/stock/risk/").content.decode()


def test_the_queries_of_the_week_do_not_grow(browser: Client, shop: SimpleNamespace) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get("/overview/week/", headers={"HX-Request": "true"})
        return len(captured)

    few = queries()
    now = timezone.now()
    for number in range(4):
        channel = make_channel(f"More {number}")
        push(make_listing(channel, shop.tee), cause_at=now, settled_at=now)
        sell(channel, shop.mug, shop.main, f"x{number}", at=now, heard_at=now)

    assert queries() <= few + 1  # the SKUs that run out are read by then
