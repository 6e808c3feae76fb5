"""What becomes of pushes: outcomes kept, unknown ones decided by reading, accepted ones confirmed by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from channels import readings
from channels.contract import Capabilities, ChannelError, NotListed, Outcome, OutcomeKind, Platform, RateLimited
from channels.lanes import Lease
from channels.models import Channel, Listing, Push

ABANDONED_AFTER = timedelta(seconds=15)  # a call that died with its process had a time-out to go
LOOKS_SOON = timedelta(seconds=5)  # at what nobody answered for; the platform may take longer to show it
MOSTLY_DONE = timedelta(minutes=2)  # by then an accepted write that shows neither number is looked at more closely
ASKS_AGAIN = timedelta(minutes=5)
LOOKS_AFTER = timedelta(seconds=30)  # time for a sale that was not heard of yet to arrive


def settle_open(channel: Channel, platform: Platform, lease: Lease, *, now: datetime) -> bool:
    """Look at the channel's pushes that are not settled; tell whether anything could be done about one."""
    # Nearly always there are none: one query says so.
    states = set(Push.objects.open().filter(channel=channel).order_by().values_list("state", flat=True).distinct())
    found = False
    if states & {Push.State.SENDING, Push.State.UNKNOWN}:
        found |= decide_unknown(channel, platform, lease, now=now)
    if Push.State.ACCEPTED in states:
        found |= confirm_accepted(channel, platform, lease, now=now)
    return found


# Pushes whose outcome nobody knows ------------------------------------------------------------------------------


def decide_unknown(channel: Channel, platform: Platform, lease: Lease, *, now: datetime) -> bool:
    """Decide by reading what became of pushes that a time-out, a 5xx or a crash left open."""
    for push in Push.objects.filter(channel=channel, state=Push.State.SENDING).order_by("pk"):
        # Whoever sent it is dead; nobody knows how far the store had come.
        Push.objects.filter(pk=push.pk, state=Push.State.SENDING).update(state=Push.State.UNKNOWN)
        postpone([push.listing_id], push.created_at + ABANDONED_AFTER)
    unknown = (
        Push.objects.filter(channel=channel, state=Push.State.UNKNOWN)
        .filter(Q(listing__due_at__lte=now) | Q(listing__due_at=None))
        .select_related("listing")
        .order_by("pk")
    )
    # Whatever woke the listing of one that is too young to decide: nothing can be done about it before.
    settles_after = timedelta(seconds=platform.writes_settle_seconds())
    for push in unknown.filter(created_at__gt=now - settles_after):
        postpone([push.listing_id], push.created_at + settles_after)
    pushes = list(unknown.filter(created_at__lte=now - settles_after)[: readings.AT_ONCE])
    if not pushes:
        return False
    if platform.has_writes_under_way():
        postpone([push.listing_id for push in pushes], now + timedelta(seconds=2))
        return True
    listings = [push.listing for push in pushes]
    read = readings.take(channel, platform, listings, lease=lease, now=now, decides_pushes=True)
    for push in pushes:
        reading = read.get(push.listing_id)
        if reading is None:
            postpone([push.listing_id], now + timedelta(seconds=5))
        else:
            _decide(push, reading, now=now)
    return True


def _decide(push: Push, reading: readings.Reading, *, now: datetime) -> None:
    """Take the outcome that needs fewer units sold unseen; a negative number of them is impossible.

    A drift that was confirmed before is no sale: the store's number lies that far off in either case.
    """
    unseen, units = 0, push.written
    if reading.quantity is None or reading.accounted is None:
        was_applied = False
    elif push.expected is not None:
        # A number that was set later than it was made out may have run over sales: they still show.
        not_sold = reading.quantity - reading.accounted - push.listing.drift
        overwritten = not_sold - push.written
        was_applied = abs(overwritten) < abs(not_sold)
        units += max(0, overwritten)
        unseen = -min(0, overwritten) if was_applied else -not_sold
        if not was_applied and push.confirm_by is not None and now < push.confirm_by:
            _wait_on(push, now=now)
            return
    else:
        unseen_if_not = reading.accounted + push.listing.drift - reading.quantity
        unseen_if_applied = unseen_if_not + push.written
        # Both negative means someone raised the number by hand: the smaller surprise wins.
        was_applied = (unseen_if_applied < 0, abs(unseen_if_applied)) < (unseen_if_not < 0, abs(unseen_if_not))
        unseen = unseen_if_applied if was_applied else unseen_if_not
    with transaction.atomic():
        settled = Push.objects.filter(pk=push.pk, state=Push.State.UNKNOWN).update(
            state=Push.State.APPLIED if was_applied else Push.State.NOT_APPLIED,
            reading=reading.quantity,
            applied=None if not was_applied or units == push.delta else units,
            receipt=_("Decided by reading %(quantity)s.") % {"quantity": reading.quantity},
            settled_at=now,
        )
        rows = Listing.objects.filter(pk=push.listing_id)
        if settled and was_applied:
            _account(rows, units, now=now)
        rows.update(due_at=now, due_version=F("due_version") + 1)
        if unseen:
            # A sale still on its way, a hand edit, or a wrong decision: the next readings tell.
            rows.update(check_due_at=Coalesce("check_due_at", Value(now + LOOKS_AFTER)))


