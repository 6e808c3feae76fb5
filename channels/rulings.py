"""Writing what listings sell: many at once, all pools of an item together, each change kept as history.

Whoever decides (a person, a match, a file) makes ``Ruling``s; here they become rows, in the order in which everyone
locks listings, and what follows from them is done: waiting order lines are booked, quantities are published.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from channels import orders
from channels.models import Channel, Listing, MappingChange, MappingRun
from channels.querysets import ListingQuerySet
from inventory import codes
from inventory.models import Sku

BOOKS_WITHIN = timedelta(seconds=30)  # longer than booking what waited for a mapping takes

# What a mapping rests on, beside the kinds of ``matching.Kind``
PERSON, FILE, MADE, MERGED, TAKEN_BACK = "person", "file", "made", "merged", "taken-back"
TAKEN_AWAY = "taken-away"  # by a person: only a person gives it back

_LINKED, _DETACHED = Listing.Mapping.MAPPED, (Listing.Mapping.UNMAPPED, Listing.Mapping.IGNORED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a listing's mapping shall be, and what that rests on."""

    mapping: Listing.Mapping
    sku_id: int | None = None
    kind: str = PERSON
    confidence: int = 0
    reason: str = ""
    made_sku: bool = False

    def is_of(self, listing: Listing) -> bool:
        """Tell whether the listing is mapped so already."""
        return listing.mapping == self.mapping and listing.sku_id == self.sku_id


def pools_of(listings: Iterable[Listing]) -> ListingQuerySet:
    """Return the listings and the other pools of their items: what is decided for one holds for all locations."""
    wanted = Q(pk__in=[])
    items: dict[int, set[str]] = defaultdict(set)
    alone = set()
    for listing in listings:
        alone.add(listing.pk)
        if listing.item_ref:
            items[listing.channel_id].add(listing.item_ref)
    wanted |= Q(pk__in=alone)
    for channel_id, refs in items.items():
        wanted |= Q(channel_id=channel_id, item_ref__in=refs)
    pools: ListingQuerySet = Listing.objects.filter(wanted)
    return pools


class MixesSandbox(ValidationError):
    """A simulated store sells only SKUs of the sandbox, and no other store does."""


def _check_apart(listings: Sequence[Listing], rulings: Mapping[int, Ruling]) -> None:
    simulated = set(Channel.objects.filter(is_sandbox=True).values_list("pk", flat=True))
    sku_ids = {ruling.sku_id for ruling in rulings.values() if ruling.sku_id is not None}
    made_up = set(Sku.objects.filter(pk__in=sku_ids, is_sandbox=True).values_list("pk", flat=True))
    for listing in listings:
        sku_id = rulings[listing.pk].sku_id
        if sku_id is not None and (sku_id in made_up) != (listing.channel_id in simulated):
            raise MixesSandbox(
                _("The sandbox is kept apart: its stores sell only its own SKUs, and real stores only real ones.")
            )


@transaction.atomic
def write(
    rulings: Mapping[int, Ruling],
    *,
    actor: str,
    now: datetime,
    run: MappingRun | None = None,
    only_if: Callable[[Listing], bool] = lambda listing: True,
) -> list[int]:
    """Map the listings, by their ids, as ruled, with all pools of their items; return the ids of all that changed.

    Left as they are: those mapped so already, and those for which ``only_if`` is false once they are locked.
    A SKU that was merged into another by now counts as that one. ``settle`` belongs after the transaction. Raises
    MixesSandbox.
    """
    rulings = _as_merged(rulings)
    named = list(Listing.objects.filter(pk__in=rulings).only("pk", "channel_id", "item_ref"))
    _check_apart(named, rulings)
    # Locked in the order that everyone locks listings in.
    pools = list(pools_of(named).order_by("pk").select_for_update(no_key=True))
    by_item: dict[object, list[Listing]] = defaultdict(list)
    for pool in pools:
        by_item[_item_of(pool)].append(pool)
    changes, changed = [], []
    for listing in (pool for pool in pools if pool.pk in rulings):
        ruling, siblings = rulings[listing.pk], by_item[_item_of(listing)]
        if not only_if(listing) or all(ruling.is_of(pool) and pool.mapping_kind == ruling.kind for pool in siblings):
            continue
        changes.append(_change(listing, ruling, actor=actor, now=now, run=run))
        for pool in siblings:
            pool.sku_id, pool.mapping = ruling.sku_id, ruling.mapping
            pool.mapping_kind, pool.mapping_confidence = ruling.kind, ruling.confidence
            pool.mapping_reason, pool.suggested_at = ruling.reason[:300], None
            changed.append(pool)
    Listing.objects.bulk_update(changed, _COLUMNS, batch_size=500)
    MappingChange.objects.bulk_create(changes)
    _reset(changed, now=now)
    return [pool.pk for pool in changed]


def _as_merged(rulings: Mapping[int, Ruling]) -> Mapping[int, Ruling]:
    merged = codes.merged_among({ruling.sku_id for ruling in rulings.values() if ruling.sku_id is not None})
    return {
        pk: replace(ruling, sku_id=merged.get(ruling.sku_id, ruling.sku_id)) if ruling.sku_id in merged else ruling
        for pk, ruling in rulings.items()
    }


_COLUMNS = ["sku", "mapping", "mapping_kind", "mapping_confidence", "mapping_reason", "suggested_at"]


def _item_of(listing: Listing) -> object:
    return (listing.channel_id, listing.item_ref) if listing.item_ref else listing.pk


def _change(listing: Listing, ruling: Ruling, *, actor: str, now: datetime, run: MappingRun | None) -> MappingChange:
    return MappingChange(
        listing=listing,
        run=run,
        before_mapping=listing.mapping,
        before_sku_id=listing.sku_id,
        before_kind=listing.mapping_kind,
        after_mapping=ruling.mapping,
        after_sku_id=ruling.sku_id,
        made_sku=ruling.made_sku,
        kind=ruling.kind,
        confidence=ruling.confidence,
        reason=ruling.reason[:300],
        actor=actor,
        at=now,
    )


def _reset(changed: Sequence[Listing], *, now: datetime) -> None:
    """Forget what the former mapping has led to; have the linked ones published in a while.

    In the transaction that links them, so that a crash after it leaves them due.
    """
    linked = [pool.pk for pool in changed if pool.mapping == _LINKED]
    detached = [pool.pk for pool in changed if pool.mapping in _DETACHED]
    Listing.objects.filter(pk__in=linked).update(parked_at=None, parked_reason="", failures=0)
    Listing.objects.filter(pk__in=detached).update(parked_at=None, parked_reason="", due_at=None, due_since=None)
    Listing.objects.filter(pk__in=linked).publishable().wake_all(now=now + BOOKS_WITHIN, since=now)


def settle(listing_ids: Collection[int], *, now: datetime) -> None:
    """Book what waited, each order in a transaction of its own, and only then publish: before, it would be too much.

    What a crash leaves waiting the sweep books.
    """
    if not listing_ids:
        return
    orders.rebook_waiting(list(listing_ids), now=now)
    rows = Listing.objects.filter(pk__in=listing_ids).publishable()
    rows.update_in_order(due_at=now, due_version=F("due_version") + 1)
