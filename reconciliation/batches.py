"""One verb for many discrepancies: worked on per channel in the background, a result per row, and taken back as one.

Rows of one channel are read together between two polls; each is then checked and done by itself, so that one that has
moved never stops the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from channels import readings
from channels.contract import ChannelError, Platform
from channels.lanes import Lease, wake
from channels.models import Channel, Listing
from channels.readings import Reading
from channels.tracking import CantStart
from inventory import audit
from inventory.errors import OWN_FAULTS, LedgerError
from reconciliation import verbs
from reconciliation.models import Batch, BatchItem, Discrepancy, Verb
from reconciliation.verbs import Choice, NotPossible, PictureMoved
from reconciliation.verbs.acting import HARMLESS
from reconciliation.verbs.previewing import Surroundings

log = structlog.get_logger(__name__)

AT_ONCE = 50  # rows read between two polls
MOST = 10_000  # rows of one batch
LOOKS_AGAIN_AFTER = timedelta(seconds=15)
GIVES_UP_AFTER = timedelta(minutes=15)


def lane_of(channel_id: int) -> str:
    return f"decide:{channel_id}"


@transaction.atomic
def start(rows: Sequence[Discrepancy], choice: Choice | None, *, actor: str, now: datetime) -> Batch:
    """Have ``choice`` (None: each row's own proposal) done to each row as it was loaded. Raises ValidationError."""
    if not rows:
        raise ValidationError(_("Nothing is selected."))
    if len(rows) > MOST:
        raise ValidationError(_("That is more than %(most)d rows: narrow the filter.") % {"most": MOST})
    batch = Batch.objects.create(
        verb=choice.verb if choice else "",
        choice=choice.kept() if choice else {},
        requested_by=actor,
        total=len(rows),
        started_at=now,
    )
    _add(batch, rows, now=now)
    audit.record(
        actor=actor,
        action="batch.start",
        subject=f"batch:{batch.pk}",
        before={},
        after={"verb": batch.verb or "proposals", "rows": len(rows), **batch.choice},
    )
    return batch


@transaction.atomic
def start_undo(batch: Batch, *, actor: str, now: datetime) -> Batch:
    """Have all rows that ``batch`` has done taken back. Raises ValidationError where that was asked for before."""
    if batch.undoes_id is not None or Batch.objects.filter(undoes=batch).exists():
        raise ValidationError(_("It was taken back already."))
    rows = list(
        Discrepancy.objects.filter(batch_items__batch=batch, batch_items__state=BatchItem.State.DONE).order_by("pk")
    )
    if not rows:
        raise ValidationError(_("None of its rows was done: there is nothing to take back."))
    undoing = Batch.objects.create(verb=batch.verb, undoes=batch, requested_by=actor, total=len(rows), started_at=now)
    _add(undoing, rows, now=now)
    audit.record(
        actor=actor,
        action="batch.undo",
        subject=f"batch:{batch.pk}",
        before={},
        after={"rows": len(rows), "by": f"batch:{undoing.pk}"},
    )
    return undoing


def _add(batch: Batch, rows: Sequence[Discrepancy], *, now: datetime) -> None:
    BatchItem.objects.bulk_create(
        (
            BatchItem(batch=batch, discrepancy=row, channel_id=row.channel_id, version=row.version, due_at=now)
            for row in rows
        ),
        batch_size=1000,
    )
    for channel_id in sorted({row.channel_id for row in rows if row.channel_id is not None}):
        wake(lane_of(channel_id))
    if any(row.channel_id is None for row in rows):
        wake("reconciliation")


def stop(batch: Batch, *, actor: str, now: datetime) -> int:
    """Leave undone what is not done yet; return how many rows that were."""
    left = BatchItem.objects.filter(batch=batch, state=BatchItem.State.WAITING).update(
        state=BatchItem.State.SKIPPED, message=_("Stopped before its turn."), ended_at=now
    )
    if Batch.objects.filter(pk=batch.pk, state=Batch.State.RUNNING).update(state=Batch.State.STOPPED, ended_at=now):
        audit.record(actor=actor, action="batch.stop", subject=f"batch:{batch.pk}", before={}, after={"left": left})
    return left


def progress(batch: Batch) -> dict[str, int]:
    """Return how many rows there are in each state, by its code."""
    found = BatchItem.objects.filter(batch=batch).order_by().values("state").annotate(rows=Count("pk"))
    return {**dict.fromkeys(BatchItem.State.values, 0), **{each["state"]: each["rows"] for each in found}}


# The lane -------------------------------------------------------------------------------------------------------


def with_waiting(channels: QuerySet[Channel], now: datetime) -> QuerySet[Channel]:
    """Narrow channels to those with rows that wait for their turn."""
    rows = BatchItem.objects.filter(channel=OuterRef("pk"), state=BatchItem.State.WAITING, due_at__lte=now)
    return channels.filter(Exists(rows))


def waiting_without_channel(now: datetime) -> QuerySet[BatchItem]:
    """Return the rows of stock sources that wait for their turn."""
    return BatchItem.objects.filter(channel=None, state=BatchItem.State.WAITING, due_at__lte=now)


def work(channel: Channel, platform: Platform, lease: Lease) -> bool:
    """Do the next rows of the channel; tell whether there were any. Raises ChannelError, having kept them waiting."""
    now = timezone.now()
    items = _next(BatchItem.objects.filter(channel=channel, state=BatchItem.State.WAITING, due_at__lte=now))
    if not items:
        return False
    try:
        read = _read(channel, platform, items, lease, now=now)
    except ChannelError as error:
        read = {}
        _do_harmless(items, error, now=now)
        _end_batches(items, now=now)
        raise
    around = Surroundings.of([item.discrepancy for item in items])
    for item in items:
        _do(item, read.get(item.discrepancy.listing_id or 0), around, now=timezone.now())
    _end_batches(items, now=timezone.now())
    return True


def work_without_channel(*, now: datetime) -> bool:
    """Do the next rows of stock sources; tell whether there were any."""
    items = _next(waiting_without_channel(now))
    around = Surroundings.of([item.discrepancy for item in items])
    for item in items:
        _do(item, None, around, now=now)
    _end_batches(items, now=now)
    return bool(items)


def _next(rows: QuerySet[BatchItem]) -> list[BatchItem]:
    needed = ("batch", "discrepancy__listing", "discrepancy__warehouse", "discrepancy__proposed_sku")
    return list(rows.select_related(*needed).order_by("pk")[:AT_ONCE])


def _read(
    channel: Channel, platform: Platform, items: Sequence[BatchItem], lease: Lease, *, now: datetime
) -> dict[int, Reading]:
    """Read the listings that there is something to read of, all between the same two polls."""
    listings = [ls for ls in (item.discrepancy.listing for item in items) if ls is not None and _has_number(ls)]
    if not listings:
        return {}
    return readings.take(channel, platform, listings, lease=lease, now=now)


def _has_number(listing: Listing | None) -> bool:
    return listing is not None and listing.state == Listing.State.ACTIVE


def _do_harmless(items: Sequence[BatchItem], error: ChannelError, *, now: datetime) -> None:
    """The store can't be asked: do what writes nothing there, and give up on what has waited too long."""
    around = Surroundings.of([item.discrepancy for item in items])
    for item in items:
        verb = item.batch.verb or item.discrepancy.proposal
        if verb in HARMLESS:
            _do(item, None, around, now=now)
        elif not error.retryable or now - item.batch.started_at > GIVES_UP_AFTER:
            _end(item, BatchItem.State.REFUSED, str(error), now=now)
        else:
            BatchItem.objects.filter(pk=item.pk).update(due_at=now + LOOKS_AGAIN_AFTER, message=str(error)[:300])


def _do(item: BatchItem, reading: Reading | None, around: Surroundings, *, now: datetime) -> None:
    """Do one row and keep what became of it. ``around``: what was looked up for all rows of the round."""
    row, batch = item.discrepancy, item.batch
    is_young = now - batch.started_at < GIVES_UP_AFTER
    if reading is None and _has_number(row.listing) and is_young and _needs_reading(item):
        # A sale or a push came in between, or the platform's readings count only later.
        BatchItem.objects.filter(pk=item.pk).update(due_at=now + LOOKS_AGAIN_AFTER)
        return
    try:
        if batch.undoes_id is not None:
            verbs.undo(row, actor=batch.requested_by, now=now, reading=reading)
        else:
            _act(item, reading, around, now=now)
    except PictureMoved as problem:
        _end(item, BatchItem.State.MOVED, str(problem), now=now)
    except (NotPossible, CantStart, LedgerError, ChannelError) as problem:
        _end(item, BatchItem.State.REFUSED, str(problem), now=now)
    except (*OWN_FAULTS, ObjectDoesNotExist, ValidationError) as error:
        # Raised, it would keep all rows behind it waiting, at each round anew.
        log.error("row_not_decided", batch=batch.pk, discrepancy=row.pk, exc_info=error)
        words = _("It could not be done (%(error)s); the server's log has the details.")
        _end(item, BatchItem.State.REFUSED, words % {"error": type(error).__name__}, now=now)
    else:
        _end(item, BatchItem.State.DONE, "", now=now)


def _needs_reading(item: BatchItem) -> bool:
    if item.batch.undoes_id is not None:
        return item.discrepancy.undo.get("accounted_version") is not None
    return (item.batch.verb or item.discrepancy.proposal) not in HARMLESS


def _act(item: BatchItem, reading: Reading | None, around: Surroundings, *, now: datetime) -> None:
    row, batch = item.discrepancy, item.batch
    choice = verbs.proposed(row) if not batch.verb else Choice.of(batch.choice, verb=Verb(batch.verb), version=0)
    if choice is None:
        raise NotPossible(_("Nothing is proposed for it."))
    if choice.verb == Verb.TAKE_THEIRS and _was_adjusted(item):
        raise PictureMoved(_("Another row of this batch has adjusted its SKU: look at the numbers anew."))
    choice = verbs.choice_for(row, choice) or choice
    choice = choice.of_version(item.version)
    verbs.act(row, choice, actor=batch.requested_by, now=now, reading=reading, around=around)


def _was_adjusted(item: BatchItem) -> bool:
    """Tell whether the batch has taken another number for the same SKU: a second one would count it twice."""
    done = BatchItem.objects.filter(batch=item.batch_id, state=BatchItem.State.DONE)
    return done.filter(discrepancy__sku=item.discrepancy.sku_id, discrepancy__resolution=Verb.TAKE_THEIRS).exists()


def _end(item: BatchItem, state: BatchItem.State, message: str, *, now: datetime) -> None:
    BatchItem.objects.filter(pk=item.pk, state=BatchItem.State.WAITING).update(
        state=state, message=message[:300], ended_at=now
    )


def _end_batches(items: Sequence[BatchItem], *, now: datetime) -> None:
    waiting = BatchItem.objects.filter(batch=OuterRef("pk"), state=BatchItem.State.WAITING)
    rows = Batch.objects.filter(pk__in={item.batch_id for item in items}, state=Batch.State.RUNNING)
    rows.filter(~Q(Exists(waiting))).update(state=Batch.State.DONE, ended_at=now)
