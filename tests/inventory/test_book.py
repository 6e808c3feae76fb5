"""Booking what a platform has accepted: a fact, brought to what the order now says, by difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError

from inventory import verify
from inventory.booking import Demand, book, settle
from inventory.models import Movement, Reservation, Sku, StockSignal, Warehouse
from tests.factories import NOW, balances, make_sku, make_warehouse, stock
from tests.inventory.refusals import all_rows

pytestmark = pytest.mark.django_db


def book_order(demands: Sequence[Demand], *warehouses: Warehouse, key: str = "order:7:1042") -> bool:
    return book(
        demands,
        key=key,
        reference="North #1042",
        warehouse_ids=[w.pk for w in warehouses or (make_warehouse(),)],
        actor="channel:North",
        now=NOW,
        occurred_at=NOW,
    )


def line(sku: Sku, sold: int, fulfilled: int = 0, *, ref: str = "1", **fields: Any) -> Demand:
    return Demand(line_ref=ref, sku_id=sku.pk, sold=sold, fulfilled=fulfilled, **fields)


def held(key: str = "order:7:1042") -> list[tuple[str, str, str, int, int]]:
    lines = Reservation.objects.get(key=key).lines.order_by("line_ref", "sku__code", "warehouse__code")
    return list(lines.values_list("line_ref", "sku__code", "warehouse__code", "reserved", "fulfilled"))


def last_kind() -> str:
    return Movement.objects.latest("pk").kind


def test_a_sale_reserves() -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()

    assert book_order([line(sku, 3)]) is True

    assert balances(sku, main) == (10, 3, 0)
    movement = Movement.objects.latest("pk")
    assert movement.key == f"order:7:1042:r1:1:{sku.pk}:{main.pk}"
    assert (movement.kind, movement.reason, movement.actor) == ("reserve", "North #1042", "channel:North")
    assert Reservation.objects.get().state == "open"


def test_a_repeat_changes_nothing() -> None:
    sku = make_sku(on_hand=10)
    book_order([line(sku, 3)])
    before = all_rows()

    assert book_order([line(sku, 3)]) is False

    assert all_rows() == before


@pytest.mark.parametrize(("sold", "kind"), [(5, "reserve"), (1, "release")])
def test_an_edit_books_the_difference(sold: int, kind: str) -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()
    book_order([line(sku, 3)])

    book_order([line(sku, sold)])

    assert balances(sku, main) == (10, sold, 0)
    assert (last_kind(), Movement.objects.latest("pk").reserved_delta) == (kind, sold - 3)


def test_a_cancelled_order_gives_everything_back() -> None:
    sku, mug, main = make_sku(on_hand=10), make_sku("MUG", on_hand=2), make_warehouse()
    book_order([line(sku, 3), line(mug, 2, ref="2")])

    book_order([])

    assert (balances(sku, main), balances(mug, main)) == ((10, 0, 0), (2, 0, 0))
    assert Reservation.objects.get().state == "released"


def test_a_cancelled_order_may_come_back() -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()
    for sold in (3, 0, 3, 0, 4):
        book_order([line(sku, sold)])
        assert balances(sku, main) == (10, sold, 0)
    assert Reservation.objects.get().state == "open"
    assert Reservation.objects.get().revision == 5


def test_a_shipment_takes_from_on_hand_and_reserved_alike() -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()
    book_order([line(sku, 3)])
    version = StockSignal.objects.get().version

    book_order([line(sku, 3, 3)])

    assert balances(sku, main) == (7, 0, 0)
    assert last_kind() == "fulfil"
    assert Reservation.objects.get().state == "fulfilled"
    assert StockSignal.objects.get().version == version


def test_a_part_shipment_and_the_rest() -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()
    book_order([line(sku, 5)])

    book_order([line(sku, 5, 2)])
    assert balances(sku, main) == (8, 3, 0)
    assert (held(), Reservation.objects.get().state) == ([("1", "TEE-BLK-M", "MAIN", 3, 2)], "open")

    book_order([line(sku, 5, 5)])
    assert balances(sku, main) == (5, 0, 0)


def test_an_order_first_heard_of_once_it_was_shipped() -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()

    book_order([line(sku, 4, 4)])

    assert balances(sku, main) == (6, 0, 0)


def test_a_shipment_taken_back_is_reserved_again() -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()
    book_order([line(sku, 3, 3)])

    book_order([line(sku, 3)])

    assert balances(sku, main) == (10, 3, 0)
    assert last_kind() == "return"
    assert held() == [("1", "TEE-BLK-M", "MAIN", 3, 0)]


def test_a_shipped_order_that_is_deleted_comes_back_to_on_hand() -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()
    book_order([line(sku, 3, 2)])

    book_order([])

    assert balances(sku, main) == (10, 0, 0)


def test_more_shipped_than_sold_counts_what_was_sold() -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()

    book_order([line(sku, 2, 5)])

    assert balances(sku, main) == (8, 0, 0)


def test_a_sale_of_more_than_there_is_is_recorded() -> None:
    sku, main = make_sku(on_hand=2), make_warehouse()

    book_order([line(sku, 5)])

    assert balances(sku, main) == (2, 5, 0)
    assert list(verify.differences()) == []


def test_a_sale_of_what_we_never_held_is_recorded() -> None:
    sku, main = make_sku(), make_warehouse()

    book_order([line(sku, 2)])

    assert balances(sku, main) == (0, 2, 0)


def test_the_first_warehouse_that_has_all_gives_all() -> None:
    near, far = make_warehouse("NEAR"), make_warehouse("FAR")
    sku = make_sku(on_hand=2, warehouse=near)
    stock(sku, far, on_hand=9)

    book_order([line(sku, 3)], near, far)

    assert held() == [("1", "TEE-BLK-M", "FAR", 3, 0)]


def test_units_are_split_when_no_warehouse_has_all() -> None:
    near, far = make_warehouse("NEAR"), make_warehouse("FAR")
    sku = make_sku(on_hand=2, warehouse=near)
    stock(sku, far, on_hand=3)

    book_order([line(sku, 4)], near, far)

    assert held() == [("1", "TEE-BLK-M", "FAR", 2, 0), ("1", "TEE-BLK-M", "NEAR", 2, 0)]


def test_what_nobody_has_is_owed_by_the_first_warehouse() -> None:
    near, far = make_warehouse("NEAR"), make_warehouse("FAR")
    sku = make_sku(on_hand=2, warehouse=near)
    stock(sku, far, on_hand=3)

    book_order([line(sku, 9)], near, far)

    assert (balances(sku, near), balances(sku, far)) == ((2, 6, 0), (3, 3, 0))


def test_two_lines_of_one_sku_don_t_count_on_the_same_units() -> None:
    near, far = make_warehouse("NEAR"), make_warehouse("FAR")
    sku = make_sku(on_hand=3, warehouse=near)
    stock(sku, far, on_hand=3)

    book_order([line(sku, 2, ref="1"), line(sku, 2, ref="2")], near, far)

    assert held() == [("1", "TEE-BLK-M", "NEAR", 2, 0), ("2", "TEE-BLK-M", "FAR", 2, 0)]


def test_an_edit_leaves_what_is_held_where_it_is() -> None:
    near, far = make_warehouse("NEAR"), make_warehouse("FAR")
    sku = make_sku(on_hand=2, warehouse=near)
    stock(sku, far, on_hand=9)
    book_order([line(sku, 2)], near, far)

    book_order([line(sku, 5)], near, far)
    assert held() == [("1", "TEE-BLK-M", "FAR", 3, 0), ("1", "TEE-BLK-M", "NEAR", 2, 0)]

    book_order([line(sku, 4)], near, far)
    assert held() == [("1", "TEE-BLK-M", "FAR", 2, 0), ("1", "TEE-BLK-M", "NEAR", 2, 0)]


def test_a_cut_spares_what_has_shipped() -> None:
    near, far = make_warehouse("NEAR"), make_warehouse("FAR")
    sku = make_sku(on_hand=2, warehouse=near)
    stock(sku, far, on_hand=2)
    book_order([line(sku, 4, 2)], near, far)
    assert held() == [("1", "TEE-BLK-M", "FAR", 2, 0), ("1", "TEE-BLK-M", "NEAR", 0, 2)]

    book_order([line(sku, 2, 2)], near, far)

    assert (balances(sku, near), balances(sku, far)) == ((0, 0, 0), (2, 0, 0))


def test_two_lines_of_one_level_and_one_sku_each_have_their_movement() -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()

    book_order([line(sku, 1, ref="1"), line(sku, 2, ref="2")])

    assert [m.reserved_after for m in Movement.objects.filter(kind="reserve").order_by("pk")] == [1, 3]
    assert balances(sku, main) == (10, 3, 0)
    assert list(verify.differences()) == []


def test_one_line_that_needs_several_skus() -> None:
    """A bundle's components share their order line."""
    tee, mug, main = make_sku(on_hand=10), make_sku("MUG", on_hand=10), make_warehouse()

    book_order([line(tee, 1), line(mug, 2)])

    assert (balances(tee, main), balances(mug, main)) == ((10, 1, 0), (10, 2, 0))


