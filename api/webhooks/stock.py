"""Events about stock, made from movements after the fact: the ledger's own statement pays nothing for them.

Movements of one level that are read together become one event with the balances after the last of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import BigIntegerField, Max, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from api.models import Event, MovementCursor
from inventory.announcing import Json
from inventory.models import Movement, Sku, StockLevel, Warehouse

AT_ONCE = 2000  # movements that are read together


def has_untold() -> bool:
    """Tell whether there are movements that no event tells of yet."""
    cursor = MovementCursor.objects.first()
    return Movement.objects.exists() if cursor is None else Movement.objects.filter(pk__gt=cursor.told_to).exists()


def tell(*, now: datetime) -> bool:
    """Make the events of the next movements; tell whether there were any. One caller at a time: the lane's holder."""
    cursor, is_new = MovementCursor.objects.get_or_create(pk=1, defaults=_from_here())
    if is_new:
        return False  # what happened before anybody listened is history, not news
    until = _settled(cursor)
    if until <= cursor.told_to:
        return False
    rows = Movement.objects.filter(pk__gt=cursor.told_to, pk__lte=until).order_by("pk")
    movements = list(rows.select_related(None)[:AT_ONCE])
    if len(movements) == AT_ONCE:
        until = movements[-1].pk
    with transaction.atomic():
        Event.objects.bulk_create(_events(movements, until=until, now=now))
        MovementCursor.objects.filter(pk=1).update(told_to=until)
    return bool(movements)


def _from_here() -> dict[str, int]:
    last = Movement.objects.aggregate(last=Max("pk"))["last"] or 0
    return {"told_to": last, "seen_to": last}


def _settled(cursor: MovementCursor) -> int:
    """Return the id up to which no movement can become visible any more."""
    if connection.vendor != "postgresql":  # SQLite has one writer at a time: ids become visible in their order
        return Movement.objects.aggregate(last=Max("pk"))["last"] or 0
    if cursor.seen_to <= cursor.told_to:
        with connection.cursor() as sql:
            sql.execute(
                "SELECT coalesce(max(id), 0), pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
                " FROM inventory_movement"
            )
            cursor.seen_to, cursor.horizon = sql.fetchone()
        cursor.save(update_fields=["seen_to", "horizon"])
    with connection.cursor() as sql:
        sql.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        (oldest,) = sql.fetchone()
    return cursor.seen_to if oldest >= cursor.horizon else cursor.told_to


def _events(movements: Sequence[Movement], *, until: int, now: datetime) -> list[Event]:
    levels: dict[tuple[int, int], list[Movement]] = {}
    for movement in movements:
        levels.setdefault((movement.sku_id, movement.warehouse_id), []).append(movement)
    skus = Sku.objects.in_bulk({sku_id for sku_id, _ in levels})
    warehouses = Warehouse.objects.in_bulk({warehouse_id for _, warehouse_id in levels})
    events: list[Event] = []
    changes: dict[int, int] = {}
    for (sku_id, warehouse_id), moved in levels.items():
        change = sum(m.on_hand_delta - m.reserved_delta for m in moved)
        changes[sku_id] = changes.get(sku_id, 0) + change
        data = _level(skus[sku_id], warehouses[warehouse_id], moved)
        kinds = []
        if change:
            kinds.append("stock.available_changed")
        if any(m.on_hand_delta or m.unsellable_delta for m in moved):
            kinds.append("stock.on_hand_changed")
        subject = f"sku:{sku_id}:warehouse:{warehouse_id}"
        occurred_at = max(m.recorded_at for m in moved)
        events += [Event(kind=kind, subject=subject, data=data, occurred_at=occurred_at) for kind in kinds]
    changed = {sku_id: change for sku_id, change in changes.items() if change}
    for total in _totals(changed, until=until):
        data = total.shown(skus[total.sku_id])
        events += [
            Event(kind=kind, subject=f"sku:{total.sku_id}", data=data, occurred_at=now)
            for kind in total.crossings(skus[total.sku_id].low_at)
        ]
    return events


def _level(sku: Sku, warehouse: Warehouse, moved: Sequence[Movement]) -> dict[str, Json]:
    first, last = moved[0], moved[-1]
    return {
        "sku": sku.code,
        "warehouse": warehouse.code,
        "on_hand": last.on_hand_after,
        "reserved": last.reserved_after,
        "available": last.available_after,
        "unsellable": last.unsellable_after,
        "on_hand_before": first.on_hand_after - first.on_hand_delta,
        "available_before": first.available_after - (first.on_hand_delta - first.reserved_delta),
        "movement": last.pk,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Total:
    """A SKU over all warehouses, as the told movements leave it; ``change`` is what they changed of available."""

    sku_id: int
    on_hand: int
    reserved: int
    change: int

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved

    @property
    def before(self) -> int:
        return self.available - self.change

    def crossings(self, low_at: int | None) -> list[str]:
        """Return the kinds of the lines that available has crossed."""
        crossed = []
        if low_at is not None and self.before > low_at >= self.available:
            crossed.append("stock.low")
        if self.before > 0 >= self.available:
            crossed.append("stock.out")
        if self.before >= 0 > self.available:
            crossed.append("stock.oversold")
        if self.before <= 0 < self.available:
            crossed.append("stock.back")
        return crossed

    def shown(self, sku: Sku) -> dict[str, Json]:
        return {
            "sku": sku.code,
            "on_hand": self.on_hand,
            "reserved": self.reserved,
            "available": self.available,
            "available_before": self.before,
            "low_at": sku.low_at,
        }


def _totals(changed: dict[int, int], *, until: int) -> list[_Total]:
    """Return the totals as they stood after movement ``until``: what has moved since is taken back off.

    One statement, so that levels and movements are seen at one moment.
    """
    levels = StockLevel.objects.filter(sku_id__in=changed).annotate(
        on_hand_since=_moved_since(until, "on_hand_delta"), reserved_since=_moved_since(until, "reserved_delta")
    )
    totals: dict[int, tuple[int, int]] = {}
    for level in levels.order_by("sku_id", "pk"):
        on_hand, reserved = totals.get(level.sku_id, (0, 0))
        totals[level.sku_id] = (
            on_hand + level.on_hand - level.on_hand_since,
            reserved + level.reserved - level.reserved_since,
        )
    return [
        _Total(sku_id=sku_id, on_hand=on_hand, reserved=reserved, change=changed[sku_id])
        for sku_id, (on_hand, reserved) in totals.items()
    ]


def _moved_since(until: int, column: str) -> Coalesce:
    later = Movement.objects.filter(sku=OuterRef("sku"), warehouse=OuterRef("warehouse"), pk__gt=until).order_by()
    units = later.values("sku").annotate(units=Sum(column)).values("units")
    return Coalesce(Subquery(units), Value(0), output_field=BigIntegerField())
