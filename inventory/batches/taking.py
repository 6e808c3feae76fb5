"""Taking many counts at once, and taking them back: each a movement of its own, in transactions of a few hundred."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max, Sum

from inventory import audit, ledger
from inventory.batches.models import CountBatch
from inventory.ledger import Entry
from inventory.models import Movement, Sku, StockCount, StockLevel, Warehouse
from inventory.operations import check_counted, check_keeper

AT_ONCE = 300  # levels that one transaction holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What is counted of one SKU in one warehouse, in whole units."""

    sku_id: int
    warehouse_id: int
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one count does to the ledger: on hand from ``before`` to ``after``, of which ``reserved`` are promised."""

    sku: Sku
    warehouse: Warehouse
    before: int
    after: int
    reserved: int

    @property
    def sku_id(self) -> int:
        return self.sku.pk

    @property
    def difference(self) -> int:
        return self.after - self.before

    @property
    def available(self) -> int:
        return self.after - self.reserved


def keep(
    lines: Iterable[Counted],
    *,
    kind: CountBatch.Kind,
    name: str,
    actor: str,
    now: datetime,
    problems: Sequence[str] = (),
) -> CountBatch:
    """Keep counts for a person to look at; nothing is counted yet."""
    return CountBatch.objects.create(
        kind=kind,
        name=name[:200],
        lines=[[line.sku_id, line.warehouse_id, line.units] for line in lines],
        problems=list(problems),
        actor=actor,
        started_at=now,
    )


def changes(batch: CountBatch) -> list[Change]:
    """Return what the batch would do to the ledger as it is now, by SKU and warehouse."""
    lines = _lines_of(batch)
    skus = Sku.objects.in_bulk({line.sku_id for line in lines})
    warehouses = Warehouse.objects.in_bulk({line.warehouse_id for line in lines})
    levels: dict[tuple[int, int], StockLevel] = {}
    for part in _parts(lines):
        levels |= _levels(part)
    found = []
    for line in lines:
        level = levels.get((line.sku_id, line.warehouse_id))
        found.append(
            Change(
                sku=skus[line.sku_id],
                warehouse=warehouses[line.warehouse_id],
                before=level.on_hand if level else 0,
                after=line.units,
                reserved=level.reserved if level else 0,
            )
        )
    return sorted(found, key=lambda change: (change.sku.code, change.warehouse.code))


def take(batch: CountBatch, *, actor: str, now: datetime) -> bool:
    """Count what the batch says, as of ``now``; False when it did not wait any more.

    One that a crash has cut short goes on where it stopped. Raises InvalidQuantity for a bundle, KeptElsewhere for a
    warehouse that others keep: what was counted before them stays counted.
    """
    waiting = CountBatch.objects.filter(pk=batch.pk, state__in=[CountBatch.State.PREVIEW, CountBatch.State.TAKING])
    if not waiting.update(state=CountBatch.State.TAKING):
        return False
    lines = _lines_of(batch)
    for sku in Sku.objects.filter(pk__in={line.sku_id for line in lines}, is_bundle=True):
        check_counted(sku)
    for warehouse in Warehouse.objects.filter(pk__in={line.warehouse_id for line in lines}):
        check_keeper(warehouse, actor)
    for part in _parts(lines):
        _count(batch, part, actor=actor, now=now)
    with transaction.atomic():
        if CountBatch.objects.filter(pk=batch.pk, state=CountBatch.State.TAKING).update(
            state=CountBatch.State.DONE, ended_at=now, lines=[]
        ):
            _record(batch, "stock.count_many", actor, len(lines))
    batch.refresh_from_db()
    return True


@transaction.atomic
def _count(batch: CountBatch, lines: Sequence[Counted], *, actor: str, now: datetime) -> None:
    levels = _locked(lines)
    counts = [
        StockCount(
            key=f"{batch.key}{line.sku_id}:{line.warehouse_id}",
            batch=batch,
            sku_id=line.sku_id,
            warehouse_id=line.warehouse_id,
            counted=ledger.check_units(line.units, minimum=0),
            expected=levels[line.sku_id, line.warehouse_id].on_hand,
            reason=_reason(batch),
            actor=actor,
            counted_at=now,
        )
        for line in lines
    ]
    known = set(StockCount.objects.filter(key__in=[count.key for count in counts]).values_list("key", flat=True))
    fresh = [count for count in counts if count.key not in known]
    StockCount.objects.bulk_create(fresh)
    _post(fresh, Movement.Kind.COUNT, sign=1, suffix="", actor=actor, now=now, reason=_reason(batch))


def undo(batch: CountBatch, *, actor: str, now: datetime) -> bool:
    """Take the counts back where on hand has not changed since; False unless the batch was done.

    What has changed since is left as it is, and counted in ``kept``.
    """
    if not CountBatch.objects.filter(pk=batch.pk, state=CountBatch.State.DONE).update(
        state=CountBatch.State.UNDONE, undone_by=actor, ended_at=now
    ):
        return False
    undone = 0
    counts = list(StockCount.objects.filter(batch=batch).order_by("sku_id", "warehouse_id"))
    moved = [count for count in counts if count.difference]
    for start in range(0, len(moved), AT_ONCE):
        undone += _take_back(moved[start : start + AT_ONCE], actor=actor, now=now)
    CountBatch.objects.filter(pk=batch.pk).update(kept=len(moved) - undone)
    _record(batch, "stock.undo_count_many", actor, undone)
    batch.refresh_from_db()
    return True


@transaction.atomic
def _take_back(counts: Sequence[StockCount], *, actor: str, now: datetime) -> int:
    _locked([Counted(sku_id=c.sku_id, warehouse_id=c.warehouse_id, units=c.counted) for c in counts])
    last = (
        Movement.objects.filter(sku__in=[count.sku_id for count in counts])
        .exclude(on_hand_delta=0)
        .order_by()
        .values("sku_id", "warehouse_id")
        .annotate(last=Max("pk"))
        .values_list("last", flat=True)
    )
    unmoved = set(Movement.objects.filter(pk__in=list(last)).values_list("key", flat=True))
    back = [count for count in counts if count.key in unmoved]
    _post(back, Movement.Kind.ADJUSTMENT, sign=-1, suffix=":undo", actor=actor, now=now, reason="Count taken back")
    return len(back)


def _post(
    counts: Sequence[StockCount],
    kind: Movement.Kind,
    *,
    sign: int,
    suffix: str,
    actor: str,
    now: datetime,
    reason: str,
) -> None:
    entries = [
        Entry(
            key=f"{count.key}{suffix}",
            sku_id=count.sku_id,
            warehouse_id=count.warehouse_id,
            kind=kind,
            on_hand=sign * count.difference,
        )
        for count in counts
        if count.difference
    ]
    ledger.post(entries, actor=actor, now=now, reason=reason)


def _reason(batch: CountBatch) -> str:
    if batch.kind == CountBatch.Kind.CHANNEL:
        return f"Opening stock, as {batch.name} shows it"[:300]
    return f"Counted, file {batch.name}"[:300]


def _record(batch: CountBatch, action: str, actor: str, counts: int) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=f"count-batch:{batch.pk}",
        before={},
        after={"name": batch.name, "counts": counts},
    )


def _lines_of(batch: CountBatch) -> list[Counted]:
    lines = [Counted(sku_id=sku, warehouse_id=place, units=units) for sku, place, units in batch.lines]
    return sorted(lines, key=lambda line: (line.sku_id, line.warehouse_id))


def _parts(lines: Sequence[Counted]) -> Iterator[Sequence[Counted]]:
    for start in range(0, len(lines), AT_ONCE):
        yield lines[start : start + AT_ONCE]


def _levels(lines: Sequence[Counted]) -> dict[tuple[int, int], StockLevel]:
    rows = StockLevel.objects.filter(
        sku__in={line.sku_id for line in lines}, warehouse__in={line.warehouse_id for line in lines}
    )
    return {(level.sku_id, level.warehouse_id): level for level in rows}


def _locked(lines: Sequence[Counted]) -> dict[tuple[int, int], StockLevel]:
    """Make the levels and lock them in the order in which everyone does."""
    for line in lines:
        ledger.make_level(sku_id=line.sku_id, warehouse_id=line.warehouse_id)
    rows = StockLevel.objects.filter(
        sku__in={line.sku_id for line in lines}, warehouse__in={line.warehouse_id for line in lines}
    )
    locked = rows.order_by("sku_id", "warehouse_id").select_for_update()
    return {(level.sku_id, level.warehouse_id): level for level in locked}


def units_of(batch: CountBatch) -> int:
    """Return the units that the batch's counts have found in all."""
    return StockCount.objects.filter(batch=batch).aggregate(units=Sum("counted"))["units"] or 0