def _wait_on(push: Push, *, now: datetime) -> None:
    """Leave a write that was accepted and is not done yet its time."""
    with transaction.atomic():
        if Push.objects.filter(pk=push.pk, state=Push.State.UNKNOWN).update(state=Push.State.ACCEPTED):
            Listing.objects.filter(pk=push.listing_id).update(due_at=now + ASKS_AGAIN)


def _account(rows: QuerySet[Listing], delta: int, *, now: datetime) -> None:
    rows.update(
        accounted=F("accounted") + delta,
        accounted_version=F("accounted_version") + 1,
        last_pushed_at=now,
        failures=0,
    )


# Pushes that were accepted to be done later ------------------------------------------------------------------------


def confirm_accepted(channel: Channel, platform: Platform, lease: Lease, *, now: datetime) -> bool:
    """Ask and read what became of pushes that the platform took to be done later; tell whether any was looked at."""
    due = (
        Push.objects.filter(channel=channel, state=Push.State.ACCEPTED)
        .filter(Q(listing__due_at__lte=now) | Q(listing__due_at=None))
        .select_related("listing")
        .order_by("pk")
    )
    tickets = sorted(set(due.exclude(ticket="").order_by().values_list("ticket", flat=True)))
    for ticket in tickets:
        _ask_about(channel, platform, ticket, now=now)
        lease.renew()
    pushes = list(due.filter(ticket="")[: readings.AT_ONCE])
    if pushes:
        look = readings.look(channel, platform, [push.listing for push in pushes], lease=lease)
        for push in pushes:
            if push.listing_id in look.unread:
                postpone([push.listing_id], now + timedelta(seconds=5))
            else:
                _confirm(push, look.quantities.get(push.listing.ref), platform.capabilities, now=now)
    return bool(tickets or pushes)


def _ask_about(channel: Channel, platform: Platform, ticket: str, *, now: datetime) -> None:
    """Settle what a wave that was handed over as a whole has come to; what it doesn't name a reading decides."""
    pushes = list(
        Push.objects.filter(channel=channel, state=Push.State.ACCEPTED, ticket=ticket)
        .select_related("listing")
        .order_by("pk")
    )
    try:
        outcomes = platform.ticket_outcomes(ticket)
    except NotListed:
        outcomes = []
    if outcomes is None:
        every = timedelta(seconds=platform.capabilities.confirm_every_seconds)
        postpone([push.listing_id for push in pushes], now + every)
        return
    told = {outcome.ref: outcome for outcome in outcomes}
    settle(
        pushes,
        [told.get(push.listing.ref, Outcome(ref=push.listing.ref, kind=OutcomeKind.ACCEPTED)) for push in pushes],
        None,
        platform.capabilities,
        now=now,
        was=Push.State.ACCEPTED,
    )


