"""The inbox: webhooks are verified, stored and answered; the work follows from the rows.

Events are hints. An order event makes the order be fetched and booked as it is now, so repeats, reordering and loss
all end in the same state. A product event only asks for a look at the product, later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from channels import catalog, connection, orders, polling
from channels.contract import (
    BadCredentials,
    BadPayload,
    BadSignature,
    ChannelError,
    ChannelEvent,
    Delivery,
    EventKind,
    Platform,
    QueueMessage,
    RateLimited,
    Rejected,
)
from channels.lanes import Lease, wake_soon
from channels.models import Channel, InboundEvent, Listing, Order

AT_ONCE = 100  # events worked on in one round
MAX_ATTEMPTS = 8
KEPT_HEADERS = ("signature", "topic", "event", "delivery", "webhook", "content-type", "user-agent")
CHECK_AFTER = timedelta(seconds=30)  # the sale behind a product event has its own event; give it time


def lane_of(channel_id: int) -> str:
    return f"inbox:{channel_id}"


def accept(
    channel: Channel,
    platform: Platform,
    delivery: Delivery,
    *,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> bool:
    """Verify and store one webhook, with those of its headers that say what it is; tell whether it was new.

    ``headers``: by their names in lower case. Raises BadSignature, having only counted it."""
    try:
        platform.check_signature(headers, body)
    except BadSignature:
        Channel.objects.filter(pk=channel.pk).update(refused_webhooks=F("refused_webhooks") + 1, refused_webhook_at=now)
        raise
    kept = {name: value[:500] for name, value in headers.items() if any(part in name for part in KEPT_HEADERS)}
    if not keep(channel, delivery, headers=kept, body=platform.kept_body(delivery.topic, body), now=now):
        return False
    wake_soon(lane_of(channel.pk))
    return True


def keep(
    channel: Channel, delivery: Delivery | QueueMessage, *, headers: Mapping[str, str], body: bytes, now: datetime
) -> bool:
    """Store what was told, once; tell whether it was new."""
    # Alone it is one statement; begin and commit around it would take as long again, and this is the hottest path.
    savepoint = transaction.atomic() if transaction.get_connection().in_atomic_block else nullcontext()
    try:
        with savepoint:
            InboundEvent.objects.create(
                channel_id=channel.pk,
                delivery_id=delivery.delivery_id,
                topic=delivery.topic,
                headers=dict(headers),
                body=body.decode(errors="replace"),
                received_at=now,
                due_at=now,
            )
    except IntegrityError:
        return False
    return True


def replay(event: InboundEvent, *, now: datetime) -> None:
    """Have a stored event worked on again; harmless, since only differences are booked."""
    InboundEvent.objects.filter(pk=event.pk).update(
        state=InboundEvent.State.PENDING, attempts=0, problem="", due_at=now, ended_at=None
    )
    wake_soon(lane_of(event.channel_id))


def replay_all(events: QuerySet[InboundEvent], *, now: datetime) -> int:
    """Have these stored events worked on again; return how many there were."""
    rows = InboundEvent.objects.filter(pk__in=events.order_by().values("pk"))
    channel_ids = sorted(set(rows.order_by().values_list("channel_id", flat=True)))
    found = rows.update(state=InboundEvent.State.PENDING, attempts=0, problem="", due_at=now, ended_at=None)
    for channel_id in channel_ids:
        wake_soon(lane_of(channel_id))
    return found


@dataclass(slots=True)
class _Read:
    """A stored event and what it hints at."""

    event: InboundEvent
    hints: Sequence[ChannelEvent]


def work(channel: Channel, platform: Platform, lease: Lease) -> bool:
    """Work on up to AT_ONCE due events; tell whether there were any. Raises ChannelError after keeping them due."""
    now = timezone.now()
    events = _claim(channel, now=now)
    if not events:
        return False
    heard_at = max(event.received_at for event in events)
    rows = Channel.objects.filter(pk=channel.pk)
    if channel.last_event_at is None or not channel.subscription_report.get("is_healthy", True):
        rows.update(next_subscription_check_at=now)  # what the last check said is no longer true
    rows.filter(Q(last_event_at=None) | Q(last_event_at__lt=heard_at)).update(last_event_at=heard_at)
    rest = [item for item in (_read(event, platform, now=now) for event in events) if item is not None]
    try:
        try:
            _work_on(channel, platform, rest, now=now)
        except (BadPayload, Rejected):
            # What one of them names can't be read: that must not hold the others up.
            while rest:
                _work_alone(channel, platform, rest[0], now=now)
                rest.pop(0)
    except ChannelError as error:
        connection.note_failure(channel, error, now=now)
        _postpone([item.event for item in rest], error, now=now)
        raise
    return True


def _claim(channel: Channel, *, now: datetime) -> list[InboundEvent]:
    """Return the events to work on, counted before the work: one that kills its worker must not be offered for ever.

    One that was begun before and did not end is offered alone, and ever later: the others don't share its fate.
    """
    events = list(InboundEvent.objects.filter(channel=channel).due(now)[:AT_ONCE])
    if not events:
        return []
    first = events[0]
    claimed = [first] if first.attempts else [event for event in events if not event.attempts]
    InboundEvent.objects.filter(pk__in=[event.pk for event in claimed]).update(
        attempts=F("attempts") + 1, due_at=now + _wait(first.attempts)
    )
    return claimed


def _wait(attempts: int) -> timedelta:
    return timedelta(seconds=min(2 ** min(attempts, 9), 300))


def _work_on(channel: Channel, platform: Platform, read: Sequence[_Read], *, now: datetime) -> None:
    missing = _book_orders(channel, platform, read, now=now)
    _look_at_products(channel, platform, read, now=now)
    if any(hint.kind == EventKind.HELD_STOCK for item in read for hint in item.hints):
        Channel.objects.filter(pk=channel.pk, mirror__isnull=False).update(next_mirror_at=now)
    if any(hint.kind == EventKind.DISCONNECTED for item in read for hint in item.hints):
        _look_at_connection(platform)
    for item in read:
        _end(item, missing, now=now)


def _work_alone(channel: Channel, platform: Platform, item: _Read, *, now: datetime) -> None:
    try:
        _work_on(channel, platform, [item], now=now)
    except (BadPayload, Rejected) as problem:
        _retry(item.event, str(problem), now=now)


def _look_at_connection(platform: Platform) -> None:
    """Ask the store whether it has removed the app: a notice that comes late may be about an earlier connection."""
    try:
        platform.check_connection()
    except BadCredentials:
        raise BadCredentials("The store has removed the app: connect it again.") from None


def _read(event: InboundEvent, platform: Platform, *, now: datetime) -> _Read | None:
    if event.attempts >= MAX_ATTEMPTS:
        _close(event, InboundEvent.State.FAILED, event.problem or "It could not be worked on.", now=now)
        return None
    try:
        return _Read(event=event, hints=platform.parse_events(event.topic, event.body.encode()))
    except BadPayload as problem:
        _close(event, InboundEvent.State.FAILED, str(problem), now=now)
        return None


def _book_orders(channel: Channel, platform: Platform, read: Sequence[_Read], *, now: datetime) -> set[str]:
    """Fetch each order once, however many events hint at it, and book it; return the refs that were not found."""
    deleted = {h.ref for item in read for h in item.hints if h.kind == EventKind.ORDER_DELETED}
    refs = sorted({h.ref for item in read for h in item.hints if h.kind == EventKind.ORDER} | deleted)
    if not refs:
        return set()
    fetched = platform.fetch_orders(refs)
    found = [raw for raw in fetched.values() if raw is not None]
    polling.book_all(channel, platform, found, fetched_at=now, now=now)
    missing = {ref for ref in refs if fetched.get(ref) is None}
    for ref in missing & deleted:
        orders.book_deleted(channel, platform, platform.order_ref(ref), now=now)
    # An event about an order that was deleted since has nothing more to say.
    known_gone = set(
        Order.objects.filter(
            channel=channel, ref__in=[platform.order_ref(ref) for ref in missing], state=Order.State.DELETED
        ).values_list("ref", flat=True)
    )
    return {ref for ref in missing - deleted if platform.order_ref(ref) not in known_gone}


def _look_at_products(channel: Channel, platform: Platform, read: Sequence[_Read], *, now: datetime) -> None:
    changed = {h.ref for item in read for h in item.hints if h.kind == EventKind.PRODUCT}
    gone = {h.ref for item in read for h in item.hints if h.kind == EventKind.PRODUCT_DELETED}
    listings = Listing.objects.filter(channel=channel)
    known = set(listings.filter(product_ref__in=changed).values_list("product_ref", flat=True))
    listings.filter(product_ref__in=known).update_in_order(
        check_due_at=Coalesce("check_due_at", Value(now + CHECK_AFTER)),
    )
    unknown = changed - known if channel.imports.filter(state="done").exists() else set()
    if gone or unknown:
        catalog.refresh_products(channel, platform, sorted(gone | unknown), now=now)


def _end(item: _Read, missing: set[str], *, now: datetime) -> None:
    kinds = {hint.kind for hint in item.hints}
    if any(hint.ref in missing for hint in item.hints):
        _retry(item.event, "The platform does not know this order (yet).", now=now)
    elif kinds <= {EventKind.OTHER}:
        words = "; ".join(hint.description for hint in item.hints)
        _close(item.event, InboundEvent.State.IGNORED, words, now=now)
    else:
        _close(item.event, InboundEvent.State.DONE, "", now=now)


def _postpone(events: Sequence[InboundEvent], error: ChannelError, *, now: datetime) -> None:
    """Keep the events due: the platform can't be asked now. That is no fault of theirs and uses up no attempt."""
    wait = timedelta(seconds=error.wait_seconds if isinstance(error, RateLimited) else 5)
    InboundEvent.objects.filter(pk__in=[event.pk for event in events]).update(
        due_at=now + wait, problem=str(error)[:500], attempts=F("attempts") - 1
    )


def _retry(event: InboundEvent, problem: str, *, now: datetime) -> None:
    if event.attempts + 1 >= MAX_ATTEMPTS:
        _close(event, InboundEvent.State.FAILED, problem, now=now)
        return
    InboundEvent.objects.filter(pk=event.pk).update(due_at=now + _wait(event.attempts), problem=problem[:500])


def _close(event: InboundEvent, state: InboundEvent.State, problem: str, *, now: datetime) -> None:
    InboundEvent.objects.filter(pk=event.pk).filter(Q(state=InboundEvent.State.PENDING)).update(
        state=state, problem=problem[:500], due_at=None, ended_at=now
    )
