"""Units that have left as others tell it, and that the source counts still.

A channel may call an order shipped before the warehouse does: when its label is printed, say. The ledger follows
whoever tells first, so until the warehouse has told too its count is higher by those units, and that is no difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from inventory import codes
from inventory.models import Movement, ReservationLine
from inventory.sources.models import ExternalShipment, ExternalShipmentLine, Source
from inventory.sources.plans import Place, Told
from inventory.sources.registry import capabilities_of

PATIENCE = timedelta(days=1)  # for the warehouse to tell what others have told
FEW = 500  # places that are looked up one by one
# What happened after a moment was recorded after it; this much sooner where clocks disagree.
CLOCK_SLACK = timedelta(minutes=10)


def units_ahead(source: Source, told: Mapping[Place, Told]) -> dict[Place, int]:
    """Return the units of each place that left by others' word alone, as of the place's own reading, where any did."""
    if not told or not capabilities_of(source).tells_shipments:
        return {}
    recent = _recent(source, told)
    if not recent:
        return {}
    unconfirmed = _unconfirmed(source, {place: told[place] for place in recent})
    found = {place: min(units, unconfirmed.get(place, 0)) for place, units in recent.items()}
    return {place: units for place, units in found.items() if units}


def _recent(source: Source, told: Mapping[Place, Told]) -> dict[Place, int]:
    """Return the units that others have told of within PATIENCE, by place."""
    earliest = min(each.as_of for each in told.values()) - PATIENCE
    rows = Movement.objects.filter(
        kind=Movement.Kind.FULFIL,
        recorded_at__gt=earliest - CLOCK_SLACK,
        occurred_at__gt=earliest,
        warehouse_id__in={place[1] for place in told},
    ).exclude(actor=source.actor)
    sku_ids = {place[0] for place in told}
    merged = codes.merged_of(sku_ids)
    if len(told) <= FEW:  # by the SKU's own index; else the day's shipments are read once
        rows = rows.filter(sku_id__in=sku_ids | merged.keys())
    units: dict[Place, int] = {}
    for sku_id, warehouse_id, at, delta in (
        rows.order_by().values_list("sku_id", "warehouse_id", "occurred_at", "on_hand_delta").iterator(2000)
    ):
        place = (merged.get(sku_id, sku_id), warehouse_id)
        if place in told and told[place].as_of - PATIENCE < at <= told[place].as_of:
            units[place] = units.get(place, 0) - delta
    return {place: each for place, each in units.items() if each > 0}


def _unconfirmed(source: Source, told: Mapping[Place, Told]) -> dict[Place, int]:
    """Return the units of orders that left each place and that the source had not confirmed by its reading."""
    here = {"sku_id__in": {place[0] for place in told}, "warehouse_id__in": {place[1] for place in told}}
    shipped: dict[tuple[int, Place], int] = {}
    lines = ReservationLine.objects.filter(fulfilled__gt=0, **here)
    for order_id, sku_id, warehouse_id, units in lines.values_list(
        "reservation_id", "sku_id", "warehouse_id", "fulfilled"
    ):
        order_at = (order_id, (sku_id, warehouse_id))
        shipped[order_at] = shipped.get(order_at, 0) + units
    kinds = [ExternalShipment.Kind.SHIPPED, *([ExternalShipment.Kind.PICKED] if source.counts_picks else [])]
    rows = ExternalShipmentLine.objects.filter(
        shipment__source=source,
        shipment__state=ExternalShipment.State.CONFIRMED,
        shipment__kind__in=kinds,
        shipment__reservation__isnull=False,
        **here,
    )
    confirmed: dict[tuple[int, Place], dict[str, int]] = {}
    for order_id, sku_id, warehouse_id, kind, at, units in rows.values_list(
        "shipment__reservation_id", "sku_id", "warehouse_id", "shipment__kind", "shipment__happened_at", "units"
    ):
        place = (sku_id, warehouse_id)
        if place in told and at <= told[place].as_of:
            by_kind = confirmed.setdefault((order_id, place), {})
            by_kind[kind] = by_kind.get(kind, 0) + units
    found: dict[Place, int] = {}
    for (order_id, place), units in shipped.items():
        if place in told:
            known = max(confirmed.get((order_id, place), {}).values(), default=0)
            found[place] = found.get(place, 0) + max(0, units - known)
    return found