def _confirm(push: Push, quantity: int | None, capabilities: Capabilities, *, now: datetime) -> None:
    """Settle an accepted push by what the channel shows now, or wait on.

    The number that was written shows as it stands, or less what was sold since. It was made out from a reading that
    had sales in it which we had not heard of: those that we hear of first. What was sold after the reading and does
    not show was overwritten, and must be taken off again.
    """
    with transaction.atomic():
        listing = Listing.objects.select_for_update(no_key=True).get(pk=push.listing_id)
        rows = Listing.objects.filter(pk=listing.pk)
        accounted = listing.accounted or 0
        pushes = Push.objects.filter(pk=push.pk, state=Push.State.ACCEPTED)
        written = push.written
        heard = push.accounted_before - accounted
        since = heard
        if push.expected is not None and heard > 0:
            unheard = push.accounted_before + listing.drift - (push.expected - written)
            since = heard - min(heard, max(unheard, 0))
        shows_it = push.expected is not None and quantity in {
            push.expected,
            push.expected - since,
            push.expected - heard,
        }
        if shows_it:
            applied = written + since if quantity == push.expected else written
            receipt = _("Shows %(quantity)s, as was accepted.") % {"quantity": quantity}
            if pushes.update(
                state=Push.State.APPLIED,
                reading=quantity,
                applied=None if applied == push.delta else applied,
                receipt=receipt,
                settled_at=now,
            ):
                _account(rows, applied, now=now)
                # What changed while it was on its way, a sale elsewhere or one that was written over, is pushed now;
                # what is left over because it was sold out waits for the sales.
                rows.update(due_at=now + (timedelta(0) if written == push.delta else LOOKS_AFTER))
        elif push.confirm_by is not None and now < (
            # Of the old number nothing is to be learnt. Another one has sales in it, or was run over by some.
            push.confirm_by
            if quantity is None or quantity == accounted + listing.drift or push.expected is None
            else push.created_at + MOSTLY_DONE
        ):
            rows.update(due_at=now + timedelta(seconds=capabilities.confirm_every_seconds))
        elif quantity is None or quantity == accounted:
            words = _(
                "%(platform)s accepted the quantity %(expected)s %(minutes)s minutes ago, but still shows %(quantity)s."
            ) % {
                "platform": capabilities.name,
                "expected": push.expected,
                "minutes": int((now - push.created_at).total_seconds() // 60),
                "quantity": _("none") if quantity is None else quantity,
            }
            if pushes.update(state=Push.State.NOT_APPLIED, reading=quantity, receipt=words[:500], settled_at=now):
                rows.update(parked_at=now, parked_reason=words[:500], due_at=None, due_since=None)
        else:
            # Neither the old number nor the new one: a reading between two polls tells which is the likelier.
            pushes.update(state=Push.State.UNKNOWN)
            rows.update(due_at=now)


# Outcomes that are known ------------------------------------------------------------------------------------------


def settle(
    pushes: Sequence[Push],
    outcomes: Iterable[Outcome],
    error: ChannelError | None,
    capabilities: Capabilities,
    *,
    now: datetime,
    was: Push.State = Push.State.SENDING,
) -> None:
    """Write what became of each push, one short transaction each, listings never left half-settled."""
    for push, outcome in zip(pushes, outcomes, strict=True):
        with transaction.atomic():
            settled = Push.objects.filter(pk=push.pk, state=was).update(
                state=_STATES[outcome.kind],
                receipt=outcome.receipt[:500],
                applied=push.applied if outcome.applied is None else outcome.applied,
                expected=push.expected if outcome.expected is None else outcome.expected,
                ticket=outcome.ticket,
                window=outcome.window_seconds,
                confirm_by=now + timedelta(seconds=capabilities.confirm_within_seconds)
                if outcome.kind == OutcomeKind.ACCEPTED
                else None,
                settled_at=None if outcome.kind in {OutcomeKind.UNKNOWN, OutcomeKind.ACCEPTED} else now,
            )
            if settled:
                _settle_listing(push, outcome, error, capabilities, now=now)


_STATES = {
    OutcomeKind.ACCEPTED: Push.State.ACCEPTED,
    OutcomeKind.APPLIED: Push.State.APPLIED,
    OutcomeKind.NOT_APPLIED: Push.State.NOT_APPLIED,
    OutcomeKind.REJECTED: Push.State.REJECTED,
    OutcomeKind.GONE: Push.State.REJECTED,
    OutcomeKind.UNKNOWN: Push.State.UNKNOWN,
}


def _settle_listing(
    push: Push, outcome: Outcome, error: ChannelError | None, capabilities: Capabilities, *, now: datetime
) -> None:
    rows = Listing.objects.filter(pk=push.listing_id)
    match outcome.kind:
        case OutcomeKind.APPLIED if outcome.applied is None or outcome.applied == push.delta:
            _account(rows, push.delta, now=now)
            _rest_one(push.listing, claimed_at=push.created_at)
        case OutcomeKind.APPLIED:
            # Sold out meanwhile, by sales that we have not heard of yet: what is left over waits for them.
            _account(rows, outcome.applied or 0, now=now)
            rows.update(due_at=now + LOOKS_AFTER, failures=F("failures") + 1)
        case OutcomeKind.ACCEPTED:
            rows.update(due_at=now + timedelta(seconds=capabilities.confirm_every_seconds))
        case OutcomeKind.REJECTED:
            rows.update(parked_at=now, parked_reason=outcome.receipt[:500], due_at=None, due_since=None)
        case OutcomeKind.GONE:
            rows.update(state=Listing.State.GONE, due_at=None, due_since=None, check_due_at=None)
        case OutcomeKind.UNKNOWN:
            rows.update(due_at=now + LOOKS_SOON, failures=F("failures") + 1)
        case OutcomeKind.NOT_APPLIED:
            wait = (
                error.wait_seconds if isinstance(error, RateLimited) else min(2 ** min(push.listing.failures, 9), 300)
            )
            rows.update(due_at=now + timedelta(seconds=wait), failures=F("failures") + 1)


def rest(listings: Sequence[Listing], *, claimed_at: datetime) -> None:
    """Put listings to rest unless something has woken them since they were claimed."""
    by_version: dict[int, list[int]] = {}
    for listing in listings:
        by_version.setdefault(listing.due_version, []).append(listing.pk)
    for version, ids in by_version.items():
        rows = Listing.objects.filter(pk__in=ids)
        with transaction.atomic():
            if rows.filter(due_version=version).update_in_order(due_at=None, due_since=None) < len(ids):
                # Woken meanwhile: it stays due, for a change that is younger than the claim.
                rows.exclude(due_version=version).update_in_order(due_at=claimed_at, due_since=claimed_at)


def _rest_one(listing: Listing, *, claimed_at: datetime) -> None:
    """Like ``rest``, inside a transaction of its own listing: without the locks that many need."""
    rows = Listing.objects.filter(pk=listing.pk)
    if not rows.filter(due_version=listing.due_version).update(due_at=None, due_since=None):
        rows.update(due_at=claimed_at, due_since=claimed_at)


def postpone(listing_ids: Sequence[int], until: datetime) -> None:
    Listing.objects.filter(pk__in=listing_ids).update_in_order(due_at=until)
