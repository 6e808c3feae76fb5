"""Real threads on PostgreSQL: nothing oversold, nothing lost, nothing left behind, no deadlock."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TypeVar

import pytest
from django.db import connection, transaction

from inventory import counts, operations, verify
from inventory.booking import Demand, book
from inventory.errors import InsufficientStock
from inventory.models import Movement, Reservation, ReservationLine, Sku, StockLevel, StockSignal
from inventory.reservations import Request, fulfil, release, reserve
from tests.factories import NOW, balances, make_sku, make_warehouse, stock

# One after the other in one test process: each needs up to 64 of the server's connections.
pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
]
T = TypeVar("T")


def together(jobs: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Run all jobs at once, each in a thread and on a connection of its own; return results or what they raised."""
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], T]) -> T | Exception:
        try:
            connection.ensure_connection()
            start.wait(timeout=60)
            return job()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=len(jobs)) as pool:
        return list(pool.map(run, jobs))


def tally(outcomes: Sequence[object]) -> dict[str, int]:
    return dict(Counter(type(outcome).__name__ for outcome in outcomes))


def reserve_units(sku: Sku, key: str, *, units: int = 1, in_main: bool = True) -> Reservation:
    request = Request(sku=sku, units=units, warehouse=make_warehouse() if in_main else None)
    return reserve([request], key=key, actor="api:shop", now=NOW)


def test_64_threads_on_one_hot_sku_oversell_nothing_and_lose_nothing() -> None:
    """512 buyers, 200 units: exactly 200 are served, and the 312 others leave not a row."""
    sku, main = make_sku(on_hand=200), make_warehouse()

    def buy(buyer: int) -> list[Reservation | Exception]:
        outcomes: list[Reservation | Exception] = []
        for turn in range(8):
            try:
                outcomes.append(reserve_units(sku, f"buyer:{buyer}:{turn}"))
            except InsufficientStock as refusal:
                outcomes.append(refusal)
        return outcomes

    outcomes = [o for result in together([partial(buy, b) for b in range(64)]) for o in as_list(result)]

    assert tally(outcomes) == {"Reservation": 200, "InsufficientStock": 312}
    assert balances(sku, main) == (200, 200, 0)
    assert {s.available for o in outcomes if isinstance(o, InsufficientStock) for s in o.shortages} == {0}
    served = {o.key for o in outcomes if isinstance(o, Reservation)}
    assert set(Reservation.objects.values_list("key", flat=True)) == served
    assert ReservationLine.objects.count() == 200
    assert Movement.objects.filter(kind="reserve").count() == 200
    assert StockSignal.objects.get().version == 201
    assert list(verify.differences()) == []


def as_list(result: list[T] | Exception) -> list[T]:
    if isinstance(result, Exception):
        raise result
    return result


def test_orders_that_want_the_same_skus_in_opposite_order_don_t_deadlock() -> None:
    main = make_warehouse()
    skus = [make_sku(f"SKU-{n}", on_hand=1000) for n in range(8)]

    def order(buyer: int) -> int:
        for turn in range(10):
            wanted = [skus[(buyer + turn + n) % 8] for n in range(4)]
            lines = wanted if buyer % 2 else wanted[::-1]
            requests = [Request(sku=sku, units=1, warehouse=main if turn % 2 else None) for sku in lines]
            reservation = reserve(requests, key=f"{buyer}:{turn}", actor="api:shop", now=NOW)
            if turn % 3 == 0:
                release(reservation=reservation, actor="api:shop", now=NOW)
            elif turn % 3 == 1:
                fulfil(reservation=reservation, actor="api:shop", now=NOW)
        return buyer

    assert together([partial(order, b) for b in range(24)]) == list(range(24))
    assert sum(x.reserved for x in StockLevel.objects.all()) == 24 * 3 * 4
    assert sum(x.on_hand for x in StockLevel.objects.all()) == 8000 - 24 * 3 * 4
    assert list(verify.differences()) == []