def test_a_line_mapped_to_another_sku_moves_there() -> None:
    wrong, right, main = make_sku("WRONG", on_hand=10), make_sku("RIGHT", on_hand=10), make_warehouse()
    book_order([line(wrong, 2)])

    book_order([line(right, 2)])

    assert (balances(wrong, main), balances(right, main)) == ((10, 0, 0), (10, 2, 0))
    assert list(verify.differences()) == []


def test_orders_don_t_touch_each_other() -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()
    book_order([line(sku, 2)], key="order:7:1")
    book_order([line(sku, 3)], key="order:7:2")

    book_order([], key="order:7:1")

    assert balances(sku, main) == (10, 3, 0)
    assert held("order:7:2") == [("1", "TEE-BLK-M", "MAIN", 3, 0)]


def test_a_line_reference_may_hold_anything() -> None:
    sku, main = make_sku("TÉE/“M” 👕", on_hand=10), make_warehouse()

    book_order([line(sku, 2, ref='l/1:"é" 👕')])

    assert balances(sku, main) == (10, 2, 0)


@pytest.mark.django_db(transaction=True)
def test_booking_belongs_to_a_transaction() -> None:
    sku = make_sku(on_hand=10)

    with pytest.raises(TransactionManagementError):
        book_order([line(sku, 2)])
    with transaction.atomic():
        assert book_order([line(sku, 2)])


