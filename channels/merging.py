"""What stores sell of a SKU that is merged into another: its listings are relinked, its orders become the other's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from channels import rulings
from channels.models import Channel, HoldBack, Listing, MappingSuggestion, Order, OrderLine
from channels.rulings import Ruling
from inventory.models import Sku

AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldTwice:
    """Several items of one store that would sell one SKU: each would show all of it."""

    channel: Channel
    listings: tuple[Listing, ...]


def sold_twice(sku: Sku, into: Sku) -> list[SoldTwice]:
    """Return the stores that offer both, with what they offer of them."""
    rows = Listing.objects.filter(sku__in=[sku, into], state=Listing.State.ACTIVE, channel__disconnected_at=None)
    by_channel: dict[Channel, list[Listing]] = defaultdict(list)
    for listing in rows.select_related("channel", "sku").order_by("channel__name", "title", "pk"):
        by_channel[listing.channel].append(listing)
    return [
        SoldTwice(channel=channel, listings=tuple(listings))
        for channel, listings in by_channel.items()
        if {listing.sku_id for listing in listings} == {sku.pk, into.pk}
    ]


def concerned(sku: Sku, into: Sku) -> QuerySet[Listing]:
    """Return the listings whose quantity a merge may change: of both, and of the bundles that are made of either."""
    own = {sku.pk, into.pk}
    bundles = Sku.objects.filter(components__component__in=own).values("pk")
    rows = Listing.objects.filter(state=Listing.State.ACTIVE, channel__disconnected_at=None)
    found = rows.filter(sku__in=own) | rows.filter(sku__in=bundles)
    return found.select_related("channel", "sku").order_by("channel__name", "title", "pk")


# Doing it: each inside the transaction of the whole ----------------------------------------------------------------


def lock_orders(sku: Sku) -> list[int]:
    """Lock the orders that ever asked for the SKU and return their ids: orders come first wherever rows are locked."""
    rows = Order.objects.filter(pk__in=OrderLine.objects.filter(sku=sku).values("order")).order_by("pk")
    return list(rows.select_for_update(no_key=True).values_list("pk", flat=True))


def move(sku: Sku, into: Sku, order_ids: Sequence[int], *, actor: str, now: datetime) -> list[int]:
    """Have stores sell ``into`` where they sold ``sku``; return the ids of the relinked listings.

    ``rulings.settle`` belongs after the transaction.
    """
    reason = _("%(sku)s was merged into %(into)s.") % {"sku": sku.code, "into": into.code}
    ruling = Ruling(mapping=Listing.Mapping.MAPPED, sku_id=into.pk, kind=rulings.MERGED, reason=reason)
    listings = Listing.objects.filter(sku=sku).values_list("pk", flat=True)
    relinked = rulings.write(dict.fromkeys(listings, ruling), actor=actor, now=now)
    for start in range(0, len(order_ids), AT_ONCE):
        OrderLine.objects.filter(sku=sku, order__in=order_ids[start : start + AT_ONCE]).update(sku=into)
    suggested = MappingSuggestion.objects.filter(sku=sku)
    suggested.filter(listing__in=MappingSuggestion.objects.filter(sku=into).values("listing")).delete()
    suggested.update(sku=into)
    if HoldBack.objects.filter(sku=into).exists():
        HoldBack.objects.filter(sku=sku).delete()
    else:
        HoldBack.objects.filter(sku=sku).update(sku=into)
    return relinked


def still_sold() -> QuerySet[Sku]:
    """Return the merged SKUs that something was linked to or booked on by someone who had read them before."""
    listings = Listing.objects.filter(sku=OuterRef("pk"))
    lines = OrderLine.objects.filter(sku=OuterRef("pk"))
    return Sku.objects.filter(Exists(listings) | Exists(lines), merged_into__isnull=False)
