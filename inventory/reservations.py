"""Reservations: units promised to a cause.

Two ways in, one table. ``reserve`` is what we start and can be refused: all lines or none, by compare-and-swap.
``book`` is a fact that a platform has accepted: it brings the reservation to what the order now says, whatever the
balances say about it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import DEFAULT_DB_ALIAS, IntegrityError, transaction
from django.db.models import F

from inventory import ledger, statements
from inventory.errors import InsufficientStock, InvalidQuantity, KeyConflict, NotOpen, Shortage
from inventory.ledger import Entry
from inventory.models import Movement, Reservation, ReservationLine, Sku, StockLevel, Warehouse

ANY_WAREHOUSE = "any"  # what a shortage says where no warehouse has enough
_PLACEMENTS = 20  # how often a request without a warehouse looks for one; each failure is another caller's success


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Units of a SKU to reserve; without a warehouse the first one by priority that has them all."""

    sku: Sku
    units: int
    warehouse: Warehouse | None = None


def digest_of(requests: Sequence[Request], expires_at: datetime | None) -> str:
    """Return what tells a repeated request from a different one under the same key."""
    body = [
        sorted((r.sku.pk, r.warehouse.pk if r.warehouse else 0, r.units) for r in requests),
        expires_at.isoformat() if expires_at else None,
    ]
    return hashlib.sha256(json.dumps(body).encode()).hexdigest()


def reserve(
    requests: Sequence[Request],
    *,
    key: str,
    actor: str,
    now: datetime,
    reference: str = "",
    expires_at: datetime | None = None,
) -> Reservation:
    """Reserve every line or none. Lines of one SKU and warehouse are added up.

    A repeat of ``key`` returns the first reservation; KeyConflict when that was for something else. Raises
    InsufficientStock with every shortage, having changed nothing.
    """
    if not requests:
        raise InvalidQuantity("A reservation needs at least one line.")
    for request in requests:
        ledger.check_units(request.units)
    digest = digest_of(requests, expires_at)
    try:
        return _reserve_once(
            requests, digest, key=key, actor=actor, now=now, reference=reference, expires_at=expires_at
        )
    except InsufficientStock:
        # Units whose promise has run out are free, whether or not the sweep has been by. Tried again even if none was
        # found: another caller may have freed them between our refusal and our search.
        expire_due(now=now, sku_ids=[r.sku.pk for r in requests])
        return _reserve_once(
            requests, digest, key=key, actor=actor, now=now, reference=reference, expires_at=expires_at
        )


def _reserve_once(
    requests: Sequence[Request],
    digest: str,
    *,
    key: str,
    actor: str,
    now: datetime,
    reference: str,
    expires_at: datetime | None,
) -> Reservation:
    """Reserve, or return the reservation that an equal earlier request has made."""
    named = {(r.sku.code, r.warehouse.code) for r in requests if r.warehouse is not None}
    refusal = InsufficientStock([])
    for _ in range(_PLACEMENTS):
        try:
            return _reserve(requests, digest, key=key, actor=actor, now=now, reference=reference, expires_at=expires_at)
        except IntegrityError:
            earlier = Reservation.objects.filter(key=key).first()
            if earlier is None:
                raise
            if earlier.request_digest != digest:
                raise KeyConflict(key) from None
            return earlier
        except InsufficientStock as error:
            refusal = error
            if any(s.warehouse == ANY_WAREHOUSE or (s.sku, s.warehouse) in named for s in error.shortages):
                raise
            # The warehouse we had chosen was emptied before we got there; another may have the units.
    raise refusal


def _reserve(
    requests: Sequence[Request],
    digest: str,
    *,
    key: str,
    actor: str,
    now: datetime,
    reference: str,
    expires_at: datetime | None,
) -> Reservation:
    """Find every line a place and reserve it. Raises IntegrityError when the key was used before."""
    reservation = Reservation(
        key=key, request_digest=digest, reference=reference, expires_at=expires_at, created_at=now
    )
    if statements.is_supported():
        try:
            return _reserve_at_once(reservation, _placed(requests), actor=actor)
        except InsufficientStock:
            if Reservation.objects.filter(key=key).exists():
                # A repeat: what is short now was not short then.
                raise IntegrityError(f"The key {key!r} was used before.") from None
            raise
    with transaction.atomic():
        # The key's row first, the contended levels last: their locks are then held for the fewest round trips.
        reservation.save(force_insert=True)
        wanted = _placed(requests)
        ReservationLine.objects.bulk_create(
            ReservationLine(reservation=reservation, sku_id=sku_id, warehouse_id=warehouse_id, reserved=units)
            for (sku_id, warehouse_id), units in wanted.items()
        )
        entries = _entries(wanted, prefix=f"reservation:{reservation.pk}:")
        ledger.post(entries, actor=actor, now=now, reason=reference)
    return reservation


