"""Through the core: sales at Amazon reach the ledger and other stores, and quantities reach Amazon and show there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels import connect as connecting
from channels import mirror, modes, preferences, publishing, tasks
from channels.models import Channel, Listing, Order, Push
from channels.platforms.amazon import mapping
from channels.platforms.ecwid import client as ecwid
from dashboard.models import User
from inventory import bundles, operations
from inventory.errors import KeptElsewhere
from inventory.models import StockLevel, Warehouse
from sandbox.amazon import AmazonSimulator
from sandbox.ecwid import EcwidSimulator
from tests import factories
from tests.channels.amazon.world import Account, connect_account, offer
from tests.channels.core.world import Store, adjust, connect, level, no_differences, pass_time, sell
from tests.sandbox.amazon.world import Clock


@pytest.fixture
def account(db: None, sim: AmazonSimulator) -> Account:
    made = connect_account(sim)
    made.subscribe()
    return made


@pytest.fixture
def other(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store of another platform that sells from the same ledger, at full speed."""
    monkeypatch.setattr(ecwid, "CALLS_PER_SECOND", 100_000.0)
    monkeypatch.setattr(ecwid, "BURST", 100_000)
    with EcwidSimulator(store_id=1004, name="South", time_scale=0.00001, rate_limit=1_000_000) as sim:
        yield connect(sim, "South")


def run(account: Account) -> None:
    tasks.run_lane(publishing.lane_of(account.channel.pk))


def test_a_sale_is_reserved_while_it_is_pending_and_other_stores_go_down(account: Account, other: Store) -> None:
    account.sim.options.pending_seconds = 1800.0
    tee = offer(account, "TEE", 10)
    sell(other, "TEE", 10, sku=tee)

    placed = account.sim.buy("TEE", 3)
    account.hear()
    other.publish()

    assert account.order(placed.id).status == "Pending"
    assert level(tee) == (10, 3)
    assert (account.shows("TEE"), other.shows("TEE")) == (7, 7)
    assert account.listing("TEE").accounted == 7
    account.sim.confirm(placed.id)
    account.sim.ship(placed.id)
    account.hear()
    assert level(tee) == (7, 0)
    assert no_differences()


def test_a_sale_elsewhere_reaches_amazon_and_nothing_else_of_the_listing_changes(
    account: Account, other: Store
) -> None:
    tee = offer(account, "TEE", 10)
    sell(other, "TEE", 10, sku=tee)

    other.sim.buy(sku="TEE", quantity=4)
    other.hear()
    account.publish()

    record = account.sim.item("TEE").merchant
    assert record is not None
    assert (record.quantity, record.lead_time_to_ship_max_days) == (6, 4)
    assert account.pushes("TEE") == [("applied", -4)]
    push = Push.objects.get(listing=account.listing("TEE"))
    assert (push.expected, push.receipt) == (6, "Shows 6, as was accepted.")
    assert push.window is not None


def test_lost_messages_are_found_by_the_poll_and_repeated_ones_book_once(account: Account) -> None:
    tee = offer(account, "TEE", 20)
    account.sim.faults.set("webhook_drop", next=1)
    account.sim.buy("TEE", 1)
    account.sim.faults.set("webhook_duplicate", next=1)
    account.sim.buy("TEE", 2)
    account.sim.faults.set("webhook_reorder", next=1, seconds=5.0)
    cancelled = account.sim.buy("TEE", 4)
    account.sim.cancel(cancelled.id)

    account.hear()
    heard = level(tee)
    account.poll()

    assert heard == (20, 2)
    assert level(tee) == (20, 3)
    assert (account.listing("TEE").accounted, account.shows("TEE")) == (17, 17)
    assert no_differences()


def test_an_accepted_change_waits_until_it_shows(account: Account, clock: Clock) -> None:
    tee = offer(account, "TEE", 10)
    account.sim.options.accept_seconds = 60.0

    adjust(tee, -3)
    account.publish()
    waiting = account.pushes("TEE"), account.listing("TEE").accounted
    clock.skip(61)
    pass_time(account.channel, seconds=20)
    run(account)

    assert waiting == ([("accepted", -3)], 10)
    assert account.pushes("TEE") == [("applied", -3)]
    assert (account.listing("TEE").accounted, account.shows("TEE")) == (7, 7)


def test_what_is_accepted_and_never_done_is_shown_to_a_person(account: Account) -> None:
    tee = offer(account, "TEE", 10)
    account.sim.faults.set("never_applied", next=1)

    adjust(tee, -3)
    account.publish()
    Push.objects.update(confirm_by=timezone.now() - timedelta(seconds=1))
    pass_time(account.channel, seconds=20)
    run(account)

    listing = account.listing("TEE")
    assert listing.parked_at is not None
    assert "accepted the quantity 7" in listing.parked_reason
    assert listing.accounted == 10