def test_goods_that_come_back_elsewhere_are_received_there_once() -> None:
    sku, main, shop = make_sku(on_hand=10), make_warehouse(), make_warehouse("SHOP")
    book_order([line(sku, 3, 3)], main, shop)
    back = line(sku, 0, ref="1@shop", returned=2, warehouse_ids=(shop.pk,))

    assert book_order([line(sku, 3, 3), back], main, shop) is True
    assert book_order([line(sku, 3, 3), back], main, shop) is False

    assert (balances(sku, main), balances(sku, shop)) == ((7, 0, 0), (2, 0, 0))
    movement = Movement.objects.latest("pk")
    assert (movement.kind, movement.on_hand_delta, movement.warehouse) == ("return", 2, shop)
    assert Reservation.objects.get().state == "fulfilled"
    assert not list(verify.differences())


def test_what_came_back_stays_where_it_was_received_and_may_be_taken_back() -> None:
    sku, main, shop = make_sku(on_hand=10), make_warehouse(), make_warehouse("SHOP")
    book_order([line(sku, 0, returned=2, warehouse_ids=(shop.pk,))], main, shop)

    book_order([line(sku, 0, returned=3, warehouse_ids=(main.pk,))], main, shop)
    assert (balances(sku, main), balances(sku, shop)) == ((11, 0, 0), (2, 0, 0))
    book_order([line(sku, 0, returned=1, warehouse_ids=(main.pk,))], main, shop)

    assert balances(sku, main)[0] + balances(sku, shop)[0] == 11
    assert not list(verify.differences())


def test_a_warehouse_that_confirms_a_shipment_leaves_what_came_back_elsewhere() -> None:
    sku, main, shop = make_sku(on_hand=10), make_warehouse(), make_warehouse("SHOP")
    book_order([line(sku, 3), line(sku, 0, ref="1@shop", returned=1, warehouse_ids=(shop.pk,))], main, shop)

    with transaction.atomic():
        reservation = Reservation.objects.select_for_update().get()
        settle(reservation, confirmed={(sku.pk, main.pk): 3}, actor="wms", now=NOW, occurred_at=NOW)

    assert (balances(sku, main), balances(sku, shop)) == ((7, 0, 0), (1, 0, 0))
    assert not list(verify.differences())


def test_the_parts_of_a_bundle_come_from_one_warehouse_where_one_has_them_all() -> None:
    candle, mug = make_sku("CANDLE", on_hand=9), make_sku("MUG", on_hand=1)
    main, shop = make_warehouse(), make_warehouse("SHOP")
    stock(candle, shop, on_hand=4)
    stock(mug, shop, on_hand=2)

    book_order([line(candle, 4), line(mug, 2)], main, shop)

    assert (balances(candle, shop), balances(mug, shop)) == ((4, 4, 0), (2, 2, 0))
    # With nobody who has them all, each comes from the first that has it.
    book_order([line(candle, 2), line(mug, 1)], main, shop, key="order:7:1043")
    assert (balances(candle, main), balances(mug, main)) == ((9, 2, 0), (1, 1, 0))
    book_order([line(candle, 7), line(mug, 1)], main, shop, key="order:7:1044")
    assert (balances(candle, main), balances(mug, main)) == ((9, 9, 0), (1, 2, 0))