def _reserve_at_once(reservation: Reservation, wanted: Mapping[tuple[int, int], int], *, actor: str) -> Reservation:
    """Write the reservation, its lines and the ledger's part in one statement."""
    entries = _entries(wanted, prefix="")  # the statement puts the reservation's id before the keys
    rows = statements.run(
        statements.RESERVE,
        [entry.as_row() for entry in entries],
        actor=actor,
        now=reservation.created_at,
        occurred_at=reservation.created_at,
        reason=reservation.reference,
        uuid=reservation.uuid,
        reservation_key=reservation.key,
        digest=reservation.request_digest,
        expires_at=reservation.expires_at,
    )
    refusals = ledger.refusals_of(entries, rows)
    if refusals:
        raise InsufficientStock(ledger.shortages_of(refusals))
    reservation.pk = rows[0].written_id
    reservation._state.adding, reservation._state.db = False, DEFAULT_DB_ALIAS
    return reservation


def _entries(wanted: Mapping[tuple[int, int], int], *, prefix: str) -> list[Entry]:
    return [
        Entry(
            key=f"{prefix}{sku_id}:{warehouse_id}:reserve",
            sku_id=sku_id,
            warehouse_id=warehouse_id,
            kind=Movement.Kind.RESERVE,
            reserved=units,
            needs_available=units,
        )
        for (sku_id, warehouse_id), units in sorted(wanted.items())
    ]


def _placed(requests: Sequence[Request]) -> dict[tuple[int, int], int]:
    """Give each request a warehouse and add up the requests of one level. Raises InsufficientStock."""
    wanted: dict[tuple[int, int], int] = {}
    open_requests: dict[int, int] = {}
    skus: dict[int, Sku] = {}
    for request in requests:
        if request.warehouse is not None:
            place = (request.sku.pk, request.warehouse.pk)
            wanted[place] = wanted.get(place, 0) + request.units
        else:
            skus[request.sku.pk] = request.sku
            open_requests[request.sku.pk] = open_requests.get(request.sku.pk, 0) + request.units
    if not open_requests:
        return wanted
    levels = list(
        StockLevel.objects.filter(sku_id__in={r.sku.pk for r in requests})
        .select_related("warehouse")
        .order_by("sku_id", "warehouse__priority", "warehouse__code")
    )
    shortages = _named_shortages(requests, wanted, levels)
    for sku_id, units in sorted(open_requests.items()):
        own = [level for level in levels if level.sku_id == sku_id]
        left = {level.warehouse_id: level.available - wanted.get((sku_id, level.warehouse_id), 0) for level in own}
        chosen = next((warehouse_id for warehouse_id, free in left.items() if free >= units), None)
        if chosen is None:
            shortages.append(
                Shortage(
                    sku=skus[sku_id].code,
                    warehouse=ANY_WAREHOUSE,
                    asked=units,
                    available=max(left.values(), default=0),
                )
            )
            continue
        wanted[sku_id, chosen] = wanted.get((sku_id, chosen), 0) + units
    if shortages:
        raise InsufficientStock(shortages)
    return wanted


def _named_shortages(
    requests: Sequence[Request], wanted: Mapping[tuple[int, int], int], levels: Sequence[StockLevel]
) -> list[Shortage]:
    """Return what the warehouses that the requests name lack: a caller is told all shortages at once."""
    left = {(level.sku_id, level.warehouse_id): level.available for level in levels}
    named = {(r.sku.pk, r.warehouse.pk): (r.sku, r.warehouse) for r in requests if r.warehouse is not None}
    return [
        Shortage(sku=sku.code, warehouse=warehouse.code, asked=wanted[place], available=left.get(place, 0))
        for place, (sku, warehouse) in sorted(named.items())
        if left.get(place, 0) < wanted[place]
    ]


