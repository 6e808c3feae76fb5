"""Merging a SKU into another, as a whole: looked at first, then done in one transaction.

What was counted under two codes is counted under one: its stock is carried over by movements, its listings are
relinked, its orders and whatever people have set for it become the other's. Its own movements and its page stay, and
every code it ever had means the other SKU. It can't be undone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from django.db import transaction
from django.db.models import F, QuerySet

from channels import availability, rulings
from channels import merging as sold
from channels.merging import SoldTwice
from channels.models import HoldBack, Listing
from inventory import audit, merging
from inventory.merging import Added, CannotMerge, MovedMeanwhile
from inventory.models import BundleComponent, Reservation, ReservationLine, Sku
from inventory.sources import merging as told
from inventory.sources.models import Source
from reconciliation import queue
from reconciliation.models import CountTask, Discrepancy, Run, Tolerance
from reconciliation.querysets import DiscrepancyQuerySet

T = TypeVar("T")

ACTOR = "merging"  # of what came late
TRIES = 10
LISTINGS_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a listing is to show now, and what once the two are one: whole units."""

    listing: Listing
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A bundle, and of how many units of the one that stays it is made then."""

    bundle: Sku
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What merging ``sku`` into ``into`` would do; ``obstacles`` are sentences, and with any it is refused."""

    sku: Sku
    into: Sku
    obstacles: Sequence[str]
    levels: Sequence[Added]
    promises: int  # reservations that hold units of it now
    relinked: int  # listings
    shown: Sequence[Shown]  # those whose quantity changes, at most LISTINGS_SHOWN
    changing: int  # how many there are in all
    sold_twice: Sequence[SoldTwice]
    parts: Sequence[Part]
    codes: Sequence[str]  # that mean the one that stays, afterwards
    hold_back: int | None  # of the SKU that goes, in units; None where it has none
    keeps_own_hold_back: bool
    has_tolerance: bool
    keeps_own_tolerance: bool
    differences: int  # open differences with stock sources, that end
    count_tasks: int
    sources: Sequence[Source]  # that count it under its own code

    @property
    def is_possible(self) -> bool:
        return not self.obstacles


def preview(sku: Sku, into: Sku) -> Preview:
    """Return what a merge would do, changing nothing."""
    obstacles = merging.obstacles(sku, into)
    shown = [] if obstacles else _shown(sku, into)
    return Preview(
        sku=sku,
        into=into,
        obstacles=obstacles,
        levels=merging.added(sku, into),
        promises=Reservation.objects.filter(
            pk__in=ReservationLine.objects.filter(sku=sku, reserved__gt=0).values("reservation")
        ).count(),
        relinked=Listing.objects.filter(sku=sku).count(),
        shown=shown[:LISTINGS_SHOWN],
        changing=len(shown),
        sold_twice=sold.sold_twice(sku, into),
        parts=_parts(sku, into),
        codes=[sku.code, *sku.former_codes.values_list("code", flat=True)],
        hold_back=HoldBack.objects.filter(sku=sku).values_list("units", flat=True).first(),
        keeps_own_hold_back=HoldBack.objects.filter(sku=into).exists(),
        has_tolerance=Tolerance.objects.filter(sku=sku).exists(),
        keeps_own_tolerance=Tolerance.objects.filter(sku=into).exists(),
        differences=_differences(sku).count(),
        count_tasks=CountTask.objects.filter(sku=sku, state=CountTask.State.OPEN).count(),
        sources=list(told.sources_of(sku)),
    )


class _NotMeant(Exception):
    """Ends a transaction that was only looked into."""


def _shown(sku: Sku, into: Sku) -> list[Shown]:
    """Return the quantities that change: worked out by merging and taking that back before anyone sees it."""
    listings = list(sold.concerned(sku, into))
    before = availability.targets(listings)
    after: dict[int, int] = {}

    def look() -> None:
        now = sku.created_at  # of rows that never come to be
        _move_sold(sku, into, actor=ACTOR, now=now)
        _move_held(sku, into, actor=ACTOR, now=now)
        after.update(availability.targets(list(Listing.objects.filter(pk__in=[each.pk for each in listings]))))
        raise _NotMeant

    with suppress(_NotMeant):
        _undisturbed(look)
    return [
        Shown(listing=each, before=before[each.pk], after=after[each.pk])
        for each in listings
        if before[each.pk] != after[each.pk]
    ]


def _parts(sku: Sku, into: Sku) -> list[Part]:
    own = dict(BundleComponent.objects.filter(component=into).values_list("bundle", "units"))
    rows = BundleComponent.objects.filter(component=sku).select_related("bundle").order_by("bundle__code")
    return [Part(bundle=row.bundle, units=row.units + own.get(row.bundle_id, 0)) for row in rows]


