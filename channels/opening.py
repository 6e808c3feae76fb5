"""Opening stock: take what a store shows for what is on hand, for SKUs whose stock nobody has told us yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Sum

from channels.models import Channel, Listing
from inventory import counts
from inventory.models import Movement, StockLevel, Warehouse


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A listing whose SKU has no stock yet, and the units that the store shows it to have available."""

    listing: Listing
    units: int


def openings(channel: Channel) -> list[Opening]:
    """Return the listings whose number can open their SKU's stock: mapped, counted and read, one for the SKU.

    A SKU that has ever been received, counted or adjusted is left out: its stock is known better here.
    """
    known = Movement.objects.filter(sku=OuterRef("sku")).exclude(on_hand_delta=0)
    rows = Listing.objects.filter(channel=channel, sku__is_bundle=False).publishable().exclude(Exists(known))
    alone = (
        rows.order_by().values("sku").annotate(listings=Count("pk")).filter(listings=1).values_list("sku", flat=True)
    )
    found = []
    for listing in rows.filter(sku__in=list(alone)).select_related("sku").order_by("title", "pk"):
        shown = listing.shown if listing.accounted is None else listing.accounted
        if shown is not None and shown > 0:
            found.append(Opening(listing=listing, units=shown))
    return found


@transaction.atomic
def take(*, channel: Channel, warehouse: Warehouse, actor: str, now: datetime) -> Sequence[Opening]:
    """Count into ``warehouse`` what the channel shows of each SKU without stock; return what was taken.

    The store shows what is available: units that its open orders hold are on hand besides, and are added.
    """
    taken = openings(channel)
    reserved = dict(
        StockLevel.objects.filter(sku__in=[opening.listing.sku_id for opening in taken])
        .order_by()
        .values("sku")
        .annotate(units=Sum("reserved"))
        .values_list("sku", "units")
    )
    for opening in sorted(taken, key=lambda each: each.listing.sku_id or 0):
        sku = opening.listing.sku
        if sku is not None:
            counts.record(
                sku=sku,
                warehouse=warehouse,
                counted=opening.units + reserved.get(sku.pk, 0),
                key=f"opening:{channel.pk}:{sku.pk}",
                actor=actor,
                now=now,
                reason=f"Opening stock, as {channel} shows it",
            )
    return taken
