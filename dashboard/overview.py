"""What the overview reads: figures, the state of each channel, and what happened last. A fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from channels import limiter, problems
from channels.contract import ChannelError
from channels.models import Channel, ChannelWarehouse, InboundEvent, Listing, Order, Push
from channels.registry import capabilities_of, opened
from dashboard.links import link
from inventory.models import Movement, Sku

RECENT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """``due`` are quantities that wait to be written, ``oversold`` SKUs; both of now."""

    oversold: int
    due: int
    orders_today: int
    pushes_today: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A channel with what its row does not tell. ``oldest_due``: since when its oldest work waits."""

    channel: Channel
    oldest_due: datetime | None
    calls: limiter.Room | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of recent activity."""

    at: datetime
    kind: str  # movement, push or order
    row: Movement | Push | Order
    url: str


def today(now: datetime) -> datetime:
    """Return when the person's day began."""
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


def figures(channels: Sequence[Channel], *, now: datetime) -> Figures:
    """Read the few numbers at the top; ``channels`` are those of ``channel_health``."""
    return Figures(
        oversold=Sku.objects.all().oversold().count(),
        due=sum(channel.due for channel in channels),  # type: ignore[attr-defined]
        orders_today=Order.objects.filter(placed_at__gte=today(now)).count(),
        pushes_today=Push.objects.filter(state=Push.State.APPLIED, settled_at__gte=today(now)).count(),
    )


def channel_health(*, now: datetime) -> list[Channel]:
    """Return the connected channels; ``differing`` counts the listings in step whose channel shows something else than
    it should, ``due`` those with work ahead, ``late`` those that wait too long, ``due_since`` when the oldest began."""
    listings = Listing.objects.filter(state=Listing.State.ACTIVE, mapping=Listing.Mapping.MAPPED, tracked=True)
    writing = Q(channel__mode__in=[Channel.Mode.LIVE, Channel.Mode.SELL_DOWN])
    writing |= Q(channel__mode=Channel.Mode.PART_LIVE, is_live=True)
    due = listings.filter(due_at__isnull=False)
    late = due.filter(writing, due_since__lt=now - problems.LATE_AFTER)
    waiting, behind = _count(due), _count(late)
    # What disagrees is little and has indexes of its own; counting all that agrees would read every listing.
    apart = [
        _count(listings.exclude(drift=0)),
        _count(listings.filter(drift=0, parked_at__isnull=False)),
        _count(late.filter(drift=0, parked_at=None)),
    ]
    since = dict(due.order_by().values_list("channel").annotate(Min("due_since")))
    fed = set(ChannelWarehouse.objects.values_list("channel", flat=True))
    channels = list(Channel.objects.filter(disconnected_at=None).order_by("name", "pk"))
    for channel in channels:
        pk = channel.pk
        facts = {
            "differing": sum(counts.get(pk, 0) for counts in apart),
            "due": waiting.get(pk, 0),
            "late": behind.get(pk, 0),
            "due_since": since.get(pk),
            "has_warehouse": pk in fed,
        }
        for name, value in facts.items():
            setattr(channel, name, value)
    return channels


def _count(listings: QuerySet[Listing]) -> dict[int, int]:
    """Return how many of these listings each channel has."""
    return dict(listings.order_by().values_list("channel").annotate(Count("pk")))


def health(channels: Sequence[Channel]) -> list[Health]:
    """Return how each channel keeps up: its oldest work and the calls that it may still make."""
    events = dict(
        InboundEvent.objects.filter(state=InboundEvent.State.PENDING)
        .order_by()
        .values_list("channel_id")
        .annotate(Min("received_at"))
    )
    rooms = limiter.rooms({channel.pk: (_budget_key(channel), capabilities_of(channel)) for channel in channels})
    return [
        Health(
            channel=channel,
            oldest_due=min(
                filter(None, (channel.due_since, events.get(channel.pk))),  # type: ignore[attr-defined]
                default=None,
            ),
            calls=rooms.get(channel.pk),
        )
        for channel in channels
    ]


def _budget_key(channel: Channel) -> str:
    """Return the key of the channel's one budget of calls; none where each kind of call has its own."""
    try:
        with opened(channel) as platform:  # nothing is asked over the network here
            keys = platform.budget_keys()
    except ChannelError:
        return ""  # its credentials or its address are no use: its own row says so, and the others go on
    return keys[0] if len(keys) == 1 else ""


def recent() -> list[Happening]:
    """Return the latest movements, pushes and orders, newest first."""
    movements = Movement.objects.select_related("sku", "warehouse").order_by("-pk")[:RECENT]
    pushes = (
        Push.objects.select_related("channel", "listing__sku").defer("channel__credentials").order_by("-pk")[:RECENT]
    )
    orders = Order.objects.select_related("channel").defer("channel__credentials", "payload").order_by("-pk")[:RECENT]
    rows = [
        *(
            Happening(at=row.recorded_at, kind="movement", row=row, url=link("dashboard:sku_detail", row.sku_id))
            for row in movements
        ),
        *(
            Happening(
                at=row.settled_at or row.created_at,
                kind="push",
                row=row,
                url=link("channels:listing_detail", row.listing_id),
            )
            for row in pushes
        ),
        *(
            Happening(at=row.first_seen_at, kind="order", row=row, url=link("channels:order_detail", row.pk))
            for row in orders
        ),
    ]
    return sorted(rows, key=lambda happening: happening.at, reverse=True)[:RECENT]