def test_orders_booked_as_facts_in_opposite_order_don_t_deadlock() -> None:
    main = make_warehouse()
    skus = [make_sku(f"SKU-{n}", on_hand=5) for n in range(4)]

    def order(buyer: int) -> int:
        for turn in range(10):
            chosen = skus if buyer % 2 else skus[::-1]
            demands = [
                Demand(line_ref=str(n), sku_id=sku.pk, sold=1 + turn % 3, fulfilled=turn % 2)
                for n, sku in enumerate(chosen)
            ]
            with transaction.atomic():
                book(
                    demands,
                    key=f"order:{buyer}",
                    reference="",
                    warehouse_ids=[main.pk],
                    actor="channel:North",
                    now=NOW,
                    occurred_at=NOW,
                )
        return buyer

    assert together([partial(order, b) for b in range(16)]) == list(range(16))
    # The last turn sold one unit of each and shipped it.
    assert [(x.on_hand, x.reserved) for x in StockLevel.objects.all()] == [(5 - 16, 0)] * 4
    assert list(verify.differences()) == []


def test_orders_booked_at_once_take_each_warehouses_units_once() -> None:
    near, far = make_warehouse(priority=1), make_warehouse("FAR", priority=2)
    sku = make_sku(on_hand=8, warehouse=near)
    stock(sku, far, on_hand=8)

    def order(buyer: int) -> None:
        with transaction.atomic():
            book(
                [Demand(line_ref="1", sku_id=sku.pk, sold=1, fulfilled=0)],
                key=f"order:{buyer}",
                reference="",
                warehouse_ids=[near.pk, far.pk],
                actor="channel:North",
                now=NOW,
                occurred_at=NOW,
            )

    assert together([partial(order, buyer) for buyer in range(16)]) == [None] * 16
    assert (balances(sku, near), balances(sku, far)) == ((8, 8, 0), (8, 8, 0))


def test_one_key_used_by_many_at_once_makes_one_reservation() -> None:
    sku, main = make_sku(on_hand=40), make_warehouse()

    for turn in range(5):
        outcomes = together([partial(reserve_units, sku, f"cart:{turn}", units=3) for _ in range(16)])
        assert tally(outcomes) == {"Reservation": 16}
        assert len({o.pk for o in outcomes if isinstance(o, Reservation)}) == 1

    assert balances(sku, main) == (40, 15, 0)
    assert Reservation.objects.count() == 5


def test_one_key_used_by_many_at_once_for_the_last_units_is_no_shortage() -> None:
    for turn in range(5):
        sku = make_sku(f"LAST-{turn}", on_hand=3)

        outcomes = together([partial(reserve_units, sku, f"last:{turn}", units=3) for _ in range(16)])

        assert tally(outcomes) == {"Reservation": 16}
        assert balances(sku, make_warehouse()) == (3, 3, 0)


def test_one_key_received_by_many_at_once_is_received_once() -> None:
    sku, main = make_sku(), make_warehouse()

    outcomes = together(
        [partial(operations.receive, sku=sku, warehouse=main, units=7, key="delivery", actor="user:ana", now=NOW)] * 16
    )

    assert tally(outcomes) == {"Movement": 16}
    assert balances(sku, main) == (7, 0, 0)


def test_the_first_receipts_of_a_level_made_at_once_all_count() -> None:
    main = make_warehouse()
    for turn in range(10):
        sku = make_sku(f"NEW-{turn}")

        outcomes = together(
            [
                partial(
                    operations.receive,
                    sku=sku,
                    warehouse=main,
                    units=1,
                    key=f"{sku.code}:{n}",
                    actor="user:ana",
                    now=NOW,
                )
                for n in range(8)
            ]
        )

        assert tally(outcomes) == {"Movement": 8}
        assert balances(sku, main) == (8, 0, 0)
    assert list(verify.differences()) == []


def test_units_whose_promise_ran_out_go_to_as_many_as_there_are() -> None:
    """All units are promised to a cart that has expired; 12 of 20 buyers at once must be served, not fewer."""
    sku, main = make_sku(on_hand=12), make_warehouse()
    reserve([Request(sku=sku, units=12)], key="cart", actor="api:shop", now=NOW, expires_at=NOW)

    outcomes = together([partial(reserve_units, sku, f"buyer:{n}") for n in range(20)])

    assert tally(outcomes) == {"Reservation": 12, "InsufficientStock": 8}
    assert balances(sku, main) == (12, 12, 0)
    assert list(verify.differences()) == []


def test_the_last_units_of_two_warehouses_are_all_found() -> None:
    near, far = make_warehouse(priority=1), make_warehouse("FAR", priority=2)
    sku = make_sku(on_hand=6, warehouse=near)
    stock(sku, far, on_hand=6)

    outcomes = together([partial(reserve_units, sku, f"buyer:{n}", in_main=False) for n in range(20)])

    assert tally(outcomes) == {"Reservation": 12, "InsufficientStock": 8}
    assert (balances(sku, near), balances(sku, far)) == ((6, 6, 0), (6, 6, 0))


