"""The ledger: the only writer of stock levels, movements and signals.

Every change is a list of ``Entry``. ``post`` applies them in one transaction: each level by one guarded UPDATE
(compare-and-swap), each with a movement that carries the balances after it, and one signal per SKU whose available
changed. Levels are always touched in (SKU, warehouse) order, so two posts never wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from inventory.errors import InsufficientStock, InvalidQuantity, KeyConflict, Shortage
from inventory.models import MAX_UNITS, Movement, Sku, StockLevel, Warehouse

_UPDATE = """
UPDATE inventory_stocklevel SET on_hand = on_hand + %s, reserved = reserved + %s, unsellable = unsellable + %s
WHERE sku_id = %s AND warehouse_id = %s
"""
_RETURNING = " RETURNING on_hand, reserved, unsellable"
_CREATE = (
    "INSERT INTO inventory_stocklevel (sku_id, warehouse_id, on_hand, reserved, unsellable) VALUES (%s, %s, 0, 0, 0)"
    " ON CONFLICT (sku_id, warehouse_id) DO NOTHING"
)
# DO UPDATE, never DO NOTHING: see StockSignal. The oldest unread change keeps its time, for latencies.
_SIGNAL = (
    "INSERT INTO inventory_stocksignal (sku_id, version, raised_at) VALUES (%s, 1, %s)"
    " ON CONFLICT (sku_id) DO UPDATE SET version = inventory_stocksignal.version + 1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One change of one stock level: signed whole units.

    ``needs_available`` refuses the entry unless that many units are available before it; ``needs_on_hand`` and
    ``needs_unsellable`` likewise. Without them the entry is a fact and is recorded whatever the balances say.
    """

    key: str
    sku_id: int
    warehouse_id: int
    kind: Movement.Kind
    on_hand: int = 0
    reserved: int = 0
    unsellable: int = 0
    needs_available: int | None = None
    needs_on_hand: int | None = None
    needs_unsellable: int | None = None

    @property
    def asked(self) -> int:
        return next(
            (n for n in (self.needs_available, self.needs_on_hand, self.needs_unsellable) if n is not None), 0
        )


def post(
    entries: Iterable[Entry],
    *,
    actor: str,
    now: datetime,
    occurred_at: datetime | None = None,
    reason: str = "",
) -> list[Movement]:
    """Apply all entries or none, and return their movements in (SKU, warehouse) order.

    Raises InsufficientStock with every entry whose guard fails, KeyConflict when a key was posted before.
    """
    ordered = sorted(entries, key=lambda e: (e.sku_id, e.warehouse_id, e.key))
    if not ordered:
        return []
    try:
        with transaction.atomic():
            movements, refused = _apply(
                ordered, actor=actor, now=now, occurred_at=occurred_at or now, reason=reason
            )
            if refused:
                raise InsufficientStock(_shortages(refused))
            # Straight to the table: Movement.save() refuses on purpose.
            Movement.objects.bulk_create(movements)
            _raise_signals(ordered, now)
    except IntegrityError as error:
        if "movement_key" in str(error) or "inventory_movement.key" in str(error):
            raise KeyConflict(ordered[0].key) from error
        raise
    return movements


def _apply(
    entries: Sequence[Entry], *, actor: str, now: datetime, occurred_at: datetime, reason: str
) -> tuple[list[Movement], list[Entry]]:
    movements: list[Movement] = []
    refused: list[Entry] = []
    with connection.cursor() as cursor:
        for entry in entries:
            balances = _move(cursor, entry)
            if balances is None:
                refused.append(entry)
                continue
            on_hand, reserved, unsellable = balances
            movements.append(
                Movement(
                    key=entry.key,
                    sku_id=entry.sku_id,
                    warehouse_id=entry.warehouse_id,
                    kind=entry.kind,
                    on_hand_delta=entry.on_hand,
                    reserved_delta=entry.reserved,
                    unsellable_delta=entry.unsellable,
                    on_hand_after=on_hand,
                    reserved_after=reserved,
                    unsellable_after=unsellable,
                    reason=reason,
                    actor=actor,
                    occurred_at=occurred_at,
                    recorded_at=now,
                )
            )
    return movements, refused


