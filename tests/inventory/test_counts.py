"""Counts: what a person saw, compared with what the ledger says there was at that moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest

from inventory import counts, operations
from inventory.errors import InvalidQuantity, KeyConflict
from inventory.models import MAX_UNITS, Movement, StockCount
from inventory.reservations import Request, fulfil, reserve
from tests.factories import balances, make_sku, make_warehouse
from tests.inventory.refusals import all_rows, refused

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("counted", "difference"), [(8, -2), (13, 3), (0, -10)])
def test_a_count_brings_on_hand_to_what_was_counted(counted: int, difference: int, now: datetime) -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()

    count = counts.record(
        sku=sku, warehouse=main, counted=counted, key="count:1", actor="user:ana", now=now, reason="Yearly"
    )

    assert balances(sku, main) == (counted, 0, 0)
    assert (count.counted, count.expected, count.difference, count.counted_at) == (counted, 10, difference, now)
    movement = Movement.objects.latest("pk")
    assert (movement.key, movement.kind, movement.on_hand_delta) == ("count:1", "count", difference)
    assert movement.reason == "Yearly"


def test_a_count_that_agrees_is_kept_and_moves_nothing(now: datetime) -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()
    movements = Movement.objects.count()

    count = counts.record(sku=sku, warehouse=main, counted=10, key="count:1", actor="user:ana", now=now)

    assert (count.difference, Movement.objects.count()) == (0, movements)


def test_a_count_of_what_we_never_held(now: datetime) -> None:
    sku, main = make_sku(), make_warehouse()

    counts.record(sku=sku, warehouse=main, counted=4, key="count:1", actor="user:ana", now=now)

    assert balances(sku, main) == (4, 0, 0)


def test_a_count_leaves_reservations_alone(now: datetime) -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()
    reserve([Request(sku=sku, units=6)], key="k", actor="api:shop", now=now)

    counts.record(sku=sku, warehouse=main, counted=5, key="count:1", actor="user:ana", now=now)

    assert balances(sku, main) == (5, 6, 0)


def test_what_happened_after_a_past_count_is_kept(now: datetime) -> None:
    """Counted 9 of 10 at nine o'clock, typed in at noon; a delivery and a shipment came between."""
    sku, main = make_sku(on_hand=10), make_warehouse()
    order = reserve([Request(sku=sku, units=2)], key="k", actor="api:shop", now=now)
    operations.receive(sku=sku, warehouse=main, units=5, key="r", actor="user:ana", now=now + timedelta(hours=1))
    fulfil(reservation=order, actor="api:shop", now=now + timedelta(hours=2))

    count = counts.record(
        sku=sku,
        warehouse=main,
        counted=9,
        key="count:1",
        actor="user:ana",
        now=now + timedelta(hours=3),
        counted_at=now,
    )

    assert (count.expected, count.difference) == (10, -1)
    assert balances(sku, main) == (12, 0, 0)
    movement = Movement.objects.latest("pk")
    assert (movement.occurred_at, movement.recorded_at) == (now, now + timedelta(hours=3))


def test_what_had_left_before_the_count_and_was_booked_after_it_is_not_missing_twice(now: datetime) -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()
    counted_at, noticed = now + timedelta(hours=1), now + timedelta(hours=2)
    operations.adjust(
        sku=sku,
        warehouse=main,
        units=-1,
        key="adj",
        actor="user:ana",
        reason="Broken at nine, noted at eleven",
        now=noticed,
        occurred_at=now,
    )

    count = counts.record(
        sku=sku,
        warehouse=main,
        counted=9,
        key="count:1",
        actor="user:ana",
        now=now + timedelta(hours=3),
        counted_at=counted_at,
    )

    assert (count.difference, balances(sku, main)) == (0, (9, 0, 0))


def test_two_past_counts_don_t_correct_the_same_loss_twice(now: datetime) -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()
    record = partial(counts.record, sku=sku, warehouse=main, counted=9, actor="user:ana")
    record(key="count:1", counted_at=now + timedelta(minutes=1), now=now + timedelta(hours=1))

    second = record(key="count:2", counted_at=now + timedelta(minutes=30), now=now + timedelta(hours=1))

    assert (second.difference, balances(sku, main)) == (0, (9, 0, 0))


def test_a_repeat_returns_the_first_count(now: datetime) -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()
    record = partial(counts.record, sku=sku, warehouse=main, counted=8, key="count:1", actor="user:ana")
    first = record(now=now)
    operations.receive(sku=sku, warehouse=main, units=5, key="r", actor="user:ana", now=now)
    before = all_rows()

    again = record(now=now + timedelta(days=1))

    assert (again.pk, StockCount.objects.count()) == (first.pk, 1)
    assert all_rows() == before


def test_a_key_used_for_something_else_is_refused(now: datetime) -> None:
    sku, mug, main = make_sku(on_hand=10), make_sku("MUG", on_hand=1), make_warehouse()
    counts.record(sku=sku, warehouse=main, counted=8, key="count:1", actor="user:ana", now=now)
    operations.receive(sku=sku, warehouse=main, units=5, key="delivery", actor="user:ana", now=now)
    record = partial(counts.record, warehouse=main, actor="user:ana", now=now)

    with refused(KeyConflict):
        record(sku=sku, counted=7, key="count:1")
    with refused(KeyConflict):
        record(sku=mug, counted=8, key="count:1")
    with refused(KeyConflict):
        record(sku=sku, counted=1, key="delivery")


@pytest.mark.parametrize("counted", [-1, MAX_UNITS + 1, True, 2.0, "7", None])
def test_a_count_is_a_whole_number_from_zero(counted: int, now: datetime) -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()

    with refused(InvalidQuantity):
        counts.record(sku=sku, warehouse=main, counted=counted, key="count:1", actor="user:ana", now=now)
