"""What a person does about a drift. Each verb reads the live number first and acts only on what the person saw."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from channels import readings
from channels.models import Channel, Listing
from channels.readings import Reading
from channels.registry import opened
from inventory import audit, ledger
from inventory.errors import InvalidQuantity
from inventory.ledger import Entry
from inventory.models import Movement, Warehouse
from reconciliation import queue, settling
from reconciliation.models import Verb


class PictureMoved(Exception):
    """The live number is not the one that the person decided on; nothing was done. The message says what it is."""


def keep_ours(*, listing: Listing, seen: int, actor: str, now: datetime) -> None:
    """Accept that the channel shows ``seen`` and have it changed to the ledger's number.

    Raises PictureMoved when it shows another number now, ChannelError when it can't be asked.
    """
    reading = _read(listing, seen, now=now)
    if not readings.anchor(listing, reading, now=now):
        raise PictureMoved("A sale was booked in this moment. Look at the numbers again.")
    queue.resolve_beside(listing, Verb.KEEP_OURS, reason="", actor=actor, now=now)
    _record(listing, "drift.keep_ours", reading, actor)


def take_theirs(
    *, listing: Listing, seen: int, warehouse: Warehouse, reason: str, actor: str, now: datetime
) -> Movement:
    """Change the ledger in ``warehouse`` by the drift, so that its number agrees with what the channel shows.

    Raises PictureMoved, ChannelError, and InvalidQuantity without a reason.
    """
    if not reason.strip():
        raise InvalidQuantity("Taking the channel's number needs a reason.")
    if not listing.channel.feeds.filter(warehouse=warehouse).exists():
        raise InvalidQuantity(f"{listing.channel} does not sell from {warehouse}: its number would still differ.")
    if listing.sku is not None and listing.sku.is_bundle:
        raise InvalidQuantity("A bundle holds no stock of its own: count its components instead.")
    reading = _read(listing, seen, now=now)
    if listing.sku_id is None or not reading.drift:
        raise PictureMoved("There is nothing to take over any more. Look at the numbers again.")
    with transaction.atomic():
        entry = Entry(
            key=f"drift:{listing.pk}:v{reading.version}",
            sku_id=listing.sku_id,
            warehouse_id=warehouse.pk,
            kind=Movement.Kind.ADJUSTMENT,
            on_hand=reading.drift,
        )
        if not readings.anchor(listing, reading, now=now):
            raise PictureMoved("A sale was booked in this moment. Look at the numbers again.")
        queue.resolve_beside(listing, Verb.TAKE_THEIRS, reason=reason, actor=actor, now=now)
        _record(listing, "drift.take_theirs", reading, actor)
        return ledger.post([entry], actor=actor, now=now, reason=reason)[0]


def check_now(*, listing: Listing, now: datetime) -> Reading | None:
    """Read what the listing shows; None when a sale or a push came in between. Raises ChannelError."""
    with opened(listing.channel) as platform:
        reading = readings.take(listing.channel, platform, [listing], lease=None, now=now).get(listing.pk)
        if reading is None:
            return None
        readings.keep(listing, reading, now=now)
        # A person is looking: no second reading is needed to believe it.
        Listing.objects.filter(pk=listing.pk).exclude(drift=reading.drift).update(
            drift=reading.drift, drift_since=now if reading.drift else None
        )
        listing.refresh_from_db()
        if reading.drift:
            settling.confirmed(listing, reading, platform, now=now)
        elif reading.quantity is not None:
            settling.agreed([listing.pk], now=now)
    return reading


def _read(listing: Listing, seen: int, *, now: datetime) -> Reading:
    channel: Channel = listing.channel
    with opened(channel) as platform:
        reading = readings.take(channel, platform, [listing], lease=None, now=now).get(listing.pk)
    if reading is None:
        raise PictureMoved("A sale or a change of ours is on its way in this moment. Look at the numbers again.")
    if reading.quantity != seen:
        raise PictureMoved(f"The channel shows {reading.quantity} now, not {seen}. Look at the numbers again.")
    listing.refresh_from_db()
    return reading


def _record(listing: Listing, action: str, reading: Reading, actor: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=f"listing:{listing.pk}",
        before={"accounted": reading.accounted},
        after={"accounted": reading.quantity},
    )
