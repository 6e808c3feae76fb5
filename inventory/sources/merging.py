"""What stock sources say of a SKU that is merged into another: their last word, and what they told of shipments.

A source may count the two apart for years to come. Its readings of both codes are added up; one that names only some
of them, as a reading of a single item does, says nothing of the whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from django.db.models import Count, Exists, F, OuterRef, QuerySet

from inventory.models import Sku
from inventory.sources.models import ExternalShipment, ExternalShipmentLine, Reading, Source
from inventory.sources.querysets import SourceQuerySet

AT_ONCE = 500


def move(sku: Sku, into: Sku) -> None:
    """Have what was told of ``sku`` be told of ``into``; inside the transaction of a merge, before promises move."""
    told = ExternalShipment.objects.filter(pk__in=ExternalShipmentLine.objects.filter(sku=sku).values("shipment"))
    locked = list(told.order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    for start in range(0, len(locked), AT_ONCE):
        ExternalShipmentLine.objects.filter(sku=sku, shipment__in=locked[start : start + AT_ONCE]).update(sku=into)
    known = {(each.source_id, each.warehouse_id): each for each in Reading.objects.filter(sku=into)}
    for reading in Reading.objects.filter(sku=sku):
        other = known.get((reading.source_id, reading.warehouse_id))
        if other is None:
            Reading.objects.filter(pk=reading.pk).update(sku=into)
        else:
            _add(reading, other)


def _add(reading: Reading, other: Reading) -> None:
    """Add the one to the other. The one stays: it tells that the source counts the SKU under two codes."""
    Reading.objects.filter(pk=other.pk).update(
        on_hand=F("on_hand") + reading.on_hand,
        expected=F("expected") + reading.expected,
        reserved=_sum(other.reserved, reading.reserved),
        unsellable=_sum(other.unsellable, reading.unsellable),
    )
    Reading.objects.filter(pk=reading.pk).update(expected=reading.on_hand, outcome=Reading.Outcome.MATCHED)


def _sum(left: int | None, right: int | None) -> int | None:
    return None if left is None and right is None else (left or 0) + (right or 0)


def sources_of(sku: Sku) -> SourceQuerySet:
    """Return the connected sources that have spoken of the SKU."""
    found: SourceQuerySet = Source.objects.filter(readings__sku=sku, disconnected_at=None).distinct().order_by("name")
    return found


def fewer_codes(source: Source, named: Mapping[str, int]) -> set[int]:
    """Return the SKUs that the source has counted under more codes than it names: ``named`` is each code's SKU."""
    codes = Counter(named.values())
    apart = Reading.objects.filter(source=source, sku__merged_into__isnull=False).order_by()
    known = apart.values_list("sku__merged_into").annotate(codes=Count("sku", distinct=True))
    return {sku_id for sku_id, others in known if codes[sku_id] <= others}


def forget(source: Source, sku_ids: set[int]) -> None:
    """Take it that the source has one code left for each of the SKUs: a full reading has named no more."""
    Reading.objects.filter(source=source, sku__merged_into__in=sku_ids).delete()


def still_told() -> QuerySet[Sku]:
    """Return the merged SKUs that a shipment was told of by someone who had read them before."""
    lines = ExternalShipmentLine.objects.filter(sku=OuterRef("pk"))
    return Sku.objects.filter(Exists(lines), merged_into__isnull=False)
