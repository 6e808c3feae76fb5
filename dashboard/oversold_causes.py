"""Why a SKU is short in a warehouse: read from the movement that took it below zero and from what was told to whom.

Who sold without knowing is told by times: when a platform says that a sale happened, when we heard of it, and when the
other channel confirmed its new quantity.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils.translation import gettext as _

from channels.models import Channel, InboundEvent, Listing, Order, Push
from dashboard import times
from dashboard.links import link
from inventory.actors import name_of
from inventory.models import Movement, StockLevel
from reconciliation.models import Discrepancy

LOOKED_BACK = timedelta(hours=24)  # before the sale that was one too many
MOST = 200  # movements that are looked at
SHOWN = 5  # of the decreases that a channel did not know of, the latest
SOON = timedelta(seconds=60)  # a sale that is heard of later was told late
_OF_AN_ORDER = re.compile(r"order:(?P<channel>\d+):(?P<ref>.+?):r\d+:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One thing that happened, with its moment and the page that shows it."""

    at: datetime
    words: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What took the level below zero: ``code`` names the cause, ``sentence`` says it, ``evidence`` in order of time."""

    code: str
    sentence: str
    evidence: tuple[Evidence, ...] = ()
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Unseen:
    """Units that were gone before the sale, which its channel had not been told of; ``told_at`` is when it was."""

    movement: Movement
    order: Order | None
    told_at: datetime | None


def account_of(level: StockLevel) -> Account:
    """Return why the level is below zero, in a fixed number of queries."""
    steps = Movement.objects.filter(sku=level.sku_id, warehouse=level.warehouse_id).annotate(
        after=F("on_hand_after") - F("reserved_after"),
        before=F("on_hand_after") - F("on_hand_delta") - F("reserved_after") + F("reserved_delta"),
    )
    last = steps.filter(after__lt=0, before__gte=0).order_by("-pk").first()
    if last is None:
        return Account(code="unknown", sentence=_("It was short from the first movement on."))
    order = _order_of(last)
    if order is None:
        return _taken(last)
    return _sold(last, order)


def _order_of(movement: Movement) -> Order | None:
    return _orders_of([movement]).get(movement.pk)


def _taken(movement: Movement) -> Account:
    """Units were taken off that were promised already."""
    words = _("%(kind)s by %(who)s: %(units)d") % {
        "kind": movement.get_kind_display(),
        "who": name_of(movement.actor),
        "units": movement.on_hand_delta - movement.reserved_delta,
    }
    if movement.reason:
        words = f"{words}, {movement.reason}"
    return Account(
        code="taken",
        sentence=_("Units that were promised already were taken off: %(kind)s by %(who)s.")
        % {"kind": movement.get_kind_display().lower(), "who": name_of(movement.actor)},
        evidence=(Evidence(at=movement.recorded_at, words=words, url=_sku_url(movement)),),
        at=movement.recorded_at,
    )


def _sold(movement: Movement, order: Order) -> Account:
    """An order was one too many: say what its channel did not know when it sold."""
    listing = (
        Listing.objects.filter(channel=order.channel, order_lines__order=order)
        .filter(Q(sku=movement.sku_id) | Q(sku__components__component=movement.sku_id))
        .select_related("channel")
        .first()
    )
    sold_at = order.placed_at or movement.occurred_at
    told = [_sale_evidence(order, movement)]
    unseen = list(_unseen(movement, order, listing, sold_at)) if listing is not None else []
    for each in unseen[:SHOWN]:
        told += _unseen_evidence(each, order)
    found = _judge(movement, order, listing, unseen, sold_at, told)
    return Account(
        code=found[0],
        sentence=found[1],
        evidence=tuple(sorted(told, key=lambda evidence: evidence.at)),
        at=movement.recorded_at,
    )


def _unseen(movement: Movement, order: Order, listing: Listing, sold_at: datetime) -> Iterator[_Unseen]:
    """Yield the decreases before the sale was heard of that its channel did not show when it sold."""
    earlier = (
        Movement.objects.filter(sku=movement.sku_id, pk__lt=movement.pk, recorded_at__gte=sold_at - LOOKED_BACK)
        .exclude(key__startswith=f"{order.reservation_key}:")
        .exclude(key__startswith=f"order:{order.channel_id}:")
        .annotate(change=F("on_hand_delta") - F("reserved_delta"))
        .filter(change__lt=0)
        .order_by("-pk")[:MOST]
    )
    pushes = list(Push.objects.filter(listing=listing, created_at__gte=sold_at - LOOKED_BACK).order_by("pk")[:MOST])
    decreases = list(earlier)
    orders = _orders_of(decreases)
    for each in decreases:
        told_at = next(
            (
                push.settled_at
                for push in pushes
                if push.state == Push.State.APPLIED and push.settled_at and push.created_at >= each.recorded_at
            ),
            None,
        )
        if told_at is None or told_at > sold_at:
            yield _Unseen(each, orders.get(each.pk), told_at)


def _orders_of(movements: Sequence[Movement]) -> dict[int, Order]:
    """Find the orders that movements were booked for, by the ids of the movements."""
    keys = {movement.pk: _OF_AN_ORDER.match(movement.key) for movement in movements}
    refs = {pk: (int(key["channel"]), key["ref"]) for pk, key in keys.items() if key is not None}
    found = {
        (order.channel_id, order.ref): order
        for order in Order.objects.filter(ref__in=[ref for _channel, ref in refs.values()]).select_related("channel")
    }
    return {pk: found[ref] for pk, ref in refs.items() if ref in found}


def _judge(
    movement: Movement,
    order: Order,
    listing: Listing | None,
    unseen: list[_Unseen],
    sold_at: datetime,
    told: list[Evidence],
) -> tuple[str, str]:
    names: dict[str, object] = {"here": order.channel.name, "order": str(order)}
    late_by = movement.recorded_at - sold_at
    others = [each for each in unseen if each.order is not None]
    late = next((each for each in others if _heard_after(each) > SOON), None)
    if late is not None and late.order is not None:
        names |= {"there": late.order.channel.name, "span": times.span(_heard_after(late)), "other": str(late.order)}
        words = _("Order %(other)s on %(there)s was heard of only %(span)s after it was placed, so %(here)s sold on.")
        return "late", words % names
    if late_by > SOON:
        names["span"] = times.span(late_by)
        return "late", _("Order %(order)s on %(here)s was heard of only %(span)s after it was placed.") % names
    unwritten = next((each for each in unseen if each.told_at is None), None)
    stopped = _why_unwritten(listing, movement) if unwritten is not None else ""
    if stopped:
        return "not-told", _("%(here)s could not be told of the lower number. %(why)s") % {**names, "why": stopped}
    for other in others:
        if other.order is None:
            continue
        names |= {"there": other.order.channel.name, "other": str(other.order)}
        names["span"] = times.span(abs(sold_at - (other.order.placed_at or other.movement.occurred_at)))
        words = _("Two channels sold within %(span)s: %(other)s on %(there)s and %(order)s on %(here)s.")
        return "race", words % names
    if unseen:
        names["who"] = name_of(unseen[0].movement.actor)
        words = _("%(who)s took units off, and %(here)s sold before it showed the new number.")
        return "race", words % names
    edit = _hand_edit(listing)
    if edit is not None:
        told.append(edit)
        return "hand-edit", _("%(here)s showed more than it should: its number was changed there.") % names
    if listing is not None and listing.sells_below_zero:
        return "below-zero", _("%(here)s goes on selling at zero: it is set so in the store.") % names
    return "unknown", _("%(here)s knew the right number when it sold %(order)s; nothing recorded tells why.") % names


def _heard_after(each: _Unseen) -> timedelta:
    placed_at = each.order.placed_at if each.order else None
    return each.movement.recorded_at - (placed_at or each.movement.occurred_at)


def _why_unwritten(listing: Listing | None, movement: Movement) -> str:
    """Say what kept the lower number from the listing, as far as its state now tells."""
    if listing is None:
        return ""
    channel: Channel = listing.channel
    if listing.parked_at is not None:
        return _("The store refused it: “%(words)s”") % {"words": listing.parked_reason}
    if channel.connection != Channel.Connection.OK:
        return _("Its connection is broken: “%(words)s”") % {"words": channel.connection_problem}
    if channel.failing_since is not None and channel.failing_since <= movement.recorded_at:
        return _("It did not answer: “%(words)s”") % {"words": channel.failing_words}
    if channel.halted_at is not None and channel.halted_at <= movement.recorded_at:
        return _("Pushing to it had stopped: %(words)s") % {"words": channel.halted_reason}
    if channel.mode in {Channel.Mode.PAUSED, Channel.Mode.OBSERVE}:
        return _("It is in the mode %(mode)s, in which nothing is written.") % {"mode": channel.get_mode_display()}
    return ""


def _hand_edit(listing: Listing | None) -> Evidence | None:
    if listing is None:
        return None
    row = Discrepancy.objects.filter(listing=listing).order_by("-pk").first()
    if row is not None and row.channel_shows is not None and row.channel_shows > (row.ledger_says or 0):
        words = _("Read: it showed %(shows)d, the ledger said %(says)d")
        return Evidence(
            at=row.first_seen_at,
            words=words % {"shows": row.channel_shows, "says": row.ledger_says or 0},
            url=link("reconciliation:discrepancy", row.pk),
        )
    if listing.drift > 0 and listing.drift_since is not None:
        words = _("It shows %(drift)d more than we account for") % {"drift": listing.drift}
        return Evidence(at=listing.drift_since, words=words, url=link("channels:listing_detail", listing.pk))
    return None


def _sale_evidence(order: Order, movement: Movement) -> Evidence:
    placed_at = order.placed_at or movement.occurred_at
    by_webhook = InboundEvent.objects.filter(
        channel=order.channel, received_at__range=(placed_at - SOON, movement.recorded_at)
    ).exists()
    how = _("by webhook") if by_webhook else _("by the order poll; no webhook had come")
    return Evidence(
        at=placed_at,
        words=_("Order %(order)s placed on %(channel)s; heard of %(span)s later, %(how)s")
        % {
            "order": order,
            "channel": order.channel.name,
            "span": times.span(max(timedelta(), movement.recorded_at - placed_at)),
            "how": how,
        },
        url=link("channels:order_detail", order.pk),
    )


def _unseen_evidence(each: _Unseen, order: Order) -> Iterator[Evidence]:
    movement = each.movement
    if each.order is not None:
        yield _sale_evidence(each.order, movement)
    else:
        yield Evidence(
            at=movement.recorded_at,
            words=_("%(kind)s by %(who)s") % {"kind": movement.get_kind_display(), "who": name_of(movement.actor)},
            url=_sku_url(movement),
        )
    if each.told_at is not None:
        words = _("%(channel)s confirmed the lower number, %(span)s after we knew")
        names = {"channel": order.channel.name, "span": times.span(each.told_at - movement.recorded_at)}
        yield Evidence(at=each.told_at, words=words % names)


def _sku_url(movement: Movement) -> str:
    return f"{link('dashboard:sku_detail', movement.sku_id)}#movements"
