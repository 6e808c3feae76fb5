"""What the SKU pages read, across the ledger and the channels. A fixed number of queries, however many rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Case, Count, IntegerField, Max, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from channels import availability
from channels.models import Channel, Listing, Order
from dashboard.links import link
from inventory.models import ReservationLine, Sku, StockLevel, Warehouse
from inventory.querysets import SkuQuerySet

HOLDERS_SHOWN = 50


def with_channels(skus: SkuQuerySet) -> SkuQuerySet:
    """Annotate ``channels``: on how many a listing of the SKU is active."""
    active = Listing.objects.filter(sku=OuterRef("pk"), state=Listing.State.ACTIVE).order_by()
    per_sku = active.values("sku").annotate(n=Count("channel", distinct=True)).values("n")
    annotated: SkuQuerySet = skus.annotate(channels=Coalesce(Subquery(per_sku, output_field=IntegerField()), 0))
    return annotated


# Counted once for all SKUs, along an index of listings: a look for each of them takes twice as long. Materialized, for
# else each of a database's parallel workers would count.
_BY_CHANNELS = """
WITH counted AS MATERIALIZED ({counted})
SELECT wanted.pk FROM ({wanted}) wanted LEFT JOIN counted ON counted.sku = wanted.pk
ORDER BY COALESCE(counted.channels, 0) {way}, wanted.pk {way}
LIMIT %s OFFSET %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysByChannels:
    """The keys of SKUs in the order of ``channels``, read by slices."""

    skus: QuerySet[Any]
    is_falling: bool

    def __getitem__(self, places: slice) -> list[int]:
        active = Listing.objects.filter(state=Listing.State.ACTIVE, sku__isnull=False).order_by()
        channels = Channel.objects.order_by("pk").values_list("pk", flat=True)
        on_one = (Max(Case(When(channel=pk, then=1), default=0)) for pk in channels)
        counted = active.values("sku").annotate(channels=sum(on_one, start=Value(0)))  # sooner than a distinct count
        try:
            wanted, wanted_params = self.skus.order_by().values("pk").query.sql_with_params()
        except EmptyResultSet:
            return []
        counting, counting_params = counted.query.sql_with_params()
        sql = _BY_CHANNELS.format(counted=counting, wanted=wanted, way="DESC" if self.is_falling else "ASC")
        with connection.cursor() as cursor:
            most = places.stop - places.start
            cursor.execute(sql, [*counting_params, *wanted_params, most, places.start])
            return [row[0] for row in cursor.fetchall()]


def catalogue(*, warehouse: Warehouse | None = None, is_by_units: bool = False) -> SkuQuerySet:
    """Return all SKUs with their units, summed over all warehouses or of one of them, and their channels.

    ``is_by_units``: they will be ordered by units.
    """
    skus = Sku.objects.all()
    if warehouse is not None:
        skus = skus.filter(levels__warehouse=warehouse)
    return with_channels(skus.with_stock(warehouse, of_all=is_by_units))


def levels_of(sku: Sku) -> QuerySet[StockLevel]:
    return (
        StockLevel.objects.filter(sku=sku)
        .select_related("warehouse")
        .order_by("warehouse__priority", "warehouse__code", "pk")
    )


def other_codes(sku: Sku) -> list[tuple[str, int | None]]:
    """Return the codes that mean the SKU too, the newest first, each with the id of the merged SKU that has a page."""
    merged = dict(Sku.objects.filter(merged_into=sku).values_list("code", "pk"))
    return [(code, merged.get(code)) for code in sku.former_codes.values_list("code", flat=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One listing of the SKU: what its channel shows, what it should show, and why."""

    listing: Listing
    explanation: availability.Explanation
    state: str  # a code of states.LOOKS
    url: str
    channel_url: str

    @property
    def target(self) -> int:
        return self.explanation.total

    @property
    def gap(self) -> int | None:
        """What is still to be pushed: target less accounted; None before the first reading."""
        accounted = self.listing.accounted
        return None if accounted is None else self.target - accounted


def shelves(sku: Sku) -> list[Shelf]:
    """Return every listing mapped to the SKU with its explanation."""
    listings = list(
        Listing.objects.filter(sku=sku)
        .exclude(state=Listing.State.GONE)
        .select_related("channel", "sku")
        .order_by("channel__name", "title", "pk")
    )
    explanations = availability.explain_many(listings)
    return [
        Shelf(
            listing=listing,
            explanation=explanations[listing.pk],
            state=_state(listing, explanations[listing.pk].total),
            url=link("channels:listing_detail", listing.pk),
            channel_url=link("channels:channel_detail", listing.channel.uuid),
        )
        for listing in listings
    ]


def _state(listing: Listing, target: int) -> str:
    if listing.parked_at is not None:
        return "parked"
    if listing.tracked is False:
        return "untracked"
    if listing.unwritable_reason:
        return "unwritable"
    if listing.drift:
        return "drift"
    if listing.accounted == target:
        return "in-step"
    if listing.is_observed:
        return "observe"
    if not listing.channel.is_writable or listing.channel.halted_at is not None:
        return "paused"
    return "due"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Units of the SKU that are promised to someone."""

    line: ReservationLine
    order: Order | None
    url: str


def holders(sku: Sku) -> list[Holder]:
    """Return the oldest HOLDERS_SHOWN reservations that hold units, with the orders they are for."""
    lines = list(
        ReservationLine.objects.filter(sku=sku).holding().select_related("reservation", "warehouse")[:HOLDERS_SHOWN]
    )
    orders = orders_by_key(lines)
    return [
        Holder(
            line=line,
            order=orders.get(line.reservation.key),
            url=link("channels:order_detail", orders[line.reservation.key].pk)
            if line.reservation.key in orders
            else "",
        )
        for line in lines
    ]


def orders_by_key(lines: Sequence[ReservationLine]) -> dict[str, Order]:
    """Find orders by their reservation_key: order:<channel>:<ref>."""
    parts = [line.reservation.key.split(":", 2) for line in lines if line.reservation.key.startswith("order:")]
    refs = {part[2] for part in parts if len(part) == 3}
    found: QuerySet[Order, Any] = Order.objects.filter(ref__in=refs).select_related("channel")
    return {order.reservation_key: order for order in found}
