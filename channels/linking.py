"""Linking a store's listings to SKUs by themselves: reads a store, has ``matching`` decide, writes what it decides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from channels import matching, rulings
from channels.likeness import TitleIndex
from channels.matching import Decision, Kind, OurSku, StoreItem
from channels.models import Channel, Listing, ListingVariant, MappingRun, MappingSuggestion
from channels.rulings import Ruling
from inventory.models import FormerCode, Sku, match_key

ACTOR = "matching"
AT_ONCE = 500  # listings that one transaction links


def match(*, channel: Channel, now: datetime, product_refs: Collection[str] | None = None) -> int:
    """Link the unmapped listings of which it is sure, keep suggestions for the others, return how many linked.

    ``product_refs``: only the listings of these products; what waits of them gets its suggestions with the next
    match of the whole store. Sure are what ``matching`` calls safe; what several share is never guessed, and what a
    person has taken away only a person gives back.
    """
    waiting = Listing.objects.filter(channel=channel).unmapped()
    if product_refs is not None:
        waiting = waiting.filter(product_ref__in=product_refs)
    pools = list(waiting.order_by("pk").only(*_READ))
    if not pools:
        return 0
    items, pool_ids = _items(pools)
    everything = product_refs is None
    skus = _skus(items, everything=everything, is_sandbox=channel.is_sandbox)
    titles = TitleIndex({sku.id: sku.name for sku in skus if sku.name}) if everything else None
    others, sold_already = _others(channel, {pool.pk for pool in pools})
    decisions = matching.decide(items, skus, sold_already=sold_already, others=others, titles=titles)
    beside = set(waiting.beside_variations().values_list("pk", flat=True))
    taken_away = {pool.pk for pool in pools if pool.mapping_kind == rulings.TAKEN_AWAY}
    linked = _link(channel, decisions, apart=taken_away, beside=beside, now=now)
    if everything:
        _suggest([decisions[item.id] for item in items], [pool_ids[item.id] for item in items], beside, now=now)
    return linked


_READ = (
    "pk", "ref", "item_ref", "channel_id", "external_sku", "barcode", "title", "mapping", "mapping_kind", "sku_id",
)  # fmt: skip


def _items(pools: Sequence[Listing]) -> tuple[list[StoreItem], dict[int, list[int]]]:
    """Fold pools of one item into one, known by its first pool's id; return also the ids of each one's pools."""
    by_item: dict[str, list[Listing]] = defaultdict(list)
    for pool in pools:
        by_item[f"item {pool.item_ref}" if pool.item_ref else f"ref {pool.ref}"].append(pool)
    options = _options([pool.pk for pool in pools])
    items, pool_ids = [], {}
    for group in by_item.values():
        first = group[0]
        chosen = options.get(first.pk, "")
        title = first.title if chosen in first.title else f"{first.title} {chosen}"
        items.append(StoreItem(first.pk, first.external_sku, first.barcode, title))
        pool_ids[first.pk] = [pool.pk for pool in group]
    return items, pool_ids


def _options(listing_ids: Sequence[int]) -> dict[int, str]:
    """Return what a buyer chooses to get a listing, for those that sell one variation."""
    rows = ListingVariant.objects.filter(listing_id__in=listing_ids).exclude(options="").order_by("pk")
    found: dict[int, list[str]] = defaultdict(list)
    for listing_id, options in rows.values_list("listing_id", "options"):
        found[listing_id].append(options)
    return {listing_id: options[0] for listing_id, options in found.items() if len(options) == 1}


def _others(channel: Channel, waiting: Collection[int]) -> tuple[list[StoreItem], dict[int, str]]:
    """Return the store's other items, and what sells each SKU already."""
    rows = Listing.objects.filter(channel=channel, state=Listing.State.ACTIVE).exclude(mapping=Listing.Mapping.IGNORED)
    pools = [pool for pool in rows.order_by("pk").only(*_READ) if pool.pk not in waiting]
    items, _ids = _items(pools)
    return items, {pool.sku_id: str(pool) for pool in pools if pool.sku_id is not None}


