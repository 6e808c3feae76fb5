"""Booking: what the orders of a channel hold. A platform has accepted them, so they are facts.

``book`` brings an order's reservation to what the order now says, whatever the balances say about it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from inventory import ledger
from inventory.ledger import Entry
from inventory.models import Movement, Reservation, ReservationLine, StockLevel

Place = tuple[str, int, int]  # a line of the order, a SKU, a warehouse


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one order line must hold: ``sold`` units of a SKU in all, ``fulfilled`` of them shipped.

    ``warehouse_ids``: the only ones that new units may come from; empty: those of the order.
    """

    line_ref: str
    sku_id: int
    sold: int
    fulfilled: int
    warehouse_ids: tuple[int, ...] = ()


def book(
    demands: Sequence[Demand],
    *,
    key: str,
    reference: str,
    warehouse_ids: Sequence[int],
    actor: str,
    now: datetime,
    occurred_at: datetime,
) -> bool:
    """Bring the reservation ``key`` to exactly ``demands`` and return whether anything moved.

    A fact: it is recorded even if available falls below zero. Lines that ``demands`` leaves out give everything
    back. New units come from the first of ``warehouse_ids`` that has all of them, else split over those that have
    some, else from the first. The caller holds a lock on the cause, inside a transaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("book belongs to the transaction of its cause")
    if not any(demand.sold for demand in demands) and not Reservation.objects.filter(key=key).exists():
        return False  # an order that was cancelled or over before we heard of it reserves nothing
    # Locked: people may release or fulfil an order's reservation while we count what it holds.
    reservation, _ = Reservation.objects.select_for_update().get_or_create(
        key=key, defaults={"reference": reference, "created_at": occurred_at}
    )
    held = {(line.line_ref, line.sku_id, line.warehouse_id): line for line in reservation.lines.order_by("pk")}
    wanted = _spread(demands, held, warehouse_ids)
    revision = reservation.revision + 1
    entries: list[Entry] = []
    changed: list[ReservationLine] = []
    for place in sorted(wanted.keys() | held.keys()):
        line_ref, sku_id, warehouse_id = place
        line = held.get(place) or ReservationLine(
            reservation=reservation, line_ref=line_ref, sku_id=sku_id, warehouse_id=warehouse_id
        )
        reserved, fulfilled = wanted.get(place, (0, 0))
        shipped, more = fulfilled - line.fulfilled, reserved - line.reserved
        if shipped == 0 and more == 0:
            continue
        entries.append(
            Entry(
                key=f"{key}:r{revision}:{line_ref}:{sku_id}:{warehouse_id}",
                sku_id=sku_id,
                warehouse_id=warehouse_id,
                kind=_kind(shipped=shipped, more=more),
                on_hand=-shipped,
                reserved=more,
            )
        )
        line.reserved, line.fulfilled = reserved, fulfilled
        changed.append(line)
    if not entries:
        return False
    ReservationLine.objects.bulk_create([line for line in changed if line.pk is None])
    ReservationLine.objects.bulk_update([line for line in changed if line.pk is not None], ["reserved", "fulfilled"])
    state = _state(reserved=sum(r for r, _ in wanted.values()), fulfilled=sum(f for _, f in wanted.values()))
    Reservation.objects.filter(pk=reservation.pk).update(revision=revision, state=state)
    ledger.post(entries, actor=actor, now=now, occurred_at=occurred_at, reason=reference)
    return True


def _kind(*, shipped: int, more: int) -> Movement.Kind:
    if shipped > 0:
        return Movement.Kind.FULFIL
    if shipped < 0:
        return Movement.Kind.RETURN
    return Movement.Kind.RESERVE if more > 0 else Movement.Kind.RELEASE


def _state(*, reserved: int, fulfilled: int) -> Reservation.State:
    if reserved:
        return Reservation.State.OPEN
    return Reservation.State.FULFILLED if fulfilled else Reservation.State.RELEASED


def _spread(
    demands: Sequence[Demand], held: Mapping[Place, ReservationLine], warehouse_ids: Sequence[int]
) -> dict[Place, tuple[int, int]]:
    """Return (reserved, fulfilled) per place: what is held stays where it is, only the difference looks for a place."""
    places = {*warehouse_ids, *(warehouse_id for demand in demands for warehouse_id in demand.warehouse_ids)}
    free = {
        (level.sku_id, level.warehouse_id): level.available
        for level in StockLevel.objects.filter(sku_id__in={d.sku_id for d in demands}, warehouse_id__in=places)
    }
    wanted: dict[Place, tuple[int, int]] = {}
    for demand in demands:
        own = {p[2]: line for p, line in held.items() if p[:2] == (demand.line_ref, demand.sku_id)}
        units = {warehouse_id: line.reserved + line.fulfilled for warehouse_id, line in own.items()}
        missing = demand.sold - sum(units.values())
        if missing < 0:
            _take_back(units, own, -missing)
        elif missing > 0:
            for warehouse_id, share in _choose(
                demand.sku_id, missing, demand.warehouse_ids or warehouse_ids, free
            ).items():
                units[warehouse_id] = units.get(warehouse_id, 0) + share
                free[demand.sku_id, warehouse_id] = free.get((demand.sku_id, warehouse_id), 0) - share
        for warehouse_id, fulfilled in _shipped(units, own, demand.fulfilled).items():
            place = (demand.line_ref, demand.sku_id, warehouse_id)
            wanted[place] = (units[warehouse_id] - fulfilled, fulfilled)
    return wanted


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


def _take_back(units: dict[int, int], own: Mapping[int, ReservationLine], surplus: int) -> None:
    """Lower ``units`` by ``surplus``: units not shipped yet first, the place chosen last first."""
    for shipped_too in (False, True):
        for warehouse_id in reversed(list(units)):
            floor = 0 if shipped_too else own[warehouse_id].fulfilled
            back = min(surplus, max(0, units[warehouse_id] - floor))
            units[warehouse_id] -= back
            surplus -= back


def _shipped(units: Mapping[int, int], own: Mapping[int, ReservationLine], fulfilled: int) -> dict[int, int]:
    """Return how many of ``fulfilled`` units each place has shipped; what is shipped already stays so."""
    shares = {
        warehouse_id: min(own[warehouse_id].fulfilled if warehouse_id in own else 0, there)
        for warehouse_id, there in units.items()
    }
    surplus = sum(shares.values()) - fulfilled
    for warehouse_id in reversed(list(shares)):
        back = min(shares[warehouse_id], max(0, surplus))
        shares[warehouse_id] -= back
        surplus -= back
    for warehouse_id, there in units.items():
        more = min(there - shares[warehouse_id], max(0, -surplus))
        shares[warehouse_id] += more
        surplus += more
    return shares