def merge(*, sku: Sku, into: Sku, actor: str, now: datetime) -> Sku:
    """Merge ``sku`` into ``into`` and return that one. Raises CannotMerge with every obstacle; then nothing changed."""
    relinked = _undisturbed(lambda: _merge(sku, into, actor=actor, now=now))
    rulings.settle(relinked, now=now)
    sku.refresh_from_db()
    into.refresh_from_db()
    return into


def _undisturbed(act: Callable[[], T]) -> T:
    """Do ``act`` in a transaction; anew where a promise was made meanwhile. Raises MovedMeanwhile once it gives up."""
    for _attempt in range(TRIES - 1):
        with suppress(MovedMeanwhile), transaction.atomic():
            return act()
    with transaction.atomic():
        return act()


def _merge(sku: Sku, into: Sku, *, actor: str, now: datetime) -> list[int]:
    _check(sku, into)
    relinked = _move_sold(sku, into, actor=actor, now=now)
    sku, into = merging.lock(sku, into)
    _check(sku, into)
    before = {each.warehouse.code: list(each.of_sku) for each in merging.added(sku, into) if any(each.of_sku)}
    components = {part.component.code: part.units for part in sku.components.select_related("component")}
    _move_held(sku, into, actor=actor, now=now)
    merging.close(sku, into, now=now)
    after = {"merged into": into.code, "listings": len(relinked)}
    stood = {"on hand, reserved, unsellable": before, "components": components}
    audit.record(actor=actor, action="sku.merge", subject=f"sku:{sku.pk}", before=stood, after=after)
    audit.record(actor=actor, action="sku.take_in", subject=f"sku:{into.pk}", before={}, after={"merged": sku.code})
    return relinked


def _check(sku: Sku, into: Sku) -> None:
    if obstacles := merging.obstacles(sku, into):
        raise CannotMerge(obstacles)


# In the order in which everyone locks: orders, shipments, listings, SKUs, discrepancies, promises, levels, signals.


def _move_sold(sku: Sku, into: Sku, *, actor: str, now: datetime) -> list[int]:
    """Move what was sold and shipped of it and what sells it; return the ids of the relinked listings."""
    order_ids = sold.lock_orders(sku)
    told.move(sku, into)
    return sold.move(sku, into, order_ids, actor=actor, now=now)


def _move_held(sku: Sku, into: Sku, *, actor: str, now: datetime) -> None:
    """Move what is set for it, made of it, promised of it and there of it."""
    _move_rules(sku, into, now=now)
    merging.replace_in_bundles(sku, into)
    merging.carry(sku, into, actor=actor, now=now)


def _move_rules(sku: Sku, into: Sku, *, now: datetime) -> None:
    """Move what people have set and asked for. The next reading of a stock source says how it stands to both."""
    if Tolerance.objects.filter(sku=into).exists():
        Tolerance.objects.filter(sku=sku).delete()
    else:
        Tolerance.objects.filter(sku=sku).update(sku=into)
    queue.close(_differences(sku), now=now)
    Discrepancy.objects.live().filter(proposed_sku=sku).update(proposed_sku=into, version=F("version") + 1)
    asked = CountTask.objects.filter(state=CountTask.State.OPEN)
    there = asked.filter(sku=into).values("warehouse")
    asked.filter(sku=sku, warehouse__in=there).update(state=CountTask.State.CANCELLED, ended_at=now)
    asked.filter(sku=sku).update(sku=into)


def _differences(sku: Sku) -> DiscrepancyQuerySet:
    return Discrepancy.objects.live().filter(kind=Run.Kind.SOURCE, sku=sku)


# What came late ---------------------------------------------------------------------------------------------------


def late() -> QuerySet[Sku]:
    """Return the merged SKUs that something was written for by someone who had read them before they were merged."""
    return merging.still_holding() | sold.still_sold() | told.still_told()


def follow(*, now: datetime) -> int:
    """Move what came late to where the merged SKUs are now; return how many there were."""
    found = list(late().select_related("merged_into").order_by("pk"))
    for sku in found:
        into = sku.merged_into
        if into is not None:
            rulings.settle(_undisturbed(partial(_follow, sku, into, now=now)), now=now)
    return len(found)


def _follow(sku: Sku, into: Sku, *, now: datetime) -> list[int]:
    relinked = _move_sold(sku, into, actor=ACTOR, now=now)
    _move_held(sku, into, actor=ACTOR, now=now)
    return relinked
