"""Runs: begun, stopped, let go on; and what their lane does, one step at a time.

    start → scan → compare → confirm → end

Each step is kept before the next begins, so a run that dies goes on from its last page. Nothing is compared before
the catalogue was read to its end, and nothing is believed that was not read again, twice, with nothing in between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from channels import catalog
from channels.contract import BadCredentials, ChannelError, Platform, RateLimited, StoreRefused
from channels.lanes import Lease, wake
from channels.models import Channel, Listing
from inventory import audit
from inventory.errors import OWN_FAULTS
from inventory.models import Sku
from reconciliation import bulk, scanning, schedule, settling
from reconciliation.models import Discrepancy, Finding, Run

LOOK_UP_AT_ONCE = 20  # unknown products read in one round
CONFIRM_WITHIN = timedelta(hours=1)  # what moves all the time is left to later checks
ASK_EVERY = timedelta(seconds=5)  # whether the checks of a run are through
GIVE_UP_AFTER = timedelta(hours=12)
SELECTION_AT_MOST = 10_000  # listings


class CantStart(Exception):
    """The run can't be made now; the message says why and what to do."""


def lane_of(channel_id: int) -> str:
    return f"reconcile:{channel_id}"


def start(*, channel: Channel, requested_by: str, now: datetime, trigger: Run.Trigger = Run.Trigger.REQUEST) -> Run:
    """Begin a run over a whole channel, or return the one that is under way. Raises CantStart."""
    _check(channel)
    try:
        with transaction.atomic():
            run = Run.objects.create(
                channel=channel, requested_by=requested_by, trigger=trigger, started_at=now, due_at=now
            )
    except IntegrityError:
        run = Run.objects.get(channel=channel, state=Run.State.RUNNING, scope=Run.Scope.FULL, kind=Run.Kind.CHANNEL)
    wake(lane_of(channel.pk))
    return run


def start_selection(
    *, listings: Sequence[Listing], requested_by: str, now: datetime, sku: Sku | None = None
) -> list[Run]:
    """Look at these listings only: one run per channel. Raises CantStart."""
    if len(listings) > SELECTION_AT_MOST:
        raise CantStart(
            _("That is more than %(most)d listings: reconcile the whole channel.") % {"most": SELECTION_AT_MOST}
        )
    by_channel: dict[int, list[Listing]] = {}
    for listing in listings:
        if listing.state == Listing.State.ACTIVE and listing.accounted is not None and listing.sku_id is not None:
            by_channel.setdefault(listing.channel_id, []).append(listing)
    if not by_channel:
        raise CantStart(_("None of them is linked to a SKU and read: there is nothing to compare."))
    channels = Channel.objects.in_bulk(by_channel)
    for channel in channels.values():
        _check(channel)
    return [
        _start_selection(channels[pk], found, requested_by=requested_by, now=now, sku=sku)
        for pk, found in sorted(by_channel.items())
    ]


@transaction.atomic
def _start_selection(
    channel: Channel, listings: Sequence[Listing], *, requested_by: str, now: datetime, sku: Sku | None
) -> Run:
    run = Run.objects.create(
        channel=channel,
        scope=Run.Scope.SELECTION,
        sku=sku,
        requested_by=requested_by,
        phase=Run.Phase.CONFIRM,
        is_read=True,
        listings_expected=len(listings),
        confirm_by=now + CONFIRM_WITHIN,
        started_at=now,
        due_at=now,
    )
    Finding.objects.bulk_create(
        Finding(run=run, listing=listing, ref=listing.ref, product_ref=listing.product_ref) for listing in listings
    )
    _have_checked(run, now=now)
    wake(lane_of(channel.pk))
    return run


def start_for_sku(*, sku: Sku, requested_by: str, now: datetime) -> list[Run]:
    """Look at every listing of a SKU. Raises CantStart."""
    return start_selection(listings=list(sku.listings.order_by("pk")), requested_by=requested_by, now=now, sku=sku)


def start_nightly(*, now: datetime) -> list[Run]:
    """Begin the night's runs, once however many clusters ask; return them."""
    if not schedule.claim(now=now):
        return []
    return [
        start(channel=channel, requested_by="schedule", trigger=Run.Trigger.NIGHTLY, now=now)
        for channel in schedule.nightly_channels().filter(connection=Channel.Connection.OK).order_by("pk")
    ]


def _check(channel: Channel) -> None:
    if channel.disconnected_at is not None or channel.connection != Channel.Connection.OK:
        raise CantStart(_("%(channel)s can't be asked now: reconnect it first.") % {"channel": channel})


