"""Reading a source: page by page into rows of ours, and compared only once nothing lacks. Else nothing of it counts.

A reading is a row (``Pull``) with a phase and a cursor, so that a worker that dies goes on where it stopped. Shipments
are read before and after the stock: one that is told late would look like a loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from inventory.errors import OWN_FAULTS
from inventory.sources import comparing, judging, mapping, plans, shipments
from inventory.sources.contract import (
    BadCredentials,
    BadPayload,
    CantReread,
    Connection,
    RateLimited,
    SourceError,
    StockPage,
    StockRow,
    StockSource,
    TornRead,
)
from inventory.sources.models import Pull, PulledRow, PullProblem, Source
from inventory.sources.numbers import storable
from inventory.sources.registry import capabilities_of

log = structlog.get_logger(__name__)

ABANDONED_AFTER = timedelta(minutes=15)  # a reading that nobody has touched for so long begins anew
SHIPMENT_OVERLAP = timedelta(minutes=15)
LONGEST_BACKOFF = timedelta(hours=1)
REREAD_AT_MOST = 40  # places that are read once more, each in one piece, before a difference is believed
HISTORY_KEPT = timedelta(days=30)  # movements and readings stay for good


def begin(
    source: Source,
    *,
    trigger: Pull.Trigger,
    now: datetime,
    actor: str = "",
    item_refs: Sequence[str] = (),
) -> Pull | None:
    """Begin a reading, of all or of ``item_refs``; None when one is under way."""
    try:
        with transaction.atomic():
            return Pull.objects.create(
                source=source,
                trigger=trigger,
                actor=actor,
                is_full=not item_refs,
                item_refs=list(item_refs),
                phase=Pull.Phase.SHIPPED_BEFORE if capabilities_of(source).tells_shipments else Pull.Phase.STOCK,
                started_at=now,
                touched_at=now,
            )
    except IntegrityError:
        return None


def step(pull: Pull, adapter: StockSource, connection: Connection, *, now: datetime) -> None:
    """Take a reading one step on. What fails ends it: nothing of it is used, and a sentence says why."""
    source = pull.source
    if now - pull.touched_at > ABANDONED_AFTER:
        discard(pull, _("It was interrupted. A new reading begins."), now=now)
        return
    try:
        if pull.pages == 0 and not pull.cursor and pull.phase in (Pull.Phase.SHIPPED_BEFORE, Pull.Phase.STOCK):
            _refresh_locations(pull, adapter, now=now)
        _PHASES[Pull.Phase(pull.phase)](pull, adapter, connection, now)
    except RateLimited as error:
        # What was read stays: the same page is asked for again.
        pull.wait_until, pull.touched_at = now + timedelta(seconds=error.wait_seconds), now
        pull.save()
        return
    except CantReread:
        pull.item_refs, pull.is_full = [], True
    except SourceError as error:
        fail(pull, error, now=now)
        return
    except OWN_FAULTS as error:
        _give_up(pull, error, now=now)
        return
    except mapping.LocationGone as error:
        discard(pull, str(error), now=now)
        Source.objects.filter(pk=source.pk).update(next_pull_at=now + timedelta(seconds=source.pull_seconds))
        return
    pull.touched_at, pull.wait_until = now, None
    pull.save()
    Source.objects.filter(pk=source.pk).update(memory=dict(connection.memory))


def _give_up(pull: Pull, error: Exception, *, now: datetime) -> None:
    """End a reading that can't be used for a reason that nobody thought of: it is said, and a new one begins later."""
    log.error("stock_not_read", source=pull.source.name, exc_info=error)
    words = _("It could not be used (%(error)s); the server's log has the details.")
    fail(pull, SourceError(words % {"error": type(error).__name__}), now=now)


def _refresh_locations(pull: Pull, adapter: StockSource, *, now: datetime) -> None:
    if pull.is_full:
        mapping.refresh(pull.source, adapter.locations(), now=now)
        mapping.check(pull.source)


def _read_shipments(pull: Pull, adapter: StockSource, connection: Connection, now: datetime) -> None:
    """Read one page of shipments and count them. Those found after the stock are on their way as far as it knows."""
    source = pull.source
    since = (source.shipments_to or source.started_at) - SHIPMENT_OVERLAP
    page = adapter.shipment_page(pull.cursor, since=max(since, source.started_at))
    if page.next_cursor and page.next_cursor == pull.cursor:
        raise BadPayload(_("The list of shipments leads from a page to the same page."))
    is_after = pull.phase == Pull.Phase.SHIPPED_AFTER
    counted = shipments.take(source, page.shipments, now=now, is_dated=capabilities_of(source).has_exact_times)
    if is_after and not capabilities_of(source).has_exact_times:
        pull.moving = sorted({*pull.moving, *counted.sku_ids})
    pull.cursor = page.next_cursor
    if page.next_cursor:
        return
    if is_after:
        pull.phase = Pull.Phase.APPLY
        Source.objects.filter(pk=source.pk).update(shipments_to=pull.started_at)
    else:
        pull.phase = Pull.Phase.STOCK


