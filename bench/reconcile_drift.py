"""What is done to the stores behind our back, and how well a night finds it."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Any

from django.utils import timezone

from bench import reconcile_world as world
from bench.reconcile_world import EACH, Shop, World
from channels import publishing, tasks
from channels.models import Listing
from inventory import ledger
from inventory.ledger import Entry
from inventory.models import Movement, Sku, Warehouse
from reconciliation import runs
from reconciliation.models import Discrepancy, Finding, Run

MOST_SECONDS = 600.0
RIGHT = {  # label → what a person should be told
    "hand-edit-up": "hand-edit",
    "hand-edit-down": "hand-edit",
    "lost-push": "lost-push",
    "late-order": "late-order",
    "tracking-switched": "tracking-switched",
    "recreated": "listing-gone",
    "recreated-new": "listing-new",
    "gone": "listing-gone",
    "mapping": "mapping",
}


def night(made: World) -> dict[str, float]:
    """Reconcile every store to the end while the buyers go on; return what the runs say."""
    from channels.models import Channel

    began = time.monotonic()
    started = [
        runs.start(channel=channel, requested_by="bench", now=timezone.now()) for channel in Channel.objects.all()
    ]
    mine = Run.objects.filter(pk__in=[run.pk for run in started])
    while mine.filter(state=Run.State.RUNNING).exists():
        world.work(made)
        if time.monotonic() - began > MOST_SECONDS:
            raise AssertionError(list(mine.values("state", "phase", "problem")))
    done = list(mine)
    assert all(run.state == Run.State.DONE for run in done), [(run.state, run.problem) for run in done]
    return {
        "opened": sum(run.opened for run in done),
        "found": sum(run.found for run in done),
        "suspected": sum(run.suspected for run in done),
        "unsettled": sum(run.unsettled for run in done),
        "read": sum(run.listings_read for run in done),
        "calls": sum(run.calls for run in done),
        "seconds": time.monotonic() - began,
    }


def inject(made: World) -> dict[tuple[int, str], str]:
    """Change the stores behind our back; return the label of each listing touched, by (channel, product)."""
    labels: dict[tuple[int, str], str] = {}
    for shop in made.stores:
        chance = random.Random(shop.channel_id)
        codes = sorted(shop.products)
        chance.shuffle(codes)
        for label in _INJECT:
            for code in codes[:EACH]:
                # Nobody buys it any more: a label says one thing.
                product = shop.products.pop(code)
                for key, said in _INJECT[label](shop, code, product, chance).items():
                    labels[shop.channel_id, key] = said
            codes = codes[EACH:]
    return labels


def _set(shop: Shop, product: int, units: int) -> None:
    sim = shop.sim
    sim.set_quantity(product, quantity=sim.quantity(product) + units)


def _up(shop: Shop, code: str, product: int, chance: random.Random) -> dict[str, str]:
    _set(shop, product, chance.randint(1, 40))
    return {str(product): "hand-edit-up"}


def _down(shop: Shop, code: str, product: int, chance: random.Random) -> dict[str, str]:
    _set(shop, product, -chance.randint(1, 40))
    return {str(product): "hand-edit-down"}


def _lose_push(shop: Shop, code: str, product: int, chance: random.Random) -> dict[str, str]:
    """Have a delivery pushed, and the store forget that it took it."""
    units = chance.randint(3, 60)
    sku = Sku.objects.get(code=code)
    warehouse = Warehouse.objects.get(feeds__channel=shop.channel_id)
    entry = Entry(
        key=f"bench:{shop.channel_id}:{code}",
        sku_id=sku.pk,
        warehouse_id=warehouse.pk,
        kind=Movement.Kind.RECEIPT,
        on_hand=units,
    )
    ledger.post([entry], actor="bench", now=timezone.now())
    publishing.spread_signals(now=timezone.now())
    tasks.run_lane(publishing.lane_of(shop.channel_id))
    sim = shop.sim
    with sim.store.lock:
        sim.store.products.find(product).quantity -= units
        sim.store.products.index.record(sim.store.products.find(product), at_once=True)
    return {str(product): "lost-push"}


def _late(shop: Shop, code: str, product: int, chance: random.Random) -> dict[str, str]:
    """Sell in an order that can't be read."""
    sim = shop.sim
    order = sim.buy(sku=code, quantity=chance.randint(1, 5))
    order.lines[0].quantity = 1.5
    return {str(product): "late-order"}


def _untrack(shop: Shop, code: str, product: int, chance: random.Random) -> dict[str, str]:
    sim = shop.sim
    sim.set_unlimited(product, unlimited=True)
    return {str(product): "tracking-switched"}


def _recreate(shop: Shop, code: str, product: int, chance: random.Random) -> dict[str, str]:
    """Delete the product and make it anew, half of the time under another code."""
    sim = shop.sim
    sim.delete_product(product)
    if chance.random() < 0.5:
        sim.add_product(sku=code, quantity=500)
        return {str(product): "recreated"}
    new = sim.add_product(sku=f"{code}-NEW", quantity=500).id
    return {str(product): "recreated", str(new): "recreated-new"}


def _drop(shop: Shop, code: str, product: int, chance: random.Random) -> dict[str, str]:
    sim = shop.sim
    sim.delete_product(product)
    return {str(product): "gone"}


def _rename(shop: Shop, code: str, product: int, chance: random.Random) -> dict[str, str]:
    """Use the product for something else: another SKU of ours, with that one's number."""
    other = f"OTHER-{shop.channel_id}-{code}"
    Sku.objects.create(code=other)
    _set(shop, product, -chance.randint(50, 400))
    sim = shop.sim
    sim.store.products.find(product).sku = other
    return {str(product): "mapping"}


_INJECT = {
    "hand-edit-up": _up,
    "hand-edit-down": _down,
    "lost-push": _lose_push,
    "late-order": _late,
    "tracking-switched": _untrack,
    "recreated": _recreate,
    "gone": _drop,
    "mapping": _rename,
}


def score(made: World, labels: dict[tuple[int, str], str]) -> dict[str, Any]:
    """Return found, false and rightly classified, in all and by label."""
    told: dict[tuple[int, str], str] = {}
    for row in Discrepancy.objects.select_related("listing"):
        if row.listing is not None and row.state != Discrepancy.State.HEALED:
            told[row.listing.channel_id, row.listing.product_ref] = row.cause
    # A listing that was made anew and linked again by its code needs nobody: the run has recorded it.
    for finding in Finding.objects.filter(state=Finding.State.LEFT).select_related("listing"):
        if finding.listing is not None:
            told.setdefault((finding.listing.channel_id, finding.listing.product_ref), finding.cause)
    found = {key for key in labels if key in told}
    right = {key for key in found if told[key] == RIGHT[labels[key]]}
    by_label = {
        label: (
            sum(1 for key in labels if labels[key] == label),
            sum(1 for key in found if labels[key] == label),
            sum(1 for key in right if labels[key] == label),
        )
        for label in RIGHT
    }
    return {
        "labels": len(labels),
        "found": len(found),
        "right": len(right),
        "false": len(told.keys() - labels.keys()),
        "listings": Listing.objects.count(),
        "by_label": by_label,
        "wrong": Counter(f"{labels[key]} → {told[key]}" for key in found - right),
        "falsely": [f"{key} {told[key]}" for key in sorted(told.keys() - labels.keys())][:10],
        "missed": [f"{key} {labels[key]}" for key in sorted(labels.keys() - found)][:10],
    }
