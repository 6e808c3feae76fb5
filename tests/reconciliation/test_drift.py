"""A number that nobody told us about is suspected, confirmed, shown, and never overwritten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from channels import readings, tasks
from channels.models import Listing
from inventory.errors import InvalidQuantity
from inventory.models import AuditEntry, Movement
from reconciliation import review
from tests import factories
from tests.channels.core.world import Store, level, no_differences, pass_time, receive, sell


def check(store: Store) -> None:
    """Look at what is due to be looked at, as if its time had come."""
    pass_time(store.channel, seconds=60)
    tasks.run_lane(f"check:{store.channel.pk}")


def by_hand(store: Store, sku: str, quantity: int) -> None:
    product, _ = store.sim.store.find_sku(sku)
    store.sim.set_quantity(product.id, quantity=quantity)


def take(store: Store, seen: int, reason: str = "Counted") -> Movement:
    return review.take_theirs(
        listing=store.listing("TEE"),
        seen=seen,
        warehouse=factories.make_warehouse(),
        reason=reason,
        actor="user:ana",
        now=timezone.now(),
    )


def keep(store: Store, seen: int) -> None:
    review.keep_ours(listing=store.listing("TEE"), seen=seen, actor="user:ana", now=timezone.now())


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


def test_keeping_ours_has_the_store_changed_to_the_ledgers_number(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    by_hand(store, "TEE", 14)

    review.keep_ours(listing=store.listing("TEE"), seen=14, actor="user:ana", now=timezone.now())
    store.publish()

    listing = store.listing("TEE")
    assert (store.shows("TEE"), listing.accounted, listing.drift, level(tee)) == (10, 10, 0, (10, 0))
    entry = AuditEntry.objects.get(action="drift.keep_ours")
    assert (entry.actor, entry.before, entry.after) == ("user:ana", {"accounted": 10}, {"accounted": 14})


def test_taking_theirs_changes_the_ledger_with_a_reason(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    by_hand(store, "TEE", 14)

    movement = review.take_theirs(
        listing=store.listing("TEE"),
        seen=14,
        warehouse=factories.make_warehouse(),
        reason="Four found behind the shelf",
        actor="user:ana",
        now=timezone.now(),
    )
    store.publish()

    assert (movement.on_hand_delta, movement.reason, movement.actor) == (4, "Four found behind the shelf", "user:ana")
    assert (store.shows("TEE"), store.accounted("TEE"), level(tee), store.pushes("TEE")) == (14, 14, (14, 0), [])
    assert no_differences()


@pytest.mark.parametrize("decide", [keep, take])
def test_a_decision_on_an_old_picture_does_nothing(store: Store, decide: Callable[[Store, int], object]) -> None:
    tee = sell(store, "TEE", 10)
    by_hand(store, "TEE", 14)
    seen, moved, noted = 14, Movement.objects.count(), AuditEntry.objects.count()
    by_hand(store, "TEE", 13)

    with pytest.raises(review.PictureMoved, match="The channel shows 13 now, not 14"):
        decide(store, seen)

    assert (store.accounted("TEE"), level(tee)) == (10, (10, 0))
    assert (Movement.objects.count(), AuditEntry.objects.count()) == (moved, noted)


def test_nothing_is_half_done_when_a_sale_comes_in_between(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    tee = sell(store, "TEE", 10)
    by_hand(store, "TEE", 14)
    store.forget_webhooks()
    anchor = readings.anchor

    def sold_first(*args: Any, **kwargs: Any) -> bool:
        Listing.objects.update(accounted_version=99)
        done: bool = anchor(*args, **kwargs)
        return done

    monkeypatch.setattr(readings, "anchor", sold_first)
    moved, noted = Movement.objects.count(), AuditEntry.objects.count()

    with pytest.raises(review.PictureMoved):
        take(store, 14)

    assert (level(tee), Movement.objects.count(), AuditEntry.objects.count()) == ((10, 0), moved, noted)
    assert store.accounted("TEE") == 10


def test_taking_theirs_needs_a_reason_and_something_to_take(store: Store) -> None:
    sell(store, "TEE", 10)
    calls = len(store.sim.requests)

    with pytest.raises(InvalidQuantity):
        take(store, 10, reason="  ")
    assert len(store.sim.requests) == calls
    with pytest.raises(review.PictureMoved, match="nothing to take over"):
        take(store, 10)


def test_a_person_who_looks_needs_no_second_reading(store: Store) -> None:
    sell(store, "TEE", 10)
    by_hand(store, "TEE", 14)

    reading = review.check_now(listing=store.listing("TEE"), now=timezone.now())

    assert reading is not None
    assert (reading.quantity, reading.accounted, reading.drift, store.listing("TEE").drift) == (14, 10, 4, 4)
    by_hand(store, "TEE", 10)
    review.check_now(listing=store.listing("TEE"), now=timezone.now())
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


def test_decisions_on_one_store_leave_the_other_alone(store: Store, other: Store) -> None:
    tee = sell(store, "TEE", 10)
    sell(other, "TEE", 10, sku=tee)
    by_hand(store, "TEE", 14)

    take(store, 14)
    store.publish()
    other.publish()

    assert (store.shows("TEE"), other.shows("TEE"), level(tee)) == (14, 14, (14, 0))
    assert (store.pushes("TEE"), other.pushes("TEE")) == ([], [("applied", 4)])