def test_a_sale_that_a_change_has_written_over_is_taken_off_again(account: Account, clock: Clock) -> None:
    tee = offer(account, "TEE", 10)
    account.sim.options.accept_seconds = 60.0
    adjust(tee, +5)
    publishing.spread_signals(now=timezone.now())
    run(account)  # 15 is on its way …
    account.sim.buy("TEE", 4)  # … and shows after this sale, which it does not know
    account.hear()
    clock.skip(61)
    overwritten = account.shows("TEE")
    account.sim.options.accept_seconds = 0.0

    pass_time(account.channel, seconds=20)
    run(account)
    account.publish()

    assert overwritten == 15
    assert account.shows("TEE") == 11
    assert level(tee) == (15, 4)
    assert account.listing("TEE").accounted == 11


def test_a_wave_goes_as_a_feed_and_is_confirmed(db: None, sim: AmazonSimulator) -> None:
    account = connect_account(sim, options={"feed_from": "3"})
    skus = [offer(account, f"S{number}", 10) for number in range(4)]
    sim.options.feed_seconds = 0.0
    for number, sku in enumerate(skus):
        adjust(sku, -1 - number)
    sim.faults.set("invalid", next=1)

    account.publish()
    account.publish()

    assert [account.shows(f"S{number}") for number in range(4)] == [9, 8, 7, 10]
    assert [account.pushes(f"S{number}")[-1][0] for number in range(4)] == ["applied", "applied", "applied", "rejected"]
    assert account.listing("S3").parked_reason.startswith("Amazon refused: '[size]' is required")
    assert sum(call.path.endswith("/feeds") and call.method == "POST" for call in sim.requests) == 1


def test_a_cancelled_order_gives_back_everywhere(account: Account, other: Store) -> None:
    tee = offer(account, "TEE", 10)
    sell(other, "TEE", 10, sku=tee)
    placed = account.sim.buy("TEE", 3)
    account.hear()
    other.publish()

    account.sim.cancel(placed.id)
    account.hear()
    other.publish()

    assert level(tee) == (10, 0)
    assert (account.shows("TEE"), other.shows("TEE")) == (10, 10)
    assert account.pushes("TEE") == []


def test_stock_at_amazon_is_shown_sells_elsewhere_and_is_never_written(account: Account, other: Store) -> None:
    lamp = factories.make_sku("LAMP")
    offer(account, "LAMP", 0, sku=lamp, held=8, quantity=None)
    warehouse = mirror.start(channel=account.fresh(), code="FBA", actor="user:ana", now=timezone.now())
    tasks.run_lane(mirror.lane_of(account.channel.pk))
    modes.set_warehouses(channel=other.fresh(), warehouses=[warehouse], actor="user:ana", now=timezone.now())
    sell(other, "LAMP", 8, sku=lamp)

    account.sim.buy("LAMP", 3)
    account.hear()
    tasks.run_lane(mirror.lane_of(account.channel.pk))
    other.publish()

    listing = account.listing("LAMP")
    assert (listing.unwritable_reason, listing.accounted) == (mapping.BY_AMAZON, None)
    assert StockLevel.objects.get(sku=lamp, warehouse=warehouse).on_hand == 5
    assert other.shows("LAMP") == 5
    assert not any(call.method == "PATCH" for call in account.sim.requests)
    assert not Order.objects.filter(channel=account.channel).exists()


def test_a_bundle_that_amazon_holds_packed_keeps_nothing_else_from_being_counted(account: Account) -> None:
    lamp, pack = factories.make_sku("LAMP"), factories.make_sku("ALL-LAMPS")
    bundles.set_components(bundle=pack, components={lamp.pk: 2}, actor="user:ana", now=timezone.now())
    offer(account, "ALL-LAMPS", 0, sku=pack, held=5, quantity=None)
    offer(account, "LAMP", 0, sku=lamp, held=8, quantity=None)
    warehouse = mirror.start(channel=account.fresh(), code="FBA", actor="user:ana", now=timezone.now())

    tasks.run_lane(mirror.lane_of(account.channel.pk))

    levels = StockLevel.objects.filter(warehouse=warehouse).values_list("sku__code", "on_hand")
    assert dict(levels) == {"LAMP": 8}


