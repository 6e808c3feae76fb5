"""The order poll: the safety net under the webhooks. No platform promises delivery."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from channels import catalog, orders
from channels.contract import BadPayload, Platform, RawOrder
from channels.models import Channel, ListingVariant, Order

HISTORY = timedelta(days=30)  # how far back the first poll looks for orders that are still open
SHORT_OVERLAP = timedelta(minutes=5)
DEEP_EVERY = timedelta(hours=1)
LOOK_UP_AT_ONCE = 100


def poll(channel: Channel, platform: Platform, *, now: datetime) -> int:
    """Book every order that changed since the last poll, less an overlap; return how many had news.

    The overlap is short, and once an hour as long as the platform wants it. The watermark is the poll's start, and
    it moves only after all pages were booked. Raises ChannelError.
    """
    is_deep = channel.deep_polled_at is None or now - channel.deep_polled_at >= DEEP_EVERY
    overlap = timedelta(seconds=platform.capabilities.poll_overlap_seconds) if is_deep else SHORT_OVERLAP
    since = (channel.orders_polled_to or channel.started_at - HISTORY) - overlap
    booked = 0
    for page in platform.order_pages(since=since):
        booked += book_all(channel, platform, page, fetched_at=now, now=now)
    for ref in platform.deleted_orders(since=since):
        booked += orders.book_deleted(channel, platform, ref, now=now)
    if is_deep and not platform.capabilities.tells_deleted_orders:
        booked += _look_up_open(channel, platform, now=now)
    rows = Channel.objects.filter(pk=channel.pk)
    rows.filter(Q(orders_polled_to=None) | Q(orders_polled_to__lt=now)).update(orders_polled_to=now)
    rows.update(next_poll_at=now + timedelta(seconds=channel.poll_seconds))
    channel.orders_polled_to = now
    if is_deep:
        rows.update(deep_polled_at=now)
        channel.deep_polled_at = now
    return booked


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
        except BadPayload:
            continue  # booking keeps it with its problem
        products.update({line.variant_ref: line.product_ref for line in snapshot.lines if line.product_ref})
    known = set(ListingVariant.objects.filter(channel=channel, ref__in=products).values_list("ref", flat=True))
    unknown = {product_ref for ref, product_ref in products.items() if ref not in known}
    if unknown:
        catalog.refresh_products(channel, platform, sorted(unknown), now=now)
