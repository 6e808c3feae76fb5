"""One installation in real processes between two simulated stores, for the benchmarks of the whole way."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.environment import OWN_DATABASE, fresh_database
from sandbox.ecwid import EcwidSimulator
from tests.processes.installation import Installation, wait_until

SKUS = 40

_FILL = """
from django.utils import timezone
from inventory import operations
from inventory.models import Sku, Warehouse
main = Warehouse.objects.create(code="MAIN", name="Main")
for n in range({skus}):
    sku = Sku.objects.create(code=f"BENCH-{{n}}", name=f"Shirt {{n}}")
    operations.receive(sku=sku, warehouse=main, units={units}, key=f"opening:{{n}}", actor="bench", now=timezone.now())
"""


@dataclass(frozen=True)
class Business:
    installation: Installation
    north: EcwidSimulator
    south: EcwidSimulator

    def agrees(self) -> bool:
        """Tell whether both stores show the same for every SKU."""
        return all(self.north.quantity_of(f"BENCH-{n}") == self.south.quantity_of(f"BENCH-{n}") for n in range(SKUS))


@contextmanager
def installation() -> Iterator[Installation]:
    """Give an installation on a database of its own, with REDIS_URL as the environment has it and usual settings."""
    with tempfile.TemporaryDirectory(prefix="evenkeel-bench-") as folder:
        one = Installation(
            folder=Path(folder), database_url=fresh_database(OWN_DATABASE), redis_url=os.environ.get("REDIS_URL", "")
        )
        one.env.pop("EVENKEEL_SWEEP_SECONDS")
        try:
            yield one
        finally:
            one.stop()


@contextmanager
def business(*, units: int, calls_per_minute: int = 600) -> Iterator[Business]:
    """Give web and worker running between two stores that both show ``units`` of every SKU."""
    with ExitStack() as stack:
        own = stack.enter_context(installation())
        own.python(_FILL.format(skus=SKUS, units=units))
        stores = [
            stack.enter_context(EcwidSimulator(store_id=number, rate_limit=calls_per_minute)) for number in (1001, 1002)
        ]
        for store in stores:
            for n in range(SKUS):
                store.add_product(sku=f"BENCH-{n}", quantity=units)
        own.start_web()
        for store, name in zip(stores, ("North", "South"), strict=True):
            own.connect(store, name, "MAIN")
            own.manage("poll_orders", name)
        own.start_worker(silence=45)
        wait_until(
            lambda: own.query("SELECT 1 FROM channels_heartbeat WHERE name = 'worker'"),
            seconds=60,
            what="the worker's heart beats",
        )
        yield Business(installation=own, north=stores[0], south=stores[1])