def _move(cursor: object, entry: Entry) -> tuple[int, int, int] | None:
    """Change one level and return its balances, or None when a guard refuses."""
    sql = _UPDATE
    parameters: list[int] = [
        entry.on_hand,
        entry.reserved,
        entry.unsellable,
        entry.sku_id,
        entry.warehouse_id,
    ]
    for column, needed in (
        ("on_hand - reserved", entry.needs_available),
        ("on_hand", entry.needs_on_hand),
        ("unsellable", entry.needs_unsellable),
    ):
        if needed is not None:
            sql += f" AND {column} >= %s"
            parameters.append(needed)
    for _ in range(2):
        cursor.execute(sql + _RETURNING, parameters)  # type: ignore[attr-defined]
        row: tuple[int, int, int] | None = cursor.fetchone()  # type: ignore[attr-defined]
        if row is not None:
            return row
        cursor.execute(_CREATE, [entry.sku_id, entry.warehouse_id])  # type: ignore[attr-defined]
        if not cursor.rowcount:  # type: ignore[attr-defined]
            return None  # the level was there: the guard has spoken
    return None


def _raise_signals(entries: Sequence[Entry], now: datetime) -> None:
    changed = sorted({e.sku_id for e in entries if e.on_hand != e.reserved})
    if changed:
        with connection.cursor() as cursor:
            for sku_id in changed:
                cursor.execute(_SIGNAL, [sku_id, now])


def _shortages(refused: Sequence[Entry]) -> list[Shortage]:
    """Say of each refused entry what was there. Called inside the transaction that is about to be rolled back."""
    skus = Sku.objects.in_bulk({e.sku_id for e in refused})
    warehouses = Warehouse.objects.in_bulk({e.warehouse_id for e in refused})
    levels = {
        (level.sku_id, level.warehouse_id): level
        for level in StockLevel.objects.filter(sku_id__in=skus, warehouse_id__in=warehouses)
    }
    shortages = []
    for entry in refused:
        level = levels.get((entry.sku_id, entry.warehouse_id))
        left = 0 if level is None else level.available if entry.needs_available is not None else level.on_hand
        if level is not None and entry.needs_unsellable is not None:
            left = level.unsellable
        shortages.append(
            Shortage(
                sku=skus[entry.sku_id].code,
                warehouse=warehouses[entry.warehouse_id].code,
                asked=entry.asked,
                available=left,
            )
        )
    return shortages


# What people and programs do to stock ---------------------------------------------------------------------------


def check_units(units: object, *, minimum: int = 1) -> int:
    """Return ``units`` if it is a whole number from ``minimum`` to a thousand million. Raises InvalidQuantity."""
    if isinstance(units, bool) or not isinstance(units, int):
        raise InvalidQuantity(f"Units must be a whole number, not {units!r}.")
    if not minimum <= units <= MAX_UNITS:
        raise InvalidQuantity(f"Units must be between {minimum} and {MAX_UNITS}, not {units}.")
    return units


def _post_once(
    entries: Sequence[Entry], *, actor: str, now: datetime, occurred_at: datetime | None, reason: str
) -> list[Movement]:
    """Post, or return the movements of an equal earlier post. Raises KeyConflict when it was not equal."""
    keys = {entry.key: entry for entry in entries}
    earlier = _earlier(keys)
    if earlier is None:
        try:
            return post(entries, actor=actor, now=now, occurred_at=occurred_at, reason=reason)
        except KeyConflict:  # a twin of ours was faster
            earlier = _earlier(keys)
            if earlier is None:
                raise
    return earlier


def _earlier(keys: dict[str, Entry]) -> list[Movement] | None:
    found = list(Movement.objects.filter(key__in=keys).order_by("pk"))
    if not found:
        return None
    for movement in found:
        entry = keys[movement.key]
        same = (
            movement.sku_id == entry.sku_id
            and movement.warehouse_id == entry.warehouse_id
            and movement.on_hand_delta == entry.on_hand
            and movement.reserved_delta == entry.reserved
            and movement.unsellable_delta == entry.unsellable
        )
        if not same or len(found) != len(keys):
            raise KeyConflict(movement.key)
    return found


