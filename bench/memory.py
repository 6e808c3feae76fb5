"""Memory of web and worker after an hour's worth of events: one sale a second, as fast as they can be taken."""

from __future__ import annotations

import time
from collections.abc import Iterable

import psutil

from bench.stores import SKUS, business
from tests.processes.installation import wait_until

SALES = 3600
PACE = 40.0  # sales a second
TARGET = 200.0  # megabytes, worker


def run() -> None:
    # The stores' limit is lifted: it would stretch the hour, not change the memory.
    with business(units=SALES, calls_per_minute=1_000_000) as shop:
        assert shop.installation.web is not None
        web = _family(psutil.Process(shop.installation.web.pid))
        fresh = _megabytes(web), _megabytes(shop.installation.worker_processes())
        began = time.perf_counter()
        for n in range(SALES):
            (shop.north if n % 2 else shop.south).buy(sku=f"BENCH-{n % SKUS}")
            time.sleep(max(0.0, began + n / PACE - time.perf_counter()))
        wait_until(shop.agrees, seconds=600, what="both stores agree")
        seconds = time.perf_counter() - began
        used = _megabytes(web), _megabytes(shop.installation.worker_processes())
        proof = shop.installation.manage("verify_ledger").strip()
    print(f"Memory in MB (proportional set size) after {SALES:,} sales in {seconds:.0f} s")
    for name, before, after in zip(("web", "worker"), fresh, used, strict=True):
        print(f"{name:>8}: {before:>6.0f} fresh {after:>6.0f} after, {after / before:.2f} ×")
    print(proof)
    print(f"Target, worker under {TARGET:g} MB: {'met' if used[1] < TARGET else 'missed'}")


def _family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _megabytes(processes: Iterable[psutil.Process]) -> float:
    """Return what the processes hold together, shared pages counted once."""
    return float(sum(process.memory_full_info().pss for process in processes)) / 1e6
