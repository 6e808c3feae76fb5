"""What is known about a listing since its numbers last agreed: pushes, orders, events. Read in a few queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from channels.contract import BadPayload, EventKind, Platform
from channels.models import InboundEvent, Listing, Order, OrderLine, Push
from channels.readings import Reading
from inventory.models import Sku
from reconciliation.models import Discrepancy, Finding, Run

MARGIN = timedelta(minutes=10)  # a change shortly before a reading may have taken effect after it
MOST = 50  # rows of each kind that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPush:
    """A change of ours that was sent, and how it ended."""

    pk: int
    delta: int
    state: str
    was_decided: bool  # its outcome was unknown, and a reading decided it
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbooked:
    """An order that is known of and does not count yet, or not fully."""

    kind: str  # order or event
    pk: int
    name: str
    problem: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """The platform has told that the product was changed."""

    pk: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the cause is judged by. ``drift`` is signed: positive, the channel shows too much."""

    drift: int
    agreed_at: datetime
    is_gone: bool = False
    is_untracked: bool = False
    unwritable_reason: str = ""
    pushes: tuple[SentPush, ...] = ()  # newest first
    unbooked: tuple[Unbooked, ...] = ()
    edits: tuple[Edit, ...] = ()  # newest first
    sales_since: int = 0  # units that orders have taken since
    code: str = ""  # the store's SKU
    sku_code: str = ""  # ours
    other_sku: Sku | None = None  # of ours, that the store's code names instead
    successor: Listing | None = None  # another listing that carries the same code now
    has_one_warehouse: bool = False


def gather(listing: Listing, reading: Reading, platform: Platform | None, *, has_one_warehouse: bool) -> Facts:
    """Look up what is known about ``listing``. ``platform`` only reads stored events; it is not asked anything."""
    agreed_at = last_agreement(listing)
    since = max(listing.created_at, agreed_at - MARGIN)
    code = listing.external_sku
    other = Sku.objects.active().filter(code=code).exclude(pk=listing.sku_id).first() if code else None
    is_apart = listing.state == Listing.State.GONE
    return Facts(
        drift=reading.drift,
        is_gone=is_apart,
        is_untracked=not is_apart and listing.tracked is False,
        unwritable_reason=listing.unwritable_reason,
        agreed_at=agreed_at,
        pushes=_pushes(listing, since),
        unbooked=_unbooked(listing, since),
        edits=_edits(listing, platform, since) if platform is not None else (),
        sales_since=sum(
            OrderLine.objects.filter(listing=listing, order__booked_at__gte=since).values_list("taken", flat=True)[
                :MOST
            ]
        ),
        code=code,
        sku_code=listing.sku.code if listing.sku else "",
        other_sku=other,
        successor=_successor(listing) if is_apart else None,
        has_one_warehouse=has_one_warehouse,
    )


def last_agreement(listing: Listing) -> datetime:
    """Return when the two numbers were last known to agree.

    That is the start of the channel's last whole run in which the listing was no finding; before any, when it came
    into the catalogue and what it showed was accounted for. A live discrepancy keeps what it was opened with.
    """
    live: Discrepancy | None = Discrepancy.objects.live().filter(listing=listing).first()
    if live is not None and live.agreed_at is not None:
        return live.agreed_at
    runs: QuerySet[Run] = Run.objects.filter(
        channel=listing.channel_id, scope=Run.Scope.FULL, state=Run.State.DONE, started_at__gte=listing.created_at
    )
    for run in runs.order_by("-pk")[:10]:
        differed = Finding.objects.filter(run=run, listing=listing).exclude(
            state__in=[Finding.State.DISMISSED, Finding.State.HEALED, Finding.State.CORRECTED]
        )
        if not differed.exists():
            return run.started_at
    return listing.created_at


def _pushes(listing: Listing, since: datetime) -> tuple[SentPush, ...]:
    rows = (
        Push.objects.filter(listing=listing, created_at__gte=since)
        .exclude(state=Push.State.OBSERVED)
        .order_by("-pk")[:MOST]
    )
    return tuple(
        SentPush(
            pk=push.pk,
            delta=push.delta if push.applied is None else push.applied,
            state=push.state,
            was_decided=push.reading is not None,
            at=push.created_at,
        )
        for push in rows
    )


def _unbooked(listing: Listing, since: datetime) -> tuple[Unbooked, ...]:
    """Return what may be a sale of the listing that the ledger does not have: orders and events with a problem."""
    orders = Order.objects.filter(channel=listing.channel_id).exclude(problem="")
    mine = (
        Q(lines__listing=listing) | Q(lines__product_ref=listing.product_ref) | Q(lines=None, first_seen_at__gte=since)
    )
    found = [
        Unbooked(kind="order", pk=o.pk, name=str(o), problem=o.problem, at=o.first_seen_at)
        for o in orders.filter(mine).distinct().order_by("-pk")[:MOST]
    ]
    events = InboundEvent.objects.filter(
        channel=listing.channel_id,
        state__in=[InboundEvent.State.PENDING, InboundEvent.State.FAILED],
        topic__icontains="order",
        received_at__gte=since,
    ).order_by("-pk")[:MOST]
    found += [
        Unbooked(kind="event", pk=e.pk, name=e.topic, problem=e.problem or e.get_state_display(), at=e.received_at)
        for e in events
    ]
    return tuple(found)


def _edits(listing: Listing, platform: Platform, since: datetime) -> tuple[Edit, ...]:
    """Return the stored events that tell of a change of the listing's product."""
    rows = InboundEvent.objects.filter(
        channel=listing.channel_id, received_at__gte=since, body__contains=listing.product_ref
    ).order_by("-pk")[:MOST]
    found = []
    for event in rows:
        try:
            hints = platform.parse_events(event.topic, event.body.encode())
        except BadPayload:
            continue
        if any(hint.kind == EventKind.PRODUCT and hint.ref == listing.product_ref for hint in hints):
            found.append(Edit(pk=event.pk, at=event.received_at))
    return tuple(found)


def _successor(listing: Listing) -> Listing | None:
    if not listing.external_sku:
        return None
    twin: Listing | None = (
        Listing.objects.filter(
            channel=listing.channel_id, external_sku=listing.external_sku, state=Listing.State.ACTIVE
        )
        .order_by("-pk")
        .first()
    )
    return twin
