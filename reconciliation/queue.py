"""The queue of discrepancies: opened, brought up to date, healed, woken. Decisions are in ``verbs``.

Rows are locked in one order everywhere: orders, listings by id, discrepancies, stock levels, signals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from channels.models import ChannelWarehouse, Listing
from channels.readings import Reading
from inventory.models import Sku, StockCount, Warehouse
from inventory.sources.models import Reading as StockReading
from inventory.sources.models import Source
from reconciliation import news
from reconciliation.models import Cause, CountTask, Discrepancy, Run, Severity, Verb

MOST_MONEY = Decimal(10) ** 15  # what the column holds; a store may show 10^12 of something dear


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Why the numbers differ, what speaks for it, and what to do."""

    cause: Cause
    evidence: tuple[Mapping[str, object], ...] = ()
    proposal: Verb | None = None
    proposal_reason: str = ""
    proposed_sku: Sku | None = None
    agreed_at: datetime | None = None


@transaction.atomic
def show(
    listing: Listing, reading: Reading, diagnosis: Diagnosis, *, run: Run | None, now: datetime
) -> tuple[Discrepancy, bool]:
    """Open the listing's discrepancy or bring the live one up to date; return it, and whether it is new.

    One that a person has ignored stays so until its difference changes; one that rests goes on resting.
    """
    row = _locked(Discrepancy.objects.live().filter(listing=listing))
    is_new = row is None
    if row is None:
        row = Discrepancy(
            listing=listing,
            channel_id=listing.channel_id,
            warehouse=only_warehouse(listing),
            run=run,
            first_seen_at=now,
            agreed_at=diagnosis.agreed_at,
        )
    before = None if is_new else (row.ledger_says, row.channel_shows, row.cause)
    was_ignored_at = row.units_apart if not is_new and row.state == Discrepancy.State.IGNORED else None
    row.ledger_says, row.channel_shows = reading.accounted, reading.quantity
    row.accounted_version, row.read_at, row.last_seen_at = reading.version, now, now
    row.sku_id = listing.sku_id
    _explain(row, diagnosis)
    row.money_at_risk = money_at_risk(row.units_apart, listing.price)
    row.severity = severity_of(row)
    is_back = was_ignored_at is not None and row.units_apart != was_ignored_at
    if is_back:
        row.state = Discrepancy.State.OPEN
    if before is not None and before != (row.ledger_says, row.channel_shows, row.cause):
        row.version += 1
    row.save()
    row.refresh_from_db(fields=["difference"])
    if is_new or is_back:
        news.tell_flagged([row], now=now)
    return row, is_new


@transaction.atomic
def show_level(source: Source, reading: StockReading, diagnosis: Diagnosis, *, now: datetime) -> Discrepancy:
    """Open or update the discrepancy of a stock source's reading; an ignored one stays so until its numbers change."""
    row = _locked(
        Discrepancy.objects.live().filter(
            kind=Run.Kind.SOURCE, source_ref=source.lane, sku=reading.sku_id, warehouse=reading.warehouse_id
        )
    )
    before = None if row is None else (row.ledger_says, row.channel_shows)
    is_flagged = row is None
    if row is None:
        row = Discrepancy(
            kind=Run.Kind.SOURCE,
            source_ref=source.lane,
            sku_id=reading.sku_id,
            warehouse_id=reading.warehouse_id,
            first_seen_at=now,
        )
    row.source_name = source.name
    row.ledger_says, row.channel_shows = reading.expected, reading.on_hand
    row.read_at, row.last_seen_at = reading.as_of, now
    _explain(row, diagnosis)
    row.severity = severity_of(row)
    if before is not None and before != (row.ledger_says, row.channel_shows):
        row.version += 1
        if row.state == Discrepancy.State.IGNORED and before[0] is not None and before[1] is not None:
            is_same = before[1] - before[0] == row.units_apart
            is_flagged = not is_same
            row.state = row.state if is_same else Discrepancy.State.OPEN
    row.save()
    row.refresh_from_db(fields=["difference"])
    if is_flagged:
        news.tell_flagged([row], now=now)
    return row


def _explain(row: Discrepancy, diagnosis: Diagnosis) -> None:
    row.cause = diagnosis.cause
    row.evidence = list(diagnosis.evidence)
    row.proposal = diagnosis.proposal or ""
    row.proposal_reason = diagnosis.proposal_reason[:300]
    row.proposed_sku = diagnosis.proposed_sku


def _locked(rows: QuerySet[Discrepancy]) -> Discrepancy | None:
    return rows.select_for_update(of=("self",), no_key=True).first()


def only_warehouse(listing: Listing) -> Warehouse | None:
    """Return the warehouse whose stock the listing shows, if it is a single one."""
    feeds = ChannelWarehouse.objects.filter(channel_id=listing.channel_id).select_related("warehouse")
    if listing.location_ref:
        feeds = feeds.filter(location_ref=listing.location_ref)
    found = list(feeds.order_by("priority", "pk")[:2])
    return found[0].warehouse if len(found) == 1 else None


def money_at_risk(units: int, price: Decimal | None) -> Decimal | None:
    """Return what ``units`` (signed) are worth; None where the platform tells no price."""
    return None if price is None else min(abs(units) * price, MOST_MONEY)


