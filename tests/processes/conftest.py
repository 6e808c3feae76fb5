"""Two stores that sell the same goods, and an installation that keeps them equal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings

from sandbox.ecwid import EcwidSimulator
from tests.processes.installation import Installation, database, wait_until

CODES = [f"SKU-{number:02}" for number in range(10)]
OPENING_UNITS = 1000


@dataclass
class Shop:
    """An installation with the stores North and South, both live. ``left`` is what must be left of each SKU."""

    installation: Installation
    north: EcwidSimulator
    south: EcwidSimulator
    left: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CODES, OPENING_UNITS))
    orders: int = 0

    @property
    def stores(self) -> tuple[EcwidSimulator, EcwidSimulator]:
        return self.north, self.south

    def buy(self, store: EcwidSimulator, code: str, units: int = 1) -> str:
        """Check out in one store and return the order's id."""
        order = store.buy(sku=code, quantity=units)
        self.left[code] -= units
        self.orders += 1
        return str(order.id)

    def poll_now(self) -> None:
        """Make the order poll due, as it is every few minutes: it is what finds dropped webhooks."""
        self.installation.python(
            "from channels.models import Channel; from django.utils import timezone\n"
            "Channel.objects.update(next_poll_at=timezone.now())"
        )

    def expect_agreement(self, *, seconds: float) -> None:
        """Wait until both stores show exactly what is left, and see that the ledger says the same."""
        wanted = [self.left[code] for code in CODES]
        for store in self.stores:
            wait_until(partial(_shows, store, wanted), seconds=seconds, what=f"{store.name} shows {wanted}")
        available = self.installation.query(
            "SELECT available FROM inventory_stocklevel l JOIN inventory_sku s ON s.id = l.sku_id ORDER BY s.code"
        )
        assert [units for (units,) in available] == wanted
        assert self.installation.query("SELECT count(*) FROM channels_order") == [(self.orders,)]

    def expect_sound_ledger(self) -> None:
        assert "adds up" in self.installation.verify()


def _shows(store: EcwidSimulator, wanted: list[int]) -> bool:
    return [store.quantity_of(code) for code in CODES] == wanted


@pytest.fixture(scope="module")  # a file's own: an idle installation still polls
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder: Path = tmp_path_factory.mktemp("installation")
    with (
        database(folder, os.environ.get("DATABASE_URL", "sqlite")) as url,
        EcwidSimulator(store_id=1, name="North", time_scale=0.001) as north,
        EcwidSimulator(store_id=2, name="South", time_scale=0.001) as south,
    ):
        installation = Installation(folder, url, settings.REDIS_URL)
        try:
            for store in (north, south):
                for code in CODES:
                    store.add_product(name=f"Thing {code}", sku=code, quantity=OPENING_UNITS)
            installation.python(
                "from django.utils import timezone; from inventory import operations\n"
                "from inventory.models import Sku, Warehouse\n"
                "w = Warehouse.objects.create(code='MAIN', name='Main')\n"
                f"for code in {CODES!r}:\n"
                "    operations.receive(sku=Sku.objects.create(code=code), warehouse=w, "
                f"units={OPENING_UNITS}, key=code, actor='test', now=timezone.now())"
            )
            installation.start_web()
            installation.connect(north, "North", "MAIN")
            installation.connect(south, "South", "MAIN")
            installation.start_worker()
            wait_until(
                lambda: (
                    installation.query(
                        "SELECT count(*) FROM channels_listing WHERE accounted IS NULL OR due_at IS NOT NULL"
                    )
                    == [(0,)]
                ),
                seconds=60,
                what="every listing was read and is at rest",
            )
            yield Shop(installation, north, south)
        finally:
            installation.stop()
