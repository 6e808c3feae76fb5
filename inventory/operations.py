"""What people and programs do to stock: each operation is posted once, however often it is sent.

A repeat of its key returns what the first one did; KeyConflict when that was something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from inventory import codes, ledger
from inventory.actors import name_of
from inventory.errors import InvalidQuantity, KeptElsewhere, KeyConflict
from inventory.ledger import Entry, check_units
from inventory.models import Movement, Sku, Warehouse


def receive(
    *,
    sku: Sku,
    warehouse: Warehouse,
    units: int,
    key: str,
    actor: str,
    now: datetime,
    occurred_at: datetime | None = None,
    reason: str = "",
) -> Movement:
    """Add ``units`` that have arrived. A repeat of ``key`` returns the first movement."""
    check_counted(sku)
    check_keeper(warehouse, actor)
    entry = Entry(
        key=key,
        sku_id=sku.pk,
        warehouse_id=warehouse.pk,
        kind=Movement.Kind.RECEIPT,
        on_hand=check_units(units),
    )
    return _post_once([entry], actor=actor, now=now, occurred_at=occurred_at, reason=reason)[0]


def adjust(
    *,
    sku: Sku,
    warehouse: Warehouse,
    units: int,
    key: str,
    actor: str,
    now: datetime,
    reason: str,
    occurred_at: datetime | None = None,
) -> Movement:
    """Change on hand by signed ``units`` for a stated reason. Raises InsufficientStock below zero on hand."""
    check_counted(sku)
    check_keeper(warehouse, actor)
    if not reason.strip():
        raise InvalidQuantity("An adjustment needs a reason.")
    _check_signed_units(units)
    entry = Entry(
        key=key,
        sku_id=sku.pk,
        warehouse_id=warehouse.pk,
        kind=Movement.Kind.ADJUSTMENT,
        on_hand=units,
        needs_on_hand=-units if units < 0 else None,
    )
    return _post_once([entry], actor=actor, now=now, occurred_at=occurred_at, reason=reason)[0]


def transfer(
    *,
    sku: Sku,
    source: Warehouse,
    destination: Warehouse,
    units: int,
    key: str,
    actor: str,
    now: datetime,
    reason: str = "",
) -> list[Movement]:
    """Move ``units`` from one warehouse to another. Raises InsufficientStock when fewer are available."""
    check_counted(sku)
    check_keeper(source, actor)
    check_keeper(destination, actor)
    check_units(units)
    if source == destination:
        raise InvalidQuantity("A transfer needs two different warehouses.")
    out = Entry(
        key=f"{key}:out",
        sku_id=sku.pk,
        warehouse_id=source.pk,
        kind=Movement.Kind.TRANSFER_OUT,
        on_hand=-units,
        needs_available=units,
    )
    back_in = Entry(
        key=f"{key}:in",
        sku_id=sku.pk,
        warehouse_id=destination.pk,
        kind=Movement.Kind.TRANSFER_IN,
        on_hand=units,
    )
    return _post_once([out, back_in], actor=actor, now=now, occurred_at=None, reason=reason)


def reclassify(
    *, sku: Sku, warehouse: Warehouse, units: int, key: str, actor: str, now: datetime, reason: str = ""
) -> Movement:
    """Make ``units`` sellable ones unsellable, or with a negative number unsellable ones sellable again.

    Raises InsufficientStock when fewer are there.
    """
    check_counted(sku)
    check_keeper(warehouse, actor)
    _check_signed_units(units)
    entry = Entry(
        key=key,
        sku_id=sku.pk,
        warehouse_id=warehouse.pk,
        kind=Movement.Kind.RECLASSIFY,
        on_hand=-units,
        unsellable=units,
        needs_on_hand=units if units > 0 else None,
        needs_unsellable=-units if units < 0 else None,
    )
    return _post_once([entry], actor=actor, now=now, occurred_at=None, reason=reason)[0]


def receive_return(
    *,
    sku: Sku,
    warehouse: Warehouse,
    units: int,
    is_sellable: bool,
    key: str,
    actor: str,
    now: datetime,
    reason: str = "",
) -> Movement:
    """Take back ``units`` from a buyer, to on hand or to unsellable."""
    check_counted(sku)
    check_keeper(warehouse, actor)
    check_units(units)
    entry = Entry(
        key=key,
        sku_id=sku.pk,
        warehouse_id=warehouse.pk,
        kind=Movement.Kind.RETURN,
        on_hand=units if is_sellable else 0,
        unsellable=0 if is_sellable else units,
    )
    return _post_once([entry], actor=actor, now=now, occurred_at=None, reason=reason)[0]


def check_counted(sku: Sku) -> None:
    """Raise InvalidQuantity for a bundle, which has no stock of its own, and for a SKU that was merged into another."""
    if sku.merged_into is not None:
        raise InvalidQuantity(f"{sku.code} was merged into {sku.merged_into.code}: change the stock of that one.")
    if sku.is_bundle:
        raise InvalidQuantity(f"{sku.code} is a bundle and holds no stock: change that of its components.")


def check_keeper(warehouse: Warehouse, actor: str) -> None:
    """Raise KeptElsewhere unless ``actor`` may change the stock of ``warehouse``."""
    if warehouse.kept_by and warehouse.kept_by != actor:
        raise KeptElsewhere(warehouse=warehouse.name, keeper=name_of(warehouse.kept_by))


def _check_signed_units(units: object) -> None:
    if type(units) is int and units == 0:
        raise InvalidQuantity("A change of 0 units changes nothing.")
    check_units(abs(units) if type(units) is int else units)


def _post_once(
    entries: Sequence[Entry], *, actor: str, now: datetime, occurred_at: datetime | None, reason: str
) -> list[Movement]:
    """Post, or return the movements of an equal earlier post. Raises KeyConflict when it was not equal."""
    keys = {entry.key: entry for entry in entries}
    earlier = _earlier(keys)
    if earlier is None:
        try:
            return ledger.post(entries, actor=actor, now=now, occurred_at=occurred_at, reason=reason)
        except KeyConflict:  # a twin of ours was faster
            earlier = _earlier(keys)
            if earlier is None:
                raise
    return earlier


def _earlier(keys: dict[str, Entry]) -> list[Movement] | None:
    found = list(Movement.objects.filter(key__in=keys).order_by("pk"))
    if not found:
        return None
    for movement in found:
        entry = keys[movement.key]
        same = (
            movement.kind == entry.kind
            and codes.is_now(movement.sku_id, entry.sku_id)
            and movement.warehouse_id == entry.warehouse_id
            and movement.on_hand_delta == entry.on_hand
            and movement.reserved_delta == entry.reserved
            and movement.unsellable_delta == entry.unsellable
        )
        if not same or len(found) != len(keys):
            raise KeyConflict(movement.key)
    return found
