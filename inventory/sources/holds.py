"""What a source has reserved for others: held in the ledger, so that it is not sold twice.

A source that owns reservations tells ``reserved`` for everyone, our orders among them. Our own are reserved here
already. So what is held for the source is its figure less our orders that it knows: taken off once, never twice, never
not at all. An order of ours counts as known to it ``knows_orders_after`` seconds after it was reserved here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from inventory import codes, ledger
from inventory.ledger import Entry
from inventory.models import Movement, Reservation, ReservationLine, StockLevel
from inventory.sources.ahead import units_ahead
from inventory.sources.models import Source
from inventory.sources.plans import Place, Told

CHUNK = 200


def key_of(source: Source) -> str:
    """Return the key of the one reservation that stands for what the source has promised to others."""
    return f"source:{source.pk}"


def foreign(*, told_reserved: int, ours: int, ours_unknown: int) -> int:
    """Return the units to hold for the source: what it has reserved beyond our orders that it knows."""
    return max(0, told_reserved - max(0, ours - ours_unknown))


def follow(source: Source, told: Mapping[Place, Told], *, cause: str, now: datetime) -> None:
    """Hold for the source what it tells to be reserved in each of these places; ``cause`` makes the keys."""
    wanted = sorted(place for place, each in told.items() if each.reserved is not None)
    for start in range(0, len(wanted), CHUNK):
        _hold(source, {place: told[place] for place in wanted[start : start + CHUNK]}, cause=cause, now=now)


def release_all(source: Source, *, actor: str, now: datetime) -> None:
    """Give back everything that is held for the source: it reserves no more, or is gone."""
    with transaction.atomic():
        reservation = Reservation.objects.select_for_update().filter(key=key_of(source)).first()
        if reservation is None:
            return
        lines = {(line.sku_id, line.warehouse_id): line for line in reservation.lines.filter(reserved__gt=0)}
        _bring(reservation, lines, dict.fromkeys(lines, 0), cause="release", actor=actor, now=now)


def _unknown_to(source: Source, told: Mapping[Place, Told]) -> dict[Place, int]:
    """Return the units of our orders that are too new for the source to know, by place."""
    patience = timedelta(seconds=source.knows_orders_after)
    earliest = min(each.as_of for each in told.values()) - patience
    rows = Movement.objects.filter(
        recorded_at__gt=earliest - timedelta(minutes=10),
        occurred_at__gt=earliest,
        kind__in=[Movement.Kind.RESERVE, Movement.Kind.RELEASE],
    ).exclude(key__startswith=f"{key_of(source)}:")
    merged = codes.merged_of({place[0] for place in told})
    units: dict[Place, int] = {}
    for sku_id, warehouse_id, at, delta in rows.order_by().values_list(
        "sku_id", "warehouse_id", "occurred_at", "reserved_delta"
    ):
        place = (merged.get(sku_id, sku_id), warehouse_id)
        if place in told and at > told[place].as_of - patience:
            units[place] = units.get(place, 0) + delta
    return {place: max(0, each) for place, each in units.items()}


@transaction.atomic
def _hold(source: Source, told: Mapping[Place, Told], *, cause: str, now: datetime) -> None:
    reservation, _ = Reservation.objects.select_for_update().get_or_create(
        key=key_of(source), defaults={"reference": source.name, "created_at": now}
    )
    for sku_id, warehouse_id in told:
        ledger.make_level(sku_id=sku_id, warehouse_id=warehouse_id)
    sku_ids, warehouse_ids = {place[0] for place in told}, {place[1] for place in told}
    levels = (
        StockLevel.objects.select_for_update()
        .filter(sku_id__in=sku_ids, warehouse_id__in=warehouse_ids)
        .order_by("sku_id", "warehouse_id")
    )
    reserved = {(level.sku_id, level.warehouse_id): level.reserved for level in levels}
    lines = {
        (line.sku_id, line.warehouse_id): line
        for line in reservation.lines.filter(sku_id__in=sku_ids, warehouse_id__in=warehouse_ids)
    }
    unknown, ahead = _unknown_to(source, told), units_ahead(source, told)
    wanted = {}
    for place, each in told.items():
        own = lines[place].reserved if place in lines else 0
        # What has left by others' word is reserved there still, and by nobody here.
        told_reserved = max(0, (each.reserved or 0) - ahead.get(place, 0))
        wanted[place] = foreign(
            told_reserved=told_reserved, ours=reserved[place] - own, ours_unknown=unknown.get(place, 0)
        )
    _bring(reservation, lines, wanted, cause=cause, actor=source.actor, now=now)


def _bring(
    reservation: Reservation,
    lines: Mapping[Place, ReservationLine],
    wanted: Mapping[Place, int],
    *,
    cause: str,
    actor: str,
    now: datetime,
) -> None:
    """Bring the lines to ``wanted`` units; a fact, recorded even if available falls below zero."""
    revision = reservation.revision + 1
    entries, changed = [], []
    for (sku_id, warehouse_id), units in sorted(wanted.items()):
        line = lines.get((sku_id, warehouse_id)) or ReservationLine(
            reservation=reservation, line_ref="", sku_id=sku_id, warehouse_id=warehouse_id
        )
        more = units - line.reserved
        if more == 0:
            continue
        line.reserved = units
        changed.append(line)
        entries.append(
            Entry(
                key=f"{reservation.key}:{cause}:r{revision}:{sku_id}:{warehouse_id}",
                sku_id=sku_id,
                warehouse_id=warehouse_id,
                kind=Movement.Kind.RESERVE if more > 0 else Movement.Kind.RELEASE,
                reserved=more,
            )
        )
    if not entries:
        return
    # Those there are first: once created, the new ones have an id too.
    ReservationLine.objects.bulk_update([line for line in changed if line.pk is not None], ["reserved"])
    ReservationLine.objects.bulk_create([line for line in changed if line.pk is None])
    holds_any = reservation.lines.filter(reserved__gt=0).exists()
    Reservation.objects.filter(pk=reservation.pk).update(
        revision=revision, state=Reservation.State.OPEN if holds_any else Reservation.State.RELEASED
    )
    ledger.post(entries, actor=actor, now=now, reason=reservation.reference)
