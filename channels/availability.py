"""What each listing should show, and why: every number is a sum of terms that can be followed to its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from channels import allocation
from channels.models import ChannelWarehouse, HoldBack, Listing
from inventory import bundles
from inventory.models import StockLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One summand of a published quantity: signed whole units, and what it is about.

    ``kind``: on-hand, reserved, shelf, share, hold-back or floor. ``sku_id``: the component that decides a share.
    """

    kind: str
    label: str
    units: int
    sku_id: int | None = None
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
    is_own: bool = False  # said of this very listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one warehouse makes of a bundle; ``label`` names the component that there are fewest of."""

    warehouse_id: int
    available: int
    label: str
    sku_id: int


def explain(listing: Listing) -> Explanation:
    """Return the terms of one listing's target. A listing that is not mapped has none and shows 0."""
    return explain_many([listing])[listing.pk]


def explain_many(listings: Sequence[Listing]) -> dict[int, Explanation]:
    """Return the explanation of each listing by its id, in a fixed number of queries."""
    feeds = feeds_of({listing.channel_id for listing in listings})
    sku_ids = {listing.sku_id for listing in listings if listing.sku_id is not None}
    made_of = bundles.components_of(sku_ids)
    stocked = sku_ids.union(*made_of.values())
    levels: dict[int, list[StockLevel | Share]] = {}
    for level in (
        StockLevel.objects.filter(sku_id__in=stocked, warehouse_id__in={w for ws in feeds.values() for w in ws})
        .select_related("warehouse", *(["sku"] if made_of else []))
        .order_by("warehouse__priority", "warehouse__code")
    ):
        levels.setdefault(level.sku_id, []).append(level)
    for bundle_id, components in made_of.items():
        levels[bundle_id] = list(_shares(components, levels))

    def feeding(channel_id: int, location_ref: str, sku_id: int | None) -> list[StockLevel | Share]:
        warehouses = feeds.get((channel_id, location_ref), frozenset())
        return [level for level in levels.get(sku_id or 0, []) if level.warehouse_id in warehouses]

    hold_backs = _shared_out(listings, hold_backs_for(listings), feeds, feeding)
    return {
        listing.pk: _explain(
            listing, feeding(listing.channel_id, listing.location_ref, listing.sku_id), hold_backs[listing.pk]
        )
        for listing in listings
    }


def targets(listings: Sequence[Listing]) -> dict[int, int]:
    """Return what each listing should show, by its id: whole units, never negative."""
    return {pk: explanation.total for pk, explanation in explain_many(listings).items()}


