"""Receipts, adjustments, transfers, reclassifications and returns, to the unit."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest

from inventory import ledger, operations
from inventory.errors import InsufficientStock, InvalidQuantity, KeyConflict, Shortage
from inventory.ledger import Entry
from inventory.models import MAX_UNITS, Movement, StockLevel, StockSignal
from inventory.reservations import Request, reserve
from tests.factories import NOW, balances, make_sku, make_warehouse
from tests.inventory.refusals import all_rows, refused

pytestmark = pytest.mark.django_db


def test_a_receipt_adds_to_on_hand_and_says_what_it_did(now: datetime) -> None:
    sku, warehouse = make_sku(), make_warehouse()

    movement = operations.receive(
        sku=sku,
        warehouse=warehouse,
        units=12,
        key="delivery:77",
        actor="user:ana",
        now=now,
        occurred_at=now - timedelta(hours=2),
        reason="PO 77",
    )

    assert balances(sku, warehouse) == (12, 0, 0)
    stored = Movement.objects.get()
    assert stored.pk == movement.pk
    assert (stored.key, stored.kind, stored.actor, stored.reason) == ("delivery:77", "receipt", "user:ana", "PO 77")
    assert (stored.on_hand_delta, stored.reserved_delta, stored.unsellable_delta) == (12, 0, 0)
    assert (stored.on_hand_after, stored.reserved_after, stored.unsellable_after) == (12, 0, 0)
    assert (stored.occurred_at, stored.recorded_at) == (now - timedelta(hours=2), now)
    assert (movement.on_hand_after, movement.available_after) == (12, 12)


def test_available_is_on_hand_less_reserved(now: datetime) -> None:
    sku = make_sku(on_hand=10)
    reserve([Request(sku=sku, units=3)], key="k", actor="api:shop", now=now)

    level = StockLevel.objects.get()

    assert (level.on_hand, level.reserved, level.available) == (10, 3, 7)


@pytest.mark.parametrize(("units", "left"), [(5, 15), (-4, 6), (-10, 0)])
def test_an_adjustment_changes_on_hand_by_signed_units(units: int, left: int, now: datetime) -> None:
    sku, warehouse = make_sku(on_hand=10), make_warehouse()

    movement = operations.adjust(
        sku=sku, warehouse=warehouse, units=units, key="adj:1", actor="user:ana", now=now, reason="Broken"
    )

    assert balances(sku, warehouse) == (left, 0, 0)
    assert (movement.kind, movement.on_hand_delta, movement.on_hand_after) == ("adjustment", units, left)


def test_an_adjustment_below_zero_on_hand_is_refused(now: datetime) -> None:
    sku, warehouse = make_sku(on_hand=10), make_warehouse()

    with refused(InsufficientStock) as caught:
        operations.adjust(
            sku=sku, warehouse=warehouse, units=-11, key="adj:1", actor="user:ana", now=now, reason="Lost"
        )

    assert caught.value.shortages == (Shortage(sku="TEE-BLK-M", warehouse="MAIN", asked=11, available=10),)
    assert str(caught.value) == "Not enough stock: TEE-BLK-M in MAIN: asked 11, available 10."


def test_an_adjustment_may_take_units_that_are_reserved(now: datetime) -> None:
    """Broken goods are broken, promised or not; the SKU then shows as oversold."""
    sku, warehouse = make_sku(on_hand=5), make_warehouse()
    reserve([Request(sku=sku, units=5)], key="k", actor="api:shop", now=now)

    operations.adjust(sku=sku, warehouse=warehouse, units=-2, key="adj:1", actor="user:ana", now=now, reason="Broken")

    assert balances(sku, warehouse) == (3, 5, 0)


def test_an_adjustment_in_a_warehouse_that_never_held_the_sku_is_refused(now: datetime) -> None:
    sku, empty = make_sku(on_hand=5), make_warehouse("EMPTY")

    with refused(InsufficientStock) as caught:
        operations.adjust(sku=sku, warehouse=empty, units=-1, key="adj:1", actor="user:ana", now=now, reason="Lost")

    assert caught.value.shortages == (Shortage(sku="TEE-BLK-M", warehouse="EMPTY", asked=1, available=0),)


def test_an_adjustment_needs_a_reason(now: datetime) -> None:
    sku, warehouse = make_sku(on_hand=5), make_warehouse()

    with refused(InvalidQuantity):
        operations.adjust(sku=sku, warehouse=warehouse, units=1, key="adj:1", actor="user:ana", now=now, reason="  ")


def test_a_transfer_moves_units_and_keeps_the_sum(now: datetime) -> None:
    sku, main, shop = make_sku(on_hand=10), make_warehouse(), make_warehouse("SHOP")

    movements = operations.transfer(
        sku=sku, source=main, destination=shop, units=4, key="transfer:1", actor="user:ana", now=now
    )

    assert balances(sku, main) == (6, 0, 0)
    assert balances(sku, shop) == (4, 0, 0)
    assert [(m.key, m.kind, m.on_hand_delta, m.on_hand_after) for m in movements] == [
        ("transfer:1:out", "transfer_out", -4, 6),
        ("transfer:1:in", "transfer_in", 4, 4),
    ]


def test_a_transfer_may_not_take_reserved_units(now: datetime) -> None:
    sku, main, shop = make_sku(on_hand=10), make_warehouse(), make_warehouse("SHOP")
    reserve([Request(sku=sku, units=7, warehouse=main)], key="k", actor="api:shop", now=now)

    with refused(InsufficientStock) as caught:
        operations.transfer(sku=sku, source=main, destination=shop, units=4, key="t", actor="user:ana", now=now)

    assert caught.value.shortages == (Shortage(sku="TEE-BLK-M", warehouse="MAIN", asked=4, available=3),)


def test_a_transfer_to_the_same_warehouse_is_refused(now: datetime) -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()

    with refused(InvalidQuantity):
        operations.transfer(sku=sku, source=main, destination=main, units=4, key="t", actor="user:ana", now=now)


def test_reclassifying_moves_units_between_sellable_and_unsellable(now: datetime) -> None:
    sku, warehouse = make_sku(on_hand=10), make_warehouse()
    reclassify = partial(operations.reclassify, sku=sku, warehouse=warehouse, actor="user:ana", now=now)

    reclassify(units=4, key="r:1")
    assert balances(sku, warehouse) == (6, 0, 4)

    reclassify(units=-3, key="r:2")
    assert balances(sku, warehouse) == (9, 0, 1)


@pytest.mark.parametrize(("units", "asked", "available"), [(11, 11, 10), (-3, 3, 2)])
def test_reclassifying_more_than_is_there_is_refused(units: int, asked: int, available: int, now: datetime) -> None:
    sku, warehouse = make_sku(on_hand=10, unsellable=2), make_warehouse()

    with refused(InsufficientStock) as caught:
        operations.reclassify(sku=sku, warehouse=warehouse, units=units, key="r:1", actor="user:ana", now=now)

    assert caught.value.shortages == (Shortage(sku="TEE-BLK-M", warehouse="MAIN", asked=asked, available=available),)


@pytest.mark.parametrize(("is_sellable", "expected"), [(True, (12, 0, 0)), (False, (10, 0, 2))])
def test_a_return_goes_to_on_hand_or_to_unsellable(
    is_sellable: bool, expected: tuple[int, int, int], now: datetime
) -> None:
    sku, warehouse = make_sku(on_hand=10), make_warehouse()

    operations.receive_return(
        sku=sku, warehouse=warehouse, units=2, is_sellable=is_sellable, key="ret:1", actor="user:ana", now=now
    )

    assert balances(sku, warehouse) == expected


@pytest.mark.parametrize("units", [0, -1, MAX_UNITS + 1, True, 1.5, "3", None])
def test_units_that_are_no_whole_number_in_range_are_refused(units: object, now: datetime) -> None:
    sku, warehouse, shop = make_sku(on_hand=10), make_warehouse(), make_warehouse("SHOP")
    common = {"sku": sku, "units": units, "key": "k", "actor": "user:ana", "now": now}

    with refused(InvalidQuantity):
        operations.receive(warehouse=warehouse, **common)  # type: ignore[arg-type]
    with refused(InvalidQuantity):
        operations.receive_return(warehouse=warehouse, is_sellable=True, **common)  # type: ignore[arg-type]
    with refused(InvalidQuantity):
        operations.transfer(source=warehouse, destination=shop, **common)  # type: ignore[arg-type]


@pytest.mark.parametrize("units", [0, -MAX_UNITS - 1, MAX_UNITS + 1, True, -1.5, "3", None])
def test_signed_units_that_are_no_whole_number_in_range_are_refused(units: object, now: datetime) -> None:
    sku, warehouse = make_sku(on_hand=10), make_warehouse()
    common = {"sku": sku, "warehouse": warehouse, "units": units, "key": "k", "actor": "user:ana", "now": now}

    with refused(InvalidQuantity):
        operations.adjust(reason="Broken", **common)  # type: ignore[arg-type]
    with refused(InvalidQuantity):
        operations.reclassify(**common)  # type: ignore[arg-type]


def test_a_repeat_of_a_key_changes_nothing_and_returns_the_first_movement(now: datetime) -> None:
    sku, main, shop = make_sku(on_hand=10), make_warehouse(), make_warehouse("SHOP")
    receive = partial(operations.receive, sku=sku, warehouse=main, units=3, key="k", actor="user:ana")
    transfer = partial(operations.transfer, sku=sku, source=main, destination=shop, units=2, key="t", actor="user:ana")
    first, moved = receive(now=now), transfer(now=now)
    before = all_rows()

    again, moved_again = receive(now=now + timedelta(days=1)), transfer(now=now + timedelta(days=1))

    assert again.pk == first.pk
    assert [m.pk for m in moved_again] == [m.pk for m in moved]
    assert all_rows() == before


def test_a_key_used_for_something_else_is_refused(now: datetime) -> None:
    sku, other, main, shop = make_sku(on_hand=10), make_sku("MUG"), make_warehouse(), make_warehouse("SHOP")
    operations.receive(sku=sku, warehouse=main, units=3, key="k", actor="user:ana", now=now)
    receive = partial(operations.receive, key="k", actor="user:ana", now=now)

    with refused(KeyConflict) as caught:
        receive(sku=sku, warehouse=main, units=4)
    with refused(KeyConflict):
        receive(sku=other, warehouse=main, units=3)
    with refused(KeyConflict):
        receive(sku=sku, warehouse=shop, units=3)
    with refused(KeyConflict):
        operations.receive_return(
            sku=sku, warehouse=main, units=3, is_sellable=True, key="k", actor="user:ana", now=now
        )

    assert caught.value.key == "k"


def test_post_names_the_key_that_was_used_before(now: datetime) -> None:
    sku, main, shop = make_sku(on_hand=10), make_warehouse(), make_warehouse("SHOP")
    operations.receive(sku=sku, warehouse=shop, units=3, key="used", actor="user:ana", now=now)
    kind = Movement.Kind.RECEIPT
    entries = [
        Entry(key="fresh", sku_id=sku.pk, warehouse_id=main.pk, kind=kind, on_hand=1),
        Entry(key="used", sku_id=sku.pk, warehouse_id=shop.pk, kind=kind, on_hand=1),
    ]

    with refused(KeyConflict) as caught:
        ledger.post(entries, actor="user:ana", now=now)

    assert caught.value.key == "used"


def test_one_refused_entry_refuses_all_and_every_shortage_is_told(now: datetime) -> None:
    main = make_warehouse()
    skus = [make_sku("A", on_hand=5), make_sku("B", on_hand=1), make_sku("C")]
    entries = [
        Entry(
            key=f"take:{sku.code}",
            sku_id=sku.pk,
            warehouse_id=main.pk,
            kind=Movement.Kind.ADJUSTMENT,
            on_hand=-2,
            needs_available=2,
        )
        for sku in skus
    ]

    with refused(InsufficientStock) as caught:
        ledger.post(entries, actor="user:ana", now=now)

    assert [(s.sku, s.asked, s.available) for s in caught.value.shortages] == [("B", 2, 1), ("C", 2, 0)]


def test_two_entries_of_one_level_follow_each_other(now: datetime) -> None:
    sku, main = make_sku(on_hand=5), make_warehouse()
    entries = [
        Entry(key=f"e:{n}", sku_id=sku.pk, warehouse_id=main.pk, kind=Movement.Kind.RESERVE, reserved=n) for n in (1, 2)
    ]

    movements = ledger.post(entries, actor="channel:North", now=now)

    assert [m.reserved_after for m in movements] == [1, 3]
    assert balances(sku, main) == (5, 3, 0)


def test_two_guarded_entries_of_one_level_don_t_both_pass_on_the_same_units(now: datetime) -> None:
    sku, main = make_sku(on_hand=5), make_warehouse()
    entries = [
        Entry(
            key=f"e:{n}",
            sku_id=sku.pk,
            warehouse_id=main.pk,
            kind=Movement.Kind.RESERVE,
            reserved=3,
            needs_available=3,
        )
        for n in (1, 2)
    ]

    with refused(InsufficientStock) as caught:
        ledger.post(entries, actor="api:shop", now=now)

    assert [(s.asked, s.available) for s in caught.value.shortages] == [(3, 2)]


def test_posting_nothing_does_nothing(now: datetime) -> None:
    assert ledger.post([], actor="user:ana", now=now) == []


def test_a_fact_may_take_available_below_zero(now: datetime) -> None:
    sku, main = make_sku(on_hand=1), make_warehouse()
    entry = Entry(key="sale", sku_id=sku.pk, warehouse_id=main.pk, kind=Movement.Kind.RESERVE, reserved=4)

    [movement] = ledger.post([entry], actor="channel:North", now=now)

    assert movement.available_after == -3
    assert StockLevel.objects.get().available == -3


def test_a_signal_is_raised_once_per_sku_and_post_and_keeps_its_first_time(now: datetime) -> None:
    sku, main, shop = make_sku(), make_warehouse(), make_warehouse("SHOP")
    operations.receive(sku=sku, warehouse=main, units=9, key="r", actor="user:ana", now=now)

    operations.transfer(
        sku=sku, source=main, destination=shop, units=2, key="t", actor="user:ana", now=now + timedelta(minutes=1)
    )

    signal = StockSignal.objects.get()
    assert (signal.sku_id, signal.version, signal.raised_at) == (sku.pk, 2, now)


def test_what_leaves_available_as_it_was_raises_no_signal(now: datetime) -> None:
    """A shipment takes from on hand and reserved alike, damaged returns from neither: nothing need be pushed."""
    sku, main = make_sku(on_hand=5), make_warehouse()
    reserve([Request(sku=sku, units=2)], key="k", actor="api:shop", now=now)
    version = StockSignal.objects.get().version
    ship = Entry(key="ship", sku_id=sku.pk, warehouse_id=main.pk, kind=Movement.Kind.FULFIL, on_hand=-2, reserved=-2)

    ledger.post([ship], actor="user:ana", now=now)
    operations.receive_return(sku=sku, warehouse=main, units=1, is_sellable=False, key="ret", actor="user:ana", now=NOW)

    assert StockSignal.objects.get().version == version