def receive(
    *,
    sku: Sku,
    warehouse: Warehouse,
    units: int,
    key: str,
    actor: str,
    now: datetime,
    occurred_at: datetime | None = None,
    reason: str = "",
) -> Movement:
    """Add ``units`` that have arrived. A repeat of ``key`` returns the first movement."""
    entry = Entry(
        key=key,
        sku_id=sku.pk,
        warehouse_id=warehouse.pk,
        kind=Movement.Kind.RECEIPT,
        on_hand=check_units(units),
    )
    return _post_once([entry], actor=actor, now=now, occurred_at=occurred_at, reason=reason)[0]


def adjust(
    *,
    sku: Sku,
    warehouse: Warehouse,
    units: int,
    key: str,
    actor: str,
    now: datetime,
    reason: str,
    occurred_at: datetime | None = None,
) -> Movement:
    """Change on hand by signed ``units`` for a stated reason. Raises InsufficientStock below zero on hand."""
    if not reason.strip():
        raise InvalidQuantity("An adjustment needs a reason.")
    if units == 0:
        raise InvalidQuantity("An adjustment of 0 units changes nothing.")
    check_units(abs(units) if isinstance(units, int) else units)
    entry = Entry(
        key=key,
        sku_id=sku.pk,
        warehouse_id=warehouse.pk,
        kind=Movement.Kind.ADJUSTMENT,
        on_hand=units,
        needs_on_hand=-units if units < 0 else None,
    )
    return _post_once([entry], actor=actor, now=now, occurred_at=occurred_at, reason=reason)[0]


def transfer(
    *,
    sku: Sku,
    source: Warehouse,
    destination: Warehouse,
    units: int,
    key: str,
    actor: str,
    now: datetime,
    reason: str = "",
) -> list[Movement]:
    """Move ``units`` from one warehouse to another. Raises InsufficientStock when fewer are available."""
    check_units(units)
    if source == destination:
        raise InvalidQuantity("A transfer needs two different warehouses.")
    out = Entry(
        key=f"{key}:out",
        sku_id=sku.pk,
        warehouse_id=source.pk,
        kind=Movement.Kind.TRANSFER_OUT,
        on_hand=-units,
        needs_available=units,
    )
    back_in = Entry(
        key=f"{key}:in",
        sku_id=sku.pk,
        warehouse_id=destination.pk,
        kind=Movement.Kind.TRANSFER_IN,
        on_hand=units,
    )
    return _post_once([out, back_in], actor=actor, now=now, occurred_at=None, reason=reason)


def reclassify(
    *, sku: Sku, warehouse: Warehouse, units: int, key: str, actor: str, now: datetime, reason: str = ""
) -> Movement:
    """Make ``units`` sellable ones unsellable, or with a negative number unsellable ones sellable again.

    Raises InsufficientStock when fewer are there.
    """
    if units == 0:
        raise InvalidQuantity("Reclassifying 0 units changes nothing.")
    check_units(abs(units) if isinstance(units, int) else units)
    entry = Entry(
        key=key,
        sku_id=sku.pk,
        warehouse_id=warehouse.pk,
        kind=Movement.Kind.RECLASSIFY,
        on_hand=-units,
        unsellable=units,
        needs_on_hand=units if units > 0 else None,
        needs_unsellable=-units if units < 0 else None,
    )
    return _post_once([entry], actor=actor, now=now, occurred_at=None, reason=reason)[0]


def receive_return(
    *,
    sku: Sku,
    warehouse: Warehouse,
    units: int,
    is_sellable: bool,
    key: str,
    actor: str,
    now: datetime,
    reason: str = "",
) -> Movement:
    """Take back ``units`` from a buyer, to on hand or to unsellable."""
    check_units(units)
    entry = Entry(
        key=key,
        sku_id=sku.pk,
        warehouse_id=warehouse.pk,
        kind=Movement.Kind.RETURN,
        on_hand=units if is_sellable else 0,
        unsellable=0 if is_sellable else units,
    )
    return _post_once([entry], actor=actor, now=now, occurred_at=None, reason=reason)[0]
