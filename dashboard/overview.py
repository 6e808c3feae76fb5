"""What the overview reads: figures, the state of each channel, and what happened last. A fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Sum, Value, When
from django.utils import timezone

from channels.models import Channel, ChannelWarehouse, Order, Push
from dashboard.links import link
from inventory.models import Movement, Sku, StockLevel

LATENCIES_READ = 2000
RECENT = 12
LATE_AFTER = timedelta(minutes=1)  # a change that takes longer has met with errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """From a sale's cause to the other channel's receipt, over the last day's pushes."""

    pushes: int
    p50: timedelta | None
    p95: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    skus: int
    archived: int
    available: int
    oversold: int
    orders_today: int
    pushes_today: int
    latency: Latency


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of recent activity."""

    at: datetime
    kind: str  # movement, push or order
    row: Movement | Push | Order
    url: str


def percentile(ordered: Sequence[timedelta], share: float) -> timedelta | None:
    """Return the value that ``share`` of the ``ordered`` values don't exceed (nearest rank)."""
    if not ordered:
        return None
    rank = max(1, -(-len(ordered) * share // 1))
    return ordered[int(rank) - 1]


def latency(*, now: datetime) -> Latency:
    """Read the newest pushes of the last 24 hours, at most LATENCIES_READ of them."""
    rows = Push.objects.all().latencies(now - timedelta(days=1)).order_by("-pk")
    took = sorted(rows.values_list("took", flat=True)[:LATENCIES_READ])
    return Latency(pushes=len(took), p50=percentile(took, 0.5), p95=percentile(took, 0.95))


def figures(*, now: datetime) -> Figures:
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    skus = Sku.objects.aggregate(
        active=Count("pk", filter=Q(archived_at=None)), archived=Count("pk", filter=Q(archived_at__isnull=False))
    )
    return Figures(
        skus=skus["active"],
        archived=skus["archived"],
        available=StockLevel.objects.aggregate(units=Sum("available"))["units"] or 0,
        oversold=Sku.objects.all().with_stock().filter(available__lt=0).count(),
        orders_today=Order.objects.filter(placed_at__gte=midnight).count(),
        pushes_today=Push.objects.filter(state=Push.State.APPLIED, settled_at__gte=midnight).count(),
        latency=latency(now=now),
    )


def channel_health(*, now: datetime) -> QuerySet[Channel]:
    """Return the connected channels; ``synced`` counts the listings that are kept in step, ``agreeing`` those of
    them whose channel shows what it should, ``due`` those with work ahead, ``late`` those that wait too long."""
    written = Q(mode__in=[Channel.Mode.LIVE, Channel.Mode.SELL_DOWN])
    written |= Q(mode=Channel.Mode.PART_LIVE, listings__is_live=True)
    late = written & Q(listings__due_since__lt=now - LATE_AFTER)
    kept = Q(listings__state="active", listings__mapping="mapped", listings__tracked=True)
    return (
        Channel.objects.filter(disconnected_at=None)
        .annotate(
            synced=Count("listings", filter=kept),
            agreeing=Count("listings", filter=kept & Q(listings__drift=0, listings__parked_at=None) & ~late),
            due=Count("listings", filter=Q(listings__due_at__isnull=False)),
            late=Count("listings", filter=kept & late),
            has_warehouse=Exists(ChannelWarehouse.objects.filter(channel=OuterRef("pk"))),
            agreement=Case(
                When(synced=0, then=Value(None)),
                default=F("agreeing") * 100 / F("synced"),
                output_field=IntegerField(null=True),
            ),
        )
        .order_by("name", "pk")
    )


def recent() -> list[Happening]:
    """Return the latest movements, pushes and orders, newest first."""
    movements = Movement.objects.select_related("sku", "warehouse").order_by("-pk")[:RECENT]
    pushes = Push.objects.select_related("channel", "listing__sku").order_by("-pk")[:RECENT]
    orders = Order.objects.select_related("channel").order_by("-first_seen_at", "-pk")[:RECENT]
    rows = [
        *(
            Happening(at=row.recorded_at, kind="movement", row=row, url=link("dashboard:sku_detail", row.sku_id))
            for row in movements
        ),
        *(
            Happening(
                at=row.settled_at or row.created_at,
                kind="push",
                row=row,
                url=link("channels:listing_detail", row.listing_id),
            )
            for row in pushes
        ),
        *(
            Happening(at=row.first_seen_at, kind="order", row=row, url=link("channels:order_detail", row.pk))
            for row in orders
        ),
    ]
    return sorted(rows, key=lambda happening: happening.at, reverse=True)[:RECENT]
