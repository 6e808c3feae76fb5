"""Booking orders: each snapshot is compared with what is booked, and only the difference moves.

Duplicates, reordering and lost events all end in the same state. One transaction moves the ledger by the change of
``sold`` and the listing's accounted quantity by the change of ``taken``. Rows are locked in one order everywhere:
order, listings by id, stock levels, signals.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from channels import order_news, overwriting
from channels.contract import (
    BadPayload,
    KnownLine,
    OrderLineSnapshot,
    OrderSnapshot,
    Platform,
    RawOrder,
    WriteMode,
)
from channels.models import Channel, ChannelWarehouse, Listing, ListingVariant, Order, OrderLine
from channels.registry import opened
from inventory import booking, bundles
from inventory.booking import Demand
from inventory.errors import OWN_FAULTS
from inventory.models import Warehouse

log = structlog.get_logger(__name__)


def digest_of(payload: Mapping[str, Any]) -> str:
    """Return what tells an order that has changed from one that has not."""
    return hashlib.sha256(json.dumps(payload, sort_keys=True, default=str).encode()).hexdigest()


def book(channel: Channel, platform: Platform, raw: RawOrder, *, fetched_at: datetime, now: datetime) -> None:
    """Bring the ledger and ``accounted`` to what the order says now.

    An older answer that arrives after a newer one changes nothing. A payload that can't be read is kept with its
    problem, for a person to see; so is an order that can't be booked for whatever reason of its own.
    """
    with _by_itself(channel, raw.ref, now=now):
        order = _locked(channel, raw.ref, now=now)
        if _is_older(order, raw, fetched_at):
            return
        order.fetched_at = fetched_at
        order.payload, order.digest = dict(raw.payload), digest_of(raw.payload)
        _apply(channel, platform, order, now=now, is_deleted=False)


@contextmanager
def _by_itself(channel: Channel, ref: str, *, now: datetime) -> Iterator[None]:
    """Do what concerns one order in a transaction; what the order itself makes impossible is kept as its problem.

    Raised, it would keep every other order of the channel from being booked, at each poll anew.
    """
    try:
        with transaction.atomic():
            yield
    except OWN_FAULTS as error:
        log.error("order_not_booked", channel=channel.name, order=ref, exc_info=error)
        words = _("It could not be booked (%(error)s); the server's log has the details. It is tried again.")
        with transaction.atomic():
            order = _locked(channel, ref, now=now)
            order.problem = words % {"error": type(error).__name__}
            order.save(update_fields=["problem"])


def book_deleted(channel: Channel, platform: Platform, ref: str, *, now: datetime) -> bool:
    """Book that the platform has deleted an order; tell whether that was news. An unknown order is no news."""
    with _by_itself(channel, ref, now=now):
        order = Order.objects.select_for_update().filter(channel=channel, ref=ref).first()
        if order is None or order.state == Order.State.DELETED:
            return False
        order.fetched_at = now
        _apply(channel, platform, order, now=now, is_deleted=True)
    return True


def rebook_waiting(listing_ids: Sequence[int], *, now: datetime) -> int:
    """Book the order lines that waited for these listings' mapping; return how many orders had any.

    Each order is a transaction of its own: holding one order's listings while asking for the next order would lock
    against the order in which everyone else takes them.
    """
    waiting = OrderLine.objects.waiting().filter(listing_id__in=listing_ids)
    return _rebook(waiting, now=now)


def book_waiting(*, now: datetime) -> int:
    """Book the lines that still wait for something that has come since; return how many orders had any.

    A product that the catalogue knows by now, a mapping whose booking a crash cut off, a channel's first warehouse.
    """
    waiting = OrderLine.objects.waiting()
    variants = ListingVariant.objects.filter(channel=OuterRef("order__channel"), ref=OuterRef("variant_ref"))
    feeds = ChannelWarehouse.objects.filter(
        channel=OuterRef("order__channel"), location_ref=OuterRef("listing__location_ref")
    )
    is_known = Q(listing=None) & Exists(variants)
    is_apart = Q(listing__tracked=False) | Q(listing__mapping=Listing.Mapping.IGNORED)
    is_linked = Q(listing__mapping=Listing.Mapping.MAPPED) & Exists(feeds)
    return _rebook(waiting.filter(is_known | is_apart | is_linked), now=now)


def _rebook(lines: QuerySet[OrderLine], *, now: datetime) -> int:
    order_ids = sorted(set(lines.order_by().values_list("order_id", flat=True)))
    for order_id in order_ids:
        known = Order.objects.select_related("channel").get(pk=order_id)
        with _by_itself(known.channel, known.ref, now=now):
            order = Order.objects.select_for_update().get(pk=order_id)
            with opened(known.channel) as platform:  # nothing is asked over the network here
                _apply(known.channel, platform, order, now=now, is_deleted=order.state == Order.State.DELETED)
    return len(order_ids)


def _locked(channel: Channel, ref: str, *, now: datetime) -> Order:
    Order.objects.get_or_create(channel=channel, ref=ref, defaults={"first_seen_at": now})
    order: Order = Order.objects.select_for_update().get(channel=channel, ref=ref)
    return order


def _is_older(order: Order, raw: RawOrder, fetched_at: datetime) -> bool:
    """Tell whether ``raw`` was overtaken. Platforms tell changes to the second; our own clock settles a tie.

    A deletion has no time of its own on the platform: what was asked for before we heard of it is older.
    """
    if order.fetched_at is None:
        return False
    if order.state == Order.State.DELETED:
        return fetched_at < order.fetched_at
    if order.changed_at is not None and raw.changed_at is not None and order.changed_at != raw.changed_at:
        return raw.changed_at < order.changed_at
    return fetched_at < order.fetched_at


def _apply(channel: Channel, platform: Platform, order: Order, *, now: datetime, is_deleted: bool) -> None:
    lines = {line.ref: line for line in order.lines.select_related("listing", "sku").order_by("pk")}
    known = {
        ref: KnownLine(ref=ref, ordered=line.ordered, sold=line.sold, taken=line.taken, is_held=line.is_held)
        for ref, line in lines.items()
    }
    held = order_news.Holding.of(list(lines.values()))
    try:
        read = platform.deleted_snapshot if is_deleted else platform.snapshot
        snapshot = read(order.payload, known)
    except BadPayload as problem:
        order.problem = str(problem)[:500]
        order.save()
        return
    _describe(order, snapshot, now=now)
    feeds = channel_feeds(channel)
    booked = _book_lines(channel, order, snapshot, lines, feeds)
    _move_accounted(booked, now=now)
    if platform.capabilities.write_mode == WriteMode.GUARDED_SET:
        taken = {item.line.listing_id for item in booked if item.line.listing_id is not None and item.taken_delta > 0}
        overwriting.look_soon(order, sorted(taken), now=now)
    _move_ledger(channel, order, [item.line for item in booked], feeds, now=now)
    order.save()
    # Those there are first: once created, the new ones have an id too.
    OrderLine.objects.bulk_update([item.line for item in booked if item.line.pk is not None], _LINE_FIELDS)
    OrderLine.objects.bulk_create([item.line for item in booked if item.line.pk is None])
    order_news.tell(order, held, [item.line for item in booked], now=now)


_LINE_FIELDS = [f.name for f in OrderLine._meta.concrete_fields if f.name not in {"id", "order", "ref"}]


def channel_feeds(channel: Channel) -> dict[str, tuple[int, ...]]:
    """Return the warehouses that feed each location of the channel, by its ref, first choice first."""
    feeds: dict[str, tuple[int, ...]] = {}
    rows = ChannelWarehouse.objects.filter(channel=channel).order_by("priority", "pk")
    for location_ref, warehouse_id in rows.values_list("location_ref", "warehouse_id"):
        feeds[location_ref] = (*feeds.get(location_ref, ()), warehouse_id)
    return feeds


def _describe(order: Order, snapshot: OrderSnapshot, *, now: datetime) -> None:
    order.number = snapshot.number[:120]
    order.state = Order.State(snapshot.state)
    order.status = snapshot.status[:100]
    order.placed_at = snapshot.placed_at
    order.changed_at = snapshot.changed_at
    order.booked_at = now
    problems = [line.problem for line in snapshot.lines if line.problem]
    order.problem = "; ".join(problems)[:500]


@dataclass(slots=True)
class _Booked:
    """A line brought to its snapshot, and by how much the platform's own taking changed."""

    line: OrderLine
    taken_delta: int


