"""The order poll: the safety net under the webhooks. No platform promises delivery."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from channels import catalog, orders
from channels.contract import BadPayload, ChannelError, Platform, RawOrder
from channels.models import Channel, ListingVariant, Order
from inventory.errors import OWN_FAULTS

HISTORY = timedelta(days=30)  # how far back the first poll looks for orders that are still open
SHORT_OVERLAP = timedelta(minutes=5)
DEEP_EVERY = timedelta(hours=1)
LOOK_UP_AT_ONCE = 100
# A poll reads span by span and keeps how far it has come: one of many orders outlasts a task, and calls run out.
BUDGET_SECONDS = 30.0
FIRST_SPAN = timedelta(days=1)
SHORTEST_SPAN = timedelta(minutes=1)
QUICK_SECONDS = 3.0


class StillReading(ChannelError):
    """A poll has done its share for now; the next one goes on where it has come to. ``booked``: orders with news."""

    def __init__(self, booked: int) -> None:
        super().__init__("Its orders are still being read; that goes on by itself.")
        self.booked = booked


def poll(channel: Channel, platform: Platform, *, now: datetime) -> int:
    """Book every order that changed since the last poll, less an overlap; return how many had news.

    The overlap is short, and once an hour as long as the platform wants it. The watermark is the poll's start, and
    it moves only after all pages were booked. Raises StillReading when the next poll is to go on, ChannelError.
    """
    progress = _Progress.of(channel) or _begin(channel, platform, now=now)
    since, is_deep = datetime.fromisoformat(progress.since), progress.is_deep
    booked = _read_spans(channel, platform, progress, now=now)
    for ref in platform.deleted_orders(since=since):
        booked += orders.book_deleted(channel, platform, ref, now=now)
    if is_deep and not platform.capabilities.tells_deleted_orders:
        booked += _look_up_open(channel, platform, now=now)
    rows = Channel.objects.filter(pk=channel.pk)
    rows.filter(Q(orders_polled_to=None) | Q(orders_polled_to__lt=now)).update(orders_polled_to=now)
    rows.update(next_poll_at=now + timedelta(seconds=channel.poll_seconds), poll_progress=None)
    channel.orders_polled_to, channel.poll_progress = now, None
    if is_deep:
        rows.update(deep_polled_at=now)
        channel.deep_polled_at = now
    return booked


@dataclass(slots=True, kw_only=True)
class _Progress:
    """A poll on its way. Every order that changed from ``since`` to ``reached`` is booked."""

    since: str
    reached: str
    is_deep: bool
    span_seconds: float

    @classmethod
    def of(cls, channel: Channel) -> _Progress | None:
        return cls(**channel.poll_progress) if channel.poll_progress else None

    def keep(self, channel: Channel) -> None:
        channel.poll_progress = asdict(self)
        Channel.objects.filter(pk=channel.pk).update(poll_progress=channel.poll_progress)


def _begin(channel: Channel, platform: Platform, *, now: datetime) -> _Progress:
    is_deep = channel.deep_polled_at is None or now - channel.deep_polled_at >= DEEP_EVERY
    overlap = timedelta(seconds=platform.capabilities.poll_overlap_seconds) if is_deep else SHORT_OVERLAP
    since = ((channel.orders_polled_to or channel.started_at - HISTORY) - overlap).isoformat()
    return _Progress(since=since, reached=since, is_deep=is_deep, span_seconds=FIRST_SPAN.total_seconds())


def _read_spans(channel: Channel, platform: Platform, progress: _Progress, *, now: datetime) -> int:
    """Book span after span up to now and keep how far this has come; return how many orders had news.

    A span that was quick is followed by a longer one, and one that could not be read to its end by a shorter one.
    """
    latest = now - timedelta(seconds=platform.orders_settle_seconds())
    ends_at, booked = time.monotonic() + BUDGET_SECONDS, 0
    while True:
        reached, span = datetime.fromisoformat(progress.reached), timedelta(seconds=progress.span_seconds)
        until = reached + span if reached + span < latest else None
        length, began_at, pages = min(span, now - reached), time.monotonic(), 0
        try:
            for page in platform.order_pages(since=reached, until=until):
                booked += book_all(channel, platform, page, fetched_at=now, now=now)
                pages += 1
                if pages > 1 and time.monotonic() > ends_at and length > SHORTEST_SPAN:
                    raise StillReading(booked)
        except ChannelError:
            if pages:
                progress.span_seconds = max(length / 8, SHORTEST_SPAN).total_seconds()
                progress.keep(channel)
            raise
        if until is None:
            return booked
        progress.reached = until.isoformat()
        progress.span_seconds *= 4 if time.monotonic() - began_at < QUICK_SECONDS else 1
        progress.keep(channel)
        if time.monotonic() > ends_at:
            raise StillReading(booked)


def _look_up_open(channel: Channel, platform: Platform, *, now: datetime) -> int:
    """Ask for every open order, since no list says which were deleted; return how many had news."""
    refs = list(
        Order.objects.filter(channel=channel, state=Order.State.OPEN).order_by("pk").values_list("ref", flat=True)
    )
    booked = 0
    for start in range(0, len(refs), LOOK_UP_AT_ONCE):
        fetched = platform.fetch_orders(refs[start : start + LOOK_UP_AT_ONCE])
        found = [raw for raw in fetched.values() if raw is not None]
        booked += book_all(channel, platform, found, fetched_at=now, now=now)
        for ref, raw in fetched.items():
            if raw is None:
                booked += orders.book_deleted(channel, platform, ref, now=now)
    return booked


def book_all(
    channel: Channel, platform: Platform, page: Sequence[RawOrder], *, fetched_at: datetime, now: datetime
) -> int:
    """Book the orders of one page that differ from what is booked already; return how many did."""
    digests = dict(
        Order.objects.filter(channel=channel, ref__in=[raw.ref for raw in page], problem="").values_list(
            "ref", "digest"
        )
    )
    news = [raw for raw in page if digests.get(raw.ref) != orders.digest_of(raw.payload)]
    _learn_products(channel, platform, news, now=now)
    for raw in news:
        orders.book(channel, platform, raw, fetched_at=fetched_at, now=now)
    return len(news)


def _learn_products(channel: Channel, platform: Platform, page: Sequence[RawOrder], *, now: datetime) -> None:
    """Read the products that the orders name and the catalogue does not know yet, before any order is locked."""
    products: dict[str, str] = {}
    for raw in page:
        try:
            snapshot = platform.snapshot(raw.payload, {})
        except (BadPayload, *OWN_FAULTS):
            continue  # booking keeps it with its problem
        products.update({line.variant_ref: line.product_ref for line in snapshot.lines if line.product_ref})
    known = set(ListingVariant.objects.filter(channel=channel, ref__in=products).values_list("ref", flat=True))
    unknown = {product_ref for ref, product_ref in products.items() if ref not in known}
    if unknown:
        catalog.refresh_products(channel, platform, sorted(unknown), now=now)
