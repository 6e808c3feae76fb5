"""Booking: what the orders of a channel hold. A platform has accepted them, so they are facts.

``book`` brings an order's reservation to what the order now says, whatever the balances say about it. What a warehouse
has confirmed as shipped (``Reservation.confirmed``) has left: a channel that tells less does not bring it back, and
one that tells the same parcel does not ship it twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from inventory import codes, ledger
from inventory.ledger import Entry
from inventory.models import Movement, Reservation, ReservationLine, StockLevel

Place = tuple[str, int, int]  # a line of the order, a SKU, a warehouse
Level = tuple[int, int]  # a SKU and a warehouse


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one order line must hold: ``sold`` units of a SKU in all, ``fulfilled`` of them shipped.

    ``returned``: units that came back here, of those that had left from elsewhere or before the ledger began.
    ``warehouse_ids``: the only ones that new units may come from; empty: those of the order.
    """

    line_ref: str
    sku_id: int
    sold: int
    fulfilled: int
    returned: int = 0
    warehouse_ids: tuple[int, ...] = ()


def _as_merged(demands: Sequence[Demand]) -> list[Demand]:
    """Return the demands as of the SKUs that theirs were merged into: what a line asks of one SKU is added up.

    Asked under the lock on the reservation, which a merge takes too: its lines are then those of the same SKUs.
    """
    merged = codes.merged_among({each.sku_id for each in demands})
    if not merged:
        return list(demands)
    found: dict[tuple[str, int], Demand] = {}
    for each in demands:
        place = (each.line_ref, merged.get(each.sku_id, each.sku_id))
        other = found.get(place)
        found[place] = replace(
            each,
            sku_id=place[1],
            sold=each.sold + (other.sold if other else 0),
            fulfilled=each.fulfilled + (other.fulfilled if other else 0),
            returned=each.returned + (other.returned if other else 0),
        )
    return list(found.values())


def confirmed_of(reservation: Reservation) -> dict[Level, int]:
    """Return what warehouses say has left of an order: units by SKU, as it is by now, and warehouse."""
    rows = reservation.confirmed or ()
    merged = codes.merged_among({sku_id for sku_id, _place, _units in rows}) if rows else {}
    found: dict[Level, int] = {}
    for sku_id, place, units in rows:
        level = (merged.get(sku_id, sku_id), place)
        found[level] = found.get(level, 0) + units
    return found


def plain_number(text: str) -> str:
    """Return an order's number as it is compared: without the hash that some stores and people write before it."""
    return text.strip().lstrip("#").strip()[:120]


