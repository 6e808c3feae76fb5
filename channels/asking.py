"""What a person has a channel read now, instead of waiting for the next poll."""

from __future__ import annotations

from datetime import datetime

from channels import catalog, inbox, orders, polling
from channels.contract import NotListed
from channels.lanes import wake
from channels.models import Channel, Order, OrderLine
from channels.registry import opened


def poll_soon(*, channel: Channel, now: datetime) -> None:
    """Make the order poll due and wake the lane that does it."""
    Channel.objects.filter(pk=channel.pk).update(next_poll_at=now)
    wake(inbox.lane_of(channel.pk))


def fetch_order(*, order: Order, now: datetime) -> Order:
    """Fetch one order and book it as it is now, products that it names and we don't know included.

    Raises ChannelError; NotListed where the platform has no such order (any more): nothing is changed then, since
    only the platform's own list of deleted orders says that one was deleted.
    """
    channel = order.channel
    with opened(channel) as platform:
        raw = platform.fetch_orders([order.ref]).get(order.ref)
        if raw is None:
            raise NotListed(f"{platform.capabilities.name} has no order {order} (any more).")
        unknown = order.lines.filter(state=OrderLine.State.WAITING, listing=None).exclude(product_ref="")
        products = sorted(set(unknown.values_list("product_ref", flat=True)))
        if products:
            catalog.refresh_products(channel, platform, products, now=now)
        polling.book_all(channel, platform, [raw], fetched_at=now, now=now)
        # Booked again even where the order reads as before: what it waited for may be there now.
        return orders.book(channel, platform, raw, fetched_at=now, now=now)
