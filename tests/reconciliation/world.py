"""Short words for stores that show another number than the ledger."""

from __future__ import annotations

from django.utils import timezone

from channels import readings, tasks
from channels.models import Listing, ListingVariant
from channels.readings import Reading
from inventory import ledger
from inventory.ledger import Entry
from inventory.models import Movement, Sku, StockSignal
from reconciliation import queue, runs
from reconciliation.models import Cause, Discrepancy, Run, Severity, Verb
from reconciliation.queue import Diagnosis
from tests.channels.core.world import Store, pass_time, sell
from tests.factories import make_warehouse


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


def many_differing(store: Store, number: int, *, ours: int, theirs: int) -> list[Discrepancy]:
    """Lay ``number`` SKUs that the store shows ``theirs`` of while ``ours`` are there, each with its discrepancy.

    Beside them it sells as many that agree: a store where nearly everything is wrong trips the circuit breaker.
    """
    now, warehouse = timezone.now(), make_warehouse()
    _many_listings(store, [f"OTHER-{each:04}" for each in range(number)], ours=ours, shows=ours)
    listings = _many_listings(store, [f"ROW-{each:04}" for each in range(number)], ours=ours, shows=theirs)
    store.forget_webhooks()
    return Discrepancy.objects.bulk_create(
        Discrepancy(
            listing=listing,
            channel=store.channel,
            sku=listing.sku,
            warehouse=warehouse,
            ledger_says=ours,
            channel_shows=theirs,
            cause=Cause.HAND_EDIT,
            proposal=Verb.KEEP_OURS,
            severity=Severity.HIGH,
            read_at=now,
            first_seen_at=now,
            last_seen_at=now,
        )
        for listing in listings
    )


def _many_listings(store: Store, codes: list[str], *, ours: int, shows: int) -> list[Listing]:
    """Put a SKU for each code into the ledger and on sale, where the store shows its own number."""
    now, warehouse = timezone.now(), make_warehouse()
    products = {code: store.sim.add_product(sku=code, quantity=shows).id for code in codes}
    Sku.objects.bulk_create(Sku(code=code, name=f"Product {code}") for code in codes)
    skus = Sku.objects.in_bulk(codes, field_name="code")
    entries = [
        Entry(key=f"laid:{sku.pk}", sku_id=sku.pk, warehouse_id=warehouse.pk, kind=Movement.Kind.RECEIPT, on_hand=ours)
        for sku in skus.values()
    ]
    ledger.post(entries, actor="user:ana", now=now)
    StockSignal.objects.all().delete()
    listings = Listing.objects.bulk_create(
        Listing(
            channel=store.channel,
            ref=f"p{pk}",
            product_ref=str(pk),
            title=f"Product {code}",
            external_sku=code,
            sku=skus[code],
            mapping=Listing.Mapping.MAPPED,
            tracked=True,
            accounted=ours,
            drift=shows - ours,
            drift_since=now if shows != ours else None,
            seen_at=now,
        )
        for code, pk in products.items()
    )
    ListingVariant.objects.bulk_create(ListingVariant(listing=ls, channel=store.channel, ref=ls.ref) for ls in listings)
    return listings
