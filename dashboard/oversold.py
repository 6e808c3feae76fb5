"""The oversold desk: where more units are promised than are there, who waits for them, and what could cover them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from channels.models import Order
from channels.registry import PLATFORMS, store_of
from dashboard import oversold_causes
from dashboard.links import link
from dashboard.skus import orders_by_key
from inventory.models import ReservationLine, Sku, StockLevel

CLAIMS_SHOWN = 200
MOST = 1000  # levels below zero that are looked at, the worst


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Units that are promised to one order, or to a caller of the API, and how many of them are there."""

    line: ReservationLine
    order: Order | None
    placed_at: datetime
    covered: int
    url: str
    store_url: str  # of the order in the store's own administration

    @property
    def missing(self) -> int:
        return self.line.reserved - self.covered

    @property
    def is_backordered(self) -> bool:
        return self.line.backordered_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """One SKU that is short in one warehouse. ``claims``: who is first comes first, backorders come last."""

    level: StockLevel
    claims: tuple[Claim, ...]
    elsewhere: tuple[StockLevel, ...]  # warehouses that have units to spare and are ours to take from
    account: oversold_causes.Account

    @property
    def short(self) -> int:
        available: int = self.level.available
        return -available

    @property
    def undecided(self) -> int:
        """Units that are missing and not on backorder."""
        return sum(claim.missing for claim in self.claims if not claim.is_backordered)

    @property
    def receive_url(self) -> str:
        return link("dashboard:sku_receive", self.level.sku_id, warehouse=self.level.warehouse_id, units=self.short)

    @property
    def count_url(self) -> str:
        return link("dashboard:sku_count", self.level.sku_id, warehouse=self.level.warehouse_id)

    @property
    def transfers(self) -> list[tuple[StockLevel, int, str]]:
        """Return which warehouse could send how many units, with the address of the filled form."""
        found = []
        for level in self.elsewhere:
            units = min(self.short, level.available)
            url = link(
                "dashboard:sku_transfer",
                self.level.sku_id,
                warehouse=level.warehouse_id,
                destination=self.level.warehouse_id,
                units=units,
            )
            found.append((level, units, url))
        return found


def short_levels() -> QuerySet[Any]:
    """Return the stock levels below zero, worst first, with ``decided``: the units on backorder there, ``waiting``:
    the orders that compete, and ``elsewhere``: units available in other warehouses."""
    lines = ReservationLine.objects.filter(
        sku=OuterRef("sku"), warehouse=OuterRef("warehouse"), reserved__gt=0
    ).order_by()
    others = StockLevel.objects.filter(sku=OuterRef("sku"), available__gt=0, warehouse__kept_by="")
    spare = others.exclude(warehouse=OuterRef("warehouse")).order_by().values("sku")

    def units(rows: QuerySet[ReservationLine]) -> Coalesce:
        own = rows.values("sku").annotate(n=Sum("reserved")).values("n")
        return Coalesce(Subquery(own, output_field=BigIntegerField()), Value(0), output_field=BigIntegerField())

    # Few, and found first: what follows is read for each of them alone.
    short = list(
        StockLevel.objects.filter(available__lt=0).order_by("available", "pk").values_list("pk", flat=True)[:MOST]
    )
    found: QuerySet[Any] = (
        StockLevel.objects.filter(pk__in=short, sku__archived_at=None)
        .select_related("sku", "warehouse")
        .annotate(
            short=Value(0, output_field=BigIntegerField()) - F("available"),
            backordered=units(lines.filter(backordered_at__isnull=False)),
            waiting=Coalesce(
                Subquery(lines.values("sku").annotate(n=Count("reservation", distinct=True)).values("n")), Value(0)
            ),
            elsewhere=Coalesce(
                Subquery(spare.annotate(n=Sum("available")).values("n"), output_field=BigIntegerField()),
                Value(0),
                output_field=BigIntegerField(),
            ),
        )
        .order_by("available", "pk")
    )
    return found


def undecided() -> QuerySet[Any]:
    """Return the levels where units are missing that nobody has put on backorder."""
    return short_levels().filter(short__gt=F("backordered"))


def of(sku: Sku) -> list[Shortage]:
    """Return where the SKU is short, worst first, with all that a person needs to decide."""
    levels = list(
        StockLevel.objects.filter(sku=sku).select_related("warehouse", "sku").order_by("available", "warehouse__code")
    )
    short = [level for level in levels if level.available < 0]
    return [
        Shortage(
            level=level,
            claims=_claims(level),
            elsewhere=tuple(
                sorted(
                    (each for each in levels if each.available > 0 and not each.warehouse.kept_by),
                    key=lambda each: -each.available,
                )
            ),
            account=oversold_causes.account_of(level),
        )
        for level in short
    ]


def _claims(level: StockLevel) -> tuple[Claim, ...]:
    lines = list(
        ReservationLine.objects.filter(Q(reserved__gt=0), sku=level.sku_id, warehouse=level.warehouse_id)
        .select_related("reservation", "warehouse", "sku")
        .order_by("reservation__created_at", "pk")[:CLAIMS_SHOWN]
    )
    orders = orders_by_key(lines)

    def placed_at(line: ReservationLine) -> datetime:
        order = orders.get(line.reservation.key)
        return (order.placed_at if order else None) or line.reservation.created_at

    lines.sort(key=lambda line: (line.backordered_at is not None, placed_at(line), line.pk))
    claims = []
    left = max(0, level.on_hand)
    for line in lines:
        order = orders.get(line.reservation.key)
        covered = min(left, line.reserved)
        left -= covered
        claims.append(
            Claim(
                line=line,
                order=order,
                placed_at=placed_at(line),
                covered=covered,
                url=link("channels:order_detail", order.pk) if order else "",
                store_url=_store_url(order),
            )
        )
    return tuple(claims)


def _store_url(order: Order | None) -> str:
    if order is None or order.channel.disconnected_at is not None:
        return ""
    return PLATFORMS[order.channel.platform].order_url(store_of(order.channel), order.ref)
