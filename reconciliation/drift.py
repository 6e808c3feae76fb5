"""Drift: a channel shows another number than we account for. Never overwritten by a push.

A product event asks for a check. The first reading that disagrees is a suspicion; the same number read again, with
nothing booked or pushed in between, is confirmed and shown to a person. A drift that heals clears itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from channels import readings
from channels.contract import ChannelError, Platform
from channels.lanes import Lease
from channels.models import Channel, Listing
from channels.readings import Reading

LOOK_AGAIN_AFTER = timedelta(seconds=30)


def work(channel: Channel, platform: Platform, lease: Lease) -> bool:
    """Read the listings of the channel whose check is due; tell whether there were any. Raises ChannelError."""
    now = timezone.now()
    due = list(
        Listing.objects.filter(channel=channel, check_due_at__lte=now, state=Listing.State.ACTIVE).order_by(
            "check_due_at", "pk"
        )[: readings.AT_ONCE]
    )
    if not due:
        return False
    try:
        read = readings.take(channel, platform, due, lease=lease, now=now)
    except ChannelError:
        Listing.objects.filter(pk__in=[ls.pk for ls in due]).update(check_due_at=now + LOOK_AGAIN_AFTER)
        raise
    for listing in due:
        reading = read.get(listing.pk)
        if reading is None:
            # Unless it is to be looked at later: a product that can't be read.
            rows = Listing.objects.filter(pk=listing.pk, check_due_at__lte=now)
            rows.update(check_due_at=now + LOOK_AGAIN_AFTER)
        else:
            compare(listing, reading, now=timezone.now())
    return True


def with_due_checks(channels: QuerySet[Channel], now: datetime) -> QuerySet[Channel]:
    """Narrow channels to those with a check due."""
    due = Listing.objects.filter(channel=OuterRef("pk"), check_due_at__lte=now, state=Listing.State.ACTIVE)
    return channels.filter(Exists(due))


def compare(listing: Listing, reading: Reading, *, now: datetime) -> None:
    """Note what a listing shows: healed, suspected or confirmed."""
    is_repeat = listing.shown == reading.quantity and listing.shown_version == reading.version
    readings.keep(listing, reading, now=now)
    rows = Listing.objects.filter(pk=listing.pk)
    if not reading.drift:
        rows.exclude(drift=0).update(drift=0, drift_since=None)
    elif is_repeat:
        rows.exclude(drift=reading.drift).update(drift=reading.drift, drift_since=now)
    else:
        rows.update(check_due_at=now + LOOK_AGAIN_AFTER)
