"""Client of the reconciliation benchmark: four simulated stores under live sales, nights with and without drift.

Everything runs in this one process. The buyers are quicker than any worker: they buy while the store answers our reads
of quantities, just before or just after it looks, so that sales fall between every two readings however busy the
machine is. (Seldom while single products are read and never while it answers about orders: each sale told of would
bring another.)
Webhooks are brought to our door by hand, so that some can be lost.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import django

STORES, LISTINGS = 4, 2_000
SALES_PER_PAGE, SALES_PER_LOOK = 4, 0.2  # on average, half of them just before the store answers, half just after
LOST_WEBHOOKS = 0.15
SEARCH_LAG = 0.3  # seconds that the stores' lists lag behind
GRACE = 0  # seconds; in earnest 30 and more, which only makes it easier
EACH = 12  # labels of each kind in each store


@dataclass
class World:
    """The stores, and what was done to them behind our back: the cause by (store, the platform's product id)."""

    stores: list[Shop]


@dataclass
class Shop:
    """One store: ``products`` are those that are bought, by SKU."""

    sim: Any
    channel_id: int = 0
    products: dict[str, int] = field(default_factory=dict)
    is_open: bool = False
    heard: int = 0
    sold: int = 0
    chance: random.Random = field(default_factory=random.Random)

    def buy(self, mean: float) -> None:
        """Buy a few things, or nothing: half of ``mean`` on average."""
        number = self.chance.randint(0, int(mean)) if mean >= 1 else int(self.chance.random() < mean / 2)
        for _ in range(number if self.is_open else 0):
            self.sim.buy(sku=self.chance.choice(list(self.products)), quantity=self.chance.choice((1, 1, 1, 2)))
            self.sold += 1


def main(nights: int) -> None:
    django.setup()
    from bench import reconcile_drift as drift
    from channels import lanes
    from channels.platforms.ecwid import client
    from reconciliation.models import Schedule

    lanes.async_task = lambda *_: None  # type: ignore[attr-defined] # this process is the worker
    client.CALLS_PER_SECOND, client.BURST = 1e6, 1_000_000
    Schedule.objects.create(pk=1, grace_seconds=GRACE, is_enabled=False, suspicious_percent=60)
    with world() as made:
        quiet = []
        for number in range(1, nights + 1):
            quiet.append(drift.night(made))
            print(f"night {number}: {quiet[-1]}", file=sys.stderr, flush=True)
        labels = drift.inject(made)
        found = drift.night(made)
        scores = drift.score(made, labels)
    print(
        json.dumps(
            {
                "quiet_flags": sum(each["opened"] for each in quiet),
                "quiet_suspected": sum(each["suspected"] for each in quiet),
                "quiet_read": sum(each["read"] for each in quiet),
                "sales": sum(shop.sold for shop in made.stores),
                "seconds_per_night": sum(each["seconds"] for each in quiet) / max(len(quiet), 1),
                "night": found,
                **scores,
            }
        )
    )
    sys.stdout.flush()


@contextmanager
def world() -> Iterator[World]:
    """Give stores that show what the ledger has, with buyers in them."""
    with ExitStack() as stack:
        made = World(stores=[_open(stack, number) for number in range(STORES)])
        for shop in made.stores:
            shop.is_open = True
        yield made


def _open(stack: ExitStack, number: int) -> Shop:
    from sandbox.ecwid import EcwidSimulator

    sim = EcwidSimulator(store_id=1000 + number, token=f"token{number}", rate_limit=100_000_000)
    shop = Shop(sim=sim, chance=random.Random(number))
    answer = sim._answer

    def answer_among_buyers(request: Any) -> Any:
        is_page, is_look = request.path.endswith("/products"), "/products/" in request.path
        mean = SALES_PER_PAGE if is_page else SALES_PER_LOOK if is_look else 0
        shop.buy(mean)
        response = answer(request)
        shop.buy(mean)
        return response

    sim._answer = answer_among_buyers  # type: ignore[method-assign]
    stack.enter_context(sim)
    shop.products = {f"BENCH-{n}": sim.add_product(sku=f"BENCH-{n}", quantity=500).id for n in range(LISTINGS)}
    sim.options.search_lag_seconds = SEARCH_LAG
    shop.channel_id = _connect(sim, number, shop.products)
    return shop


def _connect(sim: Any, number: int, products: dict[str, int]) -> int:
    """Lay the store's channel and listings as an import, a mapping and a first reading would have left them."""
    from django.utils import timezone

    from channels.models import Channel, ChannelWarehouse, Listing, ListingVariant
    from inventory.models import Sku, StockLevel, Warehouse
    from inventory.models import match_key as key

    warehouse, _ = Warehouse.objects.get_or_create(code=f"W{number}", defaults={"name": f"Warehouse {number}"})
    if not Sku.objects.exists():
        Sku.objects.bulk_create(Sku(code=code, match_key=key(code)) for code in products)
    skus = dict(Sku.objects.values_list("code", "pk"))
    # Opened behind the ledger's back: nothing here asks it for movements.
    StockLevel.objects.bulk_create(StockLevel(sku_id=pk, warehouse=warehouse, on_hand=500) for pk in skus.values())
    channel = Channel.objects.create(
        platform="ecwid",
        name=f"Store {number}",
        base_url=sim.base_url,
        account_ref=str(1000 + number),
        credentials={  # type: ignore[misc]
            "store_id": str(1000 + number),
            "token": f"token{number}",
            "client_secret": "sandbox_client_secret",
        },
        mode="live",
        started_at=timezone.now() - timedelta(minutes=5),  # stores tell times to the second
        orders_polled_to=timezone.now(),
    )
    # A warehouse for each store: their sales don't concern each other, so that each store's pushes are its labels' own.
    ChannelWarehouse.objects.create(channel=channel, warehouse=warehouse)
    listings = Listing.objects.bulk_create(
        Listing(
            channel=channel,
            ref=f"p{pk}",
            product_ref=str(pk),
            title=code,
            external_sku=code,
            sku_id=skus[code],
            mapping="mapped",
            tracked=True,
            accounted=500,
            price="19.90",
            seen_at=timezone.now(),
        )
        for code, pk in products.items()
    )
    ListingVariant.objects.bulk_create(ListingVariant(listing=ls, channel=channel, ref=ls.ref) for ls in listings)
    return channel.pk


def work(made: World) -> None:
    """Do what the worker would do in a moment: hear, book, publish, check, reconcile."""
    from django.utils import timezone

    from channels import tasks
    from channels.models import Channel

    for shop in made.stores:
        _hear(shop)
    now = timezone.now()
    for name in ("inbox", "publish", "check", "reconcile"):
        for pk in tasks.KINDS[name].due(Channel.objects.all(), now).values_list("pk", flat=True):
            tasks.run_lane(f"{name}:{pk}")


def _hear(shop: Shop) -> None:
    from django.utils import timezone

    from channels import inbox
    from channels.models import Channel
    from channels.registry import opened

    deliveries = shop.sim.deliveries
    new, shop.heard = deliveries[shop.heard :], len(deliveries)
    if not new:
        return
    channel = Channel.objects.get(pk=shop.channel_id)
    with opened(channel) as platform:
        for each in new:
            if shop.chance.random() >= LOST_WEBHOOKS:
                body = each.body.encode()
                delivery = platform.read_delivery(each.headers, body)
                inbox.accept(channel, platform, delivery, headers=each.headers, body=body, now=timezone.now())


if __name__ == "__main__":
    main(int(sys.argv[1]))