def book(
    demands: Sequence[Demand],
    *,
    key: str,
    reference: str,
    warehouse_ids: Sequence[int],
    actor: str,
    now: datetime,
    occurred_at: datetime,
    number: str = "",
) -> bool:
    """Bring the reservation ``key`` to exactly ``demands`` and return whether anything moved.

    ``number`` is what people and warehouses call the order.

    A fact: it is recorded even if available falls below zero. Lines that ``demands`` leaves out give everything
    back. New units come from the first of ``warehouse_ids`` that has all of them, else split over those that have
    some, else from the first. The caller holds a lock on the cause, inside a transaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("book belongs to the transaction of its cause")
    if (
        not any(demand.sold or demand.returned for demand in demands)
        and not Reservation.objects.filter(key=key).exists()
    ):
        return False  # an order that was cancelled or over before we heard of it reserves nothing
    number = plain_number(number)
    # Locked: people may release or fulfil an order's reservation while we count what it holds.
    reservation, _ = Reservation.objects.select_for_update().get_or_create(
        key=key, defaults={"reference": reference, "number": number, "created_at": occurred_at}
    )
    demands = _as_merged(demands)
    told = [[each.line_ref, each.sku_id, each.sold, each.fulfilled] for each in demands]
    if (reservation.told, reservation.number) != (told, number):
        Reservation.objects.filter(pk=reservation.pk).update(told=told, number=number)
    return _bring(reservation, demands, warehouse_ids, actor=actor, now=now, occurred_at=occurred_at, reason=reference)


def settle(
    reservation: Reservation, *, confirmed: Mapping[Level, int], actor: str, now: datetime, occurred_at: datetime
) -> bool:
    """Bring a reservation to what warehouses have confirmed: units that have left, by SKU and warehouse.

    Its order says what it said last. Those units are shipped from where they were confirmed, however many were
    ordered and wherever they were reserved. The caller holds a lock on the reservation.
    """
    told = reservation.told
    returned: dict[tuple[str, int], int] = {}
    for line in reservation.lines.filter(returned__gt=0):
        returned[line.line_ref, line.sku_id] = returned.get((line.line_ref, line.sku_id), 0) + line.returned
    if told is None:  # not a channel's: what it holds and has shipped is all there is to know
        sums: dict[tuple[str, int], list[int]] = {}
        for line in reservation.lines.order_by("pk"):
            units = sums.setdefault((line.line_ref, line.sku_id), [0, 0])
            units[0] += line.reserved + line.fulfilled
            units[1] += line.fulfilled
        told = [[*place, *units] for place, units in sums.items()]
    asked = [Demand(line_ref=ref, sku_id=sku, sold=sold, fulfilled=shipped) for ref, sku, sold, shipped in told]
    demands = [replace(each, returned=returned.get((each.line_ref, each.sku_id), 0)) for each in _as_merged(asked)]
    told = [[each.line_ref, each.sku_id, each.sold, each.fulfilled] for each in demands]
    kept = [[sku_id, warehouse_id, units] for (sku_id, warehouse_id), units in sorted(confirmed.items()) if units]
    Reservation.objects.filter(pk=reservation.pk).update(told=told, confirmed=kept)
    reservation.told, reservation.confirmed = told, kept
    places = reservation.lines.values_list("warehouse_id", flat=True).order_by("pk")
    warehouse_ids = list(dict.fromkeys([*places, *(place[1] for place in confirmed)]))
    return _bring(
        reservation,
        demands,
        warehouse_ids,
        actor=actor,
        now=now,
        occurred_at=occurred_at,
        reason=reservation.reference,
    )


def _bring(
    reservation: Reservation,
    demands: Sequence[Demand],
    warehouse_ids: Sequence[int],
    *,
    actor: str,
    now: datetime,
    occurred_at: datetime,
    reason: str,
) -> bool:
    held = {(line.line_ref, line.sku_id, line.warehouse_id): line for line in reservation.lines.order_by("pk")}
    left = _left(demands, confirmed_of(reservation))
    wanted = _spread(demands, held, warehouse_ids, left)
    back = _brought_back(demands, held, warehouse_ids)
    revision = reservation.revision + 1
    entries: list[Entry] = []
    changed: list[ReservationLine] = []
    for place in sorted(wanted.keys() | held.keys() | back.keys()):
        line_ref, sku_id, warehouse_id = place
        line = held.get(place) or ReservationLine(
            reservation=reservation, line_ref=line_ref, sku_id=sku_id, warehouse_id=warehouse_id
        )
        reserved, fulfilled = wanted.get(place, (0, 0))
        returned = back.get(place, 0)
        if (reserved, fulfilled, returned) == (line.reserved, line.fulfilled, line.returned):
            continue
        gone, more = fulfilled - line.fulfilled - (returned - line.returned), reserved - line.reserved
        if gone or more:
            entries.append(
                Entry(
                    key=f"{reservation.key}:r{revision}:{line_ref}:{sku_id}:{warehouse_id}",
                    sku_id=sku_id,
                    warehouse_id=warehouse_id,
                    kind=_kind(gone=gone, more=more),
                    on_hand=-gone,
                    reserved=more,
                )
            )
        line.reserved, line.fulfilled, line.returned = reserved, fulfilled, returned
        changed.append(line)
    if not changed:
        return False
    # Those there are first: once created, the new ones have an id too.
    ReservationLine.objects.bulk_update(
        [line for line in changed if line.pk is not None], ["reserved", "fulfilled", "returned"]
    )
    ReservationLine.objects.bulk_create([line for line in changed if line.pk is None])
    state = _state(reserved=sum(r for r, _ in wanted.values()), fulfilled=sum(f for _, f in wanted.values()))
    Reservation.objects.filter(pk=reservation.pk).update(revision=revision, state=state)
    ledger.post(entries, actor=actor, now=now, occurred_at=occurred_at, reason=reason)
    return True


def _left(demands: Sequence[Demand], confirmed: Mapping[Level, int]) -> dict[Place, int]:
    """Share out what warehouses have confirmed among the order's lines: units per place that have left.

    A line that its channel calls shipped comes first, then the others in their order; what is more than was sold goes
    with the first. A SKU that no line asks for is left out.
    """
    shares: dict[Place, int] = {}
    given: dict[tuple[str, int], int] = {}
    for (sku_id, warehouse_id), units in sorted(confirmed.items()):
        lines = [demand for demand in demands if demand.sku_id == sku_id]
        rooms = [(line, line.fulfilled) for line in lines] + [(line, line.sold) for line in lines]
        for line, room in rooms:
            share = min(units, max(0, room - given.get((line.line_ref, sku_id), 0)))
            _give(shares, given, line, warehouse_id, share)
            units -= share
        if units and lines:
            _give(shares, given, lines[0], warehouse_id, units)
    return shares


def _give(
    shares: dict[Place, int], given: dict[tuple[str, int], int], line: Demand, warehouse_id: int, units: int
) -> None:
    if units:
        place = (line.line_ref, line.sku_id, warehouse_id)
        shares[place] = shares.get(place, 0) + units
        given[line.line_ref, line.sku_id] = given.get((line.line_ref, line.sku_id), 0) + units


def _kind(*, gone: int, more: int) -> Movement.Kind:
    if gone > 0:
        return Movement.Kind.FULFIL
    if gone < 0:
        return Movement.Kind.RETURN
    return Movement.Kind.RESERVE if more > 0 else Movement.Kind.RELEASE


def _state(*, reserved: int, fulfilled: int) -> Reservation.State:
    if reserved:
        return Reservation.State.OPEN
    return Reservation.State.FULFILLED if fulfilled else Reservation.State.RELEASED


def _spread(
    demands: Sequence[Demand],
    held: Mapping[Place, ReservationLine],
    warehouse_ids: Sequence[int],
    left: Mapping[Place, int],
) -> dict[Place, tuple[int, int]]:
    """Return (reserved, fulfilled) per place: what is held stays where it is, only the difference looks for a place.

    What has ``left`` a place has, whatever was asked of it.
    """
    places = {*warehouse_ids, *(warehouse_id for demand in demands for warehouse_id in demand.warehouse_ids)}
    # Those that the order holds already too, though its channel may sell from them no more: they are moved as well.
    places |= {warehouse_id for _line, _sku, warehouse_id in held}
    sku_ids = {demand.sku_id for demand in demands} | {sku_id for _line, sku_id, _place in held}
    # Locked in the order of the ledger: two orders must not both take the last units of the first warehouse.
    levels = StockLevel.objects.filter(sku_id__in=sku_ids, warehouse_id__in=places)
    free = {
        (level.sku_id, level.warehouse_id): level.available
        for level in levels.order_by("sku_id", "warehouse_id").select_for_update(no_key=True)
    }
    whole = _places_of_bundles(demands, held, warehouse_ids, free)
    wanted: dict[Place, tuple[int, int]] = {}
    for demand in demands:
        line = (demand.line_ref, demand.sku_id)
        gone = {place[2]: units for place, units in left.items() if place[:2] == line}
        shipped = {place[2]: each.fulfilled for place, each in held.items() if place[:2] == line}
        units = {place[2]: each.reserved + each.fulfilled for place, each in held.items() if place[:2] == line}
        for warehouse_id, floor in gone.items():
            units[warehouse_id] = max(units.get(warehouse_id, 0), floor)
        missing = max(demand.sold, sum(gone.values())) - sum(units.values())
        if missing < 0:
            _take_back(units, shipped, gone, -missing)
        elif missing > 0:
            choices = [*whole.get(demand.line_ref, ()), *(demand.warehouse_ids or warehouse_ids)]
            for warehouse_id, share in _choose(demand.sku_id, missing, choices, free).items():
                units[warehouse_id] = units.get(warehouse_id, 0) + share
                free[demand.sku_id, warehouse_id] = free.get((demand.sku_id, warehouse_id), 0) - share
        for warehouse_id, fulfilled in _shipped(units, shipped, gone, demand.fulfilled).items():
            wanted[*line, warehouse_id] = (units[warehouse_id] - fulfilled, fulfilled)
    return wanted


def _brought_back(
    demands: Sequence[Demand], held: Mapping[Place, ReservationLine], warehouse_ids: Sequence[int]
) -> dict[Place, int]:
    """Return the units that came back to each place: those that are booked stay there, more go to the first place."""
    back: dict[Place, int] = {}
    for demand in demands:
        rest = demand.returned
        for place, line in held.items():
            if place[:2] == (demand.line_ref, demand.sku_id) and line.returned and rest:
                back[place] = min(line.returned, rest)
                rest -= back[place]
        if rest:
            first = (demand.line_ref, demand.sku_id, (demand.warehouse_ids or warehouse_ids)[0])
            back[first] = back.get(first, 0) + rest
    return back


def _places_of_bundles(
    demands: Sequence[Demand],
    held: Mapping[Place, ReservationLine],
    warehouse_ids: Sequence[int],
    free: Mapping[Level, int],
) -> dict[str, tuple[int, ...]]:
    """Return, for a line of several SKUs that holds nothing yet, the first warehouse that has all of each, if any."""
    lines: dict[str, list[Demand]] = {}
    for demand in demands:
        lines.setdefault(demand.line_ref, []).append(demand)
    begun = {place[0] for place in held}
    return {
        ref: tuple(
            place
            for place in parts[0].warehouse_ids or warehouse_ids
            if all(free.get((part.sku_id, place), 0) >= part.sold for part in parts)
        )[:1]
        for ref, parts in lines.items()
        if len(parts) > 1 and ref not in begun
    }


def _choose(
    sku_id: int, units: int, warehouse_ids: Sequence[int], free: Mapping[tuple[int, int], int]
) -> dict[int, int]:
    """Return which warehouse gives how many of ``units``."""
    for warehouse_id in warehouse_ids:
        if free.get((sku_id, warehouse_id), 0) >= units:
            return {warehouse_id: units}
    shares: dict[int, int] = {}
    for warehouse_id in warehouse_ids:
        share = min(units - sum(shares.values()), max(0, free.get((sku_id, warehouse_id), 0)))
        if share:
            shares[warehouse_id] = share
    short = units - sum(shares.values())
    if short:
        shares[warehouse_ids[0]] = shares.get(warehouse_ids[0], 0) + short
    return shares


def _take_back(units: dict[int, int], shipped: Mapping[int, int], gone: Mapping[int, int], surplus: int) -> None:
    """Lower ``units`` by ``surplus``: units not shipped yet first, the place chosen last first, never what is gone."""
    for shipped_too in (False, True):
        for warehouse_id in reversed(list(units)):
            floor = max(gone.get(warehouse_id, 0), 0 if shipped_too else shipped.get(warehouse_id, 0))
            back = min(surplus, max(0, units[warehouse_id] - floor))
            units[warehouse_id] -= back
            surplus -= back


def _shipped(
    units: Mapping[int, int], shipped: Mapping[int, int], gone: Mapping[int, int], fulfilled: int
) -> dict[int, int]:
    """Return how many units each place has shipped: ``fulfilled`` in all, or more where more has gone.

    What is gone comes first, then what was shipped already, then the others in their order.
    """
    shares = {warehouse_id: gone.get(warehouse_id, 0) for warehouse_id in units}
    rest = max(fulfilled, sum(shares.values())) - sum(shares.values())
    for limits in (shipped, units):
        for warehouse_id, there in units.items():
            room = min(limits.get(warehouse_id, 0), there) - shares[warehouse_id]
            more = min(max(0, room), rest)
            shares[warehouse_id] += more
            rest -= more
    return shares