def stop(*, run: Run, actor: str, now: datetime) -> bool:
    """Stop a run that is under way or asks; what it has confirmed stays. Tell whether there was one to stop."""
    rows = Run.objects.filter(pk=run.pk, state__in=[Run.State.RUNNING, Run.State.SUSPICIOUS])
    stopped = rows.update(
        state=Run.State.STOPPED,
        phase=Run.Phase.END,
        due_at=None,
        ended_at=now,
        decided_by=actor,
        open_after=_open_in(run),
    )
    if stopped:
        bulk.drop(run)
        Finding.objects.filter(run=run).unsettled().update(state=Finding.State.UNSETTLED, settled_at=now)
        _record(run, "run.stop", actor)
    run.refresh_from_db()
    return bool(stopped)


def allow(*, run: Run, actor: str, now: datetime) -> bool:
    """Let a suspicious run go on: a person has looked at it. Tell whether it was waiting for that."""
    try:
        with transaction.atomic():
            allowed = Run.objects.filter(pk=run.pk, state=Run.State.SUSPICIOUS).update(
                state=Run.State.RUNNING, is_allowed=True, decided_by=actor, due_at=now, problem=""
            )
    except IntegrityError:
        raise CantStart(_("A newer run of this channel is under way: wait for what it says.")) from None
    if allowed:
        _record(run, "run.allow", actor)
        wake(lane_of(run.channel_id or 0))
    run.refresh_from_db()
    return bool(allowed)


def _record(run: Run, action: str, actor: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=f"run:{run.pk}",
        before={"state": run.state, "problem": run.problem},
        after={},
    )


# The lane -------------------------------------------------------------------------------------------------------


def with_due_runs(channels: QuerySet[Channel], now: datetime) -> QuerySet[Channel]:
    """Narrow channels to those with a run to look at."""
    due = Run.objects.filter(channel=OuterRef("pk"), state=Run.State.RUNNING, due_at__lte=now)
    return channels.filter(Exists(due))


def work(channel: Channel, platform: Platform, lease: Lease) -> bool:
    """Take the channel's oldest due run one step further; tell whether there was one. Raises ChannelError."""
    now = timezone.now()
    run = Run.objects.filter(channel=channel).due(now).first()
    if run is None:
        return False
    try:
        _STEPS[Run.Phase(run.phase)](run, platform, lease)
    except scanning.Stopped:
        bulk.drop(run)
    except ChannelError as error:
        _postpone(run, error, now=timezone.now())
        raise
    except OWN_FAULTS as error:
        words = _("It ended in an error of ours (%(error)s); the server's log has the details.")
        fail(run, words % {"error": type(error).__name__}, now=timezone.now())
        raise
    return True


def _compare(run: Run, platform: Platform, lease: Lease) -> None:
    """Compare what was read with what is accounted; stop and ask if that would flag too much."""
    if not scanning.is_whole(run):
        scanning.begin_again(run)
        return
    scanning.compare(run, platform)
    run.refresh_from_db()
    news = _news(run)
    if not run.is_allowed and _is_suspicious(run, news):
        words = _("%(found)d of %(read)d listings differ, more than %(percent)d %%. Is the store's catalogue sound?")
        numbers = {
            "found": news,
            "read": run.listings_read,
            "percent": schedule.suspicious_percent(run),
        }
        _update(run, state=Run.State.SUSPICIOUS, problem=words % numbers, asked_at=timezone.now(), due_at=None)
        return
    now = timezone.now()
    with transaction.atomic():
        _update(run, phase=Run.Phase.CONFIRM, confirm_by=now + CONFIRM_WITHIN, due_at=now)
        _have_checked(run, now=now + timedelta(seconds=schedule.current().grace_seconds))


def _news(run: Run) -> int:
    """Return how many of a run's suspicions say something that was not known before."""
    known = Q(cause="", channel_shows=F("ledger_says") + F("listing__drift"))
    return Finding.objects.filter(run=run).exclude(known).count()


def _is_suspicious(run: Run, news: int) -> bool:
    if news < schedule.current().suspicious_least:
        return False
    listings = Listing.objects.filter(channel=run.channel_id, state=Listing.State.ACTIVE).count()
    return news * 100 > max(listings, 1) * schedule.suspicious_percent(run)


def _have_checked(run: Run, *, now: datetime) -> None:
    """Have the run's suspects looked at from ``now`` on, unless they are to be looked at earlier."""
    suspects = Finding.objects.filter(run=run, listing__isnull=False).unsettled()
    listings = Listing.objects.filter(pk__in=suspects.values("listing"))
    listings.filter(check_due_at=None).update_in_order(check_due_at=now)