def _read_stock(pull: Pull, adapter: StockSource, connection: Connection, now: datetime) -> None:
    if pull.item_refs:
        stage(pull, adapter.read_items(pull.item_refs), as_of=now)
        _after_stock(pull, adapter)
        return
    page = adapter.stock_page(pull.cursor)
    _check_fits(pull, page)
    stage(pull, page.rows, as_of=page.as_of)
    pull.snapshot, pull.total = page.snapshot, page.total
    pull.as_of = page.as_of if pull.as_of is None else min(pull.as_of, page.as_of)
    pull.cursor = page.next_cursor
    if page.skew_seconds is not None:
        Source.objects.filter(pk=pull.source_id).update(skew_seconds=page.skew_seconds)
    if not page.next_cursor:
        if pull.total is not None and pull.rows != pull.total:
            raise TornRead(
                _("The source announced %(total)d rows and sent %(rows)d: products changed while they were read.")
                % {"total": pull.total, "rows": pull.rows}
            )
        _after_stock(pull, adapter)


def _after_stock(pull: Pull, adapter: StockSource) -> None:
    tells = adapter.capabilities.tells_shipments
    pull.phase = Pull.Phase.SHIPPED_AFTER if tells else Pull.Phase.APPLY
    pull.cursor = ""


def _check_fits(pull: Pull, page: StockPage) -> None:
    """See that this page belongs to the same state of the stock as the pages before it. Raises TornRead."""
    if pull.pages == 0:
        return
    if page.snapshot != pull.snapshot:
        raise TornRead(_("The stock was counted anew while it was read. Nothing of this reading is used."))
    if page.total != pull.total:
        raise TornRead(_("The number of rows changed while they were read. Nothing of this reading is used."))


def stage(pull: Pull, rows: Sequence[StockRow], *, as_of: datetime) -> None:
    staged = [
        PulledRow(
            pull=pull,
            row_ref=storable(row.row_ref, 200),
            item_ref=storable(row.item_ref, 200),
            sku_code=storable(row.sku, 200),
            location_ref=storable(row.location_ref, 200),
            on_hand=row.on_hand,
            reserved=row.reserved,
            unsellable=row.unsellable,
            as_of=row.as_of or as_of,
            problem=storable(row.problem, 300),
            note=storable(row.note, 300),
        )
        for row in rows
    ]
    try:
        with transaction.atomic():
            PulledRow.objects.bulk_create(staged, batch_size=2000)
    except IntegrityError:
        raise TornRead(_("A row came twice: products changed while they were read. Nothing is used.")) from None
    pull.pages += 1
    pull.rows += len(staged)


def _apply(pull: Pull, adapter: StockSource, connection: Connection, now: datetime) -> None:
    """Compare and follow, or stop and ask where far too much would go to zero."""
    capabilities = adapter.capabilities
    plan = plans.gather(pull, capabilities)
    if pull.is_full and plan.is_alarming(pull.source.zero_percent):
        wait_for_person(pull, plan, now=now)
        return
    if capabilities.can_reread and pull.is_full:
        plan = _believed(pull, plan, adapter)
    finish(pull, plan, now=now)


def _believed(pull: Pull, plan: plans.Plan, adapter: StockSource) -> plans.Plan:
    """Read items that differ once more, each in one piece: a row that moved between two pages looks like a loss."""
    tally = comparing.compare(pull.source, plan, moving=pull.moving)
    refs = sorted({ref for verdict in tally.verdicts for ref in verdict.told.item_refs})
    if not refs or len(refs) > REREAD_AT_MOST:
        return plan
    try:
        rows = adapter.read_items(refs)
    except CantReread:
        return plan
    with transaction.atomic():
        PulledRow.objects.filter(pull=pull, item_ref__in=refs).delete()
        pages, count = pull.pages, pull.rows
        stage(pull, rows, as_of=pull.started_at)
        pull.pages, pull.rows = pages, count
    return plans.gather(pull, adapter.capabilities)


_PHASES = {
    Pull.Phase.SHIPPED_BEFORE: _read_shipments,
    Pull.Phase.STOCK: _read_stock,
    Pull.Phase.SHIPPED_AFTER: _read_shipments,
    Pull.Phase.APPLY: _apply,
}


