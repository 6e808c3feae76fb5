"""What a pull says, place by place: rows added up, what can't be used set aside, what it leaves out counted as 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory import codes
from inventory.models import Sku, StockLevel
from inventory.sources import mapping, merging
from inventory.sources.contract import Capabilities
from inventory.sources.models import Pull, PulledRow, PullProblem, Reading

Place = tuple[int, int]  # a SKU and a warehouse, by id
PROBLEMS_KEPT = 500  # of one kind; more of them are counted, not listed


@dataclass(slots=True, kw_only=True)
class Told:
    """What the source says of one place: whole units; None where it does not tell."""

    on_hand: int
    as_of: datetime
    reserved: int | None = None
    unsellable: int | None = None
    item_refs: tuple[str, ...] = ()

    def add(self, row: PulledRow) -> None:
        self.on_hand += row.on_hand
        self.as_of = min(self.as_of, row.as_of)
        self.reserved = _sum(self.reserved, row.reserved)
        self.unsellable = _sum(self.unsellable, row.unsellable)
        if row.item_ref not in self.item_refs:
            self.item_refs = (*self.item_refs, row.item_ref)

    def with_other_code(self, other: Told) -> Told:
        return Told(
            on_hand=self.on_hand + other.on_hand,
            as_of=min(self.as_of, other.as_of),
            reserved=_sum(self.reserved, other.reserved),
            unsellable=_sum(self.unsellable, other.unsellable),
            item_refs=(*self.item_refs, *other.item_refs),
        )


def _sum(left: int | None, right: int | None) -> int | None:
    return right if left is None else left if right is None else left + right


@dataclass(slots=True, kw_only=True)
class Plan:
    """A pull made ready to be compared. ``zeroed`` of the ``stocked`` places that hold units now would hold none."""

    told: dict[Place, Told] = field(default_factory=dict)
    problems: list[PullProblem] = field(default_factory=list)
    skipped: int = 0  # rows that could not be used
    stocked: int = 0
    zeroed: int = 0
    fewer_codes: set[int] = field(default_factory=set)  # SKUs that had more codes at the source than it names

    def is_alarming(self, zero_percent: int) -> bool:
        """Tell whether so much would go to zero that a person must look first. A single SKU may always sell out."""
        return self.zeroed > max(1, self.stocked * zero_percent / 100)


class _Gathering:
    """One pass over the rows of a pull."""

    def __init__(self, pull: Pull, capabilities: Capabilities) -> None:
        self.pull = pull
        self.adds_up = capabilities.rows_add_up
        self.plan = Plan()
        self.locations = mapping.deciding(pull.source)
        self.names = dict(pull.source.locations.values_list("ref", "name"))
        named = PulledRow.objects.filter(pull=pull).values("sku_code")
        self.sku_ids = codes.ids_named(named)
        self.bundle_ids = set(Sku.objects.filter(is_bundle=True).values_list("pk", flat=True))
        self.spoilt: dict[str, PullProblem] = {}  # by SKU code: nothing of it may be used
        self.unknown: dict[str, PullProblem] = {}
        self.unmapped: dict[str, int] = {}
        self.items: dict[str, str] = {}
        self.rows_seen: set[tuple[str, str]] = set()
        self.places: dict[str, dict[Place, Told]] = {}
        self.stale: set[Place] = set()
        self.notes: dict[str, PullProblem] = {}

    def run(self) -> Plan:
        for row in PulledRow.objects.filter(pull=self.pull).order_by("pk").iterator(2000):
            if not self._take(row):
                self.plan.skipped += 1
        spoilt_ids = {self.sku_ids[code] for code in self.spoilt if code in self.sku_ids}
        self.plan.fewer_codes = merging.fewer_codes(self.pull.source, self.sku_ids)
        if not self.pull.is_full:  # what it says of one code is not what lies there of the SKU
            spoilt_ids |= self.plan.fewer_codes
        for code, places in self.places.items():
            if self.sku_ids[code] not in spoilt_ids:
                for place, each in places.items():
                    self._tell(place, each)
        self._drop_stale()
        self._note_problems()
        warehouse_ids = {each.warehouse_id for each in self.locations.values() if each.warehouse_id is not None}
        levels = StockLevel.objects.filter(warehouse_id__in=warehouse_ids).exclude(on_hand=0, unsellable=0)
        for sku_id, warehouse_id, on_hand in levels.values_list("sku_id", "warehouse_id", "on_hand").iterator(2000):
            place = (sku_id, warehouse_id)
            told = self.plan.told.get(place)
            if (
                told is None
                and self.pull.is_full
                and self.pull.as_of is not None
                and sku_id not in spoilt_ids
                and place not in self.stale
            ):
                told = self.plan.told[place] = Told(on_hand=0, as_of=self.pull.as_of)
            if on_hand > 0:
                self.plan.stocked += 1
                self.plan.zeroed += told is not None and told.on_hand == 0
        return self.plan

    def _tell(self, place: Place, told: Told) -> None:
        """Keep what is said of a place. Units that lie there under two codes of one SKU are all its units."""
        known = self.plan.told.get(place)
        self.plan.told[place] = told if known is None else known.with_other_code(told)

    def _take(self, row: PulledRow) -> bool:
        code, ref = row.sku_code, row.location_ref
        location = self.locations.get(ref)
        if location is not None and location.is_ignored:
            return True
        sku_id = self.sku_ids.get(code)
        if row.problem and (sku_id is not None or not code):
            self._spoil(row, PullProblem.Kind.INVALID, row.problem)
            return False
        if sku_id is None:
            words = _("No SKU of yours has the code %(code)s: create it, or correct the code at the source.")
            self.unknown.setdefault(
                code, self._problem(PullProblem.Kind.UNKNOWN_SKU, words % {"code": code}, code=code, location=ref)
            )
            return False
        if location is None or location.warehouse_id is None:
            self.unmapped[ref] = self.unmapped.get(ref, 0) + 1
            return False
        if sku_id in self.bundle_ids:
            if row.on_hand or row.unsellable:
                words = _("%(code)s is a bundle here and holds no stock: have its components counted instead.")
                self._spoil(row, PullProblem.Kind.INVALID, words % {"code": code})
            return not row.on_hand
        if self.items.setdefault(code, row.item_ref) != row.item_ref:
            words = _("%(code)s stands for two items (%(one)s and %(other)s): give one of them another code.")
            values = {"code": code, "one": self.items[code], "other": row.item_ref}
            self._spoil(row, PullProblem.Kind.AMBIGUOUS, words % values)
            return False
        if not self.adds_up and (code, ref) in self.rows_seen:
            words = _("%(code)s stands there twice for %(location)s: which number is right can't be told.")
            name = self.names.get(ref) or ref
            self._spoil(row, PullProblem.Kind.AMBIGUOUS, words % {"code": code, "location": name})
            return False
        self.rows_seen.add((code, ref))
        places = self.places.setdefault(code, {})
        place = (sku_id, location.warehouse_id)
        if place not in places:
            places[place] = Told(on_hand=0, as_of=row.as_of)
        places[place].add(row)
        if row.note:
            note = self._problem(PullProblem.Kind.INCONSISTENT, row.note, code=code, location=ref)
            self.notes.setdefault(code, note)
        return True

    def _drop_stale(self) -> None:
        """Leave out what is older than the source's last word: it would undo what has been put right since."""
        if not self.plan.told:
            return
        earliest = min(told.as_of for told in self.plan.told.values())
        newer = Reading.objects.filter(source=self.pull.source, as_of__gt=earliest)
        for sku_id, warehouse_id, as_of in newer.values_list("sku_id", "warehouse_id", "as_of").iterator(2000):
            told = self.plan.told.get((sku_id, warehouse_id))
            if told is not None and told.as_of < as_of:
                del self.plan.told[sku_id, warehouse_id]
                self.stale.add((sku_id, warehouse_id))
                self.plan.skipped += 1

    def _spoil(self, row: PulledRow, kind: PullProblem.Kind, sentence: str) -> None:
        key = row.sku_code or f"\0{row.row_ref}"
        self.spoilt.setdefault(key, self._problem(kind, sentence, code=row.sku_code, location=row.location_ref))

    def _problem(self, kind: PullProblem.Kind, sentence: str, *, code: str = "", location: str = "") -> PullProblem:
        return PullProblem(pull=self.pull, kind=kind, sku_code=code, location_ref=location, sentence=sentence[:400])

    def _note_problems(self) -> None:
        self.plan.problems += list(self.spoilt.values())[:PROBLEMS_KEPT]
        self.plan.problems += list(self.unknown.values())[:PROBLEMS_KEPT]
        self.plan.problems += list(self.notes.values())[:PROBLEMS_KEPT]
        for ref, rows in self.unmapped.items():
            name = self.names.get(ref) or ref
            words = ngettext(
                "%(rows)d row lies at %(location)s, which is no warehouse of yours: map it, or ignore it.",
                "%(rows)d rows lie at %(location)s, which is no warehouse of yours: map it, or ignore it.",
                rows,
            )
            self.plan.problems.append(
                self._problem(
                    PullProblem.Kind.UNKNOWN_LOCATION, words % {"rows": rows, "location": name or "—"}, location=ref
                )
            )


def gather(pull: Pull, capabilities: Capabilities) -> Plan:
    """Return what ``pull`` says. Problems are not saved yet."""
    return _Gathering(pull, capabilities).run()


def balances(warehouse_ids: set[int]) -> Mapping[Place, tuple[int, int]]:
    """Return (on hand, unsellable) of every place in these warehouses that has a level."""
    rows = StockLevel.objects.filter(warehouse_id__in=warehouse_ids)
    return {
        (sku_id, warehouse_id): (on_hand, unsellable)
        for sku_id, warehouse_id, on_hand, unsellable in rows.values_list(
            "sku_id", "warehouse_id", "on_hand", "unsellable"
        ).iterator(2000)
    }
