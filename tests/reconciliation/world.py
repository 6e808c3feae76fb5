"""Short words for stores that show another number than the ledger."""

from __future__ import annotations

from django.utils import timezone

from channels import readings
from channels.readings import Reading
from reconciliation import queue
from reconciliation.models import Cause, Discrepancy
from reconciliation.queue import Diagnosis
from tests.channels.core.world import Store, sell


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
