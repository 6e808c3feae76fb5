"""Sales in a shop. The goods have left the shelf by the time we hear of it: a sale is recorded, never refused.

Tills may be offline for hours and send the same line twice. Each line is booked once, in the order in which things
happened in the shop, and at the time when they happened: a count made after a sale that we did not know of has found
the unit missing already, so the sale must not take it off once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.utils.translation import gettext as _

from inventory import bundles, ledger
from inventory.announcing import announce
from inventory.ledger import Entry
from inventory.models import Movement, Sku, StockCount, StockLevel, Warehouse
from inventory.operations import check_keeper
from inventory.shops.finding import find_skus
from inventory.shops.models import SaleLine

CLOCKS_DIFFER = timedelta(minutes=5)
LONGEST_OFFLINE = timedelta(days=31)


class Verb(StrEnum):
    """What a till says of a line: sold, taken back, or never happened."""

    SALE = "sale"
    RETURN = "return"
    VOID = "void"


class Status(StrEnum):
    """What became of a told line."""

    BOOKED = "booked"
    WAITING = "waiting"
    VOIDED = "voided"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One line as a till tells it: whole units above zero; of a void only the ids and the time count."""

    sale_id: str
    line_id: str
    verb: Verb
    occurred_at: datetime
    code: str = ""
    is_barcode: bool = False
    units: int = 0
    is_sellable: bool = True
    note: str = ""  # what its reader had to correct

    @property
    def ids(self) -> tuple[str, str]:
        return self.sale_id, self.line_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one told line. ``is_repeat``: it was told before and nothing changed now."""

    status: Status
    line: SaleLine
    is_repeat: bool = False
    problem: str = ""


def believable(moment: datetime, *, now: datetime) -> tuple[datetime, str]:
    """Return when a line happened, and a note where the till's clock can't be right: then it happened now.

    A line that seems to be older than any count would change nothing, though its goods have just left.
    """
    if now - LONGEST_OFFLINE <= moment <= now + CLOCKS_DIFFER:
        return min(moment, now), ""
    told = moment.strftime("%Y-%m-%d %H:%M UTC")
    return now, _("The till says %(told)s, which can't be: booked as of now. Set its clock.") % {"told": told}


@transaction.atomic
def take(told: Sequence[Told], *, warehouse: Warehouse, actor: str, now: datetime, till: str = "") -> list[Taken]:
    """Record lines of sales in the shop ``warehouse`` and return what became of each, in the same order.

    A line whose code nobody has waits for a person. One that was told before with other content is a conflict and
    changes nothing. Raises KeptElsewhere for a warehouse whose stock is not ours to change.
    """
    check_keeper(warehouse, actor)
    # One till after the other: a line that two requests carry must meet itself. Foreign keys to the row don't wait.
    Warehouse.objects.select_for_update(no_key=True).get(pk=warehouse.pk)
    known = _known(told, warehouse, till)
    found = find_skus({(item.code, item.is_barcode) for item in told if item.verb != Verb.VOID})
    taken: dict[int, Taken] = {}
    moves: list[_Move] = []
    for place in sorted(range(len(told)), key=lambda place: (told[place].occurred_at, place)):
        item = told[place]
        line = known.get(item.ids)
        if line is None:
            line = SaleLine(
                warehouse=warehouse,
                till=till,
                sale_id=item.sale_id,
                line_id=item.line_id,
                actor=actor,
                occurred_at=item.occurred_at,
                recorded_at=now,
            )
            known[item.ids] = line
        taken[place], moved = _apply(line, item, found)
        if moved is not None:
            moves.append(moved)
    _post(moves, warehouse=warehouse, actor=actor, now=now)
    return [taken[place] for place in range(len(told))]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """What one line changes on the shelf, and when that was."""

    line: SaleLine
    is_undo: bool
    occurred_at: datetime

    def entries(self) -> list[Entry]:
        sign = -1 if self.is_undo else 1
        leaves = (self.line.kind == SaleLine.Kind.SALE) != self.is_undo
        kind = Movement.Kind.SALE if leaves else Movement.Kind.RETURN
        return [
            Entry(
                key=f"sale-line:{self.line.pk}:{'void:' if self.is_undo else ''}{sku_id}",
                sku_id=sku_id,
                warehouse_id=self.line.warehouse_id,
                kind=kind,
                on_hand=sign * on_hand,
                unsellable=sign * unsellable,
            )
            for sku_id, on_hand, unsellable in self.line.entries
        ]


def _known(told: Sequence[Told], warehouse: Warehouse, till: str) -> dict[tuple[str, str], SaleLine]:
    rows = SaleLine.objects.filter(warehouse=warehouse, till=till, sale_id__in={item.sale_id for item in told})
    return {(line.sale_id, line.line_id): line for line in rows}


def _apply(line: SaleLine, item: Told, found: Mapping[tuple[str, bool], Sku | str]) -> tuple[Taken, _Move | None]:
    if item.verb == Verb.VOID:
        return _void(line, item)
    if line.kind and not _is_same(line, item):
        problem = _("This line was told before with other content. A correction needs a line id of its own.")
        return Taken(status=Status.CONFLICT, line=line, problem=problem), None
    if line.kind:
        return Taken(status=Status(line.state), line=line, is_repeat=True, problem=line.reason), None
    line.kind, line.code, line.is_barcode = SaleLine.Kind(item.verb), item.code, item.is_barcode
    line.units, line.is_sellable, line.occurred_at = item.units, item.is_sellable, item.occurred_at
    if line.state == SaleLine.State.VOIDED:  # its void was faster
        line.save()
        return Taken(status=Status.VOIDED, line=line), None
    sku = found[item.code, item.is_barcode]
    if isinstance(sku, str):
        line.state, line.reason = SaleLine.State.WAITING, sku
        line.save()
        _tell_waiting(line)
        return Taken(status=Status.WAITING, line=line, problem=line.reason), None
    return Taken(status=Status.BOOKED, line=line, problem=item.note), _book(line, sku)


def _is_same(line: SaleLine, item: Told) -> bool:
    return (line.kind, line.code, line.is_barcode, line.units, line.is_sellable) == (
        item.verb,
        item.code,
        item.is_barcode,
        item.units,
        item.is_sellable,
    )


def _book(line: SaleLine, sku: Sku) -> _Move:
    line.sku, line.state, line.reason = sku, SaleLine.State.BOOKED, ""
    # Kept as they are now: a void gives back what was taken, whatever the bundle is made of by then.
    line.entries = []
    for component, each in bundles.taken_apart(sku).items():
        units = line.units * each
        if line.kind == SaleLine.Kind.SALE:
            line.entries.append([component.pk, -units, 0])
        else:
            line.entries.append([component.pk, units if line.is_sellable else 0, 0 if line.is_sellable else units])
    line.save()
    return _Move(line=line, is_undo=False, occurred_at=line.occurred_at)


def _void(line: SaleLine, item: Told) -> tuple[Taken, _Move | None]:
    """Undo the line. One that has not come yet is kept as voided, so that it moves nothing when it comes."""
    if line.state == SaleLine.State.VOIDED:
        return Taken(status=Status.VOIDED, line=line, is_repeat=True), None
    was_booked = line.state == SaleLine.State.BOOKED
    line.state, line.reason, line.voided_at = SaleLine.State.VOIDED, "", item.occurred_at
    line.save()
    move = _Move(line=line, is_undo=True, occurred_at=item.occurred_at) if was_booked else None
    return Taken(status=Status.VOIDED, line=line), move


def _post(moves: Sequence[_Move], *, warehouse: Warehouse, actor: str, now: datetime) -> None:
    """Post what the lines move, each at its time, and make good what a count since then has found already."""
    sku_ids = sorted({sku_id for move in moves for sku_id, *_units in move.line.entries})
    if not sku_ids:
        return
    for sku_id in sku_ids:
        ledger.make_level(sku_id=sku_id, warehouse_id=warehouse.pk)
    # Locked before the counts are read: a count under way must either see these sales or be seen by them.
    levels = StockLevel.objects.select_for_update().filter(warehouse=warehouse, sku_id__in=sku_ids)
    list(levels.order_by("sku_id").values_list("pk"))
    earliest = min(move.occurred_at for move in moves)
    counts: dict[int, list[StockCount]] = {}
    rows = StockCount.objects.filter(warehouse=warehouse, sku_id__in=sku_ids, counted_at__gte=earliest)
    for count in rows.order_by("counted_at", "pk"):
        counts.setdefault(count.sku_id, []).append(count)
    # SKU by SKU, because signals are locked in that order everywhere; of each SKU in the order of the shop.
    entries = [(entry, move) for move in moves for entry in move.entries()]
    for entry, move in sorted(entries, key=lambda pair: pair[0].sku_id):
        ledger.post([entry], actor=actor, now=now, occurred_at=move.occurred_at, reason=_reason(move))
        later = [count for count in counts.get(entry.sku_id, []) if count.counted_at >= move.occurred_at]
        if later and entry.on_hand:
            _make_good(entry, later[0], actor=actor, now=now)


def _make_good(entry: Entry, count: StockCount, *, actor: str, now: datetime) -> None:
    opposite = Entry(
        key=f"{entry.key}:counted",
        sku_id=entry.sku_id,
        warehouse_id=entry.warehouse_id,
        kind=Movement.Kind.COUNT,
        on_hand=-entry.on_hand,
    )
    reason = _("The count of %(when)s had found this already.") % {
        "when": count.counted_at.strftime("%Y-%m-%d %H:%M UTC")
    }
    ledger.post([opposite], actor=actor, now=now, occurred_at=count.counted_at, reason=reason)


def _reason(move: _Move) -> str:
    words = _("Void of sale %(sale)s") if move.is_undo else _("Sale %(sale)s")
    return (words % {"sale": move.line})[:300]


def _tell_waiting(line: SaleLine) -> None:
    announce(
        "sale.waiting",
        subject=f"sale:{line.pk}",
        at=line.recorded_at,
        data={
            "line": line.pk,
            "warehouse": line.warehouse.code,
            "sale_id": line.sale_id,
            "line_id": line.line_id,
            "code": line.code,
        },
    )


# Lines that wait ------------------------------------------------------------------------------------------------


@transaction.atomic
def resolve(*, line: SaleLine, sku: Sku, actor: str, now: datetime) -> bool:
    """Book a waiting line as a sale of ``sku``, at the time it happened; tell whether it still waited."""
    warehouse = Warehouse.objects.select_for_update(no_key=True).get(pk=line.warehouse_id)
    current = SaleLine.objects.filter(pk=line.pk, state=SaleLine.State.WAITING).first()
    if current is None:
        return False
    _post([_book(current, sku)], warehouse=warehouse, actor=actor, now=now)
    return True


def book_waiting(*, now: datetime) -> int:
    """Book the waiting lines whose code a SKU has by now; return how many."""
    waiting = list(SaleLine.objects.filter(state=SaleLine.State.WAITING).order_by("occurred_at", "pk")[:500])
    if not waiting:
        return 0
    found = find_skus({(line.code, line.is_barcode) for line in waiting})
    booked = 0
    for line in waiting:
        sku = found[line.code, line.is_barcode]
        if isinstance(sku, Sku):
            booked += resolve(line=line, sku=sku, actor=line.actor, now=now)
    return booked
