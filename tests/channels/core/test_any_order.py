"""Whatever order things are heard in, everything ends in the state of the last."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels import orders, publishing
from channels.contract import RawOrder
from channels.models import Listing, Order, Push
from channels.platforms.ecwid.orders import raw_order
from channels.registry import opened
from inventory import booking
from inventory.models import Sku
from tests import factories
from tests.channels.core.world import Store, adjust, level, no_differences, sell

STATUSES = st.tuples(
    st.sampled_from(["PAID", "AWAITING_PAYMENT", "CANCELLED", "REFUNDED", "PARTIALLY_REFUNDED"]),
    st.sampled_from(["AWAITING_PROCESSING", "PROCESSING", "SHIPPED", "DELIVERED"]),
    st.lists(st.integers(0, 5), min_size=1, max_size=3),
)


def told(number: int, payment: str, fulfilment: str, quantities: list[int]) -> RawOrder:
    """Return an order as it is at one second: a line for each product, by its place."""
    return raw_order(
        {
            "id": "K8XTQ",
            "internalId": 7,
            "paymentStatus": payment,
            "fulfillmentStatus": fulfilment,
            "createTimestamp": 1_800_000_000,
            "updateTimestamp": 1_800_000_000 + number,
            "items": [
                {"id": place, "productId": place, "sku": f"SKU-{place}", "name": "x", "quantity": quantity}
                for place, quantity in enumerate(quantities, start=1)
            ],
        }
    )


@pytest.mark.django_db
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(states=st.lists(STATUSES, min_size=1, max_size=6), seed=st.integers(0, 10_000))
def test_snapshots_in_any_order_end_in_the_last(states: list[tuple[str, str, list[int]]], seed: int) -> None:
    from django.db import transaction

    with transaction.atomic():
        channel = factories.make_channel("North", started_at=factories.NOW - timedelta(days=900))
        skus = [factories.make_sku(f"SKU-{place}", on_hand=100) for place in (1, 2, 3)]
        for place, sku in enumerate(skus, start=1):
            factories.make_listing(channel, sku, ref=f"p{place}", quantity=100)
        history = [told(number, *state) for number, state in enumerate(states)]
        heard = history + random.Random(seed).choices(history, k=len(history))
        random.Random(seed).shuffle(heard)
        begun = timezone.now()

        with opened(channel) as platform:
            for raw in heard:
                # The clock of the asking is honest: a later state is asked for later.
                fetched_at = begun + timedelta(seconds=history.index(raw))
                orders.book(channel, platform, raw, fetched_at=fetched_at, now=timezone.now())
            moved = _movements()
            orders.book(channel, platform, history[-1], fetched_at=begun + timedelta(seconds=99), now=timezone.now())

        payment, fulfilment, quantities = states[-1]
        has_left = fulfilment in {"SHIPPED", "DELIVERED"}
        stands = payment not in {"CANCELLED", "REFUNDED"}
        for place, sku in enumerate(skus, start=1):
            sold = quantities[place - 1] if place <= len(quantities) and (has_left or stands) else 0
            assert level(sku) == ((100 - sold, 0) if has_left else (100, sold))
        assert _movements() == moved
        assert no_differences()
        assert Order.objects.get().changed_at == history[-1].changed_at
        transaction.set_rollback(True)


def _movements() -> int:
    from inventory.models import Movement

    return Movement.objects.count()


def _is_heard(store: Store, order_id: str) -> bool:
    return Order.objects.filter(channel=store.channel, ref=order_id).exists()


ACTIONS = ["buy", "buy", "buy other", "adjust", "cancel", "edit", "ship", "hear", "hear other", "publish", "fault"]


@pytest.mark.parametrize("seed", range(6))
def test_stores_and_ledger_agree_once_everything_is_heard(store: Store, other: Store, seed: int) -> None:
    """Random sales, changes and faults on two stores. While nothing is heard of a sale, no push takes it back."""
    chance = random.Random(seed)
    tee = sell(store, "TEE", 60)
    sell(other, "TEE", 60, sku=tee)
    stores = [store, other]
    for each in stores:
        each.sim.faults.set("webhook_drop", probability=0.2)
    sold: list[tuple[Store, str]] = []

    for _ in range(40):
        match chance.choice(ACTIONS):
            case "buy" | "buy other" as which:
                at = store if which == "buy" else other
                shown = at.shows("TEE") or 0
                if shown:
                    sold.append((at, at.sim.buy(sku="TEE", quantity=min(shown, chance.randint(1, 3))).id))
            case "adjust":
                adjust(tee, chance.choice([-4, -1, 2, 5]))
            case "cancel" | "edit" | "ship" as what if sold:
                at, order_id = chance.choice(sold)
                if what == "cancel":
                    at.sim.cancel(order_id)
                elif what == "ship":
                    at.sim.ship(order_id)
                elif _is_heard(at, order_id) and at.sim.order(order_id).payment_status == "PAID":
                    # Otherwise nobody could tell how many units its checkout took, or its cancelling gave back.
                    line = at.sim.order(order_id).lines[0]
                    at.sim.edit_line(order_id, line.id, chance.randint(1, 4))
            case "hear":
                store.hear()
            case "hear other":
                other.hear()
            case "publish":
                for each in stores:
                    each.settle()
            case "fault":
                at = chance.choice(stores)
                at.sim.faults.set(chance.choice(["error_before", "error_after", "timeout_after"]), next=1, seconds=0.6)

    for each in stores:
        each.sim.faults.clear()
        each.forget_webhooks()  # whatever was lost, the poll finds
    for _ in range(4):
        for each in stores:
            each.poll()
            each.settle()

    on_hand, reserved = level(tee)
    target = max(0, on_hand - reserved)
    drift = [each.listing("TEE").shown for each in stores if each.accounted("TEE") != each.shows("TEE")]
    assert drift == []
    assert [each.accounted("TEE") for each in stores] == [target, target]
    assert [each.shows("TEE") for each in stores] == [target, target]
    assert not Push.objects.open().exists()
    assert no_differences()


def test_booking_outside_its_transaction_is_refused(transactional_db: None) -> None:
    from django.db import transaction

    with pytest.raises(transaction.TransactionManagementError):
        booking.book(
            [],
            key="order:1:X",
            reference="",
            warehouse_ids=[1],
            actor="x",
            now=timezone.now(),
            occurred_at=timezone.now(),
        )


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_booking_linking_and_waking_never_lock_against_each_other() -> None:
    """Orders of many lines, their mapping and their signals at once: every transaction takes rows in one order."""
    import threading

    from django.db import connection

    from channels import mapping, modes

    channel = factories.make_channel("North", started_at=factories.NOW - timedelta(days=900))
    places = range(1, 13)
    skus: list[Sku] = [factories.make_sku(f"SKU-{place}", on_hand=1000) for place in places]
    listings = [
        factories.make_listing(channel, sku if place % 2 else None, ref=f"p{place}", quantity=1000)
        for place, sku in zip(reversed(places), reversed(skus), strict=True)
    ]
    problems: list[BaseException] = []
    stop = threading.Event()

    def guarded(work: object) -> None:
        try:
            work()  # type: ignore[operator]
        except BaseException as error:
            problems.append(error)
        finally:
            connection.close()

    def book(number: int) -> None:
        with opened(channel) as platform:
            for turn in range(12):
                places_now = random.Random(number * 100 + turn).sample(list(places), 6)
                payload = dict(told(turn, "PAID" if turn % 2 else "CANCELLED", "PROCESSING", []).payload)
                payload["id"] = f"ORDER-{number}-{turn % 3}"
                payload["items"] = [
                    {"id": place, "productId": place, "sku": f"SKU-{place}", "name": "x", "quantity": 1}
                    for place in places_now
                ]
                orders.book(channel, platform, raw_order(payload), fetched_at=timezone.now(), now=timezone.now())

    def spread() -> None:
        while not stop.is_set():
            publishing.spread_signals(now=timezone.now())

    def link() -> None:
        for listing in listings:
            sku = next(each for each in skus if each.code == f"SKU-{listing.ref[1:]}")
            mapping.link(listing=listing, sku=sku, actor="user:ana", now=timezone.now())

    def wake() -> None:
        while not stop.is_set():
            modes.publish_all(channel=channel, now=timezone.now())

    background = [threading.Thread(target=guarded, args=(work,)) for work in (spread, wake)]
    workers = [threading.Thread(target=guarded, args=(lambda n=n: book(n),)) for n in range(4)]
    workers.append(threading.Thread(target=guarded, args=(link,)))
    for thread in (*background, *workers):
        thread.start()
    for thread in workers:
        thread.join()
    stop.set()
    for thread in background:
        thread.join()

    assert problems == []
    orders.book_waiting(now=timezone.now())
    assert Listing.objects.filter(mapping="mapped").count() == 12
    assert no_differences()
