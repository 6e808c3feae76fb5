"""Short words for stores that show another number than the ledger."""

from __future__ import annotations

from django.utils import timezone

from channels import readings, tasks
from channels.readings import Reading
from reconciliation import queue, runs
from reconciliation.models import Cause, Discrepancy, Run
from reconciliation.queue import Diagnosis
from tests.channels.core.world import Store, pass_time, sell


def by_hand(store: Store, sku: str, quantity: int) -> None:
    """Type another quantity into the store's own administration."""
    product, _ = store.sim.store.find_sku(sku)
    store.sim.set_quantity(product.id, quantity=quantity)


def read(store: Store, sku: str) -> Reading:
    """Read what the store shows of a SKU, between two polls."""
    listing = store.listing(sku)
    with store.platform() as platform:
        return readings.take(store.fresh(), platform, [listing], lease=None, now=timezone.now())[listing.pk]


def differing(store: Store, sku: str, *, ours: int, theirs: int) -> Discrepancy:
    """Sell ``ours`` units of a SKU on the store, have it show ``theirs``, and open the discrepancy."""
    sell(store, sku, ours)
    by_hand(store, sku, theirs)
    store.forget_webhooks()
    row, _ = queue.show(
        store.listing(sku), read(store, sku), Diagnosis(cause=Cause.HAND_EDIT), run=None, now=timezone.now()
    )
    return row


def reconcile(store: Store, run: Run | None = None) -> Run:
    """Make a run over the whole store, letting all waiting times pass."""
    run = run or runs.start(channel=store.fresh(), requested_by="user:ana", now=timezone.now())
    for _ in range(12):
        go_on(store)
        run.refresh_from_db()
        if run.state != Run.State.RUNNING:
            return run
    raise AssertionError(f"The run does not end: {run.phase}, {run.problem}")


def go_on(store: Store) -> None:
    """Let the waiting times pass and have the lanes of the store look once."""
    pass_time(store.channel)
    Run.objects.filter(channel=store.channel, due_at__isnull=False).update(due_at=timezone.now())
    tasks.run_lane(runs.lane_of(store.channel.pk))
    tasks.run_lane(f"check:{store.channel.pk}")


def causes(store: Store) -> dict[str, tuple[str, str]]:
    """Return the cause and the state of every discrepancy of the store by the store's SKU."""
    rows = Discrepancy.objects.filter(channel=store.channel).select_related("listing")
    return {row.listing.external_sku: (row.cause, row.state) for row in rows if row.listing is not None}


def findings(run: Run) -> dict[str, str]:
    """Return the state of each finding of a run by the store's SKU."""
    rows = run.findings.select_related("listing")
    return {row.listing.external_sku if row.listing else row.ref: row.state for row in rows}