def severity_of(row: Discrepancy) -> Severity:
    """Return how bad it is: overselling is worse than selling less, and either is worse where nothing is left."""
    if row.cause == Cause.TRACKING_SWITCHED:
        return Severity.CRITICAL  # the store sells without end
    if row.cause == Cause.LISTING_GONE:
        return Severity.MEDIUM
    if row.cause in {Cause.LISTING_NEW, Cause.PLATFORM_MANAGED}:
        return Severity.LOW
    if row.kind == Run.Kind.SOURCE:
        # The other way round: where the ledger has more than the shelf, what isn't there may be sold.
        return Severity.HIGH if row.units_apart < 0 else Severity.LOW
    if row.units_apart > 0:
        return Severity.CRITICAL if (row.ledger_says or 0) <= 0 else Severity.HIGH
    return Severity.MEDIUM if (row.channel_shows or 0) <= 0 else Severity.LOW


@transaction.atomic
def refresh(row: Discrepancy, reading: Reading, *, now: datetime) -> Discrepancy:
    """Bring the numbers of a live discrepancy to what was just read; one that agrees now has healed."""
    live = _locked(Discrepancy.objects.live().filter(pk=row.pk))
    if live is not None:
        numbers = (live.ledger_says, live.channel_shows)
        live.ledger_says, live.channel_shows = reading.accounted, reading.quantity
        live.accounted_version, live.read_at = reading.version, now
        live.money_at_risk = money_at_risk(live.units_apart, live.listing.price if live.listing else None)
        live.severity = severity_of(live)
        if numbers != (live.ledger_says, live.channel_shows):
            live.version += 1
        if reading.quantity is not None and not reading.drift:
            live.state, live.resolved_at = Discrepancy.State.HEALED, now
        live.save()
        if not live.is_live:
            news.tell_closed([live], now=now)
    row.refresh_from_db()
    return row


def heal(listing_ids: Sequence[int], *, now: datetime) -> int:
    """Close the live discrepancies of listings that agree with the ledger again; return how many there were."""
    return close(Discrepancy.objects.live().filter(listing__in=listing_ids), now=now)


@transaction.atomic
def close(rows: QuerySet[Discrepancy], *, now: datetime) -> int:
    """Close discrepancies that are over by themselves; return how many there were."""
    ids = list(rows.order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    if not ids:
        return 0
    closed = Discrepancy.objects.filter(pk__in=ids)
    closed.update(
        state=Discrepancy.State.HEALED,
        version=F("version") + 1,
        resolved_at=now,
        last_seen_at=now,
        snoozed_until=None,
    )
    news.tell_closed(closed, now=now)
    return len(ids)


def overtaken() -> QuerySet[Discrepancy]:
    """Return the live rows that are over by themselves: the listing is back, was linked, is counted again."""
    return (
        Discrepancy.objects.live()
        .filter(kind=Run.Kind.CHANNEL)
        .filter(
            Q(cause=Cause.LISTING_GONE, listing__state=Listing.State.ACTIVE)
            | Q(cause=Cause.LISTING_NEW) & (~Q(listing__mapping=Listing.Mapping.UNMAPPED) | Q(listing__state="gone"))
            | Q(cause=Cause.TRACKING_SWITCHED) & (Q(listing__tracked=True) | Q(listing__state="gone"))
            | ~Q(cause=Cause.LISTING_NEW) & ~Q(listing__mapping=Listing.Mapping.MAPPED)
            | Q(channel__disconnected_at__isnull=False)
        )
    )


def rested(now: datetime) -> QuerySet[Discrepancy]:
    """Return the snoozed rows that should come back: their time is up, or the count they waited for was made."""
    awaited = CountTask.objects.filter(discrepancy=OuterRef("pk"), state=CountTask.State.OPEN)
    is_due = Q(snoozed_until__lte=now) | Q(snoozed_until=None) & ~Exists(awaited)
    return Discrepancy.objects.filter(is_due, state=Discrepancy.State.SNOOZED)


def counted() -> QuerySet[CountTask]:
    """Return the open tasks whose SKU was counted in their warehouse since they were asked for."""
    counts = StockCount.objects.filter(
        sku=OuterRef("sku"), warehouse=OuterRef("warehouse"), counted_at__gte=OuterRef("asked_at")
    )
    return CountTask.objects.filter(Exists(counts), state=CountTask.State.OPEN)


def wake(*, now: datetime) -> int:
    """End what is over by itself and bring back what has rested long enough; return how many rows came back."""
    listing_ids = list(overtaken().values_list("listing_id", flat=True))
    if listing_ids:
        heal(listing_ids, now=now)
    for task in counted().order_by("pk"):
        count = StockCount.objects.filter(
            sku=task.sku_id, warehouse=task.warehouse_id, counted_at__gte=task.asked_at
        ).first()
        CountTask.objects.filter(pk=task.pk, state=CountTask.State.OPEN).update(
            state=CountTask.State.DONE, count=count, ended_at=now
        )
        # What was counted changes the ledger, so the numbers are looked at anew.
        Listing.objects.filter(discrepancies=task.discrepancy_id).update(check_due_at=now)
    return _bring_back(now=now)


@transaction.atomic
def _bring_back(*, now: datetime) -> int:
    rows = rested(now).order_by("pk").select_for_update(of=("self",), no_key=True)
    ids = list(rows.values_list("pk", flat=True))
    back = Discrepancy.objects.filter(pk__in=ids)
    if ids:
        back.update(state=Discrepancy.State.OPEN, snoozed_until=None, version=F("version") + 1)
        news.tell_flagged(back, now=now)
    return len(ids)
