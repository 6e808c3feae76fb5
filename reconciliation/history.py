"""What happened around a discrepancy, and how both numbers went, as far as they are known.

Known are the numbers of each reading and of each push. Between those, what our orders and pushes did to them is
drawn; a hand edit shows at the reading that saw it.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels.models import ChannelWarehouse, InboundEvent, OrderLine, Push
from inventory import formats
from inventory.models import Movement
from reconciliation.models import Discrepancy, Finding
from reconciliation.picture import Happening, Lane, Step

LONGEST = timedelta(days=28)  # before it was found
BEFORE = timedelta(hours=36)  # shown where nobody knows when the numbers agreed
MOST = 120  # rows of each kind, the latest
EVENTS_LOOKED_AT = 1500  # of the channel's latest, for those that name the listing


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the picture is drawn from; ``happenings`` are in order of time."""

    start: datetime
    end: datetime
    found_at: datetime
    ours: list[Step]
    theirs: list[Step]
    happenings: list[Happening]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """What became of one of the two numbers: known to be ``exact`` from then on, or changed by ``delta``."""

    at: datetime
    exact: int | None = None
    delta: int = 0


def of(row: Discrepancy, *, now: datetime) -> History:
    """Return the history of a discrepancy in a fixed number of queries."""
    end = now if row.is_live or row.resolved_at is None else min(now, row.resolved_at + timedelta(hours=2))
    start = max(row.agreed_at or row.first_seen_at - BEFORE, row.first_seen_at - LONGEST)
    start -= max((end - start) * 0.06, timedelta(minutes=10))
    lines = _lines(row, start, end)
    pushes = _pushes(row, start, end)
    findings = _findings(row, start, end)
    happenings = [
        *_readings(row, findings, start, end),
        *map(_push, pushes),
        *_events(row, lines, start, end),
        *(_order(line, at) for line in lines if (at := line.order.placed_at) and at >= start),
        *_movements(row, start, end),
    ]
    ours = [
        *(_Turn(at=at, exact=found.ledger_says) for found in findings if (at := found.settled_at)),
        *(_Turn(at=push.created_at, exact=push.accounted_before) for push in pushes),
        *(_Turn(at=at, exact=push.accounted_before + push.delta) for push in pushes if (at := _applied_at(push))),
        *(_Turn(at=at, delta=-line.taken) for line in lines if (at := line.order.booked_at)),
        _Turn(at=row.read_at, exact=row.ledger_says),
    ]
    theirs = [
        *(_Turn(at=at, exact=found.channel_shows) for found in findings if (at := found.settled_at)),
        *(_Turn(at=at, delta=push.delta) for push in pushes if (at := _applied_at(push))),
        *(_Turn(at=at, delta=-line.taken) for line in lines if (at := line.order.placed_at)),
        _Turn(at=row.read_at, exact=row.channel_shows),
    ]
    if row.resolved_at is not None and row.state == Discrepancy.State.RESOLVED and row.undo.get("accounted_version"):
        ours.append(_Turn(at=row.resolved_at, exact=row.channel_shows))
    if row.agreed_at is not None and (agreed := _first(ours)) is not None:
        theirs.append(_Turn(at=row.agreed_at, exact=agreed))
    return History(
        start=start,
        end=end,
        found_at=row.first_seen_at,
        ours=_steps(ours, start),
        theirs=_steps(theirs, start),
        happenings=sorted(happenings, key=lambda thing: thing.at),
    )


def _first(turns: Iterable[_Turn]) -> int | None:
    """Return the number before the first that is known, as far as it was changed by what is known."""
    moved = 0
    for turn in sorted(turns, key=lambda turn: turn.at):
        if turn.exact is not None:
            return turn.exact - moved
        moved += turn.delta
    return None


def _steps(turns: Sequence[_Turn], start: datetime) -> list[Step]:
    """Return how a number went; before the first that is known, what is known of its changes is counted back."""
    ordered = sorted(turns, key=lambda turn: (turn.at, turn.exact is not None))
    units = _first(ordered)
    if units is None:
        return []
    steps = [Step(at=start, units=units)]
    for turn in ordered:
        units = turn.exact if turn.exact is not None else units + turn.delta
        if turn.at >= start and units != steps[-1].units:
            steps.append(Step(at=turn.at, units=units))
        elif turn.at < start:
            steps = [Step(at=start, units=units)]
    return steps


def _applied_at(push: Push) -> datetime | None:
    return push.settled_at if push.state == Push.State.APPLIED else None


def _findings(row: Discrepancy, start: datetime, end: datetime) -> list[Finding]:
    if row.listing_id is None:
        return []
    found = Finding.objects.filter(listing=row.listing_id, settled_at__range=(start, end)).order_by("-pk")
    return list(found[:MOST])


def _readings(row: Discrepancy, findings: Sequence[Finding], start: datetime, end: datetime) -> Iterable[Happening]:
    moments = [(at, found.channel_shows, found.ledger_says) for found in findings if (at := found.settled_at)]
    if not any(abs(at - row.read_at) < timedelta(seconds=5) for at, _shown, _says in moments):
        moments.append((row.read_at, row.channel_shows, row.ledger_says))
    if row.agreed_at is not None and start <= row.agreed_at <= end:
        yield Happening(lane=Lane.READING, at=row.agreed_at, title=_("Read: both agreed"))
    for at, shown, says in moments:
        if shown is None:
            title = _("Read: it shows no number")
        elif says is None:
            title = _("Read: it shows %(shown)s") % {"shown": formats.units(shown)}
        else:
            numbers = {"shown": formats.units(shown), "says": formats.units(says)}
            title = _("Read: it shows %(shown)s, the ledger says %(says)s") % numbers
        tone = "warning" if shown != says else ""
        yield Happening(lane=Lane.READING, at=at, title=title, units=shown, tone=tone)


