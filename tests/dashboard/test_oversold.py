"""The oversold desk: who was first, what could cover it, what was decided, and why it happened."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from channels.models import Channel, InboundEvent, Listing, Order, OrderLine, Push
from dashboard import oversold
from dashboard.oversold_causes import Account
from inventory import booking, operations
from inventory.booking import Demand
from inventory.models import AuditEntry, ReservationLine, StockLevel, Warehouse
from tests.dashboard.conftest import make_listing

T0 = timezone.now() - timedelta(hours=1)


def sell(
    listing: Listing, ref: str, units: int, warehouse: Warehouse, *, at: datetime, heard_at: datetime | None = None
) -> Order:
    """Have a channel sell: the order as it was booked once we heard of it."""
    channel: Channel = listing.channel
    heard_at = heard_at or at + timedelta(seconds=1)
    order = Order.objects.create(
        channel=channel, ref=ref, number=f"#{ref}", placed_at=at, changed_at=at, first_seen_at=heard_at
    )
    OrderLine.objects.create(
        order=order,
        ref="1",
        variant_ref="v",
        listing=listing,
        sku=listing.sku,
        ordered=units,
        sold=units,
        state="booked",
    )
    with transaction.atomic():
        booking.book(
            key=order.reservation_key,
            demands=[Demand(line_ref="1", sku_id=listing.sku_id or 0, sold=units, fulfilled=0)],
            warehouse_ids=[warehouse.pk],
            actor=f"channel:{channel.name}",
            now=heard_at,
            occurred_at=at,
            reference=str(order),
        )
    return order


def told(listing: Listing, *, at: datetime, heard_at: datetime) -> None:
    """The listing's channel confirmed a lower number at ``at``, for a change known since ``heard_at``."""
    Push.objects.create(
        channel=listing.channel,
        listing=listing,
        accounted_before=3,
        target=0,
        delta=-3,
        state="applied",
        cause_at=heard_at,
        created_at=heard_at,
        settled_at=at,
    )


@pytest.fixture
def mugs(shop: SimpleNamespace) -> SimpleNamespace:
    """Three mugs in the main warehouse, offered on both channels."""
    shop.on_north = make_listing(shop.north, shop.mug, accounted=3)
    shop.on_south = make_listing(shop.south, shop.mug, accounted=3)
    return shop


def cause(mugs: SimpleNamespace) -> Account:
    return oversold.of(mugs.mug)[0].account


def test_who_was_first_is_covered_first(mugs: SimpleNamespace) -> None:
    sell(mugs.on_south, "late", 2, mugs.main, at=T0 + timedelta(minutes=5))
    sell(mugs.on_north, "early", 2, mugs.main, at=T0, heard_at=T0 + timedelta(minutes=9))

    [shortage] = oversold.of(mugs.mug)

    assert shortage.short == 1
    assert [(str(c.order), c.covered, c.missing) for c in shortage.claims] == [("#early", 2, 0), ("#late", 1, 1)]


def test_a_backorder_stands_behind_the_others_and_is_decided(mugs: SimpleNamespace, browser: Client) -> None:
    sell(mugs.on_north, "first", 2, mugs.main, at=T0)
    sell(mugs.on_south, "second", 2, mugs.main, at=T0 + timedelta(minutes=1))
    line = ReservationLine.objects.get(reservation__key__endswith=":first")
    assert [concern.sentence for concern in browser.get("/").context["concerns"]] == ["MUG-11OZ is oversold by 1 unit."]

    browser.post(f"/oversold/lines/{line.pk}/backorder/", {"wait": "yes"})

    [shortage] = oversold.of(mugs.mug)
    assert [(str(c.order), c.covered, c.is_backordered) for c in shortage.claims] == [
        ("#second", 2, False),
        ("#first", 1, True),
    ]
    assert shortage.undecided == 0
    assert browser.get("/").context["concerns"] == []
    assert AuditEntry.objects.get(action="order.backorder").after["sku"] == "MUG-11OZ"

    html = browser.post(f"/oversold/lines/{line.pk}/backorder/", {"wait": "no"}, follow=True).content.decode()
    assert "Order #first stands in the queue for MUG-11OZ again." in html
    assert oversold.of(mugs.mug)[0].undecided == 1


def test_another_warehouse_can_send_what_is_missing(mugs: SimpleNamespace, browser: Client) -> None:
    operations.receive(
        sku=mugs.mug, warehouse=mugs.back, units=5, key="b1", actor="user:ana", now=T0 - timedelta(days=1)
    )
    sell(mugs.on_north, "1", 5, mugs.main, at=T0)

    [shortage] = oversold.of(mugs.mug)
    [(level, units, url)] = shortage.transfers
    assert (level.warehouse.name, units) == ("Back room", 2)
    assert [c.sentence for c in browser.get("/").context["concerns"]] == [
        "1 SKU is short in one warehouse and there in another."
    ]
    form = browser.get(url).content.decode()
    assert 'value="2"' in form

    key = browser.get(url).context["form"]["key"].value()
    browser.post(url, {"warehouse": mugs.back.pk, "destination": mugs.main.pk, "units": 2, "reason": "", "key": key})

    assert StockLevel.objects.get(sku=mugs.mug, warehouse=mugs.main).available == 0
    assert oversold.of(mugs.mug) == []
    assert "It is not oversold any more" in browser.get(f"/oversold/{mugs.mug.pk}/").content.decode()


