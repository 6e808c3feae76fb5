"""Observing: what listings would be told while nothing is written to them, and how far their store agrees with that.

What a listing would be told stands on it, in ``would_show``: the publishing lane keeps it there. So the list of what
would be pushed is read and not worked out, whatever its length. How it was on earlier days can't be told from what
stands there now, and is measured: one row for each channel and day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Case, Count, Exists, F, OuterRef, Q, Value, When

from channels.models import Channel, Listing, ObservedDay
from channels.querysets import ListingQuerySet

AT_ONCE = 500  # listings in one statement
MEASURED_EVERY = timedelta(minutes=10)


def keep(targets: Mapping[Listing, int]) -> None:
    """Note on listings that are observed what they would be told: whole units, by listing."""
    news = {listing.pk: target for listing, target in targets.items() if listing.would_show != target}
    numbers = sorted(news)
    for start in range(0, len(numbers), AT_ONCE):
        part = numbers[start : start + AT_ONCE]
        cases = Case(*(When(pk=pk, then=Value(news[pk])) for pk in part))
        Listing.objects.filter(pk__in=part).update_in_order(would_show=cases)


def forget(listings: Iterable[Listing]) -> None:
    """Note that nobody knows what the listings would be told: no warehouse stands for where they sell from."""
    known = [listing.pk for listing in listings if listing.would_show is not None]
    if known:
        Listing.objects.filter(pk__in=known).update_in_order(would_show=None)


def observed_listings(channel: Channel) -> ListingQuerySet:
    """Return the channel's observed listings with ``change``: units that would be pushed, null where unknown."""
    rows = Listing.objects.filter(channel=channel).publishable().filter(of_mode(channel))
    changing: ListingQuerySet = rows.annotate(change=F("would_show") - F("accounted"))
    return changing


def of_mode(channel: Channel) -> Q:
    """Return which of the channel's listings are observed: ``ListingQuerySet.observed`` without a look at the mode."""
    if channel.mode == Channel.Mode.OBSERVE:
        return Q()
    return Q(is_live=False) if channel.mode == Channel.Mode.PART_LIVE else Q(pk__in=[])


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How many of the listings show what they would be told; ``unknown`` ones were not read or not worked out yet."""

    listings: int
    agreeing: int
    raised: int
    lowered: int
    to_zero: int
    drifting: int
    unknown: int

    @property
    def percent(self) -> int | None:
        """The share that agrees, rounded down so that 100 means all; None where nothing is known."""
        return self.agreeing * 100 // self.listings if self.listings else None

    @property
    def differing(self) -> int:
        return self.listings - self.agreeing


_KNOWN = Q(accounted__isnull=False, would_show__isnull=False)
_AGREES = _KNOWN & Q(would_show=F("accounted"), drift=0)


_COUNTS = {
    "listings": Count("pk", filter=_KNOWN),
    "agreeing": Count("pk", filter=_AGREES),
    "raised": Count("pk", filter=_KNOWN & Q(would_show__gt=F("accounted"))),
    "lowered": Count("pk", filter=_KNOWN & Q(would_show__lt=F("accounted"))),
    "to_zero": Count("pk", filter=_KNOWN & Q(would_show=0, accounted__gt=0)),
    "drifting": Count("pk", filter=_KNOWN & ~Q(drift=0)),
    "unknown": Count("pk", filter=~_KNOWN),
}


def agreement(channel: Channel) -> Agreement:
    """Return how far the channel agrees now, in one query."""
    return Agreement(**observed_listings(channel).aggregate(**_COUNTS))


def agreements() -> dict[int, Agreement]:
    """Return how far each channel agrees that has observed listings, by its id."""
    watched = Channel.objects.filter(mode__in=[Channel.Mode.OBSERVE, Channel.Mode.PART_LIVE]).order_by()
    theirs = Listing.objects.filter(channel__in=list(watched.values_list("pk", flat=True)))
    rows = theirs.publishable().observed().order_by().values("channel").annotate(**_COUNTS)
    return {row.pop("channel"): Agreement(**row) for row in rows}


def measure(*, now: datetime) -> None:
    """Keep how far each observed channel agrees today, unless that was done in the last MEASURED_EVERY."""
    today = now.astimezone(UTC).date()
    fresh = ObservedDay.objects.filter(channel=OuterRef("pk"), on=today, measured_at__gt=now - MEASURED_EVERY)
    watched = Channel.objects.filter(
        mode__in=[Channel.Mode.OBSERVE, Channel.Mode.PART_LIVE], disconnected_at=None
    ).exclude(Exists(fresh))
    for channel in watched:
        found = agreement(channel)
        if found.listings:
            ObservedDay.objects.update_or_create(
                channel=channel,
                on=today,
                defaults={"listings": found.listings, "agreeing": found.agreeing, "measured_at": now},
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class DayScore:
    """One day's agreement."""

    on: date
    listings: int
    agreeing: int

    @property
    def percent(self) -> int:
        return self.agreeing * 100 // self.listings


def days(channel: Channel, *, found: Agreement, now: datetime, most: int = 14) -> list[DayScore]:
    """Return the last days that were measured, newest first; today is as ``found`` says."""
    today = now.astimezone(UTC).date()
    rows = channel.observed_days.filter(on__lt=today, listings__gt=0).order_by("-on")[: most - 1]
    scores = [DayScore(on=row.on, listings=row.listings, agreeing=row.agreeing) for row in rows]
    if found.listings:
        scores.insert(0, DayScore(on=today, listings=found.listings, agreeing=found.agreeing))
    return scores
