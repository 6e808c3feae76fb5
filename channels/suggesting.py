"""What an unmapped listing may be: suggestions with their reasons for many listings at once, and what has no twin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from channels.models import Channel, Listing
from inventory.models import Sku, match_key, validate_code

AT_MOST = 3  # suggestions for one listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A SKU that a listing may mean, and why."""

    sku: Sku
    reason: str


def suggest(listings: Sequence[Listing]) -> dict[int, list[Suggestion]]:
    """Return the suggestions of each listing by its id, in one query.

    A SKU is suggested for the same code but for case, spaces and dashes, or for the same barcode.
    """
    keys = {listing.pk: match_key(listing.external_sku) for listing in listings}
    barcodes = {listing.barcode for listing in listings if listing.barcode}
    rows = Sku.objects.active().filter(Q(match_key__in={key for key in keys.values() if key}) | Q(barcode__in=barcodes))
    skus = list(rows.order_by("code"))
    found: dict[int, list[Suggestion]] = {}
    for listing in listings:
        mine = []
        for sku in skus:
            if keys[listing.pk] and sku.match_key == keys[listing.pk]:
                same = sku.code == listing.external_sku
                reason = _("the same code") if same else _("the same code but for case, spaces or dashes")
                mine.append(Suggestion(sku=sku, reason=reason))
            elif listing.barcode and sku.barcode == listing.barcode:
                mine.append(Suggestion(sku=sku, reason=_("the same barcode")))
        found[listing.pk] = mine[:AT_MOST]
    return found


def why_waiting(listing: Listing, suggestions: Sequence[Suggestion]) -> str:
    """Return the sentence that says why a listing did not link by itself."""
    if listing.mapping_reason:
        return listing.mapping_reason
    if not listing.external_sku:
        return _("The store gives it no SKU.")
    if suggestions:
        return _("A SKU comes near, but a near match never links by itself.")
    return _("No SKU has this code.")


def creatable(channel: Channel) -> int:
    """Return how many SKUs ``mapping.create_missing_skus`` would make for the channel."""
    waiting = Listing.objects.filter(channel=channel).unmapped().exclude(external_sku="")
    beside = set(waiting.beside_variations().values_list("pk", flat=True))
    codes = _lonely(channel, waiting.exclude(pk__in=beside))
    keys = {match_key(code) for code in codes}
    taken = set(Sku.objects.filter(match_key__in=keys).values_list("match_key", flat=True))
    made = 0
    for code in codes:
        if match_key(code) in taken or not _is_usable(code.strip()):
            continue
        taken.add(match_key(code))
        made += 1
    return made


def _lonely(channel: Channel, waiting: QuerySet[Listing]) -> list[str]:
    """Return the codes that one active listing of the channel carries, and only one."""
    codes = (
        Listing.objects.filter(
            channel=channel, state=Listing.State.ACTIVE, external_sku__in=waiting.values("external_sku")
        )
        .order_by()
        .values("external_sku")
        .annotate(listings=Count("pk"))
        .filter(listings=1)
    )
    return sorted(codes.values_list("external_sku", flat=True))


def _is_usable(code: str) -> bool:
    try:
        validate_code(code)
    except ValidationError:
        return False
    return 0 < len(code) <= 200
