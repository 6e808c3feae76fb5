"""What goes out, to which listings, in which mode, and what stops a wave."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from channels import breaker, mapping, modes, parking, publishing
from channels.models import Channel, Listing, Push
from inventory.models import Sku
from sandbox.ecwid import EcwidSimulator
from tests import factories
from tests.channels.core.world import Store, adjust, connect, level, pass_time, receive, sell


def go(store: Store, mode: str) -> None:
    modes.change_mode(channel=store.fresh(), mode=mode, actor="user:ana", now=timezone.now())


def test_a_new_channel_observes(db: None, sim: EcwidSimulator) -> None:
    from channels import connect as connecting

    credentials = {"store_id": "1003", "token": sim.token, "client_secret": sim.client_secret}
    channel, report = connecting.connect(
        platform="ecwid",
        name="North",
        base_url=sim.base_url,
        credentials=credentials,
        warehouses=[factories.make_warehouse()],
        actor="user:ana",
        now=timezone.now(),
    )

    assert (channel.mode, channel.connection, report.account_ref) == ("observe", "ok", "1003")
    assert channel.is_writable is False


def test_observing_logs_each_number_once_and_writes_nothing(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    go(store, "observe")
    for units in (5, 5, -5, 0):
        receive(tee, units) if units > 0 else adjust(tee, units) if units else None
        store.publish()
        modes.publish_all(channel=store.channel, now=timezone.now())
        store.publish()

    assert store.pushes("TEE") == [("observed", 5), ("observed", 10), ("observed", 5)]
    assert (store.writes(), store.shows("TEE"), store.accounted("TEE")) == ([], 10, 10)
    assert store.listing("TEE").due_at is None


def test_sell_down_sends_decreases_only_and_the_rest_when_it_goes_live(store: Store) -> None:
    tee, cap = sell(store, "TEE", 10), sell(store, "CAP", 10)
    go(store, "sell-down")
    receive(tee, 5)
    adjust(cap, -4)

    store.publish()
    assert (store.shows("TEE"), store.shows("CAP")) == (10, 6)
    assert (store.pushes("TEE"), store.pushes("CAP")) == ([], [("applied", -4)])

    go(store, "live")
    store.publish()
    assert (store.shows("TEE"), store.shows("CAP")) == (15, 6)


def test_a_paused_channel_sends_nothing_and_everything_later(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    go(store, "paused")
    receive(tee, 5)

    store.publish()
    assert (store.shows("TEE"), store.pushes("TEE"), store.listing("TEE").due_at is None) == (10, [], False)

    go(store, "live")
    store.publish()
    assert (store.shows("TEE"), store.pushes("TEE")) == (15, [("applied", 5)])


def test_going_live_sends_all_that_was_observed(store: Store) -> None:
    go(store, "observe")
    codes = [f"SKU-{number}" for number in range(3)]
    for code in codes:
        sku = sell(store, code, 10)
        adjust(sku, -2)
    store.publish()
    preview = modes.preview(store.fresh())
    assert (preview.changes, preview.lowered, preview.raised, preview.to_zero, preview.unread) == (3, 3, 0, 0, 0)

    go(store, "live")
    store.publish()

    assert [store.shows(code) for code in codes] == [8, 8, 8]
    assert [store.pushes(code) for code in codes] == [[("observed", -2), ("applied", -2)]] * 3


def test_nothing_is_written_before_a_listing_is_mapped_tracked_and_read(store: Store) -> None:
    factories.make_sku("WRAP", on_hand=4)
    other = factories.make_sku("OTHER", on_hand=4)
    store.sim.add_product(sku="UNMAPPED", quantity=9)
    store.sim.add_product(sku="WRAP", unlimited=True)
    store.import_catalogue()
    assert store.accounted("UNMAPPED") is None

    modes.publish_all(channel=store.channel, now=timezone.now())
    store.publish()
    assert (store.writes(), store.accounted("UNMAPPED"), store.accounted("WRAP")) == ([], None, None)
    assert store.fresh().orders_polled_to is None

    mapping.link(listing=store.listing("UNMAPPED"), sku=other, actor="user:ana", now=timezone.now())
    store.publish()
    assert store.fresh().orders_polled_to is not None
    assert (store.shows("UNMAPPED"), store.pushes("UNMAPPED")) == (4, [("applied", -5)])


def test_a_channel_without_a_warehouse_is_not_emptied(store: Store) -> None:
    """Nothing known to be available is not the same as nothing available."""
    sell(store, "TEE", 10)
    modes.set_warehouses(channel=store.channel, warehouses=[], actor="user:ana", now=timezone.now())

    store.publish()
    assert (store.shows("TEE"), store.pushes("TEE"), store.listing("TEE").due_at) == (10, [], None)

    modes.set_warehouses(
        channel=store.channel, warehouses=[factories.make_warehouse("SHOP")], actor="user:ana", now=timezone.now()
    )
    store.publish()
    assert (store.shows("TEE"), store.pushes("TEE")) == (0, [("applied", -10)])


def test_an_oversold_sku_shows_zero_and_never_less(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    adjust(tee, -15)

    store.publish()

    assert (store.shows("TEE"), level(tee)) == (0, (-5, 0))
    receive(tee, 7)
    store.publish()
    assert store.shows("TEE") == 2


def test_decreases_go_first_and_the_lowest_among_them(store: Store) -> None:
    low, high, more = sell(store, "LOW", 10), sell(store, "HIGH", 10), sell(store, "MORE", 10)
    receive(more, 1)
    adjust(high, -1)
    adjust(low, -9)

    store.publish()

    order = Push.objects.order_by("pk").values_list("listing__external_sku", flat=True)
    assert list(order) == ["LOW", "HIGH", "MORE"]


def test_a_refused_quantity_parks_its_listing_alone_and_a_retry_sends_it(store: Store) -> None:
    tee, cap = sell(store, "TEE", 10), sell(store, "CAP", 10)
    store.sim.faults.set("not_updated", next=1)
    adjust(tee, -9)
    adjust(cap, -1)

    store.publish()

    parked = store.listing("TEE")
    assert (store.pushes("TEE"), store.pushes("CAP")) == ([("rejected", -9)], [("applied", -1)])
    assert parked.parked_reason.startswith("Ecwid left the stock unchanged (updateCount 0)")
    assert (parked.parked_at is None, parked.due_at, parked.accounted) == (False, None, 10)
    assert list(Listing.objects.needing_attention()) == [parked]

    receive(tee, 1)
    store.publish()
    assert store.shows("TEE") == 10

    assert parking.retry(listing=parked, actor="user:ana", now=timezone.now()) is True
    store.publish()
    assert (store.shows("TEE"), store.accounted("TEE")) == (2, 2)


def test_a_deleted_product_is_gone_after_one_try(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    product, _ = store.sim.store.find_sku("TEE")
    store.sim.delete_product(product.id)
    adjust(tee, -1)

    store.publish()
    store.settle()

    listing = Listing.objects.get(external_sku="TEE")
    assert (listing.state, listing.due_at, [push.state for push in Push.objects.all()]) == ("gone", None, ["rejected"])
    assert Push.objects.get().receipt == (
        f"Ecwid does not have it: Product {product.id} is not found (404 PRODUCT_NOT_FOUND)."
    )


def test_a_product_made_unlimited_while_mapped_is_left_alone_and_read_anew_when_counted_again(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    product, _ = store.sim.store.find_sku("TEE")
    store.sim.set_unlimited(product.id, unlimited=True)
    store.import_catalogue()
    adjust(tee, -3)
    store.publish()
    assert (store.pushes("TEE"), store.listing("TEE").tracked) == ([], False)

    store.sim.set_quantity(product.id, quantity=50)
    store.sim.set_unlimited(product.id, unlimited=False)
    store.import_catalogue()
    store.publish()

    assert (store.shows("TEE"), store.accounted("TEE"), store.pushes("TEE")) == (7, 7, [("applied", -43)])


# The breaker


def many(store: Store, count: int) -> list[str]:
    """Put so many SKUs of one unit into the store, in step."""
    codes = [f"SKU-{number:03}" for number in range(count)]
    for code in codes:
        sku = factories.make_sku(code, on_hand=2)
        factories.make_listing(store.channel, sku, ref=f"p{store.sim.add_product(sku=code, quantity=2).id}", quantity=2)
    publishing.spread_signals(now=timezone.now())
    return codes


def empty(codes: list[str]) -> None:

    for sku in Sku.objects.filter(code__in=codes):
        adjust(sku, -2)


def test_too_many_zeros_at_once_stop_and_ask(store: Store) -> None:
    Channel.objects.update(breaker_zeros=3)
    codes = many(store, 5)
    empty(codes[:4])

    store.publish()

    channel = store.fresh()
    assert channel.halted_reason == "4 listings would go to zero at once; the limit is 3."
    assert (channel.halted_at is None, store.writes()) == (False, [])

    store.publish()
    pass_time(store.channel, seconds=300)
    store.publish()
    assert store.writes() == []

    breaker.allow(channel=store.fresh(), actor="user:ana", now=timezone.now())
    store.publish()
    assert ([store.shows(code) for code in codes], store.fresh().halted_at) == ([0, 0, 0, 0, 2], None)


def test_zeros_that_may_go_out_go_out(store: Store) -> None:
    Channel.objects.update(breaker_zeros=3)
    codes = many(store, 3)
    empty(codes)

    store.publish()

    assert [store.shows(code) for code in codes] == [0, 0, 0]


def test_a_wave_that_is_held_back_is_not_let_out_bit_by_bit(store: Store) -> None:
    """What comes while the breaker holds a wave is looked at together with it."""
    Channel.objects.update(breaker_zeros=3)
    codes = many(store, 6)
    empty(codes[:4])
    store.publish()
    empty(codes[4:5])

    store.publish()

    assert (store.writes(), store.fresh().halted_reason) == (
        [],
        "5 listings would go to zero at once; the limit is 3.",
    )


def test_what_is_emptied_bit_by_bit_stops_too(store: Store) -> None:
    Channel.objects.update(breaker_zeros=3)
    codes = many(store, 6)
    empty(codes[:2])
    store.publish()
    empty(codes[2:4])

    store.publish()

    assert [store.shows(code) for code in codes] == [0, 0, 2, 2, 2, 2]
    assert store.fresh().halted_reason == (
        "4 listings would have gone to zero within 10 minutes without a sale; the limit is 3."
    )


def test_what_sells_out_bit_by_bit_goes_out(store: Store, other: Store) -> None:
    Channel.objects.update(breaker_zeros=3)
    codes = many(store, 6)
    for code in codes:
        sell(other, code, 2, sku=Sku.objects.get(code=code))

    for first in (0, 2, 4):
        for code in codes[first : first + 2]:
            other.sim.buy(sku=code, quantity=2)
        other.hear()
        store.publish()

    assert [store.shows(code) for code in codes] == [0] * 6


def test_a_wave_that_was_taken_back_halts_no_longer(store: Store) -> None:

    Channel.objects.update(breaker_zeros=3)
    codes = many(store, 4)
    empty(codes)
    store.publish()
    assert store.fresh().halted_at is not None
    for sku in Sku.objects.all():
        receive(sku, 2)

    pass_time(store.channel)
    store.publish()

    assert (store.fresh().halted_at, store.fresh().halted_reason, store.writes()) == (None, "", [])


@pytest.mark.parametrize(("changed", "is_halted"), [(100, False), (101, True)])
def test_a_large_share_of_a_large_wave_stops_and_small_waves_pass(store: Store, changed: int, is_halted: bool) -> None:
    listings = [
        factories.make_listing(store.channel, factories.make_sku(f"SKU-{number:03}"), quantity=2)
        for number in range(120)
    ]
    wave = [(listing, 1) for listing in listings[:changed]]

    halts = breaker.halts(store.fresh(), wave, now=timezone.now())

    assert halts is is_halted
    expected = "101 of 120 listings would change at once; the limit is 50 %." if is_halted else ""
    assert store.fresh().halted_reason == expected


def test_a_person_who_goes_live_has_seen_the_first_wave(store: Store) -> None:
    Channel.objects.update(breaker_zeros=1, mode="observe")
    codes = many(store, 3)
    empty(codes)

    go(store, "live")
    store.publish()

    assert [store.shows(code) for code in codes] == [0, 0, 0]
    assert store.fresh().wave_allowed_until is not None


# Signals


def test_a_change_between_reading_and_deleting_a_signal_is_not_lost(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from channels.querysets import ListingQuerySet
    from inventory.models import StockSignal

    tee = sell(store, "TEE", 10)
    receive(tee, 1)
    wake_all = ListingQuerySet.wake_all
    during: list[Callable[[], None]] = [lambda: receive(tee, 2)]

    def meanwhile(self: ListingQuerySet, **kwargs: object) -> int:
        if during:
            during.pop()()
        return wake_all(self, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(ListingQuerySet, "wake_all", meanwhile)
    publishing.spread_signals(now=timezone.now())
    assert StockSignal.objects.count() == 1

    store.publish()
    assert (store.shows("TEE"), StockSignal.objects.count()) == (13, 0)


def test_rate_limited_writes_wait_as_long_as_the_store_asks(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    adjust(tee, -1)
    store.sim.faults.set("rate_limited", next=1, seconds=3)

    store.publish()

    listing = store.listing("TEE")
    assert listing.due_at is not None
    assert timedelta(seconds=2) < listing.due_at - timezone.now() <= timedelta(seconds=3)
    assert store.pushes("TEE") == [("not-applied", -1)]
    assert (store.shows("TEE"), store.fresh().connection) == (10, "ok")


def test_a_dead_token_stops_all_calls_and_a_new_one_lets_everything_go_on(store: Store) -> None:
    from channels import connect as connecting

    tee = sell(store, "TEE", 10)
    store.sim.access.expire()
    adjust(tee, -1)
    store.publish()
    channel = store.fresh()
    assert (channel.connection, channel.is_writable) == ("reconnect", False)
    assert channel.connection_problem.endswith("was revoked (403 INVALID_API_TOKEN). Reconnect the store.")
    calls = len(store.sim.requests)

    pass_time(store.channel)
    store.publish()
    assert len(store.sim.requests) == calls

    token = store.sim.access.renew()
    connecting.reconnect(
        channel=store.fresh(),
        credentials={"store_id": "1003", "token": token, "client_secret": store.sim.client_secret},
        actor="user:ana",
        now=timezone.now(),
    )
    store.channel = store.fresh()
    store.publish()
    assert (store.channel.connection, store.channel.connection_problem, store.shows("TEE")) == ("ok", "", 9)


def test_a_store_is_connected_once(store: Store, sim: EcwidSimulator) -> None:
    from channels import connect as connecting

    credentials = {"store_id": "1003", "token": sim.token, "client_secret": sim.client_secret}
    connecting.disconnect(channel=store.channel, actor="user:ana", now=timezone.now())
    connect(sim, "North again")

    with pytest.raises(connecting.ConnectRefused, match="connected already"):
        connecting.reconnect(channel=store.fresh(), credentials=credentials, actor="user:ana", now=timezone.now())

    assert (store.fresh().credentials, store.fresh().disconnected_at is None) == ({}, False)
