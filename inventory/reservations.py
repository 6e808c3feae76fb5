"""Reservations: units promised to a cause.

Two ways in, one table. Here is what we start and can be refused: all lines or none, by compare-and-swap. What a
platform has accepted is a fact, and ``booking`` writes it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import DEFAULT_DB_ALIAS, IntegrityError, transaction
from django.db.models import F

from inventory import bundles, ledger, statements
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
    requests = _in_components(_as_merged(requests))
    attempt = partial(
        _reserve_once, requests, digest, key=key, actor=actor, now=now, reference=reference, expires_at=expires_at
    )
    try:
        return attempt()
    except InsufficientStock:
        # Units whose promise has run out are free, whether or not the sweep has been by. Tried again even if none was
        # found: another caller may have freed them between our refusal and our search.
        expire_due(now=now, sku_ids=[r.sku.pk for r in requests])
        return attempt()


def _as_merged(requests: Sequence[Request]) -> Sequence[Request]:
    """Have what is asked of a merged SKU be asked of the one that it is now: whatever it had is there."""
    wanted = {r.sku.merged_into_id for r in requests if r.sku.merged_into_id is not None}
    if not wanted:
        return requests
    skus = Sku.objects.in_bulk(wanted)
    return [replace(r, sku=skus.get(r.sku.merged_into_id, r.sku)) for r in requests]


def _in_components(requests: Sequence[Request]) -> Sequence[Request]:
    """Put bundles into what they are made of: they hold nothing that could be reserved."""
    wanted = {r.sku.pk for r in requests if r.sku.is_bundle}
    if not wanted:
        return requests
    made_of = bundles.components_of(wanted)
    skus = Sku.objects.in_bulk({pk for components in made_of.values() for pk in components})
    return [
        Request(sku=skus.get(pk, r.sku), units=r.units * units, warehouse=r.warehouse)
        for r in requests
        for pk, units in made_of.get(r.sku.pk, {r.sku.pk: 1}).items()
    ]


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
    cause: dict[str, Any] = {
        "actor": actor,
        "now": reservation.created_at,
        "occurred_at": reservation.created_at,
        "reason": reservation.reference,
        "uuid": reservation.uuid,
        "reservation_key": reservation.key,
        "digest": reservation.request_digest,
        "expires_at": reservation.expires_at,
    }
    number = statements.reserve_one(entries[0].as_row(), **cause) if len(entries) == 1 else None
    if number is None:
        # Several levels; or one that lacks units, and this tells how many there are.
        rows = statements.run(statements.RESERVE, [entry.as_row() for entry in entries], **cause)
        refusals = ledger.refusals_of(entries, rows)
        if refusals:
            raise InsufficientStock(ledger.shortages_of(refusals))
        number = rows[0].written_id
    reservation.pk = number
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
    if not rows.update(state=state, revision=F("revision") + 1, told=None):
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
