"""What an unmapped listing may be: suggestions with their reasons for many listings at once, and what has no twin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db.models import Case, Count, QuerySet, When
from django.utils.translation import gettext as _

from channels import linking, matching
from channels.matching import AT_MOST, StoreItem
from channels.models import Channel, Listing, MappingSuggestion
from inventory.models import Sku, match_key, validate_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A SKU that a listing may mean, and why; ``confidence`` of 100."""

    sku: Sku
    reason: str
    confidence: int


def suggest(listings: Sequence[Listing]) -> dict[int, list[Suggestion]]:
    """Return the suggestions of each listing by its id, best first, in a fixed number of queries.

    Those that the last match of the store has kept, and the SKUs made since that share a code or barcode with one.
    """
    found: dict[int, dict[int, tuple[int, str]]] = {listing.pk: {} for listing in listings}
    simulated = set(Channel.objects.filter(is_sandbox=True).values_list("pk", flat=True))
    for is_sandbox in (False, True) if simulated else (False,):
        items = [
            StoreItem(each.pk, each.external_sku, each.barcode, each.title)
            for each in listings
            if (each.channel_id in simulated) == is_sandbox
        ]
        skus_like = linking.candidates(items, is_sandbox=is_sandbox)
        for number, decision in matching.decide(items, skus_like, sold_already={}).items():
            for match in (*decision.suggestions, *([decision.link] if decision.link else [])):
                found[number][match.sku_id] = (match.confidence, match.reason)
    for kept in MappingSuggestion.objects.filter(listing__in=found, sku__archived_at=None):
        # The last match has seen the whole store: it knows better.
        found[kept.listing_id][kept.sku_id] = (kept.confidence, kept.reason)
    skus = Sku.objects.in_bulk({sku_id for mine in found.values() for sku_id in mine})
    return {
        number: [
            Suggestion(sku=skus[sku_id], confidence=confidence, reason=reason)
            for sku_id, (confidence, reason) in sorted(mine.items(), key=lambda pair: (-pair[1][0], pair[0]))[:AT_MOST]
        ]
        for number, mine in found.items()
    }


def why_waiting(listing: Listing, suggestions: Sequence[Suggestion]) -> str:
    """Return the sentence that says why a listing did not link by itself; none where its suggestions say it."""
    if listing.mapping_reason:
        return listing.mapping_reason
    if suggestions:
        return ""
    if not listing.external_sku:
        return _("The store gives it no SKU.")
    return _("No SKU has this code.")


def creatable(channel: Channel) -> int:
    """Return how many SKUs would be made of the channel's waiting listings."""
    return len(creatable_listings(channel))


def creatable_listings(channel: Channel) -> list[int]:
    """Return the ids of the waiting listings of which SKUs can be made without a person: one pool of each item.

    Their code is theirs alone in the store, usable as one of ours, and near none that is there. A product beside its
    variations is no stock of its own.
    """
    waiting = Listing.objects.filter(channel=channel).unmapped().exclude(external_sku="")
    beside = set(waiting.beside_variations().values_list("pk", flat=True))
    own = _lonely(channel, waiting.exclude(pk__in=beside))
    keys = {match_key(code) for code in own}
    taken = set(Sku.objects.filter(match_key__in=keys).values_list("match_key", flat=True))
    found = []
    for code, listing_id in own.items():
        key = match_key(code)
        if key not in taken and _is_usable(code.strip()):
            taken.add(key)
            found.append(listing_id)
    return sorted(found)


def _lonely(channel: Channel, waiting: QuerySet[Listing]) -> dict[str, int]:
    """Return the codes that one active item of the channel carries, and only one, with a waiting pool of it."""
    wanted = dict(waiting.order_by("-pk").values_list("external_sku", "pk"))
    rows = Listing.objects.filter(channel=channel, state=Listing.State.ACTIVE).exclude(external_sku="")
    rows = rows.filter(external_sku__in=waiting.order_by().values("external_sku"))
    # One item at several locations is one listing for a person.
    item = Case(When(item_ref="", then="ref"), default="item_ref")
    alone = rows.order_by().values("external_sku").annotate(items=Count(item, distinct=True)).filter(items=1)
    codes = sorted(wanted.keys() & set(alone.values_list("external_sku", flat=True)))
    return {code: wanted[code] for code in codes}


def _is_usable(code: str) -> bool:
    try:
        validate_code(code)
    except ValidationError:
        return False
    return 0 < len(code) <= 200