def release(*, reservation: Reservation, actor: str, now: datetime, reason: str = "") -> Reservation:
    """Give all held units back. Releasing a released one changes nothing; NotOpen when it was fulfilled."""
    return _end(reservation, Reservation.State.RELEASED, actor=actor, now=now, reason=reason)


def fulfil(*, reservation: Reservation, actor: str, now: datetime, reason: str = "") -> Reservation:
    """Ship all held units: on hand and reserved both fall. A repeat changes nothing; NotOpen when it had ended."""
    return _end(reservation, Reservation.State.FULFILLED, actor=actor, now=now, reason=reason)


def expire_due(*, now: datetime, sku_ids: Sequence[int] | None = None) -> int:
    """Release the reservations whose time has run out, and return how many there were."""
    due = Reservation.objects.filter(state=Reservation.State.OPEN, expires_at__lte=now)
    if sku_ids is not None:
        due = due.filter(lines__sku_id__in=sku_ids).distinct()
    ended = 0
    for reservation in due.order_by("pk")[:500]:
        try:
            _end(reservation, Reservation.State.EXPIRED, actor="expiry", now=now, reason=reservation.reference)
            ended += 1
        except NotOpen:
            continue  # it was fulfilled or released in this moment
    return ended


@transaction.atomic
def _end(reservation: Reservation, state: Reservation.State, *, actor: str, now: datetime, reason: str) -> Reservation:
    rows = Reservation.objects.filter(pk=reservation.pk, state=Reservation.State.OPEN)
    if not rows.update(state=state, revision=F("revision") + 1):
        reservation.refresh_from_db()
        if reservation.state == state:
            return reservation
        raise NotOpen(f"The reservation {reservation} is {reservation.get_state_display().lower()} already.")
    reservation.refresh_from_db()
    lines = list(reservation.lines.filter(reserved__gt=0))
    is_shipped = state == Reservation.State.FULFILLED
    ledger.post(
        [
            Entry(
                # The revision, because a channel's order may open its reservation again after it was ended here.
                key=f"reservation:{reservation.pk}:r{reservation.revision}:{line.pk}:{state}",
                sku_id=line.sku_id,
                warehouse_id=line.warehouse_id,
                kind=Movement.Kind.FULFIL if is_shipped else Movement.Kind.RELEASE,
                on_hand=-line.reserved if is_shipped else 0,
                reserved=-line.reserved,
            )
            for line in lines
        ],
        actor=actor,
        now=now,
        reason=reason or reservation.reference,
    )
    for line in lines:
        line.fulfilled, line.reserved = (line.fulfilled + line.reserved if is_shipped else line.fulfilled), 0
    ReservationLine.objects.bulk_update(lines, ["reserved", "fulfilled"])
    return reservation


# Facts ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one order line must hold: ``sold`` units of a SKU in all, ``fulfilled`` of them shipped."""

    line_ref: str
    sku_id: int
    sold: int
    fulfilled: int


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


Place = tuple[str, int, int]


def _spread(
    demands: Sequence[Demand], held: Mapping[Place, ReservationLine], warehouse_ids: Sequence[int]
) -> dict[Place, tuple[int, int]]:
    """Return (reserved, fulfilled) per place: what is held stays where it is, only the difference looks for a place."""
    free = {
        (level.sku_id, level.warehouse_id): level.available
        for level in StockLevel.objects.filter(sku_id__in={d.sku_id for d in demands}, warehouse_id__in=warehouse_ids)
    }
    wanted: dict[Place, tuple[int, int]] = {}
    for demand in demands:
        own = {p[2]: line for p, line in held.items() if p[:2] == (demand.line_ref, demand.sku_id)}
        units = {warehouse_id: line.reserved + line.fulfilled for warehouse_id, line in own.items()}
        missing = demand.sold - sum(units.values())
        if missing < 0:
            _take_back(units, own, -missing)
        elif missing > 0:
            for warehouse_id, share in _choose(demand.sku_id, missing, warehouse_ids, free).items():
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
