"""From a sale in one store to the new quantity in the other, through webhook, ledger and push."""

from __future__ import annotations

import statistics
import time

from bench.stores import SKUS, business

PURCHASES = 100
TARGET = 2.0  # seconds, at the 95th percentile
GIVE_UP_AFTER = 60.0


def run() -> None:
    with business(units=1000) as shop:
        _sell_and_wait(shop.north.buy, shop.south.quantity_of, "BENCH-0")  # the first one warms up
        seconds = []
        for n in range(PURCHASES):
            seller, other = (shop.north, shop.south) if n % 2 else (shop.south, shop.north)
            seconds.append(_sell_and_wait(seller.buy, other.quantity_of, f"BENCH-{n % SKUS}"))
    p50, p95 = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
    print(f"Sale → other store, {PURCHASES} purchases one after the other, seconds")
    print(f"p50 {p50:.2f}   p95 {p95:.2f}   longest {max(seconds):.2f}   p95 / target {p95 / TARGET:.2f}")
    print(f"Target, p95 under {TARGET:g} s: {'met' if p95 < TARGET else 'missed'}")


def _sell_and_wait(buy: object, quantity_of: object, sku: str) -> float:
    assert callable(buy)
    assert callable(quantity_of)
    before = quantity_of(sku)
    buy(sku=sku)
    began = time.perf_counter()
    while quantity_of(sku) == before:
        if time.perf_counter() - began > GIVE_UP_AFTER:
            raise SystemExit(f"{sku} still shows {before} in the other store after {GIVE_UP_AFTER:g} s.")
        time.sleep(0.005)
    return time.perf_counter() - began
