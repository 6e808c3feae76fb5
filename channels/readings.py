"""Reading what a channel shows, so that it can be compared with what we account for.

A reading means something only if we know of every sale up to it: the orders are polled before and after, and a
listing whose accounted quantity moved in between is left out, to be read again. So is one that a push is on its way
to: nobody can tell whether what was read has it in already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from channels import catalog, polling
from channels.contract import Platform, RateLimited, Unreachable, UnreadableProducts
from channels.lanes import Lease
from channels.models import Channel, Listing, Push

AT_ONCE = 20  # listings read in one round
COUNTS_FOR = timedelta(minutes=15)  # a reading that no poll has reached by then is taken anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a listing shows (None: untracked or gone) beside what was accounted for at that very state."""

    quantity: int | None
    accounted: int | None
    version: int

    @property
    def drift(self) -> int:
        return 0 if self.quantity is None or self.accounted is None else self.quantity - self.accounted


def take(
    channel: Channel,
    platform: Platform,
    listings: Sequence[Listing],
    *,
    lease: Lease | None,
    now: datetime,
    decides_pushes: bool = False,
) -> dict[int, Reading]:
    """Read the listings directly and return the readings that nothing has overtaken, by listing id.

    ``decides_pushes``: the readings are to say what became of open pushes. Also keeps what the products look like
    now. Raises ChannelError.
    """
    if platform.orders_settle_seconds():
        return _take_late(channel, platform, listings, lease=lease, now=now, decides_pushes=decides_pushes)
    polling.poll(channel, platform, now=now)
    ids = [listing.pk for listing in listings]
    overtaken = set() if decides_pushes else _pushed_to(ids)
    before = dict(Listing.objects.filter(pk__in=ids).values_list("pk", "accounted_version"))
    shown = look(channel, platform, listings, lease=lease)
    overtaken |= shown.unread
    polling.poll(channel, platform, now=timezone.now())
    readings = {}
    # Looked up before the versions are: a push that is settled in between has moved its listing's version.
    overtaken |= set() if decides_pushes else _pushed_to(ids)
    for listing in Listing.objects.filter(pk__in=ids).order_by("pk"):
        if listing.accounted_version != before[listing.pk] or listing.pk in overtaken:
            continue
        readings[listing.pk] = Reading(
            quantity=shown.quantities.get(listing.ref),
            accounted=listing.accounted,
            version=listing.accounted_version,
        )
    return readings


def _take_late(
    channel: Channel,
    platform: Platform,
    listings: Sequence[Listing],
    *,
    lease: Lease | None,
    now: datetime,
    decides_pushes: bool,
) -> dict[int, Reading]:
    """Like ``take``, for a platform whose list of orders lags: what was read earlier counts once a poll has reached it.

    The others are read now and kept on their listings, to count in a later round.
    """
    settles = timedelta(seconds=platform.orders_settle_seconds())
    writes_settle = timedelta(seconds=platform.writes_settle_seconds())
    rows = {row.pk: row for row in Listing.objects.filter(pk__in=[listing.pk for listing in listings])}
    open_pushes = dict(Push.objects.open().filter(listing__in=rows).values_list("listing_id", "created_at"))
    kept: dict[int, Listing] = {}
    for row in rows.values():
        if (
            row.shown_at is None
            or row.shown_version != row.accounted_version
            or now - row.shown_at > COUNTS_FOR + settles
        ):
            continue
        sent_at = open_pushes.get(row.pk)
        if sent_at is None or (decides_pushes and row.shown_at >= sent_at + writes_settle):
            kept[row.pk] = row
    due = [row.shown_at for row in kept.values() if row.shown_at is not None and row.shown_at + settles <= now]
    if due and (channel.orders_polled_to is None or channel.orders_polled_to < max(due) + settles):
        polling.poll(channel, platform, now=now)
    fresh = [row for row in rows.values() if row.pk not in kept and (decides_pushes or row.pk not in open_pushes)]
    if fresh:
        shown = look(channel, platform, fresh, lease=lease)
        for row in fresh:
            if row.pk not in shown.unread:
                Listing.objects.filter(pk=row.pk, accounted_version=row.accounted_version).update(
                    shown=shown.quantities.get(row.ref), shown_at=timezone.now(), shown_version=row.accounted_version
                )
    reached = channel.orders_polled_to
    return {
        row.pk: Reading(quantity=kept[row.pk].shown, accounted=row.accounted, version=row.accounted_version)
        for row in Listing.objects.filter(pk__in=kept).order_by("pk")
        if reached is not None
        and row.accounted_version == kept[row.pk].accounted_version
        and (kept[row.pk].shown_at or now) + settles <= reached
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What listings show: quantities by ref (None or absent: untracked or gone), and the ids of those not read."""

    quantities: Mapping[str, int | None]
    unread: frozenset[int]


def look(channel: Channel, platform: Platform, listings: Sequence[Listing], *, lease: Lease | None) -> Look:
    """Read the listings directly, keeping what their products look like. Raises ChannelError if none could be read."""
    quantities: dict[str, int | None] = {}
    unread: set[int] = set()
    read: set[str] = set()
    try:
        for product_ref, reported in platform.read_products(sorted({listing.product_ref for listing in listings})):
            catalog.apply_product(channel, product_ref, reported, now=timezone.now(), is_complete=True)
            read.add(product_ref)
            quantities.update({item.ref: item.quantity for item in reported})
            untold = {item.ref for item in reported if item.tracked is None}
            unread |= {listing.pk for listing in listings if listing.ref in untold}
            if lease is not None:
                lease.renew()
    except UnreadableProducts as error:
        catalog.keep_unreadable(channel, error.problems, now=timezone.now())
        unread |= {listing.pk for listing in listings if listing.product_ref in error.problems}
    except (Unreachable, RateLimited):
        # What was read until then counts: a store that fails every fourth call would else never be read through.
        if not read:
            raise
        unread |= {listing.pk for listing in listings if listing.product_ref not in read}
    return Look(quantities=quantities, unread=frozenset(unread))


def _pushed_to(listing_ids: Sequence[int]) -> set[int]:
    return set(Push.objects.open().filter(listing__in=listing_ids).values_list("listing_id", flat=True))


def keep(listing: Listing, reading: Reading, *, now: datetime) -> None:
    """Note on the listing what it showed."""
    Listing.objects.filter(pk=listing.pk).update(
        shown=reading.quantity, shown_at=now, shown_version=reading.version, check_due_at=None
    )


def anchor(listing: Listing, reading: Reading, *, now: datetime) -> bool:
    """Account for exactly what was read, unless something has moved since; tell whether it was done."""
    rows = Listing.objects.filter(pk=listing.pk, accounted_version=reading.version)
    done = rows.update(
        accounted=reading.quantity,
        accounted_version=F("accounted_version") + 1,
        shown=reading.quantity,
        shown_at=now,
        shown_version=F("accounted_version") + 1,
        drift=0,
        drift_since=None,
        check_due_at=None,
    )
    Listing.objects.wake([listing.pk], now=now)
    return bool(done)
