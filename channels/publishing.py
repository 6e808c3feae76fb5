"""Publishing: bring every listing from its accounted quantity to its target, one lane per channel.

A push means *apply target − accounted to whatever is there*. Its intent is committed before the call; an outcome that
stays unknown is decided by a reading, never by trying again. See docs/adr/0003.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Max, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from channels import availability, breaker, connection, readings
from channels.contract import (
    BadCredentials,
    ChannelError,
    Outcome,
    OutcomeKind,
    Platform,
    QuantityChange,
    RateLimited,
    StoreRefused,
    Unreachable,
)
from channels.lanes import Lease, wake
from channels.models import Channel, Listing, Push
from inventory.models import StockSignal

SIGNALS_AT_ONCE = 500
SETTLES_AFTER = timedelta(seconds=5)  # a request that timed out may still be at work in the store
ABANDONED_AFTER = timedelta(seconds=15)  # the same for a call that died with its process: it had a time-out to go
LOOKS_AFTER = timedelta(seconds=30)  # time for a sale that was not heard of yet to arrive


def lane_of(channel_id: int) -> str:
    return f"publish:{channel_id}"


def spread_signals(*, now: datetime) -> set[int]:
    """Make the listings of every SKU whose available changed due, wake their lanes and return their channels.

    A signal is deleted only in the version that was read: a change that comes meanwhile keeps it.
    """
    channels: set[int] = set()
    while True:
        signals = list(StockSignal.objects.order_by("sku_id")[:SIGNALS_AT_ONCE])
        if not signals:
            break
        with transaction.atomic():
            rows = (
                Listing.objects.filter(sku_id__in=[s.sku_id for s in signals])
                .publishable()
                # Rows are locked in the order that booking uses, so that neither waits for the other in a circle.
                .order_by("pk")
                .select_for_update(no_key=True)
            )
            by_sku: dict[int, list[int]] = {}
            for listing in rows.only("pk", "channel_id", "sku_id"):
                by_sku.setdefault(listing.sku_id, []).append(listing.pk)
                channels.add(listing.channel_id)
            for signal in signals:
                if signal.sku_id in by_sku:
                    Listing.objects.filter(pk__in=by_sku[signal.sku_id]).wake_all(now=now, since=signal.raised_at)
            for signal in signals:
                StockSignal.objects.filter(sku_id=signal.sku_id, version=signal.version).delete()
        if len(signals) < SIGNALS_AT_ONCE:
            break
    for channel_id in sorted(channels):
        wake(lane_of(channel_id))
    return channels


def work(channel: Channel, platform: Platform, lease: Lease) -> bool:
    """Publish one batch of the channel's due listings; tell whether there was anything to do.

    Raises ChannelError after keeping everything due that was not settled.
    """
    now = timezone.now()
    if channel.connection != Channel.Connection.OK or channel.disconnected_at or channel.mode == Channel.Mode.PAUSED:
        return False
    try:
        found = _settle_unknown(channel, platform, lease, now=now)
        found |= _anchor_new(channel, platform, lease, now=now)
        return _publish_due(channel, platform, lease, now=now) or found
    except ChannelError as error:
        connection.note_failure(channel, error, now=now)
        raise


# Pushes whose outcome nobody knows ------------------------------------------------------------------------------


def _settle_unknown(channel: Channel, platform: Platform, lease: Lease, *, now: datetime) -> bool:
    """Decide by reading what became of pushes that a time-out, a 5xx or a crash left open."""
    for push in Push.objects.filter(channel=channel, state=Push.State.SENDING).order_by("pk"):
        # Whoever sent it is dead; nobody knows how far the store had come.
        Push.objects.filter(pk=push.pk, state=Push.State.SENDING).update(state=Push.State.UNKNOWN)
        _postpone([push.listing_id], push.created_at + ABANDONED_AFTER)
    unknown = (
        Push.objects.filter(channel=channel, state=Push.State.UNKNOWN)
        .filter(Q(listing__due_at__lte=now) | Q(listing__due_at=None))
        .select_related("listing")
        .order_by("pk")
    )
    # Whatever woke the listing of one that is too young to decide: nothing can be done about it before.
    for push in unknown.filter(created_at__gt=now - SETTLES_AFTER):
        _postpone([push.listing_id], push.created_at + SETTLES_AFTER)
    pushes = list(unknown.filter(created_at__lte=now - SETTLES_AFTER)[: readings.AT_ONCE])
    if not pushes:
        return False
    if platform.has_writes_under_way():
        _postpone([push.listing_id for push in pushes], now + timedelta(seconds=2))
        return True
    listings = [push.listing for push in pushes]
    read = readings.take(channel, platform, listings, lease=lease, now=now, decides_pushes=True)
    for push in pushes:
        reading = read.get(push.listing_id)
        if reading is None:
            _postpone([push.listing_id], now + timedelta(seconds=5))
        else:
            _decide(push, reading, now=now)
    return True


def _decide(push: Push, reading: readings.Reading, *, now: datetime) -> None:
    """Take the outcome that needs fewer units sold unseen; a negative number of them is impossible.

    A drift that was confirmed before is no sale: the store's number lies that far off in either case.
    """
    unseen = 0
    if reading.quantity is None or reading.accounted is None:
        was_applied = False
    else:
        unseen_if_not = reading.accounted + push.listing.drift - reading.quantity
        unseen_if_applied = unseen_if_not + push.delta
        # Both negative means someone raised the number by hand: the smaller surprise wins.
        was_applied = (unseen_if_applied < 0, abs(unseen_if_applied)) < (unseen_if_not < 0, abs(unseen_if_not))
        unseen = unseen_if_applied if was_applied else unseen_if_not
    with transaction.atomic():
        settled = Push.objects.filter(pk=push.pk, state=Push.State.UNKNOWN).update(
            state=Push.State.APPLIED if was_applied else Push.State.NOT_APPLIED,
            reading=reading.quantity,
            receipt=_("Decided by reading %(quantity)s.") % {"quantity": reading.quantity},
            settled_at=now,
        )
        rows = Listing.objects.filter(pk=push.listing_id)
        if settled and was_applied:
            _account(rows, push.delta, now=now)
        rows.update(due_at=now, due_version=F("due_version") + 1)
        if unseen:
            # A sale still on its way, a hand edit, or a wrong decision: the next readings tell.
            rows.update(check_due_at=Coalesce("check_due_at", Value(now + LOOKS_AFTER)))


def _account(rows: QuerySet[Listing], delta: int, *, now: datetime) -> None:
    rows.update(
        accounted=F("accounted") + delta,
        accounted_version=F("accounted_version") + 1,
        last_pushed_at=now,
        failures=0,
    )


# Listings that enter publishing ---------------------------------------------------------------------------------


def _anchor_new(channel: Channel, platform: Platform, lease: Lease, *, now: datetime) -> bool:
    """Account what new listings show now; nothing is written to a listing before that."""
    fresh = list(
        Listing.objects.filter(channel=channel, accounted=None)
        .publishable()
        .due(now)
        .order_by("pk")[: readings.AT_ONCE]
    )
    if not fresh:
        return False
    read = readings.take(channel, platform, fresh, lease=lease, now=now)
    for listing in fresh:
        reading = read.get(listing.pk)
        if reading is None or reading.quantity is None:
            _postpone([listing.pk], now + timedelta(seconds=5 if reading is None else 60))
        else:
            readings.anchor(listing, reading, now=now)
    return True


# Due listings ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Wanted:
    """A listing whose channel should show ``target``."""

    listing: Listing
    target: int

    @property
    def accounted(self) -> int:
        return self.listing.accounted or 0

    @property
    def delta(self) -> int:
        return self.target - self.accounted


def _publish_due(channel: Channel, platform: Platform, lease: Lease, *, now: datetime) -> bool:
    rows = (
        Listing.objects.filter(channel=channel, accounted__isnull=False)
        .publishable()
        .exclude(pushes__state__in=[Push.State.SENDING, Push.State.UNKNOWN])
    )
    if not rows.due(now).exists():
        return False
    # All of them, so that the breaker sees the whole wave; while it holds one back, that with what came since.
    # Claimed first, quantities read afterwards: whatever changes from here on raises due_version.
    claimed = list((rows.filter(due_at__isnull=False) if channel.halted_at else rows.due(now)).order_by("due_at", "pk"))
    if not channel.feeds.exists():
        # Without a warehouse nothing is known to be available, which is not the same as nothing: set_warehouses
        # wakes them all.
        _rest(claimed, claimed_at=now)
        return True
    targets = availability.targets(claimed)
    wanted = [_Wanted(listing=listing, target=targets[listing.pk]) for listing in _unmoved(claimed)]
    changes = [item for item in wanted if item.delta]
    _rest([item.listing for item in wanted if not item.delta], claimed_at=now)
    if channel.mode == Channel.Mode.OBSERVE:
        _observe(channel, changes, now=now)
        return True
    if channel.mode == Channel.Mode.SELL_DOWN:
        _rest([item.listing for item in changes if item.delta > 0], claimed_at=now)
        changes = [item for item in changes if item.delta < 0]
    if breaker.halts(channel, [(item.listing, item.target) for item in changes], now=now):
        _postpone([item.listing.pk for item in changes], now + timedelta(minutes=5))
        return True
    if not changes:
        return True
    # What protects against overselling goes first: decreases, and among them the lowest.
    changes.sort(key=lambda item: (item.delta > 0, item.target, item.listing.pk))
    _send(channel, platform, lease, changes[: platform.capabilities.max_batch])
    return True


def _unmoved(claimed: Sequence[Listing]) -> list[Listing]:
    """Return those whose accounted quantity is still the one that was claimed.

    An order that was booked since has moved the ledger and it together: the old one beside a new target would have
    the order's units pushed on top of what the platform did itself. It has raised due_version, so they stay due.
    """
    versions = dict(
        Listing.objects.filter(pk__in=[listing.pk for listing in claimed]).values_list("pk", "accounted_version")
    )
    return [listing for listing in claimed if versions.get(listing.pk) == listing.accounted_version]


def _observe(channel: Channel, changes: Sequence[_Wanted], *, now: datetime) -> None:
    """Log what would have been pushed, once per listing and number."""
    of_each = Push.objects.filter(listing__in=[item.listing for item in changes]).order_by().values("listing")
    last = Push.objects.filter(pk__in=of_each.annotate(last=Max("pk")).values("last"), state=Push.State.OBSERVED)
    latest = dict(last.values_list("listing_id", "target"))
    Push.objects.bulk_create(
        Push(
            channel=channel,
            listing=item.listing,
            accounted_before=item.accounted,
            target=item.target,
            delta=item.delta,
            state=Push.State.OBSERVED,
            cause_at=item.listing.due_since,
            created_at=now,
            settled_at=now,
        )
        for item in changes
        if latest.get(item.listing.pk) != item.target
    )
    _rest([item.listing for item in changes], claimed_at=now)


def _send(channel: Channel, platform: Platform, lease: Lease, batch: Sequence[_Wanted]) -> None:
    lease.renew()
    now = timezone.now()  # that of the call: SETTLES_AFTER counts from it
    pushes = [
        Push(
            channel=channel,
            listing=item.listing,
            accounted_before=item.accounted,
            target=item.target,
            delta=item.delta,
            cause_at=item.listing.due_since,
            created_at=now,
        )
        for item in batch
    ]
    Push.objects.bulk_create(pushes)  # committed before the call: a crash from here on leaves its trace
    changes = [
        QuantityChange(
            ref=item.listing.ref,
            accounted=push.accounted_before,
            target=item.target,
            key=str(push.key),
        )
        for item, push in zip(batch, pushes, strict=True)
    ]
    try:
        outcomes = platform.change_quantities(changes)
    except (RateLimited, BadCredentials, StoreRefused, Unreachable) as error:
        kind = (
            OutcomeKind.UNKNOWN
            if isinstance(error, Unreachable) and error.may_have_applied
            else OutcomeKind.NOT_APPLIED
        )
        _settle(pushes, [Outcome(ref=c.ref, kind=kind, receipt=str(error)) for c in changes], error, now=timezone.now())
        raise
    _settle(pushes, outcomes, None, now=timezone.now())


def _settle(pushes: Sequence[Push], outcomes: Iterable[Outcome], error: ChannelError | None, *, now: datetime) -> None:
    """Write what became of each push, one short transaction each, listings never left half-settled."""
    for push, outcome in zip(pushes, outcomes, strict=True):
        with transaction.atomic():
            settled = Push.objects.filter(pk=push.pk, state=Push.State.SENDING).update(
                state=_STATES[outcome.kind],
                receipt=outcome.receipt[:500],
                settled_at=None if outcome.kind == OutcomeKind.UNKNOWN else now,
            )
            if settled:
                _settle_listing(push, outcome, error, now=now)


_STATES = {
    OutcomeKind.APPLIED: Push.State.APPLIED,
    OutcomeKind.NOT_APPLIED: Push.State.NOT_APPLIED,
    OutcomeKind.REJECTED: Push.State.REJECTED,
    OutcomeKind.GONE: Push.State.REJECTED,
    OutcomeKind.UNKNOWN: Push.State.UNKNOWN,
}


def _settle_listing(push: Push, outcome: Outcome, error: ChannelError | None, *, now: datetime) -> None:
    rows = Listing.objects.filter(pk=push.listing_id)
    match outcome.kind:
        case OutcomeKind.APPLIED:
            _account(rows, push.delta, now=now)
            _rest([push.listing], claimed_at=push.created_at)
        case OutcomeKind.REJECTED:
            rows.update(parked_at=now, parked_reason=outcome.receipt[:500], due_at=None, due_since=None)
        case OutcomeKind.GONE:
            rows.update(state=Listing.State.GONE, due_at=None, due_since=None, check_due_at=None)
        case OutcomeKind.UNKNOWN:
            rows.update(due_at=now + SETTLES_AFTER, failures=F("failures") + 1)
        case OutcomeKind.NOT_APPLIED:
            wait = (
                error.wait_seconds if isinstance(error, RateLimited) else min(2 ** min(push.listing.failures, 9), 300)
            )
            rows.update(due_at=now + timedelta(seconds=wait), failures=F("failures") + 1)


def _rest(listings: Sequence[Listing], *, claimed_at: datetime) -> None:
    """Put listings to rest unless something has woken them since they were claimed."""
    for listing in listings:
        rows = Listing.objects.filter(pk=listing.pk)
        if not rows.filter(due_version=listing.due_version).update(due_at=None, due_since=None):
            # Woken meanwhile: it stays due, for a change that is younger than the claim.
            rows.update(due_at=claimed_at, due_since=claimed_at)


def _postpone(listing_ids: Sequence[int], until: datetime) -> None:
    Listing.objects.filter(pk__in=listing_ids).update_in_order(due_at=until)
