"""Publishing: bring every listing from its accounted quantity to its target, one lane per channel.

A push means *apply target − accounted to whatever is there*. Its intent is committed before the call; an outcome that
stays unknown is decided by a reading, never by trying again. See docs/adr/0003.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from channels import availability, breaker, connection, observing, readings, settling
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
from inventory import bundles
from inventory.models import StockSignal

SIGNALS_AT_ONCE = 500


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
        raised = _raised(signals)
        with transaction.atomic():
            rows = (
                Listing.objects.filter(sku_id__in=raised)
                .publishable()
                # Rows are locked in the order that booking uses, so that neither waits for the other in a circle.
                .order_by("pk")
                .select_for_update(no_key=True)
            )
            by_sku: dict[int, list[int]] = {}
            for listing in rows.only("pk", "channel_id", "sku_id"):
                by_sku.setdefault(listing.sku_id, []).append(listing.pk)
                channels.add(listing.channel_id)
            for sku_id, listing_ids in sorted(by_sku.items()):
                Listing.objects.filter(pk__in=listing_ids).wake_all(now=now, since=raised[sku_id])
            for signal in signals:
                StockSignal.objects.filter(sku_id=signal.sku_id, version=signal.version).delete()
        if len(signals) < SIGNALS_AT_ONCE:
            break
    for channel_id in sorted(channels):
        wake(lane_of(channel_id))
    return channels


def _raised(signals: Sequence[StockSignal]) -> dict[int, datetime]:
    """Return when each SKU's available changed, bundles of a changed component included."""
    parents = bundles.bundles_with([signal.sku_id for signal in signals])
    raised: dict[int, datetime] = {}
    for signal in signals:
        for sku_id in {signal.sku_id, *parents.get(signal.sku_id, ())}:
            raised[sku_id] = min(signal.raised_at, raised.get(sku_id, signal.raised_at))
    return raised


def work(channel: Channel, platform: Platform, lease: Lease) -> bool:
    """Publish one batch of the channel's due listings; tell whether there was anything to do.

    Raises ChannelError after keeping everything due that was not settled.
    """
    now = timezone.now()
    if channel.connection != Channel.Connection.OK or channel.disconnected_at or channel.mode == Channel.Mode.PAUSED:
        return False
    try:
        found = settling.settle_open(channel, platform, lease, now=now)
        found |= _anchor_new(channel, platform, lease, now=now)
        return _publish_due(channel, platform, lease, now=now) or found
    except ChannelError as error:
        connection.note_failure(channel, error, now=now)
        raise


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
            settling.postpone([listing.pk], now + timedelta(seconds=5 if reading is None else 60))
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
        .exclude(Exists(Push.objects.open().filter(listing=OuterRef("pk"))))
    )
    if not rows.due(now).exists():
        return False
    # All of them, so that the breaker sees the whole wave; while it holds one back, that with what came since.
    # Claimed first, quantities read afterwards: whatever changes from here on raises due_version.
    claimed = list((rows.filter(due_at__isnull=False) if channel.halted_at else rows.due(now)).order_by("due_at", "pk"))
    for listing in claimed:
        listing.channel = channel  # as it is now
    # Where no warehouse stands for a location nothing is known to be available, which is not the same as nothing:
    # set_warehouses wakes them all.
    feeds = availability.feeds_of({channel.pk})
    unfed = [item for item in claimed if (channel.pk, item.location_ref) not in feeds]
    observing.forget(unfed)
    settling.rest(unfed, claimed_at=now)
    claimed = [item for item in claimed if (channel.pk, item.location_ref) in feeds]
    if not claimed:
        return True
    targets = availability.targets(claimed)
    wanted = [_Wanted(listing=listing, target=targets[listing.pk]) for listing in _unmoved(claimed)]
    _observe(channel, [item for item in wanted if item.listing.is_observed], now=now)
    wanted = [item for item in wanted if not item.listing.is_observed]
    changes = [item for item in wanted if item.delta]
    settling.rest([item.listing for item in wanted if not item.delta], claimed_at=now)
    if channel.mode == Channel.Mode.SELL_DOWN:
        settling.rest([item.listing for item in changes if item.delta > 0], claimed_at=now)
        changes = [item for item in changes if item.delta < 0]
    if breaker.halts(channel, [(item.listing, item.target) for item in changes], now=now):
        settling.postpone([item.listing.pk for item in changes], now + timedelta(minutes=5))
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


def _observe(channel: Channel, wanted: Sequence[_Wanted], *, now: datetime) -> None:
    """Keep what the listings would be told, and log what would have been pushed, once per listing and number."""
    if not wanted:
        return
    observing.keep({item.listing: item.target for item in wanted})
    changes = [item for item in wanted if item.delta]
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
    settling.rest([item.listing for item in wanted], claimed_at=now)


def _send(channel: Channel, platform: Platform, lease: Lease, batch: Sequence[_Wanted]) -> None:
    lease.renew()
    now = timezone.now()  # that of the call: what a platform takes to settle counts from it
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
    except ChannelError as error:
        was_refused = isinstance(error, RateLimited | BadCredentials | StoreRefused)
        is_certain = was_refused or (isinstance(error, Unreachable) and not error.may_have_applied)
        kind = OutcomeKind.NOT_APPLIED if is_certain else OutcomeKind.UNKNOWN
        settling.settle(
            pushes,
            [Outcome(ref=c.ref, kind=kind, receipt=str(error)) for c in changes],
            error,
            platform.capabilities,
            now=timezone.now(),
        )
        raise
    settling.settle(pushes, outcomes, None, platform.capabilities, now=timezone.now())
