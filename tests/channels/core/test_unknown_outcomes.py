"""A push whose outcome nobody knows is decided by a reading and never sent blindly again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels import availability, publishing, tasks
from channels.models import Channel, Listing, Push
from reconciliation import checks, verbs
from reconciliation.models import Verb
from reconciliation.verbs import Choice, PictureMoved
from tests import factories
from tests.channels.core.world import Store, adjust, level, no_differences, pass_time, receive, sell, sell_all


def crash(store: Store, sku: str, *, target: int, state: str = Push.State.SENDING, called: bool) -> Push:
    """Leave what a worker leaves that is killed around the call: the intent, and the call made or not."""
    listing = store.listing(sku)
    assert listing.accounted is not None
    push = Push.objects.create(
        channel=store.channel,
        listing=listing,
        accounted_before=listing.accounted,
        target=target,
        delta=target - listing.accounted,
        state=state,
        created_at=timezone.now(),
    )
    if called:
        with store.sim.store.lock:
            product, _ = store.sim.store.find_sku(sku)
            product.quantity += push.delta
    return push


@pytest.mark.parametrize("called", [True, False])
@pytest.mark.parametrize("state", ["sending", "unknown"])
@pytest.mark.parametrize("units", [5, -4])
@pytest.mark.parametrize("sold", [0, 1])
def test_what_a_crash_left_is_decided_by_reading(store: Store, units: int, state: str, called: bool, sold: int) -> None:
    tee = sell(store, "TEE", 20)
    adjust(tee, units)
    push = crash(store, "TEE", target=20 + units, state=state, called=called)
    if sold:
        store.sim.buy(sku="TEE", quantity=sold)  # not heard of

    store.settle()

    push.refresh_from_db()
    assert push.state == ("applied" if called else "not-applied")
    assert push.reading == 20 - sold + (units if called else 0)
    assert store.shows("TEE") == 20 + units - sold
    assert store.accounted("TEE") == 20 + units - sold  # the reading's own poll has heard of the sale
    assert len(store.writes()) == (0 if called else 1)
    assert no_differences()


@pytest.mark.parametrize(("fault", "writes"), [("timeout_after", 1), ("error_after", 1), ("error_before", 2)])
@pytest.mark.parametrize("units", [5, -4])
def test_a_call_without_an_answer_is_not_repeated_when_it_was_applied(
    store: Store, fault: str, writes: int, units: int
) -> None:
    tee = sell(store, "TEE", 20)
    store.sim.faults.set(fault, next=1, seconds=0.8)
    adjust(tee, units)

    store.publish()
    assert store.pushes("TEE") == [("unknown", units)]
    assert store.accounted("TEE") == 20
    store.publish()
    assert store.pushes("TEE") == [("unknown", units)]  # too young to decide, and the lane does not spin on it
    store.settle()
    store.settle()

    assert (store.shows("TEE"), store.accounted("TEE")) == (20 + units, 20 + units)
    assert len(store.writes()) == writes
    assert not Push.objects.open().exists()


def test_a_confirmed_drift_is_not_mistaken_for_an_outcome(store: Store) -> None:
    """A hand edit of -7 is known; a push of +5 that was applied must not look like one that was not."""
    tee = sell(store, "TEE", 20)
    product, _ = store.sim.store.find_sku("TEE")
    store.sim.set_quantity(product.id, quantity=13)
    checks.look_now(listing=store.listing("TEE"), now=timezone.now())
    assert store.listing("TEE").drift == -7
    receive(tee, 5)
    push = crash(store, "TEE", target=25, called=True)

    store.settle()

    push.refresh_from_db()
    assert (push.state, store.shows("TEE"), store.accounted("TEE"), store.writes()) == ("applied", 18, 25, [])


def test_the_number_is_not_decided_upon_while_a_push_is_on_its_way(store: Store) -> None:
    """Taking over what is shown would count the push twice once it is settled."""
    tee = sell(store, "TEE", 20)
    adjust(tee, -4)
    crash(store, "TEE", target=16, called=True)

    row = factories.make_discrepancy(store.listing("TEE"), shows=16)
    choice = Choice(verb=Verb.KEEP_OURS, version=row.version)
    with pytest.raises(PictureMoved, match="is on its way"):
        verbs.act(row, choice, actor="user:ana", now=timezone.now())
    assert checks.look_now(listing=store.listing("TEE"), now=timezone.now()) is None
    assert (store.accounted("TEE"), store.listing("TEE").drift) == (20, 0)

    store.settle()
    assert (store.accounted("TEE"), store.shows("TEE"), level(tee)) == (16, 16, (16, 0))


def test_a_listing_that_went_unlimited_meanwhile_is_not_accounted(store: Store) -> None:
    tee = sell(store, "TEE", 20)
    adjust(tee, -4)
    push = crash(store, "TEE", target=16, called=False)
    product, _ = store.sim.store.find_sku("TEE")
    store.sim.set_unlimited(product.id, unlimited=True)

    store.settle()

    push.refresh_from_db()
    assert (push.state, store.listing("TEE").tracked, store.writes()) == ("not-applied", False, [])


def test_a_batch_is_settled_entry_by_entry(store: Store) -> None:
    codes = [f"SKU-{number:02}" for number in range(10)]
    skus = sell_all(store, codes, 10)
    gone, _ = store.sim.store.find_sku("SKU-03")
    store.sim.delete_product(gone.id)
    for code in codes:
        adjust(skus[code], -1)

    store.publish()
    store.settle()

    states = {code: store.pushes(code) for code in codes}
    assert states["SKU-03"] == [("rejected", -1)]
    assert Listing.objects.get(external_sku="SKU-03").state == Listing.State.GONE
    others = [code for code in codes if code != "SKU-03"]
    assert [store.shows(code) for code in others] == [9] * 9
    assert [store.accounted(code) for code in others] == [9] * 9
    assert not Push.objects.open().exists()


@pytest.mark.parametrize("fault", ["error_before", "error_after", "timeout_after"])
def test_a_batch_with_unknown_entries_converges(store: Store, fault: str) -> None:
    codes = [f"SKU-{number:02}" for number in range(9)]
    skus = sell_all(store, codes, 10)
    store.sim.faults.set(fault, next=3, seconds=0.6)
    for code in codes:
        adjust(skus[code], -1)
    store.sim.buy(sku="SKU-05")  # not heard of

    store.publish()
    for _ in range(12):
        store.settle()

    store.hear()
    store.settle()
    expected = {code: 8 if code == "SKU-05" else 9 for code in codes}
    assert {code: store.shows(code) for code in codes} == expected
    assert {code: store.accounted(code) for code in codes} == expected
    assert not Push.objects.open().exists()


def test_nothing_is_decided_while_a_batch_is_under_way(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    tee = sell(store, "TEE", 20)
    adjust(tee, -4)
    push = crash(store, "TEE", target=16, called=False)
    from channels.platforms.ecwid.platform import EcwidPlatform

    under_way: list[bool] = [True, False]
    monkeypatch.setattr(EcwidPlatform, "has_writes_under_way", lambda self: under_way.pop(0))

    store.settle()
    push.refresh_from_db()
    assert (push.state, store.writes()) == ("unknown", [])
    store.settle()

    push.refresh_from_db()
    assert (push.state, store.shows("TEE"), len(store.writes())) == ("not-applied", 16, 1)


def test_a_store_that_is_down_gets_the_change_when_it_is_back(store: Store) -> None:
    tee = sell(store, "TEE", 20)
    store.sim.stop()
    adjust(tee, -4)
    store.publish()
    assert store.pushes("TEE") == [("not-applied", -4)]
    assert store.listing("TEE").failures == 1

    store.sim.start()
    store.settle()

    assert (store.shows("TEE"), store.accounted("TEE"), store.listing("TEE").failures) == (16, 16, 0)


def test_years_of_failures_still_have_a_next_try(store: Store) -> None:
    tee = sell(store, "TEE", 20)
    Listing.objects.update(failures=5000)
    store.sim.stop()
    adjust(tee, -4)

    store.publish()

    listing = store.listing("TEE")
    assert (listing.failures, store.pushes("TEE")) == (5001, [("not-applied", -4)])
    assert listing.due_at is not None
    assert timedelta(seconds=290) < listing.due_at - timezone.now() <= timedelta(seconds=300)
    store.sim.start()


def test_an_order_booked_between_the_claim_and_the_target_does_not_count_twice(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The platform has put a cancelled order back itself: adding it once more would offer units that nobody has."""
    tee = sell(store, "TEE", 10)
    order = store.sim.buy(sku="TEE", quantity=3)
    store.hear()
    receive(tee, 1)
    store.sim.cancel(order.id)
    targets = availability.targets
    interleaved: list[bool] = []

    def cancelled_first(listings: list[Listing]) -> dict[int, int]:
        if not interleaved:
            interleaved.append(True)
            store.hear()
        found: dict[int, int] = targets(listings)
        return found

    monkeypatch.setattr(availability, "targets", cancelled_first)

    store.publish()

    assert interleaved == [True]
    assert store.pushes("TEE") == [("applied", 1)]
    assert (store.shows("TEE"), store.accounted("TEE")) == (11, 11)


