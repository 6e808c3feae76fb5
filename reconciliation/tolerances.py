"""How far the numbers may differ without a person being asked: inherited global → channel → SKU → listing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Q

from channels.models import Listing
from reconciliation.models import Tolerance

FIELDS = ("over_units", "over_percent", "under_units", "under_percent", "policy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """What applies to one listing, and for each value which level said so ("" = nobody has: the default)."""

    over_units: int = 0
    over_percent: int = 0
    under_units: int = 0
    under_percent: int = 0
    policy: str = Tolerance.Policy.LEAVE.value
    origins: Mapping[str, str] | None = None

    def allowance(self, *, is_over: bool, ledger_says: int) -> int:
        """Return how many units of difference are within: the larger of the units and the percentage."""
        units = self.over_units if is_over else self.under_units
        percent = self.over_percent if is_over else self.under_percent
        return max(units, abs(ledger_says) * percent // 100)

    def allows(self, *, difference: int, ledger_says: int) -> bool:
        """Tell whether a signed difference (positive: shows too much) is within the tolerance."""
        return abs(difference) <= self.allowance(is_over=difference > 0, ledger_says=ledger_says)


def effective(listings: Sequence[Listing]) -> dict[int, Effective]:
    """Return what applies to each listing by its id, in one query: the most specific level that has a value decides."""
    rows = list(
        Tolerance.objects.filter(
            Q(channel=None, sku=None, listing=None)
            | Q(channel__in={ls.channel_id for ls in listings})
            | Q(sku__in={ls.sku_id for ls in listings if ls.sku_id is not None})
            | Q(listing__in={ls.pk for ls in listings})
        )
    )
    everywhere = next((r for r in rows if not (r.channel_id or r.sku_id or r.listing_id)), None)
    by_channel = {r.channel_id: r for r in rows if r.channel_id}
    by_sku = {r.sku_id: r for r in rows if r.sku_id}
    by_listing = {r.listing_id: r for r in rows if r.listing_id}
    return {
        ls.pk: _merged(
            ("global", everywhere),
            ("channel", by_channel.get(ls.channel_id)),
            ("sku", by_sku.get(ls.sku_id) if ls.sku_id else None),
            ("listing", by_listing.get(ls.pk)),
        )
        for ls in listings
    }


def _merged(*levels: tuple[str, Tolerance | None]) -> Effective:
    merged, origins = Effective(), dict.fromkeys(FIELDS, "")
    for name, row in levels:
        said = {} if row is None else {f: getattr(row, f) for f in FIELDS if getattr(row, f) not in (None, "")}
        merged = replace(merged, **said)
        origins.update(dict.fromkeys(said, name))
    return replace(merged, origins=origins)
