"""What is ambiguous and therefore never guessed: codes that several listings carry, SKUs that look the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, When

from channels.models import Channel, Listing
from channels.querysets import ListingQuerySet
from inventory import formats
from inventory.models import Sku

AT_MOST = 50  # groups of one kind on a page
COUNTED_TO = 1000  # groups of one kind
FEW = 2000  # SKUs that are named one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedCode:
    """A code that several items of one store carry, at least one of which waits for a SKU."""

    channel: Channel
    code: str
    listings: tuple[Listing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """SKUs that may be one: ``common`` is what they share, a code but for its spelling or a barcode."""

    common: str
    is_barcode: bool
    skus: tuple[Sku, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldTwice:
    """A SKU that several items of one store sell: each shows all of it."""

    channel: Channel
    sku: Sku
    listings: tuple[Listing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The groups of one kind, at most AT_MOST, and how many there are; COUNTED_TO stands for any number beyond it."""

    groups: Sequence[SharedCode | Alike | SoldTwice]
    total: int

    @property
    def in_words(self) -> str:
        return f"{formats.number(self.total)}{'+' if self.total >= COUNTED_TO else ''}"


# One item at several locations is one listing for a person.
_ITEM = Case(When(item_ref="", then="ref"), default="item_ref")


def shared_codes() -> Found:
    """Return the codes that several items of a store carry while one of them waits."""
    rows = _offered().exclude(external_sku="")
    same = Listing.objects.exclude(pk=OuterRef("pk")).annotate(item=_ITEM).exclude(item=OuterRef("item"))
    same = same.filter(channel=OuterRef("channel"), external_sku=OuterRef("external_sku"), state=Listing.State.ACTIVE)
    # Those that wait are few beside all that there are.
    shared = rows.unmapped().annotate(item=_ITEM).filter(Exists(same.exclude(mapping=Listing.Mapping.IGNORED)))
    keys = shared.order_by("channel", "external_sku").values_list("channel", "external_sku").distinct()
    wanted, total = _first(keys)
    found = defaultdict(list)
    channels, codes = {channel for channel, _code in wanted}, {code for _channel, code in wanted}
    for listing in rows.filter(channel__in=channels, external_sku__in=codes):
        found[listing.channel_id, listing.external_sku].append(listing)
    return Found(
        groups=[
            SharedCode(channel=found[key][0].channel, code=key[1], listings=tuple(found[key]))
            for key in wanted
            if key in found
        ],
        total=total,
    )


def sold_twice() -> Found:
    """Return the SKUs that several items of one store sell."""
    rows = _offered().filter(mapping=Listing.Mapping.MAPPED)
    keys = (
        rows.filter(sku__in=_of_several_pools())
        .order_by()
        .values("channel", "sku")
        .annotate(items=Count(_ITEM, distinct=True))
        .filter(items__gt=1)
        .order_by("channel", "sku")
        .values_list("channel", "sku")
    )
    wanted, total = _first(keys)
    found = defaultdict(list)
    channels, skus = {channel for channel, _sku in wanted}, {sku for _channel, sku in wanted}
    for listing in rows.filter(channel__in=channels, sku__in=skus):
        found[listing.channel_id, listing.sku_id].append(listing)
    return Found(
        groups=[
            SoldTwice(channel=found[key][0].channel, sku=found[key][0].sku, listings=tuple(found[key]))
            for key in wanted
            if key in found
        ],
        total=total,
    )


def _of_several_pools() -> QuerySet[Any, Any] | list[int]:
    """Return the ids of SKUs with several pools in a store, by an index alone; if many, but for pools of one item."""
    mapped = Listing.objects.filter(sku__isnull=False).order_by().values("sku", "channel")
    several = mapped.annotate(pools=Count("*")).filter(pools__gt=1)
    few = list(several.values_list("sku", flat=True)[: FEW + 1])
    if len(few) <= FEW:
        return few
    pools: QuerySet[Any, Any] = mapped.annotate(pools=Count("*"), first=Min("item_ref"), last=Max("item_ref"))
    return pools.filter(~Q(first=F("last")) | Q(last="", pools__gt=1)).values("sku")


def alike_skus() -> Found:
    """Return the active SKUs whose codes differ in spelling only, and those that share a barcode."""
    by_key, keys = _alike("match_key")
    by_barcode, barcodes = _alike("barcode")
    groups = [
        *(Alike(common=key, is_barcode=False, skus=tuple(skus)) for key, skus in by_key.items()),
        *(Alike(common=barcode, is_barcode=True, skus=tuple(skus)) for barcode, skus in by_barcode.items()),
    ]
    return Found(groups=groups[:AT_MOST], total=keys + barcodes)


def _alike(column: str) -> tuple[dict[str, list[Sku]], int]:
    rows = Sku.objects.active().exclude(**{column: ""})
    # Among all SKUs, archived ones too, an index alone tells what several of them share. That is little, most times.
    few = list(_shared(Sku.objects.exclude(**{column: ""}), column)[: FEW + 1])
    candidates = rows.filter(**{f"{column}__in": few}) if len(few) <= FEW else rows
    common, total = _first(_shared(candidates, column).order_by("common"))
    groups: dict[str, list[Sku]] = {each: [] for each in common}
    for sku in rows.filter(**{f"{column}__in": common}).with_stock().order_by("code"):
        groups[getattr(sku, column)].append(sku)
    return groups, total


def _shared(skus: QuerySet[Sku], column: str) -> QuerySet[Any, Any]:
    counted = skus.order_by().values(common=F(column)).annotate(n=Count("*"))
    return counted.filter(n__gt=1).values_list("common", flat=True)


def _first(keys: QuerySet[Any, Any]) -> tuple[list[Any], int]:
    """Return the first AT_MOST keys, and how many there are up to COUNTED_TO, by one pass over them."""
    found = list(keys[:COUNTED_TO])
    return found[:AT_MOST], len(found)


def _offered() -> ListingQuerySet:
    rows = Listing.objects.filter(state=Listing.State.ACTIVE, channel__disconnected_at=None)
    rows = rows.exclude(mapping=Listing.Mapping.IGNORED).order_by("title", "pk")
    # What the page says of each; a listing has some forty columns.
    said = ("title", "ref", "external_sku", "shown", "mapping", "channel__name", "sku__code")
    return rows.select_related("channel", "sku").only(*said)