def _skus(items: Sequence[StoreItem], *, everything: bool, is_sandbox: bool) -> list[OurSku]:
    """Return the SKUs that the items may be: all, or those that share a code or barcode with one."""
    rows = Sku.objects.active().filter(is_sandbox=is_sandbox)
    former = FormerCode.objects.filter(sku__archived_at=None, sku__is_sandbox=is_sandbox)
    if not everything:
        keys = {item.key for item in items if item.key} | {match_key(w) for item in items for w in item.title.split()}
        codes = {item.code for item in items if item.code}
        barcodes = {form for item in items if item.gtin for form in _written(item.gtin)}
        former = former.filter(Q(code__in=codes) | Q(match_key__in=keys - {""}))
        ids = former.values("sku_id")
        rows = rows.filter(Q(code__in=codes) | Q(match_key__in=keys - {""}) | Q(barcode__in=barcodes) | Q(pk__in=ids))
    had: dict[int, list[str]] = defaultdict(list)
    for sku_id, code in former.values_list("sku_id", "code"):
        had[sku_id].append(code)
    return [
        OurSku(pk, code, name, barcode, tuple(had.get(pk, ())))
        for pk, code, name, barcode in rows.order_by("pk").values_list("pk", "code", "name", "barcode")
    ]


def _written(gtin: str) -> set[str]:
    """Return the ways in which a number of 14 digits is commonly written."""
    return {gtin[cut:] for cut in (0, 1, 2, 6) if not gtin[:cut].strip("0")}


def candidates(items: Sequence[StoreItem], *, is_sandbox: bool) -> list[OurSku]:
    """Return the SKUs, of the sandbox or real ones, that share a code or barcode with one of the items."""
    return _skus(items, everything=False, is_sandbox=is_sandbox)


def _link(
    channel: Channel, decisions: Mapping[int, Decision], *, apart: set[int], beside: set[int], now: datetime
) -> int:
    """Link what is sure, in short transactions, unless someone has decided otherwise since it was read."""
    found = {
        number: Ruling(
            mapping=Listing.Mapping.MAPPED,
            sku_id=decision.link.sku_id,
            kind=decision.link.kind,
            confidence=decision.link.confidence,
            reason=decision.link.reason,
        )
        for number, decision in decisions.items()
        # A product beside its variations is a stock of its own only if a SKU has its very code.
        if decision.link and number not in apart and (number not in beside or decision.link.kind is Kind.CODE)
    }
    if not found:
        return 0
    run = MappingRun.objects.create(
        kind=MappingRun.Kind.MATCH,
        state=MappingRun.State.DONE,
        channel=channel,
        actor=ACTOR,
        total=len(decisions),
        reached=len(decisions),
        started_at=now,
        ended_at=now,
    )
    numbers, changed = sorted(found), 0
    for start in range(0, len(numbers), AT_ONCE):
        part = {number: found[number] for number in numbers[start : start + AT_ONCE]}
        written = rulings.write(part, actor=ACTOR, now=now, run=run, only_if=_still_waits)
        rulings.settle(written, now=now)
        changed += len(part.keys() & set(written))
    MappingRun.objects.filter(pk=run.pk).update(changed=changed)
    return changed


def _still_waits(listing: Listing) -> bool:
    return listing.mapping == Listing.Mapping.UNMAPPED and listing.mapping_kind != rulings.TAKEN_AWAY


def _suggest(decisions: Iterable[Decision], pool_ids: Sequence[list[int]], beside: set[int], *, now: datetime) -> None:
    """Keep what was not linked with its suggestions and the reason why it waits."""
    rows = [(decision, ids) for decision, ids in zip(decisions, pool_ids, strict=True)]
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        with transaction.atomic():
            ids = [pk for _decision, pools in part for pk in pools]
            still = set(
                Listing.objects.filter(pk__in=ids, mapping=Listing.Mapping.UNMAPPED)
                .order_by("pk")
                .select_for_update(no_key=True)
                .values_list("pk", flat=True)
            )
            MappingSuggestion.objects.filter(listing_id__in=ids).delete()
            MappingSuggestion.objects.bulk_create(
                MappingSuggestion(
                    listing_id=pk, sku_id=m.sku_id, kind=m.kind, confidence=m.confidence, reason=m.reason[:300]
                )
                for decision, pools in part
                for pk in pools
                if pk in still
                for m in (decision.suggestions or ((decision.link,) if decision.link else ()))
            )
            _keep_reasons(part, still, beside, now=now)


def _keep_reasons(
    part: Sequence[tuple[Decision, list[int]]], still: set[int], beside: set[int], *, now: datetime
) -> None:
    by_reason: dict[tuple[str, int], list[int]] = defaultdict(list)
    for decision, pools in part:
        best = max((match.confidence for match in decision.suggestions), default=0)
        why = decision.why
        if not why and pools[0] in beside:
            why = _("Its variations have SKUs of their own; it sells only what matches none of them.")
        by_reason[why, best].extend(pk for pk in pools if pk in still)
    for (why, best), ids in by_reason.items():
        Listing.objects.filter(pk__in=ids).update(mapping_reason=why, mapping_confidence=best, suggested_at=now)