def _shares(components: Mapping[int, int], levels: Mapping[int, Sequence[StockLevel | Share]]) -> Iterable[Share]:
    """Yield what a bundle has in each warehouse that holds all its components: the smallest of their shares."""
    by_warehouse: dict[int, list[tuple[int, int, StockLevel]]] = {}
    for sku_id, units in components.items():
        for level in levels.get(sku_id, ()):
            if isinstance(level, StockLevel):
                free = level.available - min(level.warehouse.hold_back, max(0, level.available))
                by_warehouse.setdefault(level.warehouse_id, []).append((free // units, units, level))
    for warehouse_id, found in by_warehouse.items():
        if len(found) < len(components):
            continue  # a component was never there: the warehouse makes none
        share, units, level = min(found, key=lambda each: (each[0], each[2].sku.code))
        label = _("Makes %(share)d in %(warehouse)s: %(units)d × %(sku)s each, of which %(free)d are available") % {
            "share": share,
            "warehouse": level.warehouse.name,
            "units": units,
            "sku": level.sku.code,
            "free": level.available,
        }
        yield Share(warehouse_id=warehouse_id, available=share, label=label, sku_id=level.sku_id)


def _explain(listing: Listing, levels: Iterable[StockLevel | Share], hold_back: EffectiveHoldBack) -> Explanation:
    terms: list[Term] = []
    for level in levels:
        if isinstance(level, Share):
            terms.append(
                Term(
                    kind="share",
                    label=level.label,
                    units=level.available,
                    warehouse_id=level.warehouse_id,
                    sku_id=level.sku_id,
                )
            )
            continue
        terms.append(
            Term(
                kind="on-hand",
                label=_("On hand in %(warehouse)s") % {"warehouse": level.warehouse.name},
                units=level.on_hand,
                warehouse_id=level.warehouse_id,
            )
        )
        if level.reserved:
            terms.append(
                Term(
                    kind="reserved",
                    label=_("Reserved in %(warehouse)s") % {"warehouse": level.warehouse.name},
                    units=-level.reserved,
                    warehouse_id=level.warehouse_id,
                )
            )
        if kept := min(level.warehouse.hold_back, max(0, level.available)):
            terms.append(
                Term(
                    kind="shelf",
                    label=_("Kept on the shelf in %(warehouse)s") % {"warehouse": level.warehouse.name},
                    units=-kept,
                    warehouse_id=level.warehouse_id,
                )
            )
    available = sum(term.units for term in terms)
    if hold_back.units:
        terms.append(Term(kind="hold-back", label=_("Hold-back"), units=-hold_back.units, origin=hold_back.origin))
    granted = allocation.grant(available=available, hold_back=hold_back.units)
    rest = granted - (available - hold_back.units)
    if rest:
        terms.append(Term(kind="floor", label=_("A channel never shows less than zero"), units=rest))
    return Explanation(listing_id=listing.pk, terms=tuple(terms))


def feeds_of(channel_ids: set[int]) -> dict[tuple[int, str], frozenset[int]]:
    """Return the warehouses that feed each channel and location; no key where there is none."""
    feeds: dict[tuple[int, str], frozenset[int]] = {}
    rows = ChannelWarehouse.objects.filter(channel_id__in=channel_ids)
    for channel_id, location_ref, warehouse_id in rows.values_list("channel_id", "location_ref", "warehouse_id"):
        feeds[channel_id, location_ref] = feeds.get((channel_id, location_ref), frozenset()) | {warehouse_id}
    return feeds


def _shared_out(
    listings: Sequence[Listing],
    hold_backs: Mapping[int, EffectiveHoldBack],
    feeds: Mapping[tuple[int, str], frozenset[int]],
    feeding: Callable[[int, str, int | None], Sequence[StockLevel | Share]],
) -> dict[int, EffectiveHoldBack]:
    """Take a hold-back once from an item that has a quantity at several locations: from where most is available."""
    places: dict[int, list[str]] = {}
    for channel_id, location_ref in sorted(feeds):
        places.setdefault(channel_id, []).append(location_ref)
    result = dict(hold_backs)
    for listing in listings:
        hold_back = hold_backs[listing.pk]
        if not listing.location_ref or not hold_back.units or hold_back.is_own:
            continue
        available = {
            ref: sum(level.available for level in feeding(listing.channel_id, ref, listing.sku_id))
            for ref in places.get(listing.channel_id, ())
        }
        left, share = hold_back.units, 0
        for ref in sorted(available, key=lambda ref: (-available[ref], ref)):
            share = min(left, max(0, available[ref]))
            left -= share
            if ref == listing.location_ref:
                break
        result[listing.pk] = replace(hold_back, units=share)
    return result


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
            found[listing.pk] = EffectiveHoldBack(
                units=by_listing[listing.pk], origin=_("set for this listing"), is_own=True
            )
        elif listing.sku_id in by_sku:
            found[listing.pk] = EffectiveHoldBack(units=by_sku[listing.sku_id], origin=_("set for the SKU"))
        elif listing.channel_id in by_channel:
            found[listing.pk] = EffectiveHoldBack(units=by_channel[listing.channel_id], origin=_("set for the channel"))
        elif everywhere is not None:
            found[listing.pk] = EffectiveHoldBack(units=everywhere, origin=_("set for everything"))
        else:
            found[listing.pk] = EffectiveHoldBack(units=0, origin="")
    return found
