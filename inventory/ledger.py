"""The ledger: the only writer of stock levels, movements and signals.

Every change is a list of ``Entry``. ``post`` applies them all or none: each level by one guarded UPDATE
(compare-and-swap), each with a movement that carries the balances after it, and one signal per SKU whose available
changed. Levels are always touched in (SKU, warehouse) order, so two posts never wait for each other in a circle.
On PostgreSQL all of that is one statement (``statements``), elsewhere it is steps of one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper

from inventory import statements
from inventory.errors import InsufficientStock, InvalidQuantity, KeyConflict, Shortage
from inventory.models import MAX_UNITS, Movement, Sku, Warehouse

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
_SIGNAL_ALL_IN = (
    "INSERT INTO inventory_stocksignal (sku_id, version, raised_at)"
    " SELECT sku_id, 1, %s FROM inventory_stocklevel WHERE warehouse_id = %s ORDER BY sku_id"
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
        return next((n for n in (self.needs_available, self.needs_on_hand, self.needs_unsellable) if n is not None), 0)

    def as_row(self) -> statements.EntryRow:
        """Return what ``statements.run`` takes."""
        return (
            self.key,
            self.sku_id,
            self.warehouse_id,
            str(self.kind),
            self.on_hand,
            self.reserved,
            self.unsellable,
            self.needs_available,
            self.needs_on_hand,
            self.needs_unsellable,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An entry whose guard failed, and the units that were left of what it needs."""

    entry: Entry
    left: int

    @classmethod
    def of(cls, entry: Entry, on_hand: int, reserved: int, unsellable: int) -> Refusal:
        if entry.needs_available is not None:
            return cls(entry=entry, left=on_hand - reserved)
        return cls(entry=entry, left=unsellable if entry.needs_unsellable is not None else on_hand)


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
    cause = _Cause(actor=actor, now=now, occurred_at=occurred_at or now, reason=reason)
    has_own_levels = len({(e.sku_id, e.warehouse_id) for e in ordered}) == len(ordered)
    try:
        if has_own_levels and statements.is_supported():
            return _post_at_once(ordered, cause)
        return _post_in_steps(ordered, cause)
    except IntegrityError as error:
        if "movement_key" in str(error) or "inventory_movement.key" in str(error):
            used = Movement.objects.filter(key__in=[e.key for e in ordered]).values_list("key", flat=True).first()
            raise KeyConflict(used or ordered[0].key) from error
        raise


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cause:
    """What all movements of one post have in common."""

    actor: str
    now: datetime
    occurred_at: datetime
    reason: str

    def movement(self, entry: Entry, *, pk: int | None, on_hand: int, reserved: int, unsellable: int) -> Movement:
        """Return the movement of ``entry`` with the balances after it."""
        return Movement(
            pk=pk,
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
            reason=self.reason,
            actor=self.actor,
            occurred_at=self.occurred_at,
            recorded_at=self.now,
        )


def _post_at_once(entries: Sequence[Entry], cause: _Cause) -> list[Movement]:
    """Post in one statement; every entry has a level of its own."""
    rows = _run_at_once(entries, cause)
    refusals = refusals_of(entries, rows)
    if refusals:
        raise InsufficientStock(shortages_of(refusals))
    if len(rows) < len(entries):
        # Facts about levels that don't exist yet. In one transaction, so that no empty level stays behind alone.
        with transaction.atomic():
            for place, entry in enumerate(entries):
                if place not in rows:
                    make_level(sku_id=entry.sku_id, warehouse_id=entry.warehouse_id)
            return _post_at_once(entries, cause)
    return [
        cause.movement(
            entry,
            pk=row.written_id,
            on_hand=row.on_hand + entry.on_hand,
            reserved=row.reserved + entry.reserved,
            unsellable=row.unsellable + entry.unsellable,
        )
        for entry, row in ((entry, rows[place]) for place, entry in enumerate(entries))
    ]


def _run_at_once(entries: Sequence[Entry], cause: _Cause) -> dict[int, statements.Row]:
    return statements.run(
        statements.POST,
        [entry.as_row() for entry in entries],
        actor=cause.actor,
        now=cause.now,
        occurred_at=cause.occurred_at,
        reason=cause.reason,
    )


