"""Looking again: what a run or a hint from the platform makes suspicious is read directly, twice.

The first reading that disagrees is a suspicion; the same number read again after a grace period, with nothing booked
or pushed in between, is confirmed. A drift that heals clears itself. No push ever overwrites one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from channels import overwriting, readings
from channels.contract import ChannelError, Platform, WriteMode
from channels.lanes import Lease, wake
from channels.models import Channel, Listing
from channels.readings import Reading
from channels.registry import opened
from inventory import audit
from reconciliation import schedule, settling
from reconciliation.models import Run, Suspicion

AT_ONCE = 50  # listings read between two polls


def grace() -> timedelta:
    """Return how long a sale has to arrive before a difference is looked at again."""
    return timedelta(seconds=schedule.current().grace_seconds)


def with_due_checks(channels: QuerySet[Channel], now: datetime) -> QuerySet[Channel]:
    """Narrow channels to those with a check due."""
    due = Listing.objects.filter(channel=OuterRef("pk"), check_due_at__lte=now)
    return channels.filter(Exists(due))


def work(channel: Channel, platform: Platform, lease: Lease) -> bool:
    """Read the listings of the channel whose check is due; tell whether there were any. Raises ChannelError."""
    now = timezone.now()
    rows = Listing.objects.filter(channel=channel, check_due_at__lte=now)
    due = list(rows.order_by("check_due_at", "pk")[:AT_ONCE])
    if not due:
        return False
    apart = [listing for listing in due if not _can_differ(listing)]
    _settle_apart(apart, platform, now=now)
    due = [listing for listing in due if _can_differ(listing)]
    if due:
        _look(channel, platform, due, lease, now=now)
    _wake_runs(channel, now=now)
    return True


def _can_differ(listing: Listing) -> bool:
    """Tell whether reading it can say anything: also of a product that could not be read when it was to enter."""
    return listing.state == Listing.State.ACTIVE and (listing.accounted is not None or bool(listing.unwritable_reason))


def _look(channel: Channel, platform: Platform, due: list[Listing], lease: Lease, *, now: datetime) -> None:
    ids = [listing.pk for listing in due]
    again = now + grace()
    try:
        read = readings.take(channel, platform, due, lease=lease, now=now)
    except ChannelError:
        Listing.objects.filter(pk__in=ids).update_in_order(check_due_at=again)
        raise
    after = Listing.objects.select_related("channel", "sku").in_bulk(ids)
    agreeing: list[int] = []
    for listing in (after[pk] for pk in ids):
        reading = read.get(listing.pk)
        if listing.state == Listing.State.GONE or listing.tracked is False:
            _settle_apart([listing], platform, now=now)
        elif reading is None or reading.quantity is None:
            # Unless it is to be looked at later: a product that can't be read, or a listing that enters anew.
            Listing.objects.filter(pk=listing.pk, check_due_at__lte=now).update(check_due_at=again)
        elif compare(listing, reading, platform, now=timezone.now()):
            agreeing.append(listing.pk)
    if agreeing:
        settling.agreed(agreeing, now=now)


def _settle_apart(listings: list[Listing], platform: Platform, *, now: datetime) -> None:
    """Settle listings that show no number: gone, unlimited, or not read yet. One direct reading says so for sure."""
    for listing in Listing.objects.select_related("channel", "sku").filter(pk__in=[ls.pk for ls in listings]):
        Listing.objects.filter(pk=listing.pk).update(check_due_at=None)
        is_ours = listing.mapping == Listing.Mapping.MAPPED and listing.accounted is not None
        is_apart = listing.state == Listing.State.GONE or listing.tracked is False
        if is_ours and is_apart:
            reading = Reading(quantity=None, accounted=listing.accounted, version=listing.accounted_version)
            settling.confirmed(listing, reading, platform, now=now)
        else:
            settling.agreed([listing.pk], note="", now=now)


def compare(listing: Listing, reading: Reading, platform: Platform | None, *, now: datetime) -> bool:
    """Note what a listing shows: agreeing, suspected or confirmed; tell whether it agrees."""
    before = Suspicion.objects.filter(listing=listing).first()
    is_repeat = before is not None and (before.quantity, before.version) == (reading.quantity, reading.version)
    readings.keep(listing, reading, now=now)
    rows = Listing.objects.filter(pk=listing.pk)
    if _was_overwritten(listing, reading, platform, now=now):
        return True
    if not reading.drift or listing.mapping != Listing.Mapping.MAPPED:
        rows.exclude(drift=0).update(drift=0, drift_since=None)
        return True
    if is_repeat:
        rows.exclude(drift=reading.drift).update(drift=reading.drift, drift_since=now)
        listing.refresh_from_db()
        settling.confirmed(listing, reading, platform, now=now)
        return False
    Suspicion.objects.update_or_create(
        listing=listing, defaults={"quantity": reading.quantity or 0, "version": reading.version, "at": now}
    )
    # Forgetting what it showed makes a platform whose readings count only later be read afresh.
    rows.update(check_due_at=now + grace(), shown_version=None)
    return False


def _was_overwritten(listing: Listing, reading: Reading, platform: Platform | None, *, now: datetime) -> bool:
    """Account for what a listing shows if sales that our own writes have overwritten explain it; tell whether they do.

    It shows too much then, and the next push lowers it: nobody needs to be asked.
    """
    if platform is None or platform.capabilities.write_mode != WriteMode.GUARDED_SET or reading.drift <= 0:
        return False
    if reading.drift > overwriting.units(listing, now=now) or not readings.anchor(listing, reading, now=now):
        return False
    audit.record(
        actor=settling.POLICY,
        action="listing.overwritten_sale",
        subject=f"listing:{listing.pk}",
        before={"accounted": reading.accounted},
        after={"accounted": reading.quantity},
    )
    return True


def _wake_runs(channel: Channel, *, now: datetime) -> None:
    """Have the runs looked at that may have waited for these checks."""
    waiting = Run.objects.filter(channel=channel, state=Run.State.RUNNING, phase=Run.Phase.CONFIRM)
    if waiting.exclude(findings__state="suspected").update(due_at=now):
        wake(f"reconcile:{channel.pk}")


def look_now(*, listing: Listing, now: datetime) -> Reading | None:
    """Read what the listing shows; None when a sale or a push came in between. Raises ChannelError.

    A person is looking: no second reading is needed to believe it.
    """
    with opened(listing.channel) as platform:
        reading = readings.take(listing.channel, platform, [listing], lease=None, now=now).get(listing.pk)
        if reading is None:
            return None
        readings.keep(listing, reading, now=now)
        Listing.objects.filter(pk=listing.pk).exclude(drift=reading.drift).update(
            drift=reading.drift, drift_since=now if reading.drift else None
        )
        listing.refresh_from_db()
        if reading.drift:
            settling.confirmed(listing, reading, platform, now=now)
        elif reading.quantity is not None:
            settling.agreed([listing.pk], now=now)
    return reading
