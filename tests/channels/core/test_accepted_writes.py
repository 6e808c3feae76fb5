"""Writes that are accepted now and done later, lists of orders that lag, and messages of a queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from channels import lanes, polling, publishing, queueing, tasks
from channels.contract import Outcome, OutcomeKind, QueueMessage, RawOrder, WriteMode
from channels.models import Channel, InboundEvent, Listing, Push
from channels.registry import PLATFORMS, opened
from inventory import operations
from inventory.models import Sku, StockLevel
from tests import factories
from tests.channels.core.scripted import Script, ScriptedPlatform
from tests.channels.core.world import pass_time

pytestmark = pytest.mark.django_db


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    script = Script()
    monkeypatch.setitem(PLATFORMS, "scripted", ScriptedPlatform)
    monkeypatch.setattr(ScriptedPlatform, "script", script)
    return script


@pytest.fixture
def sku() -> Sku:
    return factories.make_sku("SHIRT")


@pytest.fixture
def listing(script: Script, sku: Sku) -> Listing:
    """Return a listing that shows 9, has been read, and whose SKU has 5 on hand."""
    warehouse = factories.make_warehouse()
    factories.stock(sku, warehouse, on_hand=5)
    channel = factories.make_channel("Later", platform="scripted", warehouses=[warehouse])
    script.quantities["SHIRT"] = 9
    listing = factories.make_listing(channel, sku, ref="SHIRT", quantity=9, shown_at=None)
    Listing.objects.wake([listing.pk], now=timezone.now())
    return listing


def publish(listing: Listing) -> Listing:
    """Run the lane, with everything due that waits."""
    pass_time(listing.channel, seconds=60)
    tasks.run_lane(publishing.lane_of(listing.channel_id))
    listing.refresh_from_db()
    return listing


def state(listing: Listing) -> str:
    return str(Push.objects.filter(listing=listing).latest("pk").state)


def order(script: Script, ref: str, units: int, *, placed_at: datetime | None = None) -> None:
    payload = {"ref": ref, "sku": "SHIRT", "units": units, "placed_at": placed_at and placed_at.isoformat()}
    script.orders[ref] = RawOrder(ref=ref, changed_at=None, payload=payload)


def test_accepted_is_not_done_until_a_reading_shows_it(script: Script, listing: Listing) -> None:
    script.accepts = True

    assert publish(listing).accounted == 9
    assert state(listing) == "accepted"
    assert publish(listing).accounted == 9
    script.do_later()
    assert publish(listing).accounted == 5
    assert state(listing) == "applied"
    assert Push.objects.count() == 1


def test_a_sale_between_the_acceptance_and_the_reading_is_kept(script: Script, listing: Listing, sku: Sku) -> None:
    script.accepts = True
    publish(listing)
    script.do_later()
    script.quantities["SHIRT"] -= 2
    order(script, "A", 2)
    with opened(listing.channel) as platform:
        polling.poll(Channel.objects.get(pk=listing.channel_id), platform, now=timezone.now())

    assert publish(listing).accounted == 3
    assert state(listing) == "applied"


def test_a_sale_that_the_write_has_overwritten_is_taken_off_again(script: Script, listing: Listing) -> None:
    script.accepts = True
    publish(listing)
    script.quantities["SHIRT"] -= 2  # before the write is done, which then knows nothing of it
    order(script, "A", 2)
    with opened(listing.channel) as platform:
        polling.poll(Channel.objects.get(pk=listing.channel_id), platform, now=timezone.now())
    script.do_later()

    script.accepts = False
    assert publish(listing).accounted == 3
    assert script.quantities["SHIRT"] == 3


@pytest.mark.parametrize("heard_first", [0, 2, 3])
@pytest.mark.parametrize("later", [0, 1])
def test_sales_that_were_in_the_number_when_it_was_made_out_are_taken_off_once(
    script: Script, listing: Listing, heard_first: int, later: int
) -> None:
    script.accepts = True
    script.quantities["SHIRT"] -= 3  # sold and not heard of when the write reads what is there: it sets 2
    publish(listing)
    script.do_later()
    script.quantities["SHIRT"] -= later
    for number in range(heard_first):
        order(script, f"A{number}", 1)
    hear(listing)

    for _ in range(2):
        listing = publish(listing)
    for number in range(heard_first, 3):
        order(script, f"A{number}", 1)
    for number in range(later):
        order(script, f"B{number}", 1)
    hear(listing)
    listing = publish(listing)

    assert (state(listing), listing.accounted) == ("applied", script.quantities["SHIRT"])
    assert script.quantities["SHIRT"] == 2 - later == available(listing)
    assert Push.objects.filter(listing=listing).count() == 1


def test_a_write_that_stopped_at_zero_leaves_the_rest_to_the_sales(script: Script, listing: Listing) -> None:
    script.accepts = True
    script.quantities["SHIRT"] = 2  # seven were sold, five of them more than there are
    publish(listing)
    script.do_later()

    listing = publish(listing)
    assert (listing.accounted, Push.objects.get().applied) == (7, -2)
    for number in range(7):
        order(script, str(number), 1)
    hear(listing)
    listing = publish(listing)

    assert (script.quantities["SHIRT"], listing.accounted, available(listing)) == (0, 0, -2)


def test_a_write_that_ran_over_one_sale_and_not_over_the_next_is_told_apart(script: Script, listing: Listing) -> None:
    script.accepts = True
    publish(listing)
    script.quantities["SHIRT"] -= 1  # before the write is done, which then knows nothing of it
    script.do_later()
    script.quantities["SHIRT"] -= 1
    for number in range(2):
        order(script, str(number), 1)
    hear(listing)

    script.accepts = False
    for _ in range(4):
        listing = publish(listing)

    assert (script.quantities["SHIRT"], listing.accounted, available(listing)) == (3, 3, 3)
    first, second = Push.objects.order_by("pk")
    assert (first.state, first.delta, first.applied) == ("applied", -4, -3)
    assert (second.state, second.delta) == ("applied", -1)


def test_a_write_that_is_not_done_yet_is_left_its_time_whatever_sells(script: Script, listing: Listing) -> None:
    script.accepts = True
    publish(listing)
    script.quantities["SHIRT"] -= 1  # not heard of for long

    for _ in range(4):
        listing = publish(listing)
    assert (state(listing), listing.accounted, Push.objects.count()) == ("accepted", 9, 1)

    script.later["SHIRT"] -= 1  # it is made out anew where it is done
    script.do_later()
    pass_time(listing.channel, seconds=600)
    for _ in range(3):
        listing = publish(listing)
    order(script, "A", 1)
    hear(listing)

    listing = publish(listing)
    assert (state(listing), listing.accounted, script.quantities["SHIRT"]) == ("applied", 4, 4)


def hear(listing: Listing) -> None:
    channel = Channel.objects.get(pk=listing.channel_id)
    with opened(channel) as platform:
        polling.poll(channel, platform, now=timezone.now())


def available(listing: Listing) -> int:
    assert listing.sku is not None
    level = StockLevel.objects.get(sku=listing.sku)
    return level.on_hand - level.reserved


def test_what_is_never_done_is_parked_and_says_so(script: Script, listing: Listing) -> None:
    script.accepts = True
    publish(listing)
    Push.objects.update(confirm_by=timezone.now() - timedelta(seconds=1))

    listing = publish(listing)

    assert (listing.accounted, state(listing)) == (9, "not-applied")
    assert listing.parked_at is not None
    assert "accepted the quantity 5" in listing.parked_reason
    assert "still shows 9" in listing.parked_reason


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome(ref="SHIRT", kind=OutcomeKind.ACCEPTED, expected=5), ("applied", 5)),
        (Outcome(ref="SHIRT", kind=OutcomeKind.REJECTED, receipt="No such product type."), ("rejected", 9)),
    ],
)
def test_a_wave_is_asked_about_until_it_is_worked_off(
    script: Script, listing: Listing, outcome: Outcome, expected: tuple[str, int]
) -> None:
    script.accepts, script.ticket, script.tickets["feed-1"] = True, "feed-1", None
    script.ticket = "feed-1"
    publish(listing)
    publish(listing)
    assert state(listing) == "accepted"

    script.tickets["feed-1"] = [outcome]
    script.do_later()
    publish(listing)
    listing = publish(listing)

    assert (state(listing), listing.accounted) == expected
    assert (listing.parked_reason == "No such product type.") == (expected[0] == "rejected")


def test_a_write_that_was_clamped_accounts_for_what_it_did(script: Script, listing: Listing, sku: Sku) -> None:
    script.quantities["SHIRT"] = 1  # eight were sold that we have not heard of
    warehouse = factories.make_warehouse()
    operations.adjust(
        sku=sku, warehouse=warehouse, units=-5, key="out", actor="user:ana", now=timezone.now(), reason="Broken"
    )

    listing = publish(listing)

    assert script.quantities["SHIRT"] == 0
    assert listing.accounted == 8
    push = Push.objects.get(listing=listing, applied=-1)
    assert (push.delta, push.window) == (-9, 0.25)


def test_a_reading_counts_once_a_poll_has_reached_it(script: Script, listing: Listing) -> None:
    script.settle_seconds = 120
    Listing.objects.update(accounted=None, accounted_version=4)

    assert publish(listing).accounted is None
    assert (listing.shown, script.polls) == (9, 0)
    Listing.objects.update(shown_at=timezone.now() - timedelta(seconds=121))
    publish(listing)

    assert script.polls == 1
    assert script.quantities["SHIRT"] == 5
    assert Listing.objects.get().accounted == 5


def test_a_reading_that_an_order_has_overtaken_does_not_count(script: Script, listing: Listing) -> None:
    script.settle_seconds = 120
    Listing.objects.update(accounted=None)
    publish(listing)
    order(script, "A", 2)
    Listing.objects.update(shown_at=timezone.now() - timedelta(seconds=121))

    assert publish(listing).accounted is None


def test_a_message_is_forgotten_only_once_it_is_stored(script: Script, listing: Listing) -> None:
    Channel.objects.update(next_queue_at=timezone.now())
    script.messages = [
        QueueMessage(handle="h1", delivery_id="n1", topic="ORDER_CHANGE", account_ref="1", body=b"{}"),
        QueueMessage(handle="h2", delivery_id="n1", topic="ORDER_CHANGE", account_ref="1", body=b"{}"),
    ]
    channel = Channel.objects.get()

    with opened(channel) as platform, lanes.held("queue:1") as lease:
        assert lease is not None
        assert queueing.work(channel, platform, lease)
        assert not queueing.work(channel, platform, lease)

    assert script.forgotten == ["h1", "h2"]
    assert InboundEvent.objects.filter(delivery_id="n1").count() == 1
    assert Channel.objects.get().dead_letters == 3


def test_a_sale_that_a_guarded_set_has_overwritten_is_found_and_taken_off(
    script: Script, listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded = replace(ScriptedPlatform.capabilities, write_mode=WriteMode.GUARDED_SET)
    monkeypatch.setattr(ScriptedPlatform, "capabilities", guarded)
    publish(listing)
    # Two were bought while the write of 5 was on its way: the store has forgotten them, its order has not.
    order(script, "A", 2, placed_at=Push.objects.get().settled_at)
    with opened(listing.channel) as platform:
        polling.poll(Channel.objects.get(pk=listing.channel_id), platform, now=timezone.now())
    publish(listing)
    assert script.quantities["SHIRT"] == 5

    Listing.objects.filter(check_due_at__isnull=False).update(check_due_at=timezone.now())
    tasks.run_lane(f"check:{listing.channel_id}")

    assert publish(listing).drift == 0
    assert script.quantities["SHIRT"] == listing.accounted == 3