def _pushes(row: Discrepancy, start: datetime, end: datetime) -> list[Push]:
    if row.listing_id is None:
        return []
    rows = Push.objects.filter(listing=row.listing_id, created_at__range=(start, end)).order_by("-pk")
    return list(rows[:MOST])


def _push(push: Push) -> Happening:
    is_bad = push.state in {Push.State.REJECTED, Push.State.UNKNOWN, Push.State.NOT_APPLIED}
    return Happening(
        lane=Lane.PUSH,
        at=push.settled_at or push.created_at,
        title=_("Push %(before)s → %(target)s: %(state)s")
        % {
            "before": formats.units(push.accounted_before),
            "target": formats.units(push.target),
            "state": push.get_state_display().lower(),
        },
        units=push.delta,
        detail=push.receipt,
        is_ours=True,
        tone="critical" if is_bad else "",
    )


def _lines(row: Discrepancy, start: datetime, end: datetime) -> list[OrderLine]:
    if row.listing_id is None:
        return []
    lines = OrderLine.objects.filter(listing=row.listing_id, order__placed_at__range=(start - LONGEST, end))
    return list(lines.select_related("order").order_by("-order__placed_at", "-pk")[:MOST])


def _order(line: OrderLine, at: datetime) -> Happening:
    order = line.order
    words = ngettext("%(units)d unit", "%(units)d units", line.ordered) % {"units": line.ordered}
    late = ""
    if order.booked_at and order.booked_at - at > timedelta(minutes=5):
        minutes = (order.booked_at - at).total_seconds() // 60
        late = _("booked %(minutes)d min later") % {"minutes": minutes}
    elif order.booked_at is None:
        late = _("not booked yet")
    return Happening(
        lane=Lane.ORDER,
        at=at,
        title=_("Order %(order)s: %(units)s") % {"order": order, "units": words},
        units=-line.taken if line.taken else None,
        detail=late,
        url=reverse("channels:order_detail", args=[order.pk]),
        tone="warning" if order.booked_at is None else "",
    )


def _events(row: Discrepancy, lines: Sequence[OrderLine], start: datetime, end: datetime) -> Iterable[Happening]:
    """Yield the webhooks that name the product or one of its orders, looked for among the channel's latest."""
    if row.listing is None:
        return
    wanted = {f'"{ref}"' for ref in (row.listing.product_ref, row.listing.ref, *(line.order.ref for line in lines))}
    wanted |= {f":{row.listing.product_ref}{mark}" for mark in ",}"} if row.listing.product_ref.isdecimal() else set()
    events = InboundEvent.objects.filter(channel=row.channel_id).order_by("-pk")
    latest = events.values_list("pk", "topic", "state", "received_at", "body", "problem")[:EVENTS_LOOKED_AT]
    for pk, topic, state, at, body, problem in latest:
        if start <= at <= end and any(word in body.replace(": ", ":") for word in wanted):
            yield Happening(
                lane=Lane.EVENT,
                at=at,
                title=_("Webhook %(topic)s") % {"topic": topic},
                detail=problem or InboundEvent.State(state).label.lower(),
                url=reverse("channels:event_detail", args=[pk]),
                tone="critical" if state == InboundEvent.State.FAILED else "",
            )


def _movements(row: Discrepancy, start: datetime, end: datetime) -> Iterable[Happening]:
    sku_id = row.sku_id
    if sku_id is None:
        return
    rows = Movement.objects.filter(sku=sku_id, recorded_at__range=(start, end))
    if row.channel_id is not None:
        feeds = ChannelWarehouse.objects.filter(channel=row.channel_id).values("warehouse")
        rows = rows.filter(warehouse__in=feeds)
    elif row.warehouse_id is not None:
        rows = rows.filter(warehouse=row.warehouse_id)
    for movement in rows.select_related("warehouse").order_by("-pk")[:MOST]:
        available = movement.on_hand_delta - movement.reserved_delta
        yield Happening(
            lane=Lane.MOVEMENT,
            at=movement.recorded_at,
            title=_("%(kind)s in %(warehouse)s")
            % {"kind": movement.get_kind_display(), "warehouse": movement.warehouse.name},
            units=available or None,
            detail=movement.reason,
            is_ours=True,
        )


def sentence(history: History) -> str:
    """Say in one sentence what the picture shows, for whoever can't see it."""
    ours = history.ours[-1].units if history.ours else None
    theirs = history.theirs[-1].units if history.theirs else None
    moments = [thing.at for thing in history.happenings]
    since = bisect.bisect_right(moments, history.found_at)
    return _(
        "The ledger's number ends at %(ours)s, the channel's at %(theirs)s. %(before)d things happened before the"
        " difference was found and %(after)d since; the table below lists them."
    ) % {
        "ours": "—" if ours is None else formats.units(ours),
        "theirs": "—" if theirs is None else formats.units(theirs),
        "before": since,
        "after": len(moments) - since,
    }