def wait_for_person(pull: Pull, plan: plans.Plan, *, now: datetime, sentence: str = "") -> None:
    """Stop before anything is changed; the rows stay until a person has decided."""
    words = _("It would set %(zeroed)d of %(stocked)d SKUs that have stock to 0. Look at it before it counts.")
    Pull.objects.filter(source=pull.source).waiting().exclude(pk=pull.pk).update(
        state=Pull.State.DISCARDED, problem=_("A newer reading took its place."), ended_at=now
    )
    pull.state = Pull.State.WAITING
    pull.problem = sentence or words % {"zeroed": plan.zeroed, "stocked": plan.stocked}
    pull.skipped, pull.zeroed = plan.skipped, plan.zeroed
    pull.save()
    _keep_problems(pull, plan)
    _rest(pull.source, now=now)


def finish(pull: Pull, plan: plans.Plan, *, now: datetime) -> None:
    """Follow a complete reading and end it."""
    comparing.apply(pull, plan, now=now)
    pull.state, pull.ended_at, pull.touched_at = Pull.State.APPLIED, now, now
    with transaction.atomic():  # without its rows a pull that is not over would say that nothing is there
        _keep_problems(pull, plan)
        pull.save()
        PulledRow.objects.filter(pull=pull).delete()
    pull.source.pulls.older_than(now - HISTORY_KEPT).delete()
    Source.objects.filter(pk=pull.source_id).update(failures=0)
    _rest(pull.source, now=now)
    judging.tell(pull)
    log.info("stock_read", source=pull.source.name, rows=pull.rows, adjusted=pull.adjusted, flagged=pull.flagged)


def _keep_problems(pull: Pull, plan: plans.Plan) -> None:
    PullProblem.objects.filter(pull=pull).delete()
    PullProblem.objects.bulk_create(plan.problems)


def _rest(source: Source, *, now: datetime) -> None:
    Source.objects.filter(pk=source.pk).update(next_pull_at=now + timedelta(seconds=source.pull_seconds))


def fail(pull: Pull, error: SourceError, *, now: datetime) -> None:
    """End a reading that went wrong and say when the next begins; a dead token waits for a person."""
    discard(pull, str(error), now=now)
    source = pull.source
    source.failures += 1
    wait = min(LONGEST_BACKOFF, timedelta(seconds=source.pull_seconds) * 2 ** min(source.failures - 1, 6))
    if isinstance(error, TornRead):
        wait = timedelta(seconds=min(30, source.pull_seconds))
    Source.objects.filter(pk=source.pk).update(failures=source.failures, next_pull_at=now + wait)
    note_failure(source, error, now=now)


def note_failure(source: Source, error: SourceError, *, now: datetime) -> None:
    """Stop the source where the error calls for a person. Older credentials say nothing about those it has by now."""
    if isinstance(error, BadCredentials):
        rows = Source.objects.filter(pk=source.pk, credentials_version=source.credentials_version)
        rows.exclude(connection=Source.Connection.RECONNECT).update(
            connection=Source.Connection.RECONNECT,
            connection_problem=storable(str(error), 500),
            connection_problem_at=now,
        )
    elif isinstance(error, BadPayload):
        log.warning("source_payload", source=source.name, error=str(error))


def discard(pull: Pull, sentence: str, *, now: datetime) -> None:
    """End a pull of which nothing is used."""
    pull.state, pull.problem = Pull.State.DISCARDED, storable(sentence, 500)
    pull.ended_at = pull.touched_at = now
    pull.save()
    PulledRow.objects.filter(pull=pull).delete()


@transaction.atomic
def decide(pull: Pull, *, apply: bool, actor: str, now: datetime) -> bool:
    """Discard a pull that waits for a person, or have the source's lane apply it; tell whether it still waited."""
    locked = Pull.objects.select_for_update().filter(pk=pull.pk, state=Pull.State.WAITING).first()
    if locked is None:
        return False
    locked.actor = actor
    if not apply:
        discard(locked, _("Discarded by hand."), now=now)
        return True
    # Another reading may be under way; its own comparison comes later and is as right.
    locked.state, locked.problem, locked.touched_at = Pull.State.DECIDED, "", now
    locked.save(update_fields=["actor", "state", "problem", "touched_at"])
    return True


def apply_decided(source: Source, *, now: datetime) -> bool:
    """Apply what a person has decided to; tell whether there was anything. One that a crash cut short goes on."""
    pull = Pull.objects.filter(source=source, state=Pull.State.DECIDED).order_by("pk").first()
    if pull is None:
        return False
    try:
        finish(pull, plans.gather(pull, capabilities_of(source)), now=now)
    except OWN_FAULTS as error:
        _give_up(pull, error, now=now)
    return True
