"""Events about stock come from the movements, each level's in its order, and none is lost between transactions."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Max

from api.models import Event
from api.webhooks import stock
from inventory import ledger, operations, reservations
from inventory.ledger import Entry
from inventory.models import Movement, Sku, Warehouse
from inventory.reservations import Request

LEVEL = ("sku", "warehouse", "on_hand", "reserved", "available", "on_hand_before", "available_before")


@pytest.fixture(autouse=True)
def no_neighbours(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave other tests' transactions on the same server out of it, but where transactions are what it is about."""
    if "committed_late" not in request.node.name:
        monkeypatch.setattr(stock, "_settled", lambda _: Movement.objects.aggregate(last=Max("pk"))["last"] or 0)


def told(now: datetime, *, waits: bool = True) -> list[tuple[str, dict[str, Any]]]:
    """Make the events that are due and return them.

    On PostgreSQL a transaction of another test's database on the same server holds them up, so they are waited for.
    """
    last = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    give_up_at = time.monotonic() + (150 if waits else 0)
    while stock.tell(now=now) or (stock.has_untold() and time.monotonic() < give_up_at):
        threading.Event().wait(0.01)
    return list(Event.objects.filter(pk__gt=last).order_by("pk").values_list("kind", "data"))


def receive(sku: Sku, warehouse: Warehouse, units: int, now: datetime) -> None:
    key = f"r{Movement.objects.count()}:{threading.get_ident()}"
    operations.receive(sku=sku, warehouse=warehouse, units=units, key=key, actor="user:ana", now=now)


def sell(sku: Sku, warehouse: Warehouse, units: int, now: datetime, *, key: str = "s") -> None:
    entry = Entry(key=key, sku_id=sku.pk, warehouse_id=warehouse.pk, kind=Movement.Kind.SALE, on_hand=units)
    ledger.post([entry], actor="user:ana", now=now)


@pytest.mark.django_db
def test_changes_of_one_moment_are_one_event_with_the_balances_after_them(
    tee: Sku, main: Warehouse, annex: Warehouse, now: datetime
) -> None:
    assert told(now) == []  # what was there before anybody listened is no news
    reservations.reserve([Request(sku=tee, units=2, warehouse=main)], key="k1", actor="user:ana", now=now)
    reservations.reserve([Request(sku=tee, units=3, warehouse=main)], key="k2", actor="user:ana", now=now)
    receive(tee, annex, 4, now)

    events = told(now)

    assert [(kind, tuple(data[name] for name in LEVEL)) for kind, data in events] == [
        ("stock.available_changed", ("TEE-BLK-M", "MAIN", 10, 5, 5, 10, 10)),
        ("stock.available_changed", ("TEE-BLK-M", "ANNEX", 4, 0, 4, 0, 0)),
        ("stock.on_hand_changed", ("TEE-BLK-M", "ANNEX", 4, 0, 4, 0, 0)),
    ]
    assert events[0][1]["movement"] == Movement.objects.get(warehouse=main, reserved_delta=3).pk
    assert Event.objects.order_by("pk")[0].subject == f"sku:{tee.pk}:warehouse:{main.pk}"
    assert told(now) == []


@pytest.mark.django_db
def test_a_shipment_changes_on_hand_and_not_what_is_available(tee: Sku, main: Warehouse, now: datetime) -> None:
    held = reservations.reserve([Request(sku=tee, units=2, warehouse=main)], key="k", actor="user:ana", now=now)
    told(now)
    reservations.fulfil(reservation=held, actor="user:ana", now=now)

    assert [kind for kind, _ in told(now)] == ["stock.on_hand_changed"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("steps", "kinds"),
    [
        ([-4], ["stock.low"]),  # 10 -> 6
        ([-4, -1], ["stock.low"]),
        ([-10], ["stock.low", "stock.out"]),
        ([-12], ["stock.low", "stock.out", "stock.oversold"]),
        ([-12, 3], ["stock.low", "stock.out", "stock.oversold", "stock.back"]),
        ([-3], []),
    ],
)
def test_crossing_a_line_is_told_once(
    tee: Sku, main: Warehouse, now: datetime, steps: list[int], kinds: list[str]
) -> None:
    Sku.objects.update(low_at=6)
    told(now)
    crossings = []

    for number, step in enumerate(steps):
        sell(tee, main, step, now, key=f"s{number}")
        crossings += [kind for kind, data in told(now) if "available_before" in data and "warehouse" not in data]

    assert crossings == kinds


@pytest.mark.django_db
def test_a_total_is_that_of_the_told_movements_whatever_came_since(
    tee: Sku, main: Warehouse, annex: Warehouse, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(now)
    monkeypatch.setattr(stock, "AT_ONCE", 1)
    sell(tee, main, -10, now)
    receive(tee, annex, 5, now)

    totals = [(kind, data["available"]) for kind, data in told(now) if kind in {"stock.out", "stock.back"}]

    assert totals == [("stock.out", 0), ("stock.back", 5)]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(300)
def test_a_movement_that_is_committed_late_is_told_all_the_same(now: datetime) -> None:
    main = Warehouse.objects.create(code="MAIN", name="Main")
    slow, quick = Sku.objects.create(code="SLOW"), Sku.objects.create(code="QUICK")
    told(now)
    is_written, may_commit = threading.Event(), threading.Event()

    def write_slowly() -> None:
        try:
            with transaction.atomic():
                receive(slow, main, 1, now)
                is_written.set()
                assert may_commit.wait(20)
        finally:
            connection.close()

    writer = threading.Thread(target=write_slowly)
    writer.start()
    assert is_written.wait(20)
    receive(quick, main, 2, now)  # a larger id, visible before the smaller one

    early = told(now, waits=False)
    may_commit.set()
    writer.join()
    late = told(now)

    assert early == []
    assert [data["sku"] for kind, data in late if kind == "stock.available_changed"] == ["SLOW", "QUICK"]