def _book_lines(
    channel: Channel,
    order: Order,
    snapshot: OrderSnapshot,
    lines: Mapping[str, OrderLine],
    feeds: Mapping[str, Sequence[int]],
) -> list[_Booked]:
    variants = {
        variant.ref: variant.listing
        for variant in ListingVariant.objects.select_related("listing__sku").filter(
            channel=channel, ref__in=[line.variant_ref for line in snapshot.lines]
        )
    }
    booked = []
    # A line that an order gains later, or that moves to another location, is news even of an order from before.
    is_early = not lines and order.placed_at is not None and order.placed_at < channel.started_at
    for item in snapshot.lines:
        line = lines.get(item.ref)
        is_new = line is None
        if line is None:
            line = OrderLine(order=order, ref=item.ref)
        if item.problem and not is_new:
            # What can't be read now stays as it was booked; the order carries the problem.
            booked.append(_Booked(line=line, taken_delta=0))
            continue
        # The units of an order from before the start had left the store's number when that was first read.
        taken_delta = 0 if is_new and is_early else item.taken - line.taken
        _read_line(line, item, variants.get(item.variant_ref), feeds)
        if is_new and is_early:
            line.before_start = item.fulfilled - item.returned
        booked.append(_Booked(line=line, taken_delta=taken_delta))
    return booked


