"""Ask for the pages of the installation that ``pages_world`` lays. Prints JSON for ``bench.pages``."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from api.models import Delivery, Endpoint, Event  # noqa: E402
from bench import pages_records, pages_world  # noqa: E402
from bench.pages import Measured  # noqa: E402
from channels.models import Channel, InboundEvent, Listing, MappingRun, Order  # noqa: E402
from dashboard.models import User  # noqa: E402
from inventory.models import CountBatch, Sku, Warehouse  # noqa: E402
from inventory.sources.models import Source  # noqa: E402
from reconciliation.models import Discrepancy, Run  # noqa: E402

ROUNDS = 7
LISTS = {  # what a list is asked for beside its first page: a deep page, searches, filters and sorts
    "dashboard:sku_list": (
        "page=1900 q=BENCH-0500 q=cotton q=zzzz state=oversold state=in-stock state=off-channel"
        " sort=-code sort=name sort=-available sort=-available&state=in-stock sort=channels sort=-channels"
    ),
    "channels:listing_list": (
        "page=7000 q=BENCH-0500 q=cotton q=zzzz mapping=unmapped stock=unlimited state=attention state=parked"
        " state=drift state=due state=unread sort=-title sort=channel sort=-external_sku sort=sku sort=-sku"
        " sort=-accounted"
    ),
    "channels:listing_unmapped": "q=cotton sort=title",
    "channels:listing_not_pushing": "q=BENCH-0500 obstacle=parked obstacle=observe obstacle=unread sort=-title",
    "channels:listing_pushing_unmapped": "q=cotton ground=offered",
    "channels:mapping_history": "page=5000 q=BENCH-0500",
    "channels:order_list": (
        "page=1000 q=150000 q=zzzz state=open placed=week lines=waiting sort=number sort=-channel sort=-units"
    ),
    "channels:activity": "page=1000 q=order.created state=failed sort=topic",
    "channels:push_list": "page=3000 q=BENCH-0500 q=cotton state=applied settled=week sort=delta sort=-took",
    "channels:activity_changes": "q=listing kind=listing at=week",
    "channels:activity_stock": "q=BENCH-0500",
    "reconciliation:queue": "q=BENCH-0500 status=resolved status=any sort=sku sort=-difference",
    "reconciliation:run_list": "",
    "reconciliation:levels": "show=all show=all&page=1900 show=all&level=listing&page=7000 show=all&q=cotton",
    "developers:event_list": "page=1000",
}
PAGES = (  # that are of no row
    "dashboard:overview",
    "dashboard:overview_week",
    "dashboard:overview_recent",
    "dashboard:setup",
    "dashboard:setup_stock",
    "dashboard:stock_risk",
    "dashboard:oversold",
    "dashboard:words",
    "channels:listing_collisions",
    "channels:mapping_run_list",
    "channels:mapping_file",
    "channels:listing_ignore_beside",
    "channels:channel_list",
    "channels:channel_stop",
    "channels:channel_connect",
    "reconciliation:counts",
    "reconciliation:run_new",
    "reconciliation:count_tasks",
    "reconciliation:schedule",
    "reconciliation:digest",
    "inventory:warehouse_list",
    "inventory:count_file",
    "sources:source_list",
    "developers:endpoint_list",
    "developers:tools",
    "developers:token_list",
    "people:people_list",
    "account:profile",
    "account:notifications",
)


def addresses() -> list[str]:
    """Return the pages that are asked for; those of one row are asked for its id."""
    found = [reverse(name) for name in PAGES]
    for name, queries in LISTS.items():
        found += [reverse(name), *(f"{reverse(name)}?{query}" for query in queries.split())]
    found += [f"{reverse('dashboard:search')}?q={words}" for words in ("BENCH-0500", "cotton", "150000")]
    found += [reverse("dashboard:parked", args=[code]) for code in ("quantities", "orders", "events")]
    return [*found, *_of_rows()]


def _middle(rows: Any) -> Any:
    rows = rows.order_by("pk")
    return rows[rows.count() // 2]


def _of_rows() -> Iterator[str]:
    skus, listing = Sku.objects.all(), Listing.objects.filter(mapping="mapped")
    of: list[tuple[Any, str]] = [
        (_middle(skus).pk, "dashboard:sku_detail dashboard:sku_edit dashboard:sku_adjust dashboard:sku_bundle"),
        (skus.oversold()[0].pk, "dashboard:oversold_sku"),
        (_middle(listing).pk, "channels:listing_detail channels:listing_why channels:listing_hold_back"),
        (_middle(Listing.objects.all().unmapped()).pk, "channels:listing_detail channels:listing_find"),
        (_middle(Order.objects).pk, "channels:order_detail"),
        (_middle(InboundEvent.objects).pk, "channels:event_detail"),
        (MappingRun.objects.get(kind="file").pk, "channels:mapping_run"),
        (_middle(MappingRun.objects.filter(kind="match")).pk, "channels:mapping_run"),
        (_middle(Discrepancy.objects.open()).pk, "reconciliation:discrepancy"),
        (_middle(Run.objects).pk, "reconciliation:run"),
        (Warehouse.objects.get(code="MAIN").pk, "inventory:warehouse_detail inventory:warehouse_movements"),
        (Warehouse.objects.get(code="BACK").pk, "dashboard:shop_sell dashboard:shop_sales"),
        (CountBatch.objects.get().pk, "inventory:count_batch"),
        (Endpoint.objects.get().uuid, "developers:endpoint_detail"),
        (_middle(Event.objects).pk, "developers:event_detail"),
        (_middle(Delivery.objects).pk, "developers:delivery_detail"),
        (
            Source.objects.get().uuid,
            "sources:source_detail sources:source_stock sources:source_history sources:source_shipments"
            " sources:source_events sources:source_settings sources:source_locations",
        ),
    ]
    for channel in Channel.objects.filter(name__in=["Store 1", "Store 4"]).order_by("name"):
        of.append((channel.uuid, "channels:channel_detail channels:channel_settings channels:channel_opening"))
    watched = Channel.objects.get(name="Store 4")
    of.append((watched.uuid, "channels:channel_observe channels:channel_mode"))
    of.append((watched.pk, "channels:listing_create_missing"))
    for key, names in of:
        yield from (reverse(name, args=[key]) for name in names.split())
    source = Source.objects.get()
    yield reverse("sources:pull_detail", args=[source.uuid, source.pulls.get().pk])
    observe = reverse("channels:channel_observe", args=[watched.uuid])
    shown = ("show=all", "show=all&page=1900", "show=all&sort=sku", "show=down", "show=unknown")
    yield from (f"{observe}?{query}" for query in shown)
    yield f"{reverse('channels:channel_share', args=[watched.uuid])}?share=10"
    main = Warehouse.objects.get(code="MAIN").pk
    stock, moved = (reverse(f"inventory:warehouse_{name}", args=[main]) for name in ("detail", "movements"))
    yield from (
        f"{stock}?{query}" for query in ("page=1900", "q=cotton", "state=oversold", "sort=name", "sort=-available")
    )
    yield from (f"{moved}?{query}" for query in ("page=2000", "q=BENCH-0500", "kind=reserve", "kind=return"))


@contextmanager
def watched_queries() -> Iterator[list[float]]:
    """Give a list that gets the seconds of each query."""
    seconds: list[float] = []

    def time_one(execute: Callable[..., Any], *arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            seconds.append(time.perf_counter() - began)

    with connection.execute_wrapper(time_one):
        yield seconds


def measure(browser: Client, address: str) -> Measured:
    rounds: list[tuple[float, float, float, int]] = []
    status = size = 0
    for _ in range(ROUNDS + 1):
        with watched_queries() as queries:
            began, busy = time.perf_counter(), time.process_time()
            response = browser.get(address, secure=True)
            took, own = time.perf_counter() - began, time.process_time() - busy
        rounds.append((took * 1000, own * 1000, sum(queries) * 1000, len(queries)))
        status, size = response.status_code, len(response.content)
    warm = sorted(rounds[1:])
    median = warm[len(warm) // 2]
    return {
        "page": address,
        "status": status,
        "queries": median[3],
        "median": median[0],
        "p95": statistics.quantiles([took for took, *_rest in warm], n=20, method="inclusive")[-1],
        "own": median[1],
        "database": median[2],
        "kilobytes": size / 1000,
    }


def main(skus: int, channels: int) -> None:
    if not Sku.objects.exists():
        pages_world.fill(skus, channels)
        pages_records.fill()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    browser = Client(headers={"host": "127.0.0.1"})
    browser.force_login(User.objects.get(username="ana"))
    json.dump([measure(browser, address) for address in addresses()], sys.stdout)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
