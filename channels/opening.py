"""Opening stock: take what a store shows for what is on hand, for SKUs whose stock nobody has told us yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce

from channels.models import Channel, Listing
from channels.querysets import ListingQuerySet
from inventory.batches import taking
from inventory.batches.models import CountBatch
from inventory.batches.taking import Counted
from inventory.models import Movement, Sku, StockLevel, Warehouse
from inventory.searches import at_first, few_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A listing whose SKU has no stock yet, and the units that the store shows it to have available.

    ``reserved`` units of the SKU are promised to open orders: they are on hand besides. ``warehouse`` stands for the
    listing's location; None where the platform has no locations, and a person chooses.
    """

    listing: Listing
    units: int
    reserved: int
    warehouse: Warehouse | None

    @property
    def on_hand(self) -> int:
        return self.units + self.reserved


def rows(channels: Iterable[int]) -> ListingQuerySet:
    """Return the listings, of the channels with these ids, whose number can open their SKU's stock, with ``units``.

    They are mapped, counted and read. A SKU that has ever been received, counted or adjusted is left out: its stock
    is known better here. So is one that several listings sell from the same place: which of them tells the stock,
    nobody knows.
    """
    known = Movement.objects.filter(sku=OuterRef("sku")).exclude(on_hand_delta=0)
    for batch in CountBatch.objects.filter(state=CountBatch.State.UNDONE):
        known = known.exclude(key__startswith=batch.key)  # as if it had never been
    publishable = Listing.objects.all().publishable()
    same = {name: OuterRef(name) for name in ("channel", "sku", "location_ref")}
    twins = publishable.filter(**same).exclude(pk=OuterRef("pk"))
    bare = _bare(publishable.filter(_may_be_bare(list(channels))))
    shown: ListingQuerySet = bare.annotate(units=Coalesce(F("accounted"), F("shown"))).filter(units__gt=0)
    uncounted: ListingQuerySet = shown.filter(sku__is_bundle=False).exclude(Exists(known)).exclude(Exists(twins))
    return uncounted


def _bare(listings: ListingQuerySet) -> ListingQuerySet:
    """Return those of the listings whose SKU has no units on hand.

    Most SKUs of a merchant who is past the first hour have some, which is cheaper to see than movements, and cheaper
    for all SKUs than for all their listings.
    """
    stocked = StockLevel.objects.exclude(on_hand=0)
    few = few_of(listings)
    if few is None and (skus := few_of(Sku.objects.exclude(Exists(stocked.filter(sku=OuterRef("pk")))))) is not None:
        return at_first(listings.filter(sku__in=skus))
    found = listings if few is None else Listing.objects.filter(pk__in=few)
    return at_first(found.exclude(Exists(stocked.filter(sku=OuterRef("sku")))))


def _may_be_bare(channels: list[int]) -> Q:
    """Return which listings of the channels may have a SKU without stock; few of a store that is observed.

    What has no units anywhere would be told to show none. While a listing waits to be looked at, nobody knows.
    """
    observed = list(
        Channel.objects.filter(pk__in=channels, mode=Channel.Mode.OBSERVE).order_by().values_list("pk", flat=True)
    )
    unknown = Q(would_show__isnull=True) | Q(due_at__isnull=False)
    others = [pk for pk in channels if pk not in observed]
    return Q(channel__in=others) | Q(channel__in=observed) & (Q(would_show__lte=0) | unknown)


def openings(channel: Channel) -> list[Opening]:
    """Return what the store can open, by title; a listing at a location that no warehouse stands for is left out."""
    found = list(rows([channel.pk]).select_related("sku").order_by("title", "pk"))
    feeds: dict[str, Warehouse] = {}
    for feed in channel.feeds.select_related("warehouse").order_by("-priority", "-pk"):
        feeds[feed.location_ref] = feed.warehouse  # the first choice is written last
    reserved: dict[int, dict[int, int]] = {}
    levels = StockLevel.objects.filter(sku__in=[listing.sku_id for listing in found], reserved__gt=0)
    for sku_id, warehouse_id, units in levels.values_list("sku_id", "warehouse_id", "reserved"):
        reserved.setdefault(sku_id, {})[warehouse_id] = units
    result = []
    for listing in found:
        place = feeds.get(listing.location_ref) if listing.location_ref else None
        if listing.location_ref and place is None:
            continue
        held = reserved.get(listing.sku_id or 0, {})
        promised = held.get(place.pk, 0) if place else sum(held.values())
        result.append(Opening(listing=listing, units=listing.units, reserved=promised, warehouse=place))
    return result


def take(*, channel: Channel, warehouse: Warehouse | None, actor: str, now: datetime) -> CountBatch:
    """Count what the channel shows of each SKU without stock; return the batch of counts.

    ``warehouse`` is for listings without a location; the others count into the warehouse that stands for theirs. The
    store shows what is available: units that its open orders hold are on hand besides, and are added.
    """
    lines = []
    for opening in openings(channel):
        place = opening.warehouse or warehouse
        if place is not None and opening.listing.sku_id is not None:
            lines.append(Counted(sku_id=opening.listing.sku_id, warehouse_id=place.pk, units=opening.on_hand))
    batch = taking.keep(lines, kind=CountBatch.Kind.CHANNEL, name=channel.name, actor=actor, now=now)
    taking.take(batch, actor=actor, now=now)
    return batch
