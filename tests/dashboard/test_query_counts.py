"""However many rows there are, a list asks the database the same number of questions."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from api.models import ApiToken, Delivery, Endpoint, Event
from channels.models import (
    Channel,
    InboundEvent,
    Listing,
    ListingVariant,
    MappingChange,
    MappingLine,
    MappingRun,
    MappingSuggestion,
    Order,
    OrderLine,
    Push,
)
from dashboard.models import Invitation, Notification, User
from inventory import operations
from inventory.models import AuditEntry, CountBatch, SaleLine, Sku, StockCount, Warehouse
from inventory.sources.models import (
    ExternalShipment,
    ExternalShipmentLine,
    Pull,
    PullDifference,
    PullProblem,
    Reading,
    Source,
    SourceEvent,
    SourceLocation,
)
from reconciliation.models import CountTask, Discrepancy, Finding, Run
from tests.dashboard.conftest import make_channel, make_listing, oversell

NOW = timezone.now()


@pytest.fixture
def world(shop: SimpleNamespace, user: User) -> SimpleNamespace:
    """One of each thing that lists of its own belong to; ``grow`` puts rows on all the lists."""
    source = Source.objects.create(kind="wms", name="WMS", base_url="https://wms.example", started_at=NOW)
    SourceLocation.objects.create(source=source, ref="a", name="A", warehouse=shop.main)
    Warehouse.objects.filter(pk=shop.main.pk).update(is_shop=True)
    shop.watched = make_channel("Watched", mode=Channel.Mode.OBSERVE)
    shop.source = source
    shop.user = user
    shop.pull = Pull.objects.create(
        source=source, state=Pull.State.APPLIED, trigger=Pull.Trigger.PERSON, started_at=NOW, touched_at=NOW
    )
    shop.run = Run.objects.create(channel=shop.north, requested_by="schedule", state=Run.State.DONE, started_at=NOW)
    shop.file = MappingRun.objects.create(
        kind=MappingRun.Kind.FILE, state=MappingRun.State.PREVIEW, name="f.csv", actor="user:ana", started_at=NOW
    )
    shop.counts = CountBatch.objects.create(
        kind=CountBatch.Kind.FILE, state=CountBatch.State.DONE, name="c.csv", actor="user:ana", started_at=NOW
    )
    shop.endpoint = Endpoint.objects.create(
        owner=user, url="https://hook.example/", kinds=["order.created"], secret="s", created_at=NOW
    )
    return shop


def grow(world: SimpleNamespace, numbers: range) -> None:
    for n in numbers:
        _goods(world, n)
        _sale(world, n)
        _papers(world, n)


def _goods(world: SimpleNamespace, n: int) -> None:
    """A SKU that is short, its listings, written to, parked and observed, and two that wait with one code."""
    sku = Sku.objects.create(code=f"S-{n}", match_key=f"same{n // 2}", name=f"Shirt {n}")
    operations.receive(sku=sku, warehouse=world.back, units=1, key=f"r-{n}", actor="user:ana", now=NOW)
    oversell(sku, world.main, 2)
    listing = make_listing(world.north, sku, accounted=1, shown=3, drift=2)
    parked = make_listing(world.south, sku, parked_at=NOW, parked_reason="Locked")
    make_listing(world.watched, sku, accounted=3, would_show=1)
    waiting = make_listing(world.north, None, external_sku=f"W-{n}", shown=2, last_pushed_at=NOW)
    make_listing(world.north, None, external_sku=f"W-{n}")
    Listing.objects.create(channel=world.north, ref=f"twice-{n}", product_ref=f"twice-{n}", sku=sku, mapping="mapped")
    for each in (listing, parked, waiting):
        ListingVariant.objects.create(listing=each, channel=each.channel, ref=f"{each.ref}-v")
    MappingSuggestion.objects.create(listing=waiting, sku=sku, kind="title", confidence=60, reason="Alike.")
    change = {"before_mapping": "unmapped", "after_mapping": "mapped", "after_sku": sku, "actor": "user:ana", "at": NOW}
    MappingChange.objects.create(listing=listing, run=world.file, kind="exact", **change)
    MappingLine.objects.create(run=world.file, number=n + 2, action="link", listing=waiting, sku=sku, shows=2, target=1)
    MappingRun.objects.create(
        kind="match", state="done", channel=world.north, actor="system:match", changed=n, started_at=NOW
    )
    for state, at in (("open", None), ("resolved", NOW)):
        discrepancy = Discrepancy.objects.create(
            listing=listing,
            channel=world.north,
            sku=sku,
            ledger_says=1,
            channel_shows=3,
            read_at=NOW,
            first_seen_at=NOW,
            last_seen_at=NOW,
            state=state,
            resolved_at=at,
        )
    Finding.objects.create(run=world.run, listing=listing, discrepancy=discrepancy, ref=listing.ref, state="opened")
    Run.objects.create(channel=world.north, requested_by="user:ana", state="done", started_at=NOW, ended_at=NOW)
    CountTask.objects.create(
        sku=sku, warehouse=world.main, discrepancy=discrepancy, asked_by="user:ana", asked_at=NOW, reason="Look."
    )
    world.sku, world.listing = sku, listing


def _sale(world: SimpleNamespace, n: int) -> None:
    order = Order.objects.create(
        channel=world.north, ref=f"o-{n}", number=f"#{n}", placed_at=NOW, first_seen_at=NOW, problem="Unreadable"
    )
    OrderLine.objects.create(
        order=order, ref="1", variant_ref="x", listing=world.listing, sku=world.sku, ordered=1, sold=1, reason="Why"
    )
    Push.objects.create(
        channel=world.north,
        listing=world.listing,
        accounted_before=1,
        target=2,
        delta=1,
        state="applied",
        cause_at=NOW,
        created_at=NOW,
        settled_at=NOW + timedelta(seconds=1),
    )
    InboundEvent.objects.create(
        channel=world.north, delivery_id=f"e-{n}", topic="order.created", body="{}", state="failed", received_at=NOW
    )
    SaleLine.objects.create(
        warehouse=world.main,
        sale_id=f"sale-{n}",
        line_id="1",
        kind="sale",
        code=world.sku.code,
        units=1,
        sku=world.sku,
        state="waiting",
        actor="user:ana",
        occurred_at=NOW,
        recorded_at=NOW,
    )


def _papers(world: SimpleNamespace, n: int) -> None:
    place = {"sku": world.sku, "warehouse": world.main}
    told = {**place, "expected": 1, "as_of": NOW}
    source = world.source
    Reading.objects.create(source=source, pull=world.pull, on_hand=2, outcome="flagged", **told)
    PullDifference.objects.create(pull=world.pull, reported=2, outcome="flagged", **told)
    PullProblem.objects.create(pull=world.pull, kind="unknown-sku", sku_code=f"?{n}", sentence="Unknown.")
    Pull.objects.create(
        source=source, state="applied", trigger="schedule", started_at=NOW, touched_at=NOW, ended_at=NOW
    )
    SourceEvent.objects.create(
        source=source, delivery_id=str(n), topic="stock", body="{}", state="failed", received_at=NOW
    )
    sent = ExternalShipment.objects.create(
        reporter=source.lane, source=source, ref=str(n), order_ref=f"#{n}", happened_at=NOW, received_at=NOW
    )
    ExternalShipmentLine.objects.create(shipment=sent, line_ref="1", sku_code=world.sku.code, units=1, **place)
    StockCount.objects.create(
        key=f"c-{n}", batch=world.counts, counted=1, expected=2, actor="user:ana", counted_at=NOW, **place
    )
    CountBatch.objects.create(kind="file", state="done", name=f"{n}.csv", actor="user:ana", started_at=NOW)
    AuditEntry.objects.create(actor="user:ana", action="listing.link", subject=f"listing:{world.listing.pk}")
    event = Event.objects.create(kind="order.created", subject=f"order:{n}", occurred_at=NOW, spread_at=NOW)
    Delivery.objects.create(event=event, endpoint=world.endpoint, state="delivered", created_at=NOW)
    Endpoint.objects.create(owner=world.user, url=f"https://hook{n}.example/", secret="s", created_at=NOW)
    ApiToken.objects.create(user=world.user, name=f"t{n}", digest=f"{n}", prefix="evk")
    Notification.objects.create(user=world.user, kind="review", key=str(n), title="Look", url="/", created_at=NOW)
    guest = User.objects.create_user(f"guest{n}", f"guest{n}@example.com")
    Invitation.objects.create(
        email=f"new{n}@example.com", nonce=str(n), invited_by=guest, created_at=NOW, expires_at=NOW + timedelta(days=1)
    )


LISTS = (
    "dashboard:overview dashboard:overview_recent dashboard:overview_week dashboard:setup dashboard:setup_stock"
    " dashboard:sku_list dashboard:oversold dashboard:stock_risk"
    " channels:listing_list channels:listing_unmapped channels:listing_collisions channels:listing_not_pushing"
    " channels:listing_pushing_unmapped channels:listing_ignore_beside channels:mapping_run_list"
    " channels:mapping_history channels:order_list channels:channel_list channels:channel_stop"
    " channels:activity channels:push_list channels:activity_changes channels:activity_stock"
    " reconciliation:queue reconciliation:run_list reconciliation:count_tasks reconciliation:levels"
    " inventory:warehouse_list inventory:count_file sources:source_list"
    " developers:endpoint_list developers:event_list developers:token_list people:people_list account:notifications"
)
OF_ONE = {  # by what of the world its address names
    "north.uuid": "channels:channel_detail channels:channel_settings channels:channel_opening",
    "watched.uuid": "channels:channel_observe channels:channel_mode",
    "north.pk": "channels:listing_create_missing",
    "file.pk": "channels:mapping_run",
    "run.pk": "reconciliation:run",
    "main.pk": "inventory:warehouse_detail inventory:warehouse_movements dashboard:shop_sales",
    "counts.pk": "inventory:count_batch",
    "endpoint.uuid": "developers:endpoint_detail",
    "source.uuid": (
        "sources:source_detail sources:source_stock sources:source_history sources:source_shipments"
        " sources:source_events"
    ),
}
ADDRESSES = [
    *((name, "") for name in LISTS.split()),
    *((name, path) for path, names in OF_ONE.items() for name in names.split()),
]
QUERIES = {  # lists that show something else with these
    "reconciliation:levels": "?show=all",
    "reconciliation:queue": "?status=any",
    "channels:channel_observe": "?show=all",
}


def queries(browser: Client, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(address).status_code == 200
    return [query["sql"] for query in captured]


SET_ASIDE = ("quantities", "orders", "events")


def _address(world: SimpleNamespace, name: str, path: str) -> str:
    thing, _dot, attribute = path.partition(".")
    address = reverse(name, args=[getattr(getattr(world, thing), attribute)] if path else [])
    return address + QUERIES.get(name, "")


def test_a_list_asks_as_often_for_many_rows_as_for_few(browser: Client, world: SimpleNamespace) -> None:
    """All lists see the same rows: growing a world for each of them takes ten times as long."""
    grow(world, range(2))
    addresses = [
        *(_address(world, name, path) for name, path in ADDRESSES),
        *(reverse("dashboard:parked", args=[code]) for code in SET_ASIDE),
    ]
    for address in addresses:
        queries(browser, address)  # what is asked once and kept is asked by now
    few = {address: queries(browser, address) for address in addresses}

    grow(world, range(2, 7))

    many = {address: queries(browser, address) for address in addresses}
    assert len(few) == len(addresses)
    grown = {
        address: [sql[:200] for sql in Counter(many[address]) - Counter(few[address])]
        for address in addresses
        if len(many[address]) != len(few[address])
    }
    assert grown == {}