def refusals_of(entries: Sequence[Entry], rows: Mapping[int, statements.Row]) -> list[Refusal]:
    """Return the entries that a statement has refused: short of units, or in need of some where no level exists."""
    refusals = []
    for place, entry in enumerate(entries):
        row = rows.get(place)
        if row is None and entry.asked > 0:
            refusals.append(Refusal(entry=entry, left=0))
        elif row is not None and not row.is_enough:
            refusals.append(Refusal.of(entry, row.on_hand, row.reserved, row.unsellable))
    return refusals


def _post_in_steps(entries: Sequence[Entry], cause: _Cause) -> list[Movement]:
    """Post level by level; an entry may follow another on the same level."""
    movements: list[Movement] = []
    refusals: list[Refusal] = []
    with transaction.atomic():
        with connection.cursor() as cursor:
            for entry in entries:
                balances = _move(cursor, entry)
                if balances is None:
                    refusals.append(_refusal(cursor, entry))
                    continue
                on_hand, reserved, unsellable = balances
                movements.append(
                    cause.movement(entry, pk=None, on_hand=on_hand, reserved=reserved, unsellable=unsellable)
                )
        if refusals:
            raise InsufficientStock(shortages_of(refusals))
        # Straight to the table: Movement.save() refuses on purpose.
        Movement.objects.bulk_create(movements)
        _raise_signals(entries, cause.now)
    return movements


def _move(cursor: CursorWrapper, entry: Entry) -> tuple[int, int, int] | None:
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
    cursor.execute(sql + _RETURNING, parameters)
    row: tuple[int, int, int] | None = cursor.fetchone()
    if row is None:
        # Either the guard has spoken or the level isn't there yet. Someone else may be making it right now: then the
        # insert waits for them and finds it, and only a second look can tell.
        cursor.execute(_CREATE, [entry.sku_id, entry.warehouse_id])
        cursor.execute(sql + _RETURNING, parameters)
        row = cursor.fetchone()
    return row


def _refusal(cursor: CursorWrapper, entry: Entry) -> Refusal:
    cursor.execute(
        "SELECT on_hand, reserved, unsellable FROM inventory_stocklevel WHERE sku_id = %s AND warehouse_id = %s",
        [entry.sku_id, entry.warehouse_id],
    )
    return Refusal.of(entry, *cursor.fetchone())


def make_level(*, sku_id: int, warehouse_id: int) -> None:
    """See that the level exists, with nothing in it: a row that isn't there can't be locked."""
    with connection.cursor() as cursor:
        cursor.execute(_CREATE, [sku_id, warehouse_id])


def _raise_signals(entries: Sequence[Entry], now: datetime) -> None:
    changed = sorted({e.sku_id for e in entries if e.on_hand != e.reserved})
    if changed:
        with connection.cursor() as cursor:
            for sku_id in changed:
                cursor.execute(_SIGNAL, [sku_id, now])


def signal(sku_ids: Iterable[int], *, now: datetime) -> None:
    """Have whoever follows available look at these SKUs, though none of their balances has moved."""
    with connection.cursor() as cursor:
        for sku_id in sorted(set(sku_ids)):
            cursor.execute(_SIGNAL, [sku_id, now])


def signal_all_in(*, warehouse_id: int, now: datetime) -> None:
    """Have everyone look anew at every SKU that is kept in the warehouse: what may be shown of it has changed."""
    with connection.cursor() as cursor:
        cursor.execute(_SIGNAL_ALL_IN, [now, warehouse_id])


def shortages_of(refusals: Sequence[Refusal]) -> list[Shortage]:
    """Put refusals into the words that people know SKUs and warehouses by."""
    skus = Sku.objects.in_bulk({r.entry.sku_id for r in refusals})
    warehouses = Warehouse.objects.in_bulk({r.entry.warehouse_id for r in refusals})
    return [
        Shortage(
            sku=skus[refusal.entry.sku_id].code,
            warehouse=warehouses[refusal.entry.warehouse_id].code,
            asked=refusal.entry.asked,
            available=refusal.left,
        )
        for refusal in refusals
    ]


def check_units(units: object, *, minimum: int = 1) -> int:
    """Return ``units`` if it is a whole number from ``minimum`` to a thousand million. Raises InvalidQuantity."""
    if isinstance(units, bool) or not isinstance(units, int):
        raise InvalidQuantity(f"Units must be a whole number, not {units!r}.")
    if not minimum <= units <= MAX_UNITS:
        raise InvalidQuantity(f"Units must be between {minimum} and {MAX_UNITS}, not {units}.")
    return units
