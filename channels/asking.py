"""What a person has a channel read now, instead of waiting for the next poll."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels import catalog, connection, inbox, orders, polling
from channels.contract import ChannelError, NotListed, Platform
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
    with opened(order.channel) as platform:
        return _fetch(order.channel, platform, [order], now=now)[order.pk]


def fetch_orders(*, channel: Channel, wanted: Sequence[Order], now: datetime) -> dict[int, str]:
    """Fetch orders of one channel and book them as they are now; return by its id why one could not be.

    What stops the channel as a whole is kept on it, and said of each order that was not reached.
    """
    problems: dict[int, str] = {}
    with opened(channel) as platform:
        for start in range(0, len(wanted), polling.LOOK_UP_AT_ONCE):
            some = wanted[start : start + polling.LOOK_UP_AT_ONCE]
            try:
                booked = _fetch(channel, platform, some, now=now, is_strict=False)
            except ChannelError as error:
                connection.note_failure(channel, error, now=now)
                return problems | {order.pk: str(error) for order in wanted[start:]}
            gone = _("%(platform)s has no such order (any more).") % {"platform": platform.capabilities.name}
            problems |= {order.pk: gone for order in some if order.pk not in booked}
            problems |= {pk: order.problem for pk, order in booked.items() if order.problem}
    return problems


def retry_orders(wanted: Sequence[Order], *, now: datetime) -> dict[int, str]:
    """Fetch orders of any channels and book them as they are now; return by its id what each waits for, "" for nothing.

    A channel that does not answer is said of each of its orders; those of the others go on.
    """
    by_channel: dict[int, list[Order]] = {}
    for order in wanted:
        by_channel.setdefault(order.channel_id, []).append(order)
    told: dict[int, str] = {}
    for own in by_channel.values():
        told |= {order.pk: "" for order in own} | fetch_orders(channel=own[0].channel, wanted=own, now=now)
    waiting = OrderLine.objects.waiting().filter(order__in=told).order_by("pk")
    left: dict[int, list[str]] = {}
    for order_id, reason in waiting.values_list("order", "reason"):
        left.setdefault(order_id, []).append(reason)
    for order_id, reasons in left.items():
        n = len(reasons)
        words = ngettext("%(n)d line still waits: %(why)s", "%(n)d lines still wait: %(why)s", n)
        told[order_id] = told[order_id] or words % {"n": n, "why": reasons[0]}
    return told


def _fetch(
    channel: Channel, platform: Platform, wanted: Sequence[Order], *, now: datetime, is_strict: bool = True
) -> dict[int, Order]:
    """Fetch and book the orders; return them by their ids. ``is_strict``: one that is not there raises NotListed."""
    fetched = platform.fetch_orders([order.ref for order in wanted])
    found = {order.pk: raw for order in wanted if (raw := fetched.get(order.ref)) is not None}
    missing = next((order for order in wanted if order.pk not in found), None)
    if is_strict and missing is not None:
        raise NotListed(f"{platform.capabilities.name} has no order {missing} (any more).")
    unknown = OrderLine.objects.filter(order__in=found, state=OrderLine.State.WAITING, listing=None)
    products = sorted(set(unknown.exclude(product_ref="").values_list("product_ref", flat=True)))
    if products:
        catalog.refresh_products(channel, platform, products, now=now)
    polling.book_all(channel, platform, list(found.values()), fetched_at=now, now=now)
    # Booked again even where the order reads as before: what it waited for may be there now.
    for raw in found.values():
        orders.book(channel, platform, raw, fetched_at=now, now=now)
    return dict(Order.objects.in_bulk(found))
