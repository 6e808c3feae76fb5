"""Comparing a reading with the ledger as it stood at the same moment, and following it.

A movement that happened after the reading is no part of the difference: the source could not know of it. Places that
agree are not locked; one that differs is judged again under its lock, so that nothing moves between the comparison
and the adjustment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from inventory import ledger
from inventory.ledger import Entry
from inventory.models import Movement, StockLevel
from inventory.sources import holds, judging, merging
from inventory.sources.ahead import CLOCK_SLACK, units_ahead
from inventory.sources.models import Pull, PullDifference, Reading, Source
from inventory.sources.plans import Place, Plan, Told, balances

CHUNK = 200  # places that are locked at a time
READING_CHUNK = 1000


class Later(NamedTuple):
    """Units that moved in one place after a moment."""

    on_hand: int = 0
    unsellable: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How the ledger stood to the source in one place."""

    place: Place
    told: Told
    expected: int  # units on hand in the ledger as of the reading
    expected_unsellable: int
    outcome: Reading.Outcome

    @property
    def difference(self) -> int:
        return self.told.on_hand - self.expected

    @property
    def unsellable_difference(self) -> int:
        return 0 if self.told.unsellable is None else self.told.unsellable - self.expected_unsellable

    @property
    def differs(self) -> bool:
        return self.difference != 0 or self.unsellable_difference != 0


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a comparison came to, in places."""

    verdicts: list[Verdict] = field(default_factory=list)  # those that differ
    matched: int = 0


def later_movements(places: Mapping[Place, Told]) -> dict[Place, Later]:
    """Return what moved in each place after its own reading; places where nothing did are left out.

    A merge moved nothing on the shelf: what is read of both codes is compared with what both held.
    """
    if not places:
        return {}
    earliest = min(told.as_of for told in places.values())
    rows = Movement.objects.filter(recorded_at__gt=earliest - CLOCK_SLACK, occurred_at__gt=earliest).order_by()
    rows = rows.exclude(kind=Movement.Kind.MERGE)
    later: dict[Place, Later] = {}
    for sku_id, warehouse_id, at, on_hand, unsellable in rows.values_list(
        "sku_id", "warehouse_id", "occurred_at", "on_hand_delta", "unsellable_delta"
    ).iterator(2000):
        place = (sku_id, warehouse_id)
        told = places.get(place)
        if told is not None and at > told.as_of:
            before = later.get(place, Later())
            later[place] = Later(before.on_hand + on_hand, before.unsellable + unsellable)
    return later


def compare(source: Source, plan: Plan, *, moving: Iterable[int] = ()) -> Tally:
    """Say how the ledger stands to every place of ``plan``, changing nothing."""
    tally = Tally()
    levels = balances({warehouse_id for _sku, warehouse_id in plan.told})
    standing = _Standing(later=later_movements(plan.told), ahead=units_ahead(source, plan.told), moving=set(moving))
    for place, told in plan.told.items():
        verdict = _judged(source, place, told, levels.get(place, (0, 0)), standing)
        if verdict.differs:
            tally.verdicts.append(verdict)
        else:
            tally.matched += 1
    return tally


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """What explains that the ledger and a source stand differently: by place; ``moving``: by SKU."""

    later: Mapping[Place, Later]
    ahead: Mapping[Place, int]
    moving: set[int]


def _judged(source: Source, place: Place, told: Told, level: tuple[int, int], standing: _Standing) -> Verdict:
    later = standing.later.get(place, Later())
    unsellable = level[1] - later.unsellable
    expected = _expected(told.on_hand, level[0] - later.on_hand, standing.ahead.get(place, 0))
    difference = told.on_hand - expected
    if difference == 0:
        outcome = Reading.Outcome.MATCHED
    elif place[0] in standing.moving:
        outcome = Reading.Outcome.MOVING
    elif source.on_difference == Source.OnDifference.FLAG and judging.is_beyond(source, place[0], expected, difference):
        outcome = Reading.Outcome.FLAGGED
    else:
        outcome = Reading.Outcome.ADJUSTED
    return Verdict(place=place, told=told, expected=expected, expected_unsellable=max(0, unsellable), outcome=outcome)


def _expected(told: int, in_ledger: int, ahead: int) -> int:
    """Return the units that the source should count: of those that others alone call shipped, as many as it does."""
    return in_ledger + min(ahead, max(0, told - in_ledger))


def apply(pull: Pull, plan: Plan, *, now: datetime) -> None:
    """Bring the ledger to ``plan`` and keep what was found: differences, readings and the pull's counts.

    Each chunk of places is a transaction of its own. A repeat of the same pull moves nothing twice: what was adjusted
    agrees by then.
    """
    source = pull.source
    tally = compare(source, plan, moving=pull.moving)
    differing = sorted(verdict.place for verdict in tally.verdicts)
    verdicts: dict[Place, Verdict] = {}
    for start in range(0, len(differing), CHUNK):
        chunk = {place: plan.told[place] for place in differing[start : start + CHUNK]}
        verdicts.update(_settle(pull, chunk, now=now))
    _keep_readings(pull, plan, verdicts)
    if pull.is_full:
        merging.forget(source, plan.fewer_codes)
    if source.reserves == Source.Reserves.SOURCE:
        holds.follow(source, plan.told, cause=f"pull:{pull.pk}", now=now)
    # Counted where they are kept: a pull that a crash cut short has adjusted some before.
    differences = PullDifference.objects.filter(pull=pull)
    moved = Q(outcome=Reading.Outcome.ADJUSTED) | ~Q(outcome=Reading.Outcome.MOVING) & ~Q(note="")
    pull.adjusted = differences.filter(moved).count()
    pull.flagged = differences.filter(outcome=Reading.Outcome.FLAGGED).count()
    pull.matched = len(plan.told) - differences.count()
    pull.skipped, pull.zeroed = plan.skipped, plan.zeroed


@transaction.atomic
def _settle(pull: Pull, places: Mapping[Place, Told], *, now: datetime) -> dict[Place, Verdict]:
    """Judge these places again under their locks, post what is to be followed, keep each difference."""
    source = pull.source
    for sku_id, warehouse_id in sorted(places):
        ledger.make_level(sku_id=sku_id, warehouse_id=warehouse_id)
    locked = (
        StockLevel.objects.select_for_update()
        .filter(sku_id__in={place[0] for place in places}, warehouse_id__in={place[1] for place in places})
        .order_by("sku_id", "warehouse_id")
    )
    levels = {(level.sku_id, level.warehouse_id): level for level in locked}
    standing = _Standing(later=later_movements(places), ahead=units_ahead(source, places), moving=set(pull.moving))
    verdicts = {}
    entries: list[Entry] = []
    for place, told in sorted(places.items()):
        level = levels[place]
        verdict = _judged(source, place, told, (level.on_hand, level.unsellable), standing)
        if not verdict.differs:
            continue
        verdicts[place] = verdict
        entry = _entry(verdict, key=f"source:{source.pk}:pull:{pull.pk}:{place[0]}:{place[1]}")
        if entry.on_hand or entry.unsellable:
            entries.append(entry)
    moments = {told.as_of for told in places.values()}
    ledger.post(
        entries,
        actor=source.actor,
        now=now,
        occurred_at=min(moments) if moments else now,
        reason=_("As %(source)s counts it.") % {"source": source.name},
    )
    PullDifference.objects.bulk_create(
        PullDifference(
            pull=pull,
            sku_id=place[0],
            warehouse_id=place[1],
            expected=verdict.expected,
            reported=verdict.told.on_hand,
            as_of=verdict.told.as_of,
            outcome=verdict.outcome,
            note=_note(verdict),
        )
        for place, verdict in verdicts.items()
    )
    return verdicts


def _entry(verdict: Verdict, *, key: str) -> Entry:
    follows = verdict.outcome == Reading.Outcome.ADJUSTED
    return Entry(
        key=key,
        sku_id=verdict.place[0],
        warehouse_id=verdict.place[1],
        kind=Movement.Kind.ADJUSTMENT,
        on_hand=verdict.difference if follows else 0,
        unsellable=verdict.unsellable_difference if verdict.outcome != Reading.Outcome.MOVING else 0,
    )


def _note(verdict: Verdict) -> str:
    if verdict.outcome == Reading.Outcome.MOVING:
        return _("It shipped while it was read; the next reading tells.")
    if verdict.unsellable_difference:
        return _("Unsellable: %(before)d → %(after)d.") % {
            "before": verdict.expected_unsellable,
            "after": verdict.told.unsellable or 0,
        }
    return ""


def _keep_readings(pull: Pull, plan: Plan, verdicts: Mapping[Place, Verdict]) -> None:
    """Keep the source's last word on every place it spoke of."""
    source = pull.source
    places = sorted(plan.told)
    for start in range(0, len(places), READING_CHUNK):
        readings = []
        for place in places[start : start + READING_CHUNK]:
            told, verdict = plan.told[place], verdicts.get(place)
            readings.append(
                Reading(
                    source=source,
                    sku_id=place[0],
                    warehouse_id=place[1],
                    on_hand=told.on_hand,
                    reserved=told.reserved,
                    unsellable=told.unsellable,
                    as_of=told.as_of,
                    expected=verdict.expected if verdict is not None else told.on_hand,
                    outcome=verdict.outcome if verdict is not None else Reading.Outcome.MATCHED,
                    pull=pull,
                )
            )
        _upsert(readings)


