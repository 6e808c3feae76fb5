"""Counting stock: a person says what is there, the ledger follows and keeps what it had expected."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from inventory import codes, ledger
from inventory.errors import KeyConflict
from inventory.ledger import Entry
from inventory.models import Movement, Sku, StockCount, StockLevel, Warehouse
from inventory.operations import check_counted, check_keeper


@transaction.atomic
def record(
    *,
    sku: Sku,
    warehouse: Warehouse,
    counted: int,
    key: str,
    actor: str,
    now: datetime,
    counted_at: datetime | None = None,
    reason: str = "",
) -> StockCount:
    """Record that ``counted`` units were on hand at ``counted_at`` (default: now) and post the difference.

    What happened since ``counted_at`` is kept: the count is compared with on hand as it was then. Units that had left
    before it and were booked after it are not missing twice: when a thing happened decides, not when we heard of it.
    A repeat of ``key`` returns the first count; KeyConflict when that was another one.
    """
    check_counted(sku)
    check_keeper(warehouse, actor)
    ledger.check_units(counted, minimum=0)
    counted_at = counted_at or now
    # Locked, so that nothing moves between the comparison and the post. SQLite's transaction is exclusive already.
    ledger.make_level(sku_id=sku.pk, warehouse_id=warehouse.pk)
    level = StockLevel.objects.select_for_update().get(sku=sku, warehouse=warehouse)
    earlier = StockCount.objects.filter(key=key).first()
    if earlier is not None:
        is_same = (earlier.warehouse_id, earlier.counted) == (warehouse.pk, counted)
        if not is_same or not codes.is_now(earlier.sku_id, sku.pk):
            raise KeyConflict(key)
        return earlier
    expected = level.on_hand
    if counted_at < now:
        since = Movement.objects.filter(sku=sku, warehouse=warehouse, occurred_at__gt=counted_at)
        expected -= since.aggregate(units=Sum("on_hand_delta"))["units"] or 0
    count = StockCount.objects.create(
        key=key,
        sku=sku,
        warehouse=warehouse,
        counted=counted,
        expected=expected,
        reason=reason,
        actor=actor,
        counted_at=counted_at,
    )
    if count.difference:
        entry = Entry(
            key=key,
            sku_id=sku.pk,
            warehouse_id=warehouse.pk,
            kind=Movement.Kind.COUNT,
            on_hand=count.difference,
        )
        ledger.post([entry], actor=actor, now=now, occurred_at=counted_at, reason=reason)
    return count
