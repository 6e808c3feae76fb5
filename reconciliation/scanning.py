"""The full reading of a channel: page by page into rows of the run, then compared in one statement."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from channels import limiter, polling
from channels.contract import BadPayload, CatalogPage, Platform, ReportedListing
from channels.lanes import Lease
from channels.models import Channel, Listing
from reconciliation import bulk
from reconciliation.bulk import ShownRow
from reconciliation.models import Discrepancy, Finding, Run

KEEP_EVERY_SECONDS = 5.0  # pages read longer ago than that are kept, with the cursor behind them
KEEP_EVERY_ROWS = 10_000  # each COPY costs as much as a thousand rows, whatever it holds
NOTE_EVERY = timedelta(seconds=30)  # what was read by then is compared with what is accounted
LONGEST_CURSOR = 300  # of Run.cursor
LARGEST = 2**62  # beyond it a number can't even be kept; what a store shows below it is compared, however odd


def begin(run: Run, platform: Platform, lease: Lease) -> None:
    """Book the orders up to now, before any page is asked for."""
    channel = Channel.objects.get(runs=run)
    clock = Clock()
    with clock.asking():
        polling.poll(channel, platform, now=timezone.now())
    with clock.writing(), transaction.atomic():
        bulk.drop(run)
        expected = Listing.objects.filter(channel=channel, state=Listing.State.ACTIVE).count()
        Finding.objects.filter(run=run).delete()
        _keep(
            run,
            clock,
            phase=Run.Phase.SCAN,
            cursor="",
            is_read=False,
            listings_expected=expected,
            listings_read=0,
            noted_at=timezone.now(),
        )


def read(run: Run, platform: Platform, lease: Lease) -> None:
    """Read pages for a while and keep them with the cursor of the next one, all or none. Raises ChannelError."""
    clock = Clock()
    rows: list[ShownRow] = []
    cursor, pages, unreadable, problems = run.cursor, 0, 0, list[str]()
    while True:
        with clock.asking():
            page = platform.catalog_page(cursor)
            _check_progress(page, cursor, run)
            rows.extend(_rows(run, page.listings))
        pages += 1
        unreadable += len(page.problems)
        problems.extend(page.problems[:3])
        cursor = page.next_cursor
        if not cursor or page.wait_seconds or len(rows) >= KEEP_EVERY_ROWS or clock.runs_for > KEEP_EVERY_SECONDS:
            break
        if lease.is_over:
            break
    unreadable += sum(row.tracked is None for row in rows)
    is_end, now = not cursor, timezone.now()
    noted: dict[str, object] = {}
    with transaction.atomic():
        with clock.writing():
            bulk.write_shown(rows)
            if not is_end and now - (run.noted_at or run.started_at) >= NOTE_EVERY:
                noted = {"noted_to": bulk.note_differing(run), "noted_at": now}
        _keep(
            run,
            clock,
            phase=Run.Phase.COMPARE if is_end else Run.Phase.SCAN,
            cursor=cursor,
            is_read=is_end,
            pages=F("pages") + pages,
            listings_read=F("listings_read") + len(rows),
            unreadable=F("unreadable") + unreadable,
            problem="; ".join(dict.fromkeys([*filter(None, [run.problem]), *problems]))[:500] if problems else "",
            attempts=0,
            due_at=now + timedelta(seconds=page.wait_seconds),
            **noted,
        )


def _check_progress(page: CatalogPage, cursor: str, run: Run) -> None:
    """Raise BadPayload for a catalogue that has no end."""
    if page.next_cursor and page.next_cursor == cursor and not page.wait_seconds:
        raise BadPayload(_("The store's catalogue does not get on: the same page leads to itself."))
    if len(page.next_cursor) > LONGEST_CURSOR:
        raise BadPayload(_("The store's catalogue names its next page by more than can be kept."))


def _rows(run: Run, listings: Iterable[ReportedListing]) -> Iterator[ShownRow]:
    """Turn what a page reports into rows; a number that is none is not compared."""
    run_id = run.pk
    for item in listings:
        tracked, quantity = item.tracked, item.quantity
        if tracked and not _is_number(quantity):
            tracked, quantity = None, None
        yield ShownRow(run_id, item.ref, item.product_ref, tracked, quantity if tracked else None)


def _is_number(quantity: object) -> bool:
    """Tell a whole number that can be kept from null, a fraction and what is beyond every shelf and column."""
    return type(quantity) is int and -LARGEST <= quantity <= LARGEST


def is_whole(run: Run) -> bool:
    """Tell whether the catalogue was read to its end and every reading of it is still there."""
    return run.is_read and bulk.shown_count(run) == run.listings_read


def begin_again(run: Run) -> None:
    """Read everything anew: a half-read catalogue must flag nothing."""
    Run.objects.filter(pk=run.pk, state=Run.State.RUNNING).update(
        phase=Run.Phase.START, cursor="", is_read=False, listings_read=0, due_at=timezone.now()
    )


def compare(run: Run, platform: Platform) -> None:
    """Write what is suspected: what differs as the reading ends and still does once all orders are booked."""
    clock = Clock()
    channel = Channel.objects.get(runs=run)
    with transaction.atomic():
        Finding.objects.filter(run=run).delete()
        with clock.comparing():
            bulk.compare(run)
    with clock.asking():
        polling.poll(channel, platform, now=timezone.now())
    with transaction.atomic():
        with clock.comparing():
            _take_back_booked(run)
            suspected = Finding.objects.filter(run=run).count()
            _note_open(run)
        _keep(run, clock, suspected=suspected)


def _take_back_booked(run: Run) -> None:
    """Drop suspicions that a sale explains which was booked only now; bring the others up to date."""
    rows = Finding.objects.filter(run=run, cause="")
    rows.filter(listing__drift=0, channel_shows=F("listing__accounted")).delete()
    now = Listing.objects.filter(pk=OuterRef("listing")).values("accounted")
    rows.exclude(ledger_says=F("listing__accounted")).update(ledger_says=Subquery(now))


def _note_open(run: Run) -> None:
    """Add what is open before people and agrees in this reading: it is looked at again, then it heals."""
    mine = Finding.objects.filter(run=run, listing=OuterRef("pk"))
    live = Discrepancy.objects.live().filter(channel=run.channel_id).values("listing")
    rows = Listing.objects.filter(pk__in=live, state=Listing.State.ACTIVE, accounted__isnull=False)
    rows = rows.exclude(Exists(mine))
    Finding.objects.bulk_create(
        Finding(run=run, listing_id=pk, ref=ref, product_ref=product_ref)
        for pk, ref, product_ref in rows.order_by("pk").values_list("pk", "ref", "product_ref")
    )


class Stopped(Exception):
    """Someone has stopped the run meanwhile: what was just read is not kept."""


def _keep(run: Run, clock: Clock, **columns: object) -> None:
    """Write how far the run is, with the seconds and calls of the step. Raises Stopped."""
    columns.setdefault("due_at", timezone.now())
    changed = Run.objects.filter(pk=run.pk, state=Run.State.RUNNING).update(
        calls=F("calls") + clock.calls,
        **{f"{part}_seconds": F(f"{part}_seconds") + spent for part, spent in clock.spent.items()},
        **columns,
    )
    if not changed:
        raise Stopped


class Clock:
    """Where the seconds of a step go. Waiting is what a call takes beyond the processor time of this thread."""

    def __init__(self) -> None:
        self.spent = dict.fromkeys(("waiting", "parsing", "comparing", "writing"), 0.0)
        self._began = time.monotonic()
        self._calls_before = limiter.calls_made()

    @property
    def runs_for(self) -> float:
        return time.monotonic() - self._began

    @property
    def calls(self) -> int:
        return limiter.calls_made() - self._calls_before

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Time a call to the platform: its answer is waited for, then parsed."""
        began, busy = time.monotonic(), time.thread_time()
        yield
        busy = time.thread_time() - busy
        self.spent["parsing"] += busy
        self.spent["waiting"] += max(0.0, time.monotonic() - began - busy)

    @contextmanager
    def comparing(self) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.spent["comparing"] += time.monotonic() - began

    @contextmanager
    def writing(self) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.spent["writing"] += time.monotonic() - began