def _confirm(run: Run, platform: Platform, lease: Lease) -> None:
    """Wait until every suspect was looked at, look up what nobody knew, end.

    In this order: what was made anew under its old code links by itself once its predecessor is known to be gone.
    """
    now = timezone.now()
    waiting = Finding.objects.filter(run=run).unsettled()
    if run.confirm_by is not None and now > run.confirm_by:
        waiting.update(state=Finding.State.UNSETTLED, settled_at=now)
    left = waiting.filter(listing__isnull=False).count()
    if run.scope == Run.Scope.SELECTION:
        _update(run, listings_read=(run.listings_expected or 0) - left)
    if left:
        wake(f"check:{run.channel_id}")
        _have_checked(run, now=now)  # a listing whose check was taken back would keep the run for ever
        _update(run, due_at=now + ASK_EVERY)
    elif not _look_up_new(run, platform, now=now):
        end(run, now=now)


def _look_up_new(run: Run, platform: Platform, *, now: datetime) -> bool:
    """Read some of the products that the ledger did not know; tell whether there were any left."""
    new = list(Finding.objects.filter(run=run, listing=None).unsettled().order_by("pk")[:LOOK_UP_AT_ONCE])
    if not new:
        return False
    catalog.refresh_products(
        Channel.objects.get(runs=run), platform, sorted({finding.product_ref for finding in new}), now=now
    )
    known = {
        listing.ref: listing
        for listing in Listing.objects.filter(
            channel=run.channel_id, ref__in=[finding.ref for finding in new]
        ).select_related("channel", "sku")
    }
    for finding in new:
        settling.new_listing(finding, known.get(finding.ref), now=now)
    return True


def end(run: Run, *, now: datetime) -> None:
    """Count what the run has found and end it."""
    counts = dict.fromkeys(Finding.State.values, 0)
    for state in Finding.objects.filter(run=run).values_list("state", flat=True).iterator():
        counts[state] += 1
    found = counts["opened"] + counts["known"] + counts["corrected"] + counts["left"]
    _update(
        run,
        state=Run.State.DONE,
        phase=Run.Phase.END,
        found=found,
        opened=counts["opened"],
        corrected=counts["corrected"],
        left=counts["left"],
        dismissed=counts["dismissed"],
        healed=counts["healed"],
        unsettled=counts["unsettled"],
        open_after=_open_in(run),
        confirming_seconds=(now - (run.confirm_by - CONFIRM_WITHIN)).total_seconds() if run.confirm_by else 0,
        due_at=None,
        ended_at=now,
    )
    bulk.drop(run)


def _open_in(run: Run) -> int:
    return Discrepancy.objects.open().filter(channel=run.channel_id).count()


def _postpone(run: Run, error: ChannelError, *, now: datetime) -> None:
    is_over = isinstance(error, BadCredentials | StoreRefused) or not error.retryable
    if is_over or now - run.started_at > GIVE_UP_AFTER:
        fail(run, str(error), now=now)
        return
    wait = error.wait_seconds if isinstance(error, RateLimited) else min(5 * 2 ** min(run.attempts, 6), 300)
    _update(run, problem=str(error)[:500], attempts=F("attempts") + 1, due_at=now + timedelta(seconds=wait))


def fail(run: Run, problem: str, *, now: datetime) -> None:
    """End a run that can't be made; what it has read is forgotten, and nothing was flagged from it."""
    _update(
        run,
        state=Run.State.FAILED,
        phase=Run.Phase.END,
        problem=problem[:500],
        due_at=None,
        ended_at=now,
        open_after=_open_in(run),
    )
    bulk.drop(run)
    Finding.objects.filter(run=run).unsettled().update(state=Finding.State.UNSETTLED, settled_at=now)


def _update(run: Run, **columns: object) -> bool:
    """Change a run unless someone has stopped it meanwhile; tell whether it was changed."""
    return bool(Run.objects.filter(pk=run.pk, state=Run.State.RUNNING).update(**columns))


def _end(run: Run, platform: Platform, lease: Lease) -> None:
    end(run, now=timezone.now())


_STEPS: Mapping[Run.Phase, Callable[[Run, Platform, Lease], None]] = {
    Run.Phase.START: scanning.begin,
    Run.Phase.SCAN: scanning.read,
    Run.Phase.COMPARE: _compare,
    Run.Phase.CONFIRM: _confirm,
    Run.Phase.END: _end,
}
