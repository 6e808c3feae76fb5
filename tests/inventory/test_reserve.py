"""Reserving: all lines or none, every shortage told, one key one reservation."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from inventory import operations
from inventory.booking import Demand, book
from inventory.errors import InsufficientStock, InvalidQuantity, KeyConflict, NotOpen
from inventory.models import MAX_UNITS, Movement, Reservation, StockLevel
from inventory.reservations import Request, expire_due, fulfil, release, reserve
from tests.factories import balances, make_sku, make_warehouse, stock
from tests.inventory.refusals import all_rows, refused

pytestmark = pytest.mark.django_db


def test_a_reservation_holds_units(now: datetime) -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()

    reservation = reserve(
        [Request(sku=sku, units=4, warehouse=main)],
        key="cart:9",
        actor="api:shop",
        now=now,
        reference="Cart 9",
        expires_at=now + timedelta(minutes=15),
    )

    assert balances(sku, main) == (10, 4, 0)
    stored = Reservation.objects.get()
    assert (stored.pk, stored.uuid) == (reservation.pk, reservation.uuid)
    assert (stored.key, stored.reference, stored.state, stored.revision) == ("cart:9", "Cart 9", "open", 0)
    assert (stored.created_at, stored.expires_at) == (now, now + timedelta(minutes=15))
    assert [(x.sku, x.warehouse, x.reserved, x.fulfilled, x.line_ref) for x in stored.lines.all()] == [
        (sku, main, 4, 0, "")
    ]
    movement = Movement.objects.latest("pk")
    assert movement.key == f"reservation:{stored.pk}:{sku.pk}:{main.pk}:reserve"
    assert (movement.kind, movement.reserved_delta, movement.on_hand_delta) == ("reserve", 4, 0)
    assert (movement.reserved_after, movement.available_after) == (4, 6)
    assert (movement.actor, movement.reason, movement.recorded_at) == ("api:shop", "Cart 9", now)


def test_lines_of_one_level_are_added_up(now: datetime) -> None:
    sku, main = make_sku(on_hand=5), make_warehouse()

    reservation = reserve(
        [Request(sku=sku, units=2, warehouse=main), Request(sku=sku, units=3, warehouse=main)],
        key="k",
        actor="api:shop",
        now=now,
    )

    assert [line.reserved for line in reservation.lines.all()] == [5]


def test_added_up_lines_that_are_too_many_are_refused(now: datetime) -> None:
    sku, main = make_sku(on_hand=4), make_warehouse()
    requests = [Request(sku=sku, units=2, warehouse=main), Request(sku=sku, units=3, warehouse=main)]

    with refused(InsufficientStock) as caught:
        reserve(requests, key="k", actor="api:shop", now=now)

    assert [(s.asked, s.available) for s in caught.value.shortages] == [(5, 4)]


def test_all_lines_or_none_and_every_shortage(now: datetime) -> None:
    main = make_warehouse()
    plenty, scarce, none = make_sku("A", on_hand=50), make_sku("B", on_hand=1), make_sku("C")
    requests = [Request(sku=sku, units=2, warehouse=main) for sku in (plenty, scarce, none)]

    with refused(InsufficientStock) as caught:
        reserve(requests, key="k", actor="api:shop", now=now)

    assert [(s.sku, s.warehouse, s.asked, s.available) for s in caught.value.shortages] == [
        ("B", "MAIN", 2, 1),
        ("C", "MAIN", 2, 0),
    ]


def test_without_a_warehouse_the_first_by_priority_that_has_all(now: datetime) -> None:
    far, near = make_warehouse("FAR", priority=2), make_warehouse("NEAR", priority=1)
    sku = make_sku(on_hand=10, warehouse=far)
    stock(sku, near, on_hand=3)

    few = reserve([Request(sku=sku, units=3)], key="few", actor="api:shop", now=now)
    many = reserve([Request(sku=sku, units=4)], key="many", actor="api:shop", now=now)

    assert few.lines.get().warehouse == near
    assert many.lines.get().warehouse == far


def test_without_a_warehouse_units_are_not_split(now: datetime) -> None:
    far, near = make_warehouse("FAR", priority=2), make_warehouse("NEAR", priority=1)
    sku = make_sku(on_hand=4, warehouse=far)
    stock(sku, near, on_hand=3)

    with refused(InsufficientStock) as caught:
        reserve([Request(sku=sku, units=5)], key="k", actor="api:shop", now=now)

    assert [(s.warehouse, s.asked, s.available) for s in caught.value.shortages] == [("any", 5, 4)]


def test_shortages_of_named_and_of_free_warehouses_are_told_together(now: datetime) -> None:
    main = make_warehouse()
    named, free = make_sku("A", on_hand=1), make_sku("B", on_hand=1)
    requests = [Request(sku=named, units=2, warehouse=main), Request(sku=free, units=3)]

    with refused(InsufficientStock) as caught:
        reserve(requests, key="k", actor="api:shop", now=now)

    assert [(s.sku, s.warehouse, s.asked, s.available) for s in caught.value.shortages] == [
        ("A", "MAIN", 2, 1),
        ("B", "any", 3, 1),
    ]


def test_a_reservation_of_nothing_is_refused() -> None:
    with refused(InvalidQuantity):
        reserve([], key="k", actor="api:shop", now=datetime.fromisoformat("2026-11-21T09:00Z"))


@pytest.mark.parametrize("units", [0, -1, MAX_UNITS + 1, True, 1.5, "2", None])
def test_units_out_of_range_are_refused(units: int, now: datetime) -> None:
    sku = make_sku(on_hand=5)

    with refused(InvalidQuantity):
        reserve([Request(sku=sku, units=units)], key="k", actor="api:shop", now=now)


def test_a_repeat_returns_the_first_reservation_even_when_nothing_is_left(now: datetime) -> None:
    sku = make_sku(on_hand=3)
    requests = [Request(sku=sku, units=3)]
    first = reserve(requests, key="k", actor="api:shop", now=now)
    before = all_rows()

    again = reserve(requests, key="k", actor="api:shop", now=now + timedelta(hours=1))

    assert again.pk == first.pk
    assert all_rows() == before


def test_a_repeat_of_a_named_warehouse_returns_the_first_reservation(now: datetime) -> None:
    sku, main = make_sku(on_hand=3), make_warehouse()
    requests = [Request(sku=sku, units=3, warehouse=main)]
    first = reserve(requests, key="k", actor="api:shop", now=now)

    assert reserve(requests, key="k", actor="api:shop", now=now).pk == first.pk


def test_the_same_lines_in_another_order_are_a_repeat(now: datetime) -> None:
    one, two = Request(sku=make_sku("A", on_hand=3), units=1), Request(sku=make_sku("B", on_hand=3), units=2)
    first = reserve([one, two], key="k", actor="api:shop", now=now)

    assert reserve([two, one], key="k", actor="api:shop", now=now).pk == first.pk


def test_a_key_used_for_another_request_is_refused(now: datetime) -> None:
    sku, main = make_sku(on_hand=3), make_warehouse()
    reserve([Request(sku=sku, units=1)], key="k", actor="api:shop", now=now)

    for request in (Request(sku=sku, units=2), Request(sku=sku, units=1, warehouse=main), Request(sku=sku, units=3)):
        with refused(KeyConflict) as caught:
            reserve([request], key="k", actor="api:shop", now=now)
        assert caught.value.key == "k"
    with refused(KeyConflict):
        reserve([Request(sku=sku, units=1)], key="k", actor="api:shop", now=now, expires_at=now)


def test_releasing_gives_the_units_back_once(now: datetime) -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()
    reservation = reserve([Request(sku=sku, units=4)], key="k", actor="api:shop", now=now)

    released = release(reservation=reservation, actor="api:shop", now=now)

    assert (released.state, balances(sku, main)) == ("released", (10, 0, 0))
    assert Movement.objects.latest("pk").kind == "release"
    before = all_rows()
    assert release(reservation=reservation, actor="api:shop", now=now).state == "released"
    assert all_rows() == before


def test_fulfilling_ships_the_units_once(now: datetime) -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()
    reservation = reserve([Request(sku=sku, units=4)], key="k", actor="api:shop", now=now)

    fulfilled = fulfil(reservation=reservation, actor="api:shop", now=now)

    assert (fulfilled.state, balances(sku, main)) == ("fulfilled", (6, 0, 0))
    assert [(line.reserved, line.fulfilled) for line in fulfilled.lines.all()] == [(0, 4)]
    movement = Movement.objects.latest("pk")
    assert (movement.kind, movement.on_hand_delta, movement.reserved_delta) == ("fulfil", -4, -4)
    before = all_rows()
    assert fulfil(reservation=reservation, actor="api:shop", now=now).state == "fulfilled"
    assert all_rows() == before


def test_what_has_ended_can_t_end_otherwise(now: datetime) -> None:
    sku = make_sku(on_hand=10)
    shipped = reserve([Request(sku=sku, units=1)], key="shipped", actor="api:shop", now=now)
    fulfil(reservation=shipped, actor="api:shop", now=now)
    returned = reserve([Request(sku=sku, units=1)], key="returned", actor="api:shop", now=now)
    release(reservation=returned, actor="api:shop", now=now)

    with refused(NotOpen):
        release(reservation=shipped, actor="api:shop", now=now)
    with refused(NotOpen):
        fulfil(reservation=returned, actor="api:shop", now=now)


def test_expired_reservations_give_their_units_back(now: datetime) -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()
    for key, minutes in (("early", 5), ("late", 15)):
        reserve(
            [Request(sku=sku, units=2)],
            key=key,
            actor="api:shop",
            now=now,
            expires_at=now + timedelta(minutes=minutes),
        )
    reserve([Request(sku=sku, units=1)], key="for good", actor="api:shop", now=now)

    assert expire_due(now=now + timedelta(minutes=5)) == 1
    assert expire_due(now=now + timedelta(minutes=5)) == 0

    assert balances(sku, main) == (10, 3, 0)
    assert dict(Reservation.objects.values_list("key", "state")) == {
        "early": "expired",
        "late": "open",
        "for good": "open",
    }
    assert Movement.objects.latest("pk").actor == "expiry"


def test_an_expired_reservation_can_t_be_fulfilled(now: datetime) -> None:
    sku = make_sku(on_hand=10)
    reservation = reserve([Request(sku=sku, units=2)], key="k", actor="api:shop", now=now, expires_at=now)
    expire_due(now=now)

    with refused(NotOpen):
        fulfil(reservation=reservation, actor="api:shop", now=now)


def test_a_shortage_frees_units_whose_promise_has_run_out(now: datetime) -> None:
    sku, main = make_sku(on_hand=3), make_warehouse()
    other = make_sku("MUG", on_hand=1)
    later = now + timedelta(minutes=15)
    reserve([Request(sku=sku, units=3)], key="old", actor="api:shop", now=now, expires_at=later)
    reserve([Request(sku=other, units=1)], key="not asked for", actor="api:shop", now=now, expires_at=later)

    reservation = reserve([Request(sku=sku, units=2)], key="new", actor="api:shop", now=later)

    assert reservation.state == "open"
    assert balances(sku, main) == (3, 2, 0)
    assert Reservation.objects.get(key="old").state == "expired"
    assert Reservation.objects.get(key="not asked for").state == "open"


def test_a_shortage_that_expiry_does_not_cure_still_frees_what_has_run_out(now: datetime) -> None:
    sku, main = make_sku(on_hand=3), make_warehouse()
    reserve([Request(sku=sku, units=3)], key="old", actor="api:shop", now=now, expires_at=now)

    with pytest.raises(InsufficientStock) as caught:
        reserve([Request(sku=sku, units=4)], key="new", actor="api:shop", now=now)

    assert [(s.asked, s.available) for s in caught.value.shortages] == [(4, 3)]
    assert balances(sku, main) == (3, 0, 0)
    assert not Reservation.objects.filter(key="new").exists()


def test_an_order_s_reservation_opened_again_may_be_released_again(now: datetime) -> None:
    sku, main = make_sku(on_hand=5), make_warehouse()
    demand = Demand(line_ref="1", sku_id=sku.pk, sold=2, fulfilled=0)
    for _ in range(2):
        book(
            [demand],
            key="order:1",
            reference="#1",
            warehouse_ids=[main.pk],
            actor="channel:North",
            now=now,
            occurred_at=now,
        )
        assert balances(sku, main) == (5, 2, 0)

        release(reservation=Reservation.objects.get(), actor="user:ana", now=now)

        assert balances(sku, main) == (5, 0, 0)


def test_a_level_that_is_oversold_already_refuses(now: datetime) -> None:
    sku, main = make_sku(on_hand=1), make_warehouse()
    reserve([Request(sku=sku, units=1)], key="a", actor="api:shop", now=now)
    operations.adjust(sku=sku, warehouse=main, units=-1, key="adj", actor="user:ana", now=now, reason="Lost")
    assert StockLevel.objects.get().available == -1

    with refused(InsufficientStock) as caught:
        reserve([Request(sku=sku, units=1, warehouse=main)], key="b", actor="api:shop", now=now)

    assert [s.available for s in caught.value.shortages] == [-1]
