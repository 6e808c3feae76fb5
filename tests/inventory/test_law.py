"""The ledger's law, under any sequence of operations that are accepted or refused:

every balance is the sum of its movements and what a model of a few lines says it is; reserved is the sum of the
promises; and nothing that we start ever takes available below zero.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from inventory import booking, codes, counts, merging, operations, reservations, verify
from inventory.booking import Demand
from inventory.errors import InsufficientStock, KeyConflict, LedgerError, NotOpen
from inventory.models import Reservation, ReservationLine, Sku, StockLevel, Warehouse
from inventory.reservations import Request
from tests.factories import NOW, make_sku, make_warehouse
from tests.inventory.refusals import all_rows

T = TypeVar("T")

units = st.integers(min_value=1, max_value=9)
signed = units | units.map(lambda n: -n)
places = st.tuples(st.sampled_from([0, 1]), st.sampled_from([0, 1]))  # which SKU, in which warehouse
lines = st.lists(st.tuples(st.sampled_from([0, 1]), st.sampled_from([0, 1, None]), units), min_size=1, max_size=3)
demands = st.dictionaries(
    st.sampled_from(["1", "2", "3"]),
    st.tuples(st.sampled_from([0, 1]), st.integers(0, 9), st.integers(0, 9)),
    max_size=3,
)


class LedgerMachine(RuleBasedStateMachine):
    """Works on the real ledger and on ``levels``: (on hand, reserved, unsellable) by place."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.skus: list[Sku] = [make_sku("LAW-A"), make_sku("LAW-B")]
        self.warehouses: list[Warehouse] = [make_warehouse("ONE", priority=1), make_warehouse("TWO", priority=2)]
        self.levels = {(s, w): [0, 0, 0] for s in (0, 1) for w in (0, 1)}
        self.number = 0
        self.now = NOW
        self.ours: list[Reservation] = []

    def teardown(self) -> None:
        try:
            # Once, at the end: a balance that has left the sum of its movements does not find back to it.
            assert [str(difference) for difference in verify.differences()] == []
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    # Help -------------------------------------------------------------------------------------------------------
    def key(self) -> str:
        self.number += 1
        self.now += timedelta(seconds=1)
        return f"law:{self.number}"

    def place(self, place: tuple[int, int]) -> dict[str, Any]:
        return {"sku": self.skus[place[0]], "warehouse": self.warehouses[place[1]]}

    def available(self, place: tuple[int, int]) -> int:
        on_hand, reserved, _ = self.levels[place]
        return on_hand - reserved

    def attempt(self, act: Callable[[], T], *, is_possible: bool, error: type[LedgerError] = InsufficientStock) -> None:
        """Do what the model says is possible; else see it refused with not one row changed."""
        if is_possible:
            act()
            return
        before = all_rows()
        with pytest.raises(error):
            act()
        assert all_rows() == before

    def change(self, place: tuple[int, int], on_hand: int = 0, reserved: int = 0, unsellable: int = 0) -> None:
        level = self.levels[place]
        self.levels[place] = [level[0] + on_hand, level[1] + reserved, level[2] + unsellable]

    # What people and programs do --------------------------------------------------------------------------------
    @rule(place=places, n=units)
    def receive(self, place: tuple[int, int], n: int) -> None:
        operations.receive(units=n, key=self.key(), actor="user:ana", now=self.now, **self.place(place))
        self.change(place, on_hand=n)

    @rule(place=places, n=signed)
    def adjust(self, place: tuple[int, int], n: int) -> None:
        is_possible = self.levels[place][0] + n >= 0 or n > 0
        key = self.key()
        self.attempt(
            lambda: operations.adjust(
                units=n, key=key, actor="user:ana", now=self.now, reason="Found or lost", **self.place(place)
            ),
            is_possible=is_possible,
        )
        if is_possible:
            self.change(place, on_hand=n)

    @rule(place=places, n=units)
    def transfer(self, place: tuple[int, int], n: int) -> None:
        there = (place[0], 1 - place[1])
        is_possible = self.available(place) >= n
        key = self.key()
        self.attempt(
            lambda: operations.transfer(
                sku=self.skus[place[0]],
                source=self.warehouses[place[1]],
                destination=self.warehouses[there[1]],
                units=n,
                key=key,
                actor="user:ana",
                now=self.now,
            ),
            is_possible=is_possible,
        )
        if is_possible:
            self.change(place, on_hand=-n)
            self.change(there, on_hand=n)

    @rule(place=places, n=signed)
    def reclassify(self, place: tuple[int, int], n: int) -> None:
        on_hand, _, unsellable = self.levels[place]
        is_possible = on_hand >= n if n > 0 else unsellable >= -n
        key = self.key()
        self.attempt(
            lambda: operations.reclassify(units=n, key=key, actor="user:ana", now=self.now, **self.place(place)),
            is_possible=is_possible,
        )
        if is_possible:
            self.change(place, on_hand=-n, unsellable=n)

    @rule(place=places, n=units, is_sellable=st.booleans())
    def receive_return(self, place: tuple[int, int], n: int, is_sellable: bool) -> None:
        operations.receive_return(
            units=n, is_sellable=is_sellable, key=self.key(), actor="user:ana", now=self.now, **self.place(place)
        )
        self.change(place, on_hand=n if is_sellable else 0, unsellable=0 if is_sellable else n)

    @rule(place=places, counted=st.integers(0, 20))
    def count(self, place: tuple[int, int], counted: int) -> None:
        counts.record(counted=counted, key=self.key(), actor="user:ana", now=self.now, **self.place(place))
        self.levels[place][0] = counted

    @precondition(lambda self: self.number)
    @rule(place=places)
    def use_a_key_again(self, place: tuple[int, int]) -> None:
        """Far more units than any rule receives: never a true repeat."""
        operations.receive(units=1, key="law:once", actor="user:ana", now=self.now, **self.place((0, 0)))
        if not hasattr(self, "has_used_once"):
            self.has_used_once = True
            self.change((0, 0), on_hand=1)
        self.attempt(
            lambda: operations.receive(units=99, key="law:once", actor="user:ana", now=self.now, **self.place(place)),
            is_possible=False,
            error=KeyConflict,
        )

    # Reservations -----------------------------------------------------------------------------------------------
    @rule(wanted=lines)
    def reserve(self, wanted: list[tuple[int, int | None, int]]) -> None:
        chosen = self._placed(wanted)
        requests = [
            Request(sku=self.skus[s], units=n, warehouse=None if w is None else self.warehouses[w])
            for s, w, n in wanted
        ]
        key, made = self.key(), []
        self.attempt(
            lambda: made.append(reservations.reserve(requests, key=key, actor="api:shop", now=self.now)),
            is_possible=chosen is not None,
        )
        for place, n in (chosen or {}).items():
            self.change(place, reserved=n)
            assert self.available(place) >= 0
        self.ours += made

    def _placed(self, wanted: list[tuple[int, int | None, int]]) -> dict[tuple[int, int], int] | None:
        """Return where the lines go: named ones first, then each SKU whole to the first warehouse that has it."""
        chosen: dict[tuple[int, int], int] = {}
        for s, w, n in wanted:
            if w is not None:
                chosen[s, w] = chosen.get((s, w), 0) + n
        for s in (0, 1):
            n = sum(n for sku, w, n in wanted if sku == s and w is None)
            if n:
                fits = [w for w in (0, 1) if self.available((s, w)) - chosen.get((s, w), 0) >= n]
                if not fits:
                    return None
                chosen[s, fits[0]] = chosen.get((s, fits[0]), 0) + n
        return chosen if all(self.available(place) >= n for place, n in chosen.items()) else None

    @precondition(lambda self: self.ours)
    @rule(data=st.data(), is_shipped=st.booleans())
    def end(self, data: st.DataObject, is_shipped: bool) -> None:
        reservation = data.draw(st.sampled_from(self.ours))
        reservation.refresh_from_db()
        was, target = reservation.state, "fulfilled" if is_shipped else "released"
        act = reservations.fulfil if is_shipped else reservations.release
        held = list(reservation.lines.values_list("sku_id", "warehouse_id", "reserved"))
        self.attempt(
            lambda: act(reservation=reservation, actor="api:shop", now=self.now),
            is_possible=was in ("open", target),
            error=NotOpen,
        )
        if was == "open":
            for sku_id, warehouse_id, n in held:
                place = (
                    [s.pk for s in self.skus].index(sku_id),
                    [w.pk for w in self.warehouses].index(warehouse_id),
                )
                self.change(place, on_hand=-n if is_shipped else 0, reserved=-n)

    @rule(order=st.sampled_from(["order:1", "order:2"]), wanted=demands, is_reversed=st.booleans())
    def book(self, order: str, wanted: dict[str, tuple[int, int, int]], is_reversed: bool) -> None:
        """A fact is never refused; afterwards the order holds exactly what it says, wherever that is."""
        asked = [
            Demand(line_ref=ref, sku_id=self.skus[s].pk, sold=sold, fulfilled=min(sold, shipped))
            for ref, (s, sold, shipped) in wanted.items()
        ]
        ids = [w.pk for w in self.warehouses]
        before = self._sums()

        def act() -> bool:
            return booking.book(
                asked,
                key=order,
                reference=order,
                warehouse_ids=ids[::-1] if is_reversed else ids,
                actor="channel:North",
                now=self.now,
                occurred_at=self.now,
            )

        act()
        rows = all_rows()
        assert act() is False
        assert {**all_rows(), "Reservation": []} == {**rows, "Reservation": []}
        held: dict[tuple[str, int], tuple[int, int]] = {}
        for line in ReservationLine.objects.filter(reservation__key=order):
            reserved, fulfilled = held.get((line.line_ref, line.sku_id), (0, 0))
            held[line.line_ref, line.sku_id] = (reserved + line.reserved, fulfilled + line.fulfilled)
        assert {k: v for k, v in held.items() if v != (0, 0)} == {
            (d.line_ref, d.sku_id): (d.sold - d.fulfilled, d.fulfilled) for d in asked if d.sold
        }
        self._follow_levels(before)

    @rule(s=st.sampled_from([0, 1]))
    def merge(self, s: int) -> None:
        """A SKU's stock and promises go over to another, and everything goes on under that one."""
        old, new = self.skus[s], make_sku(f"LAW-{self.key()}")
        assert merging.obstacles(old, new) == []
        merging.carry(old, new, actor="user:ana", now=self.now)
        merging.close(old, new, now=self.now)
        self.skus[s] = new
        assert codes.sku_named(old.code) == new
        assert not ReservationLine.objects.filter(sku=old).exists()
        left = StockLevel.objects.filter(sku=old).values_list("on_hand", "reserved", "unsellable")
        assert {(0, 0, 0), *left} == {(0, 0, 0)}

    def _sums(self) -> tuple[int, int]:
        """Return on hand plus what orders have shipped, and reserved less what they hold: booking moves neither."""
        rows = ReservationLine.objects.filter(reservation__key__startswith="order:")
        shipped, promised = sum(r.fulfilled for r in rows), sum(r.reserved for r in rows)
        levels = list(StockLevel.objects.all())
        return sum(x.on_hand for x in levels) + shipped, sum(x.reserved for x in levels) - promised

    def _follow_levels(self, before: tuple[int, int]) -> None:
        assert self._sums() == before
        for (s, w), level in self.levels.items():
            row = StockLevel.objects.filter(sku=self.skus[s], warehouse=self.warehouses[w]).first()
            if row is not None:
                assert row.unsellable == level[2]
                self.levels[s, w] = [row.on_hand, row.reserved, row.unsellable]

    # The law ----------------------------------------------------------------------------------------------------
    @invariant()
    def balances_are_what_the_model_says(self) -> None:
        found = {(x.sku_id, x.warehouse_id): [x.on_hand, x.reserved, x.unsellable] for x in StockLevel.objects.all()}
        for (s, w), level in self.levels.items():
            assert found.get((self.skus[s].pk, self.warehouses[w].pk), [0, 0, 0]) == level


@pytest.mark.django_db
@pytest.mark.timeout(300)
def test_the_law_holds_after_any_sequence_of_operations() -> None:
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=60,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
            print_blob=True,
        ),
    )