def test_a_count_while_others_ship_and_receive_loses_nothing() -> None:
    """Every movement here is either before the count, and counted, or after it, and kept."""
    sku, main = make_sku(), make_warehouse()

    def receive(n: int) -> object:
        return operations.receive(sku=sku, warehouse=main, units=1, key=f"r:{n}", actor="user:ana", now=NOW)

    def count(n: int) -> object:
        at = NOW + timedelta(minutes=1)
        return counts.record(sku=sku, warehouse=main, counted=50, key=f"c:{n}", actor="user:ana", now=at)

    outcomes = together([partial(count if n % 4 == 0 else receive, n) for n in range(16)])

    assert tally(outcomes) == {"StockCount": 4, "Movement": 12}
    assert list(verify.differences()) == []
    last_count = Movement.objects.filter(kind="count").latest("pk")
    after = Movement.objects.filter(pk__gt=last_count.pk, kind="receipt").count()
    assert last_count.on_hand_after == 50
    assert balances(sku, main)[0] == 50 + after


def test_an_order_released_by_hand_while_it_is_booked_ends_in_one_state() -> None:
    sku, main = make_sku(on_hand=100), make_warehouse()

    def book_sold(sold: int) -> object:
        with transaction.atomic():
            return book(
                [Demand(line_ref="1", sku_id=sku.pk, sold=sold, fulfilled=0)],
                key="order:1",
                reference="",
                warehouse_ids=[main.pk],
                actor="channel:North",
                now=NOW,
                occurred_at=NOW,
            )

    book_sold(5)
    order = Reservation.objects.get()

    def end() -> object:
        return release(reservation=Reservation.objects.get(pk=order.pk), actor="user:ana", now=NOW)

    outcomes = together([end if n % 3 == 0 else partial(book_sold, n) for n in range(1, 16)])

    assert [o for o in outcomes if isinstance(o, Exception)] == []
    assert list(verify.differences()) == []


def test_the_proof_accuses_no_ledger_that_is_being_written_to() -> None:
    skus = [make_sku(f"SKU-{n}", on_hand=200) for n in range(4)]
    is_over = threading.Event()

    def buy(n: int) -> list[str]:
        try:
            for turn in range(40):
                reserve_units(skus[(n + turn) % 4], f"{n}:{turn}")
        finally:
            is_over.set()
        return []

    def prove() -> list[str]:
        accused: list[str] = []
        while not is_over.is_set() and not accused:
            accused += [str(difference) for difference in verify.differences()]
        return accused

    jobs: list[Callable[[], list[str]]] = [prove, *(partial(buy, n) for n in range(6))]
    assert together(jobs) == [[]] * 7


def test_an_order_that_holds_units_where_its_channel_sells_no_more_doesn_t_deadlock() -> None:
    """Its levels there are locked in the order of all others, though new units come only from the other warehouse."""
    main, annex = make_warehouse(), make_warehouse("ANNEX")
    skus = [make_sku(f"SKU-{n}", on_hand=1000) for n in range(2)]
    for sku in skus:
        stock(sku, annex, on_hand=1000)

    def order(buyer: int) -> int:
        for turn in range(60):
            is_over = turn % 2 == 1
            demands = [
                Demand(line_ref=str(n), sku_id=sku.pk, sold=0 if is_over else 2, fulfilled=0)
                for n, sku in enumerate(skus)
            ]
            for feeds in [[annex]] if is_over else [[main], [annex]]:
                wanted = demands if is_over or feeds == [annex] else [replace(each, sold=1) for each in demands]
                with transaction.atomic():
                    book(
                        wanted,
                        key=f"order:{buyer}",
                        reference="",
                        warehouse_ids=[place.pk for place in feeds],
                        actor="channel:North",
                        now=NOW,
                        occurred_at=NOW,
                    )
        return buyer

    def move(mover: int) -> int:
        for turn in range(120):
            source, destination = (main, annex) if turn % 2 else (annex, main)
            operations.transfer(
                sku=skus[turn % 2], source=source, destination=destination, units=1, key=f"{mover}:{turn}",
                actor="user:ana", now=NOW,
            )  # fmt: skip
        return mover

    jobs = [partial(order, n) for n in range(4)] + [partial(move, n) for n in range(4)]
    assert together(jobs) == [*range(4), *range(4)]
    assert {level.reserved for level in StockLevel.objects.all()} == {0}
    assert list(verify.differences()) == []