def test_what_amazon_holds_is_a_warehouse_that_only_amazon_changes(account: Account, client: Client) -> None:
    lamp = factories.make_sku("LAMP")
    offer(account, "LAMP", 0, sku=lamp, held=8, quantity=None)
    client.force_login(User.objects.create_user("ana", "ana@example.com", "a long enough password", role="owner"))
    settings_page = f"/channels/{account.channel.uuid}/settings/"

    assert b"Stock held by Amazon" in client.get(settings_page).content
    for _click in range(2):  # a double click makes no second warehouse
        client.post(settings_page, {"part": "mirror", "mirror-code": "FBA"})
    tasks.run_lane(mirror.lane_of(account.channel.pk))
    warehouse = Warehouse.objects.exclude(code="MAIN").get()
    assert StockLevel.objects.get(sku=lamp, warehouse=warehouse).on_hand == 8
    preferences.set_pace(channel=account.fresh(), values={"name": "Shelf EU"}, actor="user:ana", now=timezone.now())
    assert "Shelf EU holds 1 SKU" in client.get(reverse("sources:source_list")).content.decode()
    assert (
        "its stock is told by Shelf EU"
        in client.get(reverse("inventory:warehouse_detail", args=[warehouse.pk])).content.decode()
    )
    with pytest.raises(KeptElsewhere):
        operations.receive(sku=lamp, warehouse=warehouse, units=1, key="x", actor="user:ana", now=timezone.now())
    assert warehouse.name not in client.get(reverse("dashboard:sku_receive", args=[lamp.pk])).content.decode(), (
        "it is not even offered"
    )

    account.sim.faults.set("html", probability=1.0)
    Channel.objects.filter(pk=account.channel.pk).update(next_mirror_at=timezone.now())
    tasks.run_lane(mirror.lane_of(account.channel.pk))
    assert StockLevel.objects.get(sku=lamp, warehouse=warehouse).on_hand == 8, "what can't be read is not 0"
    assert Channel.objects.filter(pk=account.channel.pk, next_mirror_at__gt=timezone.now()).exists()

    connecting.disconnect(channel=account.fresh(), actor="user:ana", now=timezone.now())
    warehouse.refresh_from_db()
    operations.adjust(
        sku=lamp, warehouse=warehouse, units=-8, key="y", actor="user:ana", now=timezone.now(), reason="Amazon is gone"
    )
    assert StockLevel.objects.get(sku=lamp, warehouse=warehouse).on_hand == 0


# What goes wrong while it runs --------------------------------------------------------------------------------------


def test_a_listing_that_was_handed_to_amazon_or_deleted_stops_alone(account: Account) -> None:
    skus = [offer(account, code, 10) for code in ("GONE", "FBA", "STAYS")]
    account.sim.delete_item("GONE")
    account.sim.convert("FBA", to_amazon=True, units=10)
    for sku in skus:
        adjust(sku, -2)

    account.publish()

    assert account.listing("GONE").state == Listing.State.GONE
    assert account.listing("FBA").parked_reason == mapping.BY_AMAZON
    assert account.shows("STAYS") == 8
    assert list(account.sim.item("FBA").records) == ["AMAZON_EU"]


def test_an_authorisation_that_is_taken_away_stops_the_channel_and_says_so(account: Account) -> None:
    tee = offer(account, "TEE", 10)
    account.sim.access.revoke()
    adjust(tee, -2)
    publishing.spread_signals(now=timezone.now())

    run(account)

    channel = account.fresh()
    assert channel.connection == Channel.Connection.RECONNECT
    assert "authorise the app again" in channel.connection_problem
    assert account.pushes("TEE") == [("not-applied", -2)]


def test_a_token_that_ends_while_it_runs_is_renewed(account: Account) -> None:
    tee = offer(account, "TEE", 10)
    account.sim.access.expire()
    adjust(tee, -2)

    account.publish()

    assert account.shows("TEE") == 8
    assert account.fresh().connection == Channel.Connection.OK


def test_everything_at_once_ends_in_the_same_numbers(account: Account, other: Store) -> None:
    """Sales on both sides, with late, lost and repeated messages, failing calls and refusals."""
    tee = offer(account, "TEE", 200)
    sell(other, "TEE", 200, sku=tee)
    for fault, chance in {
        "webhook_drop": 0.2,
        "webhook_duplicate": 0.2,
        "webhook_reorder": 0.1,
        "error_before": 0.1,
        "error_after": 0.1,
        "error_reads": 0.05,
        "html": 0.02,
    }.items():
        account.sim.faults.set(fault, probability=chance, seconds=0.01)

    for number in range(8):
        if number % 2:
            account.sim.buy("TEE", 1)
        else:
            other.sim.buy(sku="TEE", quantity=1)
        other.hear()
        account.hear_if_it_can()
        other.publish()
        account.publish()
    account.sim.faults.clear()
    account.hear()
    account.poll()
    other.publish()
    for _ in range(4):
        account.publish()
        other.settle()

    assert level(tee) == (200, 8)
    assert (account.shows("TEE"), other.shows("TEE")) == (192, 192)
    assert account.listing("TEE").parked_at is None
    assert no_differences()
