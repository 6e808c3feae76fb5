"""What is ambiguous and therefore never guessed: codes that several listings carry, SKUs that look the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, Count, F, Q, QuerySet, When

from channels.models import Channel, Listing
from inventory.models import Sku

AT_MOST = 50  # groups of one kind on a page


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
    """The groups of one kind, at most AT_MOST, and how many there are in all."""

    groups: Sequence[SharedCode | Alike | SoldTwice]
    total: int


# One item at several locations is one listing for a person.
_ITEM = Case(When(item_ref="", then="ref"), default="item_ref")


def shared_codes() -> Found:
    """Return the codes that several items of a store carry while one of them waits."""
    rows = _offered().exclude(external_sku="")
    groups = (
        rows.order_by()
        .values("channel", "external_sku")
        .annotate(items=Count(_ITEM, distinct=True), waiting=Count("pk", filter=Q(mapping="unmapped")))
        .filter(items__gt=1, waiting__gt=0)
        .order_by("channel", "external_sku")
    )
    wanted = list(groups.values_list("channel", "external_sku")[:AT_MOST])
    found = defaultdict(list)
    for listing in rows.filter(external_sku__in={code for _channel, code in wanted}).select_related("channel", "sku"):
        found[listing.channel_id, listing.external_sku].append(listing)
    return Found(
        groups=[
            SharedCode(channel=found[key][0].channel, code=key[1], listings=tuple(found[key]))
            for key in wanted
            if key in found
        ],
        total=groups.count(),
    )


def sold_twice() -> Found:
    """Return the SKUs that several items of one store sell."""
    rows = _offered().filter(mapping="mapped")
    groups = (
        rows.order_by()
        .values("channel", "sku")
        .annotate(items=Count(_ITEM, distinct=True))
        .filter(items__gt=1)
        .order_by("channel", "sku")
    )
    wanted = list(groups.values_list("channel", "sku")[:AT_MOST])
    found = defaultdict(list)
    for listing in rows.filter(sku__in={sku for _channel, sku in wanted}).select_related("channel", "sku"):
        found[listing.channel_id, listing.sku_id].append(listing)
    skus = Sku.objects.in_bulk({sku for _channel, sku in wanted})
    return Found(
        groups=[
            SoldTwice(channel=found[key][0].channel, sku=skus[key[1]], listings=tuple(found[key]))
            for key in wanted
            if key in found
        ],
        total=groups.count(),
    )


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
    shared = rows.order_by().values(common=F(column)).annotate(n=Count("pk")).filter(n__gt=1).order_by("common")
    found = list(shared[:AT_MOST].values_list("common", flat=True))
    groups: dict[str, list[Sku]] = {common: [] for common in found}
    for sku in rows.filter(**{f"{column}__in": found}).with_stock().order_by("code"):
        groups[getattr(sku, column)].append(sku)
    return groups, shared.count()


def _offered() -> QuerySet[Listing]:
    rows = Listing.objects.filter(state=Listing.State.ACTIVE, channel__disconnected_at=None)
    return rows.exclude(mapping=Listing.Mapping.IGNORED).order_by("title", "pk")