def test_a_warehouse_that_somebody_else_keeps_is_not_offered(mugs: SimpleNamespace) -> None:
    operations.receive(sku=mugs.mug, warehouse=mugs.back, units=5, key="b1", actor="user:ana", now=T0)
    Warehouse.objects.filter(pk=mugs.back.pk).update(kept_by="channel:Amazon")
    sell(mugs.on_north, "1", 5, mugs.main, at=T0)

    assert oversold.of(mugs.mug)[0].transfers == []


def test_two_channels_that_sold_before_either_could_know(mugs: SimpleNamespace) -> None:
    sell(mugs.on_north, "n1", 3, mugs.main, at=T0, heard_at=T0 + timedelta(seconds=0.5))
    sell(mugs.on_south, "s1", 1, mugs.main, at=T0 + timedelta(seconds=0.8), heard_at=T0 + timedelta(seconds=1.5))
    told(mugs.on_south, at=T0 + timedelta(seconds=2), heard_at=T0 + timedelta(seconds=0.5))

    account = cause(mugs)

    assert (account.code, account.sentence) == (
        "race",
        "Two channels sold within 800 ms: #n1 on North and #s1 on South.",
    )
    words = [evidence.words for evidence in account.evidence]
    assert words[0].startswith("Order #n1 placed on North; heard of 500 ms later")
    assert words[-1] == "South confirmed the lower number, 1.5 s after we knew"


def test_a_sale_that_was_heard_of_late(mugs: SimpleNamespace) -> None:
    sell(mugs.on_north, "n1", 3, mugs.main, at=T0, heard_at=T0 + timedelta(minutes=14))
    sell(mugs.on_south, "s1", 1, mugs.main, at=T0 + timedelta(minutes=5), heard_at=T0 + timedelta(minutes=15))

    account = cause(mugs)

    assert account.code == "late"
    assert account.sentence == ("Order #n1 on North was heard of only 14 min after it was placed, so South sold on.")
    assert "by the order poll; no webhook had come" in account.evidence[0].words


def test_the_webhook_that_came_is_named(mugs: SimpleNamespace) -> None:
    InboundEvent.objects.create(
        channel=mugs.north, delivery_id="1", body="{}", received_at=T0, state="done", due_at=None
    )
    sell(mugs.on_north, "n1", 4, mugs.main, at=T0)

    assert "by webhook" in cause(mugs).evidence[0].words


def test_a_channel_that_could_not_be_told(mugs: SimpleNamespace) -> None:
    sell(mugs.on_north, "n1", 3, mugs.main, at=T0)
    sell(mugs.on_south, "s1", 1, mugs.main, at=T0 + timedelta(minutes=30))
    Listing.objects.filter(pk=mugs.on_south.pk).update(parked_at=T0, parked_reason="SKU is frozen")

    account = cause(mugs)

    assert (account.code, account.sentence) == (
        "not-told",
        "South could not be told of the lower number. The store refused it: “SKU is frozen”",
    )


def test_a_number_that_was_changed_by_hand(mugs: SimpleNamespace) -> None:
    Listing.objects.filter(pk=mugs.on_north.pk).update(drift=4, drift_since=T0)
    sell(mugs.on_north, "n1", 4, mugs.main, at=T0)

    account = cause(mugs)

    assert (account.code, account.sentence) == (
        "hand-edit",
        "North showed more than it should: its number was changed there.",
    )


def test_a_store_that_sells_on_at_zero(mugs: SimpleNamespace) -> None:
    Listing.objects.filter(pk=mugs.on_north.pk).update(sells_below_zero=True)
    sell(mugs.on_north, "n1", 4, mugs.main, at=T0)

    assert cause(mugs).code == "below-zero"


def test_units_that_were_taken_off_by_a_person(mugs: SimpleNamespace) -> None:
    sell(mugs.on_north, "n1", 3, mugs.main, at=T0)
    operations.adjust(
        sku=mugs.mug, warehouse=mugs.main, units=-2, key="a1", actor="user:ana", now=timezone.now(), reason="broken"
    )

    account = cause(mugs)

    assert (account.code, account.sentence) == (
        "taken",
        "Units that were promised already were taken off: adjustment by ana.",
    )
    assert account.evidence[0].words == "Adjustment by ana: -2, broken"


def test_nothing_that_explains_it_is_said_so(mugs: SimpleNamespace) -> None:
    sell(mugs.on_north, "n1", 4, mugs.main, at=T0)

    assert cause(mugs).code == "unknown"


def test_the_desk_and_its_list_draw(mugs: SimpleNamespace, browser: Client) -> None:
    assert "Nothing is oversold" in browser.get("/oversold/").content.decode()
    sell(mugs.on_north, "n1", 4, mugs.main, at=T0)

    listed = browser.get("/oversold/").content.decode()
    page = browser.get(f"/oversold/{mugs.mug.pk}/").content.decode()

    assert "MUG-11OZ" in listed
    assert "No other warehouse has units to spare." in page
    assert "1 missing" in page