def test_a_wake_up_during_a_push_is_not_lost(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from channels.platforms.ecwid.platform import EcwidPlatform

    tee = sell(store, "TEE", 10)
    send = EcwidPlatform.change_quantities
    during: list[Callable[[], None]] = [lambda: receive(tee, 2)]

    def meanwhile(self: EcwidPlatform, changes: Any) -> Any:
        outcomes = send(self, changes)
        if during:
            during.pop()()
            publishing.spread_signals(now=timezone.now())
        return outcomes

    monkeypatch.setattr(EcwidPlatform, "change_quantities", meanwhile)
    receive(tee, 5)

    store.publish()

    assert store.pushes("TEE") == [("applied", 5), ("applied", 2)]
    assert (store.shows("TEE"), store.listing("TEE").due_at) == (17, None)


def test_the_lane_comes_to_rest_while_an_outcome_is_too_young(store: Store) -> None:
    tee = sell(store, "TEE", 20)
    adjust(tee, -4)
    push = crash(store, "TEE", target=16, state=Push.State.UNKNOWN, called=False)
    Listing.objects.update(due_at=timezone.now())

    store.publish()

    push.refresh_from_db()
    assert push.state == "unknown"
    assert store.listing("TEE").due_at == push.created_at + timedelta(seconds=5)
    due = tasks.KINDS["publish"].due(Channel.objects.all(), timezone.now())
    assert not due.exists()
    pass_time(store.channel)


def test_a_store_that_fails_every_third_call_is_read_through(store: Store) -> None:
    """Fourteen unknown outcomes need some twenty calls to decide: one failure must not undo what was read before."""
    codes = [f"SKU-{number}" for number in range(14)]
    sell_all(store, codes, 10)
    for code in codes:
        crash(store, code, target=8, called=True)
    store.sim.faults.set("error_reads", probability=0.33)

    for _ in range(200):
        pass_time(store.channel)
        tasks.run_lane(publishing.lane_of(store.channel.pk))
        if not Push.objects.open().exists():
            break

    assert not Push.objects.open().exists()
    assert {store.sim.quantity_of(code) for code in codes} <= {8, 10}
    assert Push.objects.filter(state=Push.State.NOT_APPLIED).count() == 0