def _upsert(readings: Sequence[Reading]) -> None:
    Reading.objects.bulk_create(
        readings,
        update_conflicts=True,
        unique_fields=["source", "sku", "warehouse"],
        update_fields=["on_hand", "reserved", "unsellable", "as_of", "expected", "outcome", "pull"],
    )


def difference_now(reading: Reading) -> int:
    """Return by how many units the source's last word differs from the ledger, as of its own moment."""
    place = (reading.sku_id, reading.warehouse_id)
    told = {place: Told(on_hand=reading.on_hand, as_of=reading.as_of)}
    level = StockLevel.objects.filter(sku_id=place[0], warehouse_id=place[1]).values_list("on_hand", flat=True).first()
    in_ledger = (level or 0) - later_movements(told).get(place, Later()).on_hand
    return reading.on_hand - _expected(reading.on_hand, in_ledger, units_ahead(reading.source, told).get(place, 0))


@transaction.atomic
def accept(reading: Reading, *, actor: str, now: datetime, reason: str) -> Movement | None:
    """Follow the source's last word on one place, as a person decided; return the movement, None where none is due.

    The difference is worked out again: what has moved since the reading stays moved.
    """
    ledger.make_level(sku_id=reading.sku_id, warehouse_id=reading.warehouse_id)
    StockLevel.objects.select_for_update().get(sku_id=reading.sku_id, warehouse_id=reading.warehouse_id)
    reading = Reading.objects.select_related("source").get(pk=reading.pk)
    difference = difference_now(reading)
    Reading.objects.filter(pk=reading.pk).update(outcome=Reading.Outcome.ADJUSTED)
    if difference == 0:
        return None
    entry = Entry(
        key=f"source:{reading.source_id}:accept:{reading.pk}:{now.isoformat()}",
        sku_id=reading.sku_id,
        warehouse_id=reading.warehouse_id,
        kind=Movement.Kind.ADJUSTMENT,
        on_hand=difference,
    )
    return ledger.post([entry], actor=actor, now=now, occurred_at=reading.as_of, reason=reason)[0]