def _read_line(
    line: OrderLine, item: OrderLineSnapshot, listing: Listing | None, feeds: Mapping[str, Sequence[int]]
) -> None:
    line.variant_ref, line.product_ref = item.variant_ref, item.product_ref
    line.external_sku, line.title = item.sku[:255], item.title[:500]
    line.listing = listing or line.listing
    line.ordered, line.sold, line.fulfilled, line.returned = item.ordered, item.sold, item.fulfilled, item.returned
    # Of a line that can't be read nothing is known to be taken: once it can be, its units are news.
    line.taken, line.is_held = item.taken, item.is_held and not item.problem
    if line.state == OrderLine.State.BOOKED or line.state == OrderLine.State.UNTRACKED:
        return  # how it was booked once, it stays: its units stand in the ledger under that SKU
    line.state, line.reason = OrderLine.State.WAITING, ""
    if item.problem:
        line.reason = item.problem[:300]
    elif line.listing is None:
        line.reason = _("The store's catalogue has no such product.")
    elif line.listing.tracked is False:
        line.state, line.reason = OrderLine.State.UNTRACKED, _("Its stock is unlimited on the channel.")
    elif line.listing.mapping == Listing.Mapping.IGNORED:
        line.state, line.reason = OrderLine.State.UNTRACKED, _("Its listing is ignored.")
    elif line.listing.sku is None:
        line.reason = _("Its listing is not mapped to a SKU.")
    elif not feeds.get(line.listing.location_ref):
        line.reason = (
            _("No warehouse stands for the location that it ships from: choose one on the channel's page.")
            if line.listing.location_ref
            else _("The channel has no warehouse to take it from.")
        )
    else:
        line.state, line.sku = OrderLine.State.BOOKED, line.listing.sku
        if line.listing.sku.is_bundle:  # as it is made now: what is booked stays so, whatever becomes of the bundle
            line.components = sorted(bundles.components_of([line.listing.sku.pk]).get(line.listing.sku.pk, {}).items())


def _move_accounted(booked: Iterable[_Booked], *, now: datetime) -> None:
    """Take what the platform has taken off each listing's accounted quantity, listings in the order of their ids."""
    totals: dict[int, int] = {}
    for item in booked:
        if item.line.listing_id is not None and item.taken_delta:
            totals[item.line.listing_id] = totals.get(item.line.listing_id, 0) + item.taken_delta
    for listing_id, taken in sorted(totals.items()):
        # The version moves even if the sum is 0 or nothing is accounted yet: a reading under way must be repeated.
        Listing.objects.filter(pk=listing_id).update(
            accounted=F("accounted") - taken, accounted_version=F("accounted_version") + 1
        )
        Listing.objects.filter(pk=listing_id, accounted__isnull=False).wake_all(now=now)
        # What was confirmed as a drift may have been this very order.
        Listing.objects.filter(pk=listing_id).exclude(drift=0).update(check_due_at=Coalesce("check_due_at", Value(now)))


def _move_ledger(
    channel: Channel,
    order: Order,
    current: Sequence[OrderLine],
    feeds: Mapping[str, tuple[int, ...]],
    *,
    now: datetime,
) -> None:
    warehouse_ids = [warehouse_id for places in feeds.values() for warehouse_id in places]
    demands = [
        Demand(
            line_ref=line.ref,
            sku_id=sku_id,
            sold=units * (line.waits_to_ship + max(0, line.left)),
            fulfilled=units * max(0, line.left),
            returned=units * max(0, -line.left),
            warehouse_ids=feeds.get(line.listing.location_ref, ()) if line.listing is not None else (),
        )
        for line in current
        if line.state == OrderLine.State.BOOKED and line.sku_id is not None
        # A bundle holds nothing: its components are reserved, for each unit sold as many as it is made of.
        for sku_id, units in (line.components or [(line.sku_id, 1)])
    ]
    if not demands:
        return
    booking.book(
        demands,
        key=order.reservation_key,
        number=order.number,
        reference=_("%(channel)s order %(order)s") % {"channel": channel.name, "order": order},
        # A channel that has lost its last warehouse may still have booked orders that change.
        warehouse_ids=warehouse_ids or list(Warehouse.objects.values_list("pk", flat=True)),
        actor=f"channel:{channel.name}",
        now=now,
        occurred_at=order.changed_at or now,
    )
