"""How long a sale on one channel takes until the other channels show it: read from orders, movements and pushes.

Measured is the time from the moment that the platform gives for the sale to the other channel's receipt for its new
quantity. A push that was due for several changes counts from the oldest of them. Changes of stock that are no sale, and
pushes to the channel that sold, are left out, and so are sales from before either channel was connected: nobody could
have told of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import CharField, F, OuterRef, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from channels.models import Channel, Push
from dashboard import times
from inventory.models import Movement
from reconciliation import chart

DAYS = 7
NOW = timedelta(hours=1)  # what counts as now
SAMPLE = 4000  # pushes that are looked at; of more, each n-th
TOPS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400)  # seconds at which a chart ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How long sales took: half of them at most ``p50``, 95 of 100 at most ``p95``; None where there were none."""

    sales: int
    p50: timedelta | None
    p95: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    date: date
    spread: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLatency:
    """How soon a channel showed what was sold elsewhere. ``heard``: until we knew; ``written``: from then on."""

    channel: Channel
    now: Spread
    week: Spread
    heard: Spread
    written: Spread
    days: tuple[Day, ...]
    picture: chart.Chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """The last days of every channel. ``looked_at`` of ``pushes`` pushes were looked at, ``sales`` of them were due
    to a sale elsewhere."""

    channels: tuple[ChannelLatency, ...]
    pushes: int
    looked_at: int
    sales: int


@dataclass(frozen=True, slots=True)
class _Sale:
    sold_at: datetime
    heard_at: datetime
    shown_at: datetime

    @property
    def took(self) -> timedelta:
        return max(timedelta(), self.shown_at - self.sold_at)  # a platform's clock may be ahead of ours


def percentile(ordered: Sequence[timedelta], share: float) -> timedelta | None:
    """Return the value that ``share`` of the ``ordered`` values don't exceed (nearest rank)."""
    if not ordered:
        return None
    rank = max(1, -(-len(ordered) * share // 1))
    return ordered[int(rank) - 1]


def spread(lengths: Sequence[timedelta]) -> Spread:
    ordered = sorted(lengths)
    return Spread(sales=len(ordered), p50=percentile(ordered, 0.5), p95=percentile(ordered, 0.95))


def week(channels: Sequence[Channel], *, now: datetime) -> Week:
    """Return the latencies of the last DAYS days, today included, in a fixed number of queries."""
    today = timezone.localdate(now)
    days = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
    since = now - timedelta(days=DAYS)
    pushes, looked_at, sales = _read(since)
    by_channel = {channel.pk: _by_day(sales.get(channel.pk, []), days) for channel in channels}
    top = _top([day.spread for found in by_channel.values() for day in found])
    return Week(
        channels=tuple(
            _channel(channel, sales.get(channel.pk, []), by_channel[channel.pk], top=top, now=now)
            for channel in channels
        ),
        pushes=pushes,
        looked_at=looked_at,
        sales=sum(map(len, sales.values())),
    )


def _read(since: datetime) -> tuple[int, int, Mapping[int, list[_Sale]]]:
    """Return how many pushes there were, how many were looked at, and the sales behind those, by the push's channel."""
    rows = Push.objects.filter(state=Push.State.APPLIED, settled_at__gte=since, cause_at__isnull=False)
    pushes = rows.count()
    every = -(-pushes // SAMPLE) or 1
    own = Concat(Value("order:"), Cast(OuterRef("channel_id"), CharField()), Value(":"))
    sale = (
        # What made a listing due bears the time at which the movement was recorded.
        Movement.objects.filter(recorded_at=OuterRef("cause_at"), kind=Movement.Kind.RESERVE, key__startswith="order:")
        .exclude(key__startswith=own)
        .order_by("pk")
    )
    if every > 1:
        rows = rows.annotate(turn=F("pk") % every).filter(turn=0)
    read = list(
        rows.annotate(sale=Subquery(sale.values("key")[:1]), sold_at=Subquery(sale.values("occurred_at")[:1]))
        .order_by("pk")
        .values_list("channel_id", "sale", "sold_at", "cause_at", "settled_at")
    )
    connected = dict(Channel.objects.values_list("pk", "created_at"))
    found: dict[int, list[_Sale]] = {}
    for channel_id, key, sold_at, heard_at, shown_at in read:
        if key is None or heard_at is None or shown_at is None:
            continue
        sold_on = int(key.split(":", 2)[1])
        if sold_on in connected and sold_at >= max(connected[sold_on], connected[channel_id]):
            found.setdefault(channel_id, []).append(_Sale(sold_at, heard_at, shown_at))
    return pushes, len(read), found


def _by_day(sales: Sequence[_Sale], days: Sequence[date]) -> tuple[Day, ...]:
    took: dict[date, list[timedelta]] = {day: [] for day in days}
    for sale in sales:
        took.get(timezone.localdate(sale.shown_at), []).append(sale.took)
    return tuple(Day(date=day, spread=spread(lengths)) for day, lengths in took.items())


def _top(spreads: Sequence[Spread]) -> int:
    most = max((each.p95.total_seconds() for each in spreads if each.p95 is not None), default=0.0)
    return next((seconds for seconds in TOPS if seconds >= most), TOPS[-1])


def _channel(
    channel: Channel, sales: Sequence[_Sale], days: tuple[Day, ...], *, top: int, now: datetime
) -> ChannelLatency:
    stacks = []
    for day in days:
        p50, p95 = (
            min(float(top), length.total_seconds()) if length else 0.0 for length in (day.spread.p50, day.spread.p95)
        )
        stacks.append((("p50", p50), ("p95", p95 - p50)))
    return ChannelLatency(
        channel=channel,
        now=spread([sale.took for sale in sales if sale.shown_at >= now - NOW]),
        week=spread([sale.took for sale in sales]),
        heard=spread([max(timedelta(), sale.heard_at - sale.sold_at) for sale in sales]),
        written=spread([sale.shown_at - sale.heard_at for sale in sales]),
        days=days,
        picture=chart.lay_out(
            stacks, top=float(top), top_text=times.span(timedelta(seconds=top)), ends=(days[0].date, days[-1].date)
        ),
    )
