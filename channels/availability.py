"""What each listing should show, and why: every number is a sum of terms that can be followed to its rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from channels import allocation
from channels.models import ChannelWarehouse, HoldBack, Listing
from inventory.models import StockLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One summand of a published quantity: signed whole units, and what it is about."""

    label: str
    units: int
    warehouse_id: int | None = None
    origin: str = ""  # which level of inheritance decided, for a hold-back


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a listing should show ``total`` units: ``terms`` sum to it exactly."""

    listing_id: int
    terms: tuple[Term, ...]

    @property
    def total(self) -> int:
        return sum(term.units for term in self.terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveHoldBack:
    """The units kept from a listing's channel and the level that said so; none where no level has."""

    units: int
    origin: str


def explain(listing: Listing) -> Explanation:
    """Return the terms of one listing's target. A listing that is not mapped has none and shows 0."""
    return explain_many([listing])[listing.pk]


def explain_many(listings: Sequence[Listing]) -> dict[int, Explanation]:
    """Return the explanation of each listing by its id, in a fixed number of queries."""
    feeds = _warehouses_by_channel({listing.channel_id for listing in listings})
    sku_ids = {listing.sku_id for listing in listings if listing.sku_id is not None}
    levels: dict[int, list[StockLevel]] = {}
    for level in (
        StockLevel.objects.filter(sku_id__in=sku_ids, warehouse_id__in={w for ws in feeds.values() for w in ws})
        .select_related("warehouse")
        .order_by("warehouse__priority", "warehouse__code")
    ):
        levels.setdefault(level.sku_id, []).append(level)
    hold_backs = hold_backs_for(listings)
    return {
        listing.pk: _explain(
            listing,
            [lv for lv in levels.get(listing.sku_id or 0, []) if lv.warehouse_id in feeds[listing.channel_id]],
            hold_backs[listing.pk],
        )
        for listing in listings
    }


def targets(listings: Sequence[Listing]) -> dict[int, int]:
    """Return what each listing should show, by its id: whole units, never negative."""
    return {pk: explanation.total for pk, explanation in explain_many(listings).items()}


def _explain(listing: Listing, levels: Iterable[StockLevel], hold_back: EffectiveHoldBack) -> Explanation:
    terms: list[Term] = []
    for level in levels:
        terms.append(
            Term(
                label=_("On hand in %(warehouse)s") % {"warehouse": level.warehouse.name},
                units=level.on_hand,
                warehouse_id=level.warehouse_id,
            )
        )
        if level.reserved:
            terms.append(
                Term(
                    label=_("Reserved in %(warehouse)s") % {"warehouse": level.warehouse.name},
                    units=-level.reserved,
                    warehouse_id=level.warehouse_id,
                )
            )
    available = sum(term.units for term in terms)
    if hold_back.units:
        terms.append(Term(label=_("Hold-back"), units=-hold_back.units, origin=hold_back.origin))
    granted = allocation.grant(available=available, hold_back=hold_back.units)
    rest = granted - (available - hold_back.units)
    if rest:
        terms.append(Term(label=_("A channel never shows less than zero"), units=rest))
    return Explanation(listing_id=listing.pk, terms=tuple(terms))


def _warehouses_by_channel(channel_ids: set[int]) -> dict[int, set[int]]:
    feeds: dict[int, set[int]] = {channel_id: set() for channel_id in channel_ids}
    for channel_id, warehouse_id in ChannelWarehouse.objects.filter(channel_id__in=channel_ids).values_list(
        "channel_id", "warehouse_id"
    ):
        feeds[channel_id].add(warehouse_id)
    return feeds


def hold_backs_for(listings: Sequence[Listing]) -> dict[int, EffectiveHoldBack]:
    """Return each listing's hold-back by its id: the most specific level that says one decides."""
    rows = HoldBack.objects.all()
    channel_ids = {listing.channel_id for listing in listings}
    by_channel = {row.channel_id: row.units for row in rows.filter(channel_id__in=channel_ids)}
    by_sku = {
        row.sku_id: row.units for row in rows.filter(sku_id__in={ls.sku_id for ls in listings if ls.sku_id is not None})
    }
    by_listing = {row.listing_id: row.units for row in rows.filter(listing_id__in={ls.pk for ls in listings})}
    everywhere = rows.filter(channel=None, sku=None, listing=None).values_list("units", flat=True).first()
    found: dict[int, EffectiveHoldBack] = {}
    for listing in listings:
        if listing.pk in by_listing:
            found[listing.pk] = EffectiveHoldBack(units=by_listing[listing.pk], origin=_("set for this listing"))
        elif listing.sku_id in by_sku:
            found[listing.pk] = EffectiveHoldBack(units=by_sku[listing.sku_id], origin=_("set for the SKU"))
        elif listing.channel_id in by_channel:
            found[listing.pk] = EffectiveHoldBack(units=by_channel[listing.channel_id], origin=_("set for the channel"))
        elif everywhere is not None:
            found[listing.pk] = EffectiveHoldBack(units=everywhere, origin=_("set for everything"))
        else:
            found[listing.pk] = EffectiveHoldBack(units=0, origin="")
    return found
