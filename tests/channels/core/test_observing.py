"""Observing: what would be pushed stands on the listings, is scored by day, and a part of a channel goes live alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels import choosing, modes, observing, readiness
from channels.models import Channel, Listing, ObservedDay, Push
from inventory.models import AuditEntry, Sku
from sandbox.ecwid import EcwidSimulator
from tests import factories
from tests.channels.core import world
from tests.channels.core.world import Store

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def simulator() -> Iterator[EcwidSimulator]:
    with EcwidSimulator(store_id=1003, token="secret_north", client_secret="signing_north", time_scale=0.001) as sim:
        yield sim


@pytest.fixture
def store(simulator: EcwidSimulator, queued: Callable[[], int]) -> Store:
    simulator.reset()
    return world.connect(simulator, "North", mode=Channel.Mode.OBSERVE)


def _offer(store: Store, **shown: int) -> dict[str, Sku]:
    """Put SKUs on sale that the store shows ``shown`` units of, and that the ledger has 5 of, read and observed."""
    for code, units in shown.items():
        store.sim.add_product(sku=code, quantity=units)
    skus = {code: factories.make_sku(code, on_hand=5) for code in shown}
    store.import_catalogue()
    store.publish()
    return skus


def _would(store: Store) -> dict[str, tuple[int | None, int | None]]:
    rows = Listing.objects.filter(channel=store.channel).order_by("external_sku")
    return {row.external_sku: (row.accounted, row.would_show) for row in rows}


def _choose(channel: Channel, words: str) -> choosing.Choice:
    return choosing.read(channel, QueryDict(words))


def test_what_listings_would_be_told_stands_on_them_also_where_it_agrees(store: Store) -> None:
    skus = _offer(store, A=5, B=9)

    assert _would(store) == {"A": (5, 5), "B": (9, 5)}
    world.receive(skus["A"], 2)
    store.publish()

    assert _would(store) == {"A": (5, 7), "B": (9, 5)}
    assert (store.shows("A"), store.shows("B")) == (5, 9)
    assert store.writes() == []


def test_the_agreement_counts_what_shows_another_number(store: Store) -> None:
    _offer(store, A=5, B=9, C=0, D=2)
    Listing.objects.filter(external_sku="A").update(drift=1)

    found = observing.agreement(store.channel)

    assert (found.listings, found.agreeing, found.raised, found.lowered, found.to_zero) == (4, 0, 2, 1, 0)
    assert (found.percent, found.drifting) == (0, 1)


def test_a_channel_without_warehouses_is_known_nothing_of(store: Store) -> None:
    _offer(store, A=9)

    modes.set_warehouses(channel=store.channel, warehouses=[], actor="user:ana", now=timezone.now())
    store.publish()

    assert _would(store) == {"A": (9, None)}
    assert observing.agreement(store.channel).percent is None


def test_each_day_is_measured_and_the_last_look_of_it_stays(store: Store) -> None:
    skus = _offer(store, A=5, B=9)
    now = timezone.now()
    yesterday = now - timedelta(days=1)

    observing.measure(now=yesterday)
    world.receive(skus["B"], 4)
    store.publish()
    observing.measure(now=yesterday + timedelta(seconds=30))  # too soon after the last one
    unchanged = ObservedDay.objects.get()
    assert (unchanged.listings, unchanged.agreeing) == (2, 1)

    observing.measure(now=now)
    scores = observing.days(store.channel, found=observing.agreement(store.channel), now=now)
    assert [(day.on, day.percent) for day in scores] == [(now.date(), 100), (yesterday.date(), 50)]


def test_a_chosen_listing_is_written_to_while_the_others_stay_observed(store: Store) -> None:
    _offer(store, A=9, B=9)
    picked = store.listing("A").pk

    added = modes.go_live_with(
        channel=store.channel, listing_ids=[picked], chosen_by="1 by hand", actor="user:ana", now=timezone.now()
    )
    store.publish()

    assert added == 1
    assert (store.shows("A"), store.shows("B")) == (5, 9)
    assert store.fresh().mode == Channel.Mode.PART_LIVE
    assert store.pushes("A")[-1] == (Push.State.APPLIED, -4)
    assert [state for state, _ in store.pushes("B")] == [Push.State.OBSERVED]
    entry = AuditEntry.objects.get(action="channel.part_live")
    assert entry.after == {"mode": "part-live", "listings": 1, "chosen by": "1 by hand"}


def test_going_back_to_observe_writes_nothing_more_and_forgets_the_choice(store: Store) -> None:
    skus = _offer(store, A=9)
    listing = store.listing("A")
    modes.go_live_with(
        channel=store.channel, listing_ids=[listing.pk], chosen_by="", actor="user:ana", now=timezone.now()
    )
    store.publish()

    modes.change_mode(channel=store.fresh(), mode="observe", actor="user:ana", now=timezone.now())
    world.receive(skus["A"], 3)
    store.publish()

    assert store.shows("A") == 5
    assert _would(store) == {"A": (5, 8)}
    assert store.listing("A").is_live is False


def test_a_sale_on_an_observed_listing_is_booked_and_still_agrees(store: Store) -> None:
    skus = _offer(store, A=5, B=5)
    modes.go_live_with(
        channel=store.channel,
        listing_ids=[store.listing("A").pk],
        chosen_by="",
        actor="user:ana",
        now=timezone.now(),
    )

    store.sim.buy(sku="B", quantity=2)
    store.hear()
    store.publish()

    assert world.level(skus["B"]) == (5, 2)
    assert _would(store)["B"] == (3, 3)  # the store has taken them itself: still agreed


@pytest.mark.parametrize("mode", ["live", "paused", "sell-down"])
def test_a_share_needs_a_channel_that_observes(store: Store, mode: str) -> None:
    _offer(store, A=9)
    Channel.objects.update(mode=mode)

    with pytest.raises(modes.CantChoose, match="set it to observe first"):
        modes.go_live_with(
            channel=store.channel,
            listing_ids=[store.listing("A").pk],
            chosen_by="",
            actor="user:ana",
            now=timezone.now(),
        )
    assert not Listing.objects.filter(is_live=True).exists()


def test_a_share_takes_the_deepest_listings_and_grows(store: Store) -> None:
    channel = store.channel
    for number in range(20):
        factories.make_listing(
            channel, factories.make_sku(f"S{number:02}"), ref=f"r{number}", quantity=0, would_show=number
        )
    tenth = _choose(channel, "share=10")
    assert {row.would_show for row in Listing.objects.filter(pk__in=tenth.listing_ids)} == {18, 19}

    Listing.objects.filter(pk__in=tenth.listing_ids).update(is_live=True)
    Channel.objects.update(mode=Channel.Mode.PART_LIVE)
    quarter = _choose(store.fresh(), "share=25")

    assert {row.would_show for row in Listing.objects.filter(pk__in=quarter.listing_ids)} == {15, 16, 17}
    assert _choose(store.fresh(), "share=10").listing_ids == ()  # that many are live already
    assert _choose(store.fresh(), "share=77").listing_ids == ()


def test_a_share_takes_equally_deep_listings_by_age_and_what_is_not_known_last(store: Store) -> None:
    rows = [
        factories.make_listing(
            store.channel, factories.make_sku(f"S{number}"), ref=f"r{number}", would_show=None if number % 2 else 3
        ).pk
        for number in range(10)
    ]
    known, unknown = rows[::2], rows[1::2]

    assert _choose(store.channel, "share=25").listing_ids == tuple(known[:3])
    Listing.objects.filter(pk=known[0]).update(would_show=None)
    assert _choose(store.channel, "share=50").listing_ids == tuple(sorted([*known[1:], known[0]]))
    assert unknown[0] not in _choose(store.channel, "share=50").listing_ids


def test_a_choice_that_is_held_stays_whatever_comes_to_be_found(store: Store) -> None:
    _offer(store, A=5, B=9)
    looked_at = _choose(store.channel, "show=differs")
    held = _choose(store.channel, "show=differs").held()
    assert held.digest == looked_at.digest

    Listing.objects.filter(external_sku="A").update(would_show=1)

    assert _choose(store.channel, "show=differs").digest != looked_at.digest
    assert (held.size, list(held.listings.values_list("external_sku", flat=True))) == (1, ["B"])


def test_a_filter_and_picks_choose_only_what_is_observed(store: Store) -> None:
    _offer(store, A=5, B=9)
    a, b = store.listing("A").pk, store.listing("B").pk
    foreign = factories.make_listing(factories.make_channel("South", mode="observe"), factories.make_sku("Z")).pk

    assert _choose(store.channel, "show=differs").listing_ids == (b,)
    assert _choose(store.channel, "show=agrees").listing_ids == (a,)
    assert _choose(store.channel, "show=nonsense").listing_ids == ()
    assert _choose(store.channel, f"pick={a}&pick={foreign}&pick=x").listing_ids == (a,)
    assert _choose(store.channel, "").listing_ids == ()
    assert _choose(store.channel, "q=b").digest != _choose(store.channel, "q=a").digest


def test_the_breaker_measures_a_wave_against_the_live_listings(store: Store) -> None:
    skus = [factories.make_sku(f"S{n}", on_hand=0) for n in range(6)]
    for sku in skus:
        factories.make_listing(store.channel, sku, quantity=4, is_live=True)
    Channel.objects.update(mode=Channel.Mode.PART_LIVE, breaker_zeros=3)
    Listing.objects.all().wake_all(now=timezone.now())

    store.publish()

    assert store.fresh().halted_at is not None
    assert store.writes() == []


def test_a_channel_is_ready_only_when_nothing_that_is_needed_is_missing(store: Store) -> None:
    channel = store.channel
    ready = readiness.of(channel, observing.agreement(channel), now=timezone.now())
    assert not ready.is_ready

    _offer(store, A=5)
    store.poll()
    channel = store.fresh()
    ready = readiness.of(channel, observing.agreement(channel), now=timezone.now())
    assert [check.sentence for check in ready.missing] == []

    store.sim.add_product(sku="NEW", quantity=8)
    factories.make_sku("NEW")
    store.import_catalogue()
    store.publish()
    ready = readiness.of(channel, observing.agreement(channel), now=timezone.now())
    assert [check.sentence for check in ready.missing] == [
        "1 SKU was never counted, though the store has it in stock: it would go to 0.",
        "Only 50 % of 2 listings show what they would be told.",
    ]


def test_readiness_asks_the_database_no_more_for_a_large_store(store: Store) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            readiness.of(store.channel, observing.agreement(store.channel), now=timezone.now())
        return len(queries)

    factories.make_listing(store.channel, factories.make_sku("ONE"), quantity=1)
    few = count()
    for number in range(12):
        factories.make_listing(store.channel, factories.make_sku(f"S{number}"), quantity=number)

    assert count() == few
