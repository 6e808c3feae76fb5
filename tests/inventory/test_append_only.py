"""Movements are written once, levels by the ledger alone."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from inventory import audit, ledger
from inventory.ledger import Entry
from inventory.models import AuditEntry, Movement, StockLevel
from tests.factories import balances, make_sku, make_warehouse
from tests.inventory.refusals import all_rows

pytestmark = pytest.mark.django_db


def test_movements_and_levels_can_t_be_saved_updated_or_deleted() -> None:
    make_sku(on_hand=10)
    movement, level = Movement.objects.get(), StockLevel.objects.get()
    before = all_rows()

    for forbidden in (
        movement.save,
        movement.delete,
        level.save,
        level.delete,
        Movement.objects.all().delete,
        StockLevel.objects.all().delete,
        lambda: Movement.objects.update(on_hand_delta=1),
        lambda: StockLevel.objects.update(on_hand=1),
        lambda: Movement.objects.bulk_update([movement], ["reason"]),
        lambda: StockLevel.objects.bulk_update([level], ["on_hand"]),
        lambda: StockLevel.objects.create(sku=level.sku, warehouse=level.warehouse),
        lambda: Movement.objects.create(key="made up", sku=level.sku, warehouse=level.warehouse),
    ):
        with pytest.raises(TypeError), transaction.atomic():
            forbidden()

    assert all_rows() == before


def test_what_has_stock_or_a_history_can_t_be_deleted() -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()

    with pytest.raises(ProtectedError):
        sku.delete()
    with pytest.raises(ProtectedError):
        main.delete()


def test_the_audit_trail_is_append_only() -> None:
    audit.record(
        actor="user:ana", action="channel.mode", subject="channel:1", before={"mode": "live"}, after={"mode": "paused"}
    )

    with pytest.raises(TypeError):
        AuditEntry.objects.update(actor="somebody else")
    with pytest.raises(TypeError):
        AuditEntry.objects.all().delete()
    assert AuditEntry.objects.values_list("actor", "before", "after").get() == (
        "user:ana",
        {"mode": "live"},
        {"mode": "paused"},
    )


def test_the_database_itself_refuses_a_movement_that_moves_nothing(now: datetime) -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()
    entry = Entry(key="idle", sku_id=sku.pk, warehouse_id=main.pk, kind=Movement.Kind.ADJUSTMENT)
    before = all_rows()

    with pytest.raises(IntegrityError, match="movement_moves_something"):
        ledger.post([entry], actor="user:ana", now=now)

    assert all_rows() == before


@pytest.mark.parametrize(("change", "rule"), [("reserved", "reserved"), ("unsellable", "unsellable")])
def test_the_database_itself_refuses_a_promise_below_zero(change: str, rule: str, now: datetime) -> None:
    sku, main = make_sku(on_hand=10), make_warehouse()
    entry = Entry(
        key="less than none",
        sku_id=sku.pk,
        warehouse_id=main.pk,
        kind=Movement.Kind.RELEASE,
        reserved=-1 if change == "reserved" else 0,
        unsellable=-1 if change == "unsellable" else 0,
    )

    with pytest.raises(IntegrityError, match=f"stock_level_{rule}_not_negative"), transaction.atomic():
        ledger.post([entry], actor="user:ana", now=now)

    assert balances(sku, main) == (10, 0, 0)
