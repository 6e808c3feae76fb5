"""What the shop's pages read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

from inventory import bundles
from inventory.models import Sku, StockLevel, Warehouse
from inventory.shops.models import SaleLine

MATCHES_SHOWN = 8
SALES_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A sale with its lines, as the page lists it."""

    sale_id: str
    till: str
    at: datetime
    lines: list[SaleLine]

    @property
    def is_voided(self) -> bool:
        return all(line.state == SaleLine.State.VOIDED for line in self.lines)

    @property
    def is_waiting(self) -> bool:
        return any(line.state == SaleLine.State.WAITING for line in self.lines)


def matches(text: str, shop: Warehouse) -> list[Sku]:
    """Return SKUs that are like ``text``, those on the shop's shelf first; each knows its units there."""
    there = StockLevel.objects.filter(sku=OuterRef("pk"), warehouse=shop).values("on_hand")
    rows = Sku.objects.active().search(text).annotate(there=Coalesce(Subquery(there, output_field=IntegerField()), 0))
    found = list(rows.order_by("-there", "code", "pk")[:MATCHES_SHOWN])
    there_too = made_there(found, shop)
    for sku in found:
        sku.there = there_too.get(sku.pk, sku.there)
    return found


def made_there(skus: Sequence[Sku], shop: Warehouse) -> dict[int, int]:
    """Return how many of each bundle among ``skus`` its components in the shop make."""
    made = bundles.makes([sku.pk for sku in skus if sku.is_bundle])
    return {pk: sum(place.units for place in places if place.warehouse == shop) for pk, places in made.items()}


def recent_sales(shop: Warehouse) -> list[Sale]:
    """Return the last sales that were told, newest first."""
    sales: dict[tuple[str, str], list[SaleLine]] = {}
    lines = SaleLine.objects.filter(warehouse=shop).exclude(kind="").select_related("sku")
    for line in lines.order_by("-pk")[: SALES_SHOWN * 12]:
        sales.setdefault((line.sale_id, line.till), []).append(line)
    return [
        Sale(sale_id=sale_id, till=till, at=found[0].occurred_at, lines=found[::-1])
        for (sale_id, till), found in list(sales.items())[:SALES_SHOWN]
    ]
