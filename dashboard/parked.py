"""What was given up on and waits for a person: quantities, orders, events. Each can be tried again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels import asking, inbox, parking
from channels.models import Channel, InboundEvent, Listing, Order, OrderLine
from dashboard.links import link

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

AT_ONCE = 200  # rows that one press tries again; the rest waits for the next press


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """How a row is shown: what it is, where its page is, in whose words it failed, and since when it waits."""

    title: str
    url: str
    channel: str
    words: str
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What trying a row again came to. ``is_done``: nothing is left for a person to do about it now."""

    title: str
    url: str
    words: str
    is_done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of thing that is set aside. ``retry`` tries rows again and says of each what came of it."""

    code: str
    label: StrPromise
    empty: StrPromise
    rows: Callable[[], QuerySet[Any]]
    about: Callable[[Any], About]
    retry: Callable[[list[Any], str, datetime], Iterable[Outcome]]


# Quantities -----------------------------------------------------------------------------------------------------


def _listings() -> QuerySet[Listing]:
    rows = Listing.objects.exclude(state=Listing.State.GONE).filter(parked_at__isnull=False)
    return rows.select_related("channel", "sku").order_by("parked_at", "pk")


def _about_listing(listing: Listing) -> About:
    return About(
        title=str(listing),
        url=link("channels:listing_detail", listing.pk),
        channel=listing.channel.name,
        words=listing.parked_reason,
        since=listing.parked_at,
    )


def _retry_listings(rows: list[Listing], actor: str, now: datetime) -> Iterator[Outcome]:
    for listing in rows:
        parking.retry(listing=listing, actor=actor, now=now)
        channel: Channel = listing.channel
        words = _("Goes out with the next wave; refused again, it comes back here.")
        if not channel.is_writable or channel.halted_at is not None:
            words = _("Is due again, and waits until %(channel)s takes quantities.") % {"channel": channel.name}
        yield Outcome(title=str(listing), url=_about_listing(listing).url, words=words, is_done=True)


# Events ---------------------------------------------------------------------------------------------------------


def _events() -> QuerySet[InboundEvent]:
    rows = InboundEvent.objects.filter(state=InboundEvent.State.FAILED)
    return rows.select_related("channel").defer("body", "headers").order_by("received_at", "pk")


def _about_event(event: InboundEvent) -> About:
    return About(
        title=event.topic or event.delivery_id,
        url=link("channels:event_detail", event.pk),
        channel=event.channel.name,
        words=event.problem,
        since=event.received_at,
    )


def _retry_events(rows: list[InboundEvent], actor: str, now: datetime) -> Iterator[Outcome]:
    inbox.replay_all(InboundEvent.objects.filter(pk__in=[event.pk for event in rows]), now=now)
    for event in rows:
        about = _about_event(event)
        yield Outcome(title=about.title, url=about.url, words=_("Is worked on again."), is_done=True)


# Orders ---------------------------------------------------------------------------------------------------------


def _orders() -> QuerySet[Order]:
    rows = Order.objects.all().parked()
    return rows.select_related("channel").defer("payload").prefetch_related("lines").order_by("placed_at", "pk")


def _about_order(order: Order) -> About:
    reasons = [line.reason for line in order.lines.all() if line.state == OrderLine.State.WAITING and line.reason]
    return About(
        title=str(order),
        url=link("channels:order_detail", order.pk),
        channel=order.channel.name,
        words=order.problem or " ".join(dict.fromkeys(reasons)),
        since=order.placed_at or order.first_seen_at,
    )


def _retry_orders(rows: list[Order], actor: str, now: datetime) -> Iterator[Outcome]:
    left = asking.retry_orders(rows, now=now)
    for order in rows:
        words = left[order.pk] or _("Fetched and booked.")
        yield Outcome(title=str(order), url=_about_order(order).url, words=words, is_done=not left[order.pk])


KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind(
            code="quantities",
            label=gettext_lazy("Quantities"),
            empty=gettext_lazy("No store has refused a quantity."),
            rows=_listings,
            about=_about_listing,
            retry=_retry_listings,
        ),
        Kind(
            code="orders",
            label=gettext_lazy("Orders"),
            empty=gettext_lazy("Every order is booked."),
            rows=_orders,
            about=_about_order,
            retry=_retry_orders,
        ),
        Kind(
            code="events",
            label=gettext_lazy("Webhooks received"),
            empty=gettext_lazy("Every webhook could be worked on."),
            rows=_events,
            about=_about_event,
            retry=_retry_events,
        ),
    )
}
