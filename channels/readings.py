"""Reading what a channel shows, so that it can be compared with what we account for.

A reading means something only if we know of every sale up to it: the orders are polled before and after, and a
listing whose accounted quantity moved in between is left out, to be read again. So is one that a push is on its way
to: nobody can tell whether what was read has it in already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F
from django.utils import timezone

from channels import catalog, polling
from channels.contract import Platform, RateLimited, Unreachable, UnreadableProducts
from channels.lanes import Lease
from channels.models import Channel, Listing, Push

AT_ONCE = 20  # listings read in one round


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
    polling.poll(channel, platform, now=now)
    ids = [listing.pk for listing in listings]
    overtaken = set() if decides_pushes else _pushed_to(ids)
    before = dict(Listing.objects.filter(pk__in=ids).values_list("pk", "accounted_version"))
    quantities: dict[str, int | None] = {}
    read: set[str] = set()
    try:
        for product_ref, reported in platform.read_products(sorted({listing.product_ref for listing in listings})):
            catalog.apply_product(channel, product_ref, reported, now=timezone.now(), is_complete=True)
            read.add(product_ref)
            quantities.update({item.ref: item.quantity for item in reported})
            untold = {item.ref for item in reported if item.tracked is None}
            overtaken |= {listing.pk for listing in listings if listing.ref in untold}
            if lease is not None:
                lease.renew()
    except UnreadableProducts as error:
        catalog.keep_unreadable(channel, error.problems, now=timezone.now())
        overtaken |= {listing.pk for listing in listings if listing.product_ref in error.problems}
    except (Unreachable, RateLimited):
        # What was read until then counts: a store that fails every fourth call would else never be read through.
        if not read:
            raise
        overtaken |= {listing.pk for listing in listings if listing.product_ref not in read}
    polling.poll(channel, platform, now=timezone.now())
    readings = {}
    # Looked up before the versions are: a push that is settled in between has moved its listing's version.
    overtaken |= set() if decides_pushes else _pushed_to(ids)
    for listing in Listing.objects.filter(pk__in=ids).order_by("pk"):
        if listing.accounted_version != before[listing.pk] or listing.pk in overtaken:
            continue
        quantity = quantities.get(listing.ref)
        readings[listing.pk] = Reading(
            quantity=quantity, accounted=listing.accounted, version=listing.accounted_version
        )
    return readings


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
