"""A number that nobody told us about is suspected, confirmed, shown, and never overwritten."""

from __future__ import annotations

from django.utils import timezone

from channels import tasks
from channels.models import Listing
from reconciliation import checks
from tests.channels.core.world import Store, level, pass_time, receive, sell


def check(store: Store) -> None:
    """Look at what is due to be looked at, as if its time had come."""
    pass_time(store.channel, seconds=60)
    tasks.run_lane(f"check:{store.channel.pk}")


def by_hand(store: Store, sku: str, quantity: int) -> None:
    product, _ = store.sim.store.find_sku(sku)
    store.sim.set_quantity(product.id, quantity=quantity)


def test_a_hand_edit_is_suspected_then_confirmed_and_no_push_overwrites_it(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    by_hand(store, "TEE", 14)
    store.hear()

    check(store)
    listing = store.listing("TEE")
    assert (listing.shown, listing.drift, listing.check_due_at is None) == (14, 0, False)
    check(store)
    listing = store.listing("TEE")
    assert (listing.drift, listing.drift_since is None, listing.check_due_at, listing.accounted) == (4, False, None, 10)
    assert list(Listing.objects.needing_attention()) == [listing]

    receive(tee, 1)
    store.publish()
    assert (store.shows("TEE"), store.accounted("TEE")) == (15, 11)


def test_a_sale_whose_event_is_late_is_no_drift(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    store.sim.buy(sku="TEE", quantity=2)
    Listing.objects.update(check_due_at=timezone.now())

    check(store)

    listing = store.listing("TEE")
    assert (listing.shown, listing.accounted, listing.drift, listing.check_due_at) == (8, 8, 0, None)
    assert level(tee) == (10, 2)


def test_a_drift_that_a_late_order_explains_heals_by_itself(store: Store) -> None:
    """The store's list lags: its number falls before the order can be seen."""
    tee = sell(store, "TEE", 10)
    by_hand(store, "TEE", 8)
    store.hear()
    check(store)
    check(store)
    assert store.listing("TEE").drift == -2
    by_hand(store, "TEE", 10)
    store.sim.buy(sku="TEE", quantity=2)  # what the lagging list did not tell
    store.deliver()
    store.work_inbox()
    assert (store.listing("TEE").drift, store.listing("TEE").check_due_at is None) == (-2, False)

    check(store)

    listing = store.listing("TEE")
    assert (listing.drift, listing.drift_since, listing.accounted, listing.shown) == (0, None, 8, 8)
    assert level(tee) == (10, 2)


def test_a_number_that_moves_between_two_looks_is_not_confirmed(store: Store) -> None:
    sell(store, "TEE", 10)
    by_hand(store, "TEE", 14)
    store.hear()
    check(store)
    by_hand(store, "TEE", 13)

    check(store)
    assert (store.listing("TEE").drift, store.listing("TEE").shown) == (0, 13)
    check(store)
    assert store.listing("TEE").drift == 3


def test_a_person_who_looks_needs_no_second_reading(store: Store) -> None:
    sell(store, "TEE", 10)
    by_hand(store, "TEE", 14)

    reading = checks.look_now(listing=store.listing("TEE"), now=timezone.now())

    assert reading is not None
    assert (reading.quantity, reading.accounted, reading.drift, store.listing("TEE").drift) == (14, 10, 4, 4)
    by_hand(store, "TEE", 10)
    checks.look_now(listing=store.listing("TEE"), now=timezone.now())
    assert (store.listing("TEE").drift, store.listing("TEE").drift_since) == (0, None)


def test_a_check_that_gets_no_answer_is_made_again(store: Store) -> None:
    sell(store, "TEE", 10)
    by_hand(store, "TEE", 14)
    store.hear()
    store.sim.faults.set("error_reads", next=1)

    check(store)
    assert (store.listing("TEE").shown, store.listing("TEE").check_due_at is None) == (10, False)

    check(store)
    assert store.listing("TEE").shown == 14
