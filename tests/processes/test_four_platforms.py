"""Purchases spread over four platforms with every fault on: in the end all four show what the ledger has.

A few by default; ``EVENKEEL_PURCHASES=2000`` makes as many as a release is held to.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from sandbox.amazon import AmazonSimulator
from sandbox.ecwid import EcwidSimulator
from sandbox.shopify import ShopifySimulator
from sandbox.woocommerce import WooCommerceSimulator
from tests.processes.installation import Installation, database, wait_until

PURCHASES = int(os.environ.get("EVENKEEL_PURCHASES", "120"))
pytestmark = [
    pytest.mark.processes,
    pytest.mark.timeout(280 + PURCHASES),
]

CODES = [f"SKU-{number:02}" for number in range(10)]
OPENING_UNITS = 3000
# How often each strikes, and for how long; a platform that does not know one has none of it.
FAULTS: dict[str, tuple[float, float | None]] = {
    "webhook_delay": (0.2, 1.0),
    "webhook_drop": (0.1, None),
    "webhook_duplicate": (0.2, None),
    "webhook_reorder": (0.2, 0.5),
    "error_before": (0.03, None),
    "error_after": (0.03, None),
    "timeout_after": (0.01, 0.5),
    "error_reads": (0.02, None),
    "html": (0.01, None),
    "empty": (0.01, None),
    "rate_limited": (0.005, 1.0),
    "throttled": (0.01, None),
    "stale": (0.02, None),
    "item_error": (0.0, None),
    "slow": (0.01, 0.3),
}


@dataclass
class Store:
    """One simulated store of any platform."""

    platform: str
    sim: Any
    base_url: str
    credentials: dict[str, str]
    options: dict[str, str] = field(default_factory=dict)

    def buy(self, code: str, units: int) -> Any:
        order = self.sim.buy(sku=code, quantity=units)
        return order.id

    def cancel(self, order_id: Any) -> None:
        if self.platform == "woocommerce":
            self.sim.set_status(order_id, "cancelled")
        else:
            self.sim.cancel(order_id)

    def shows(self) -> list[int | None]:
        return [self.sim.quantity_of(code) for code in CODES]

    def all_told(self) -> bool:
        wait = self.sim.wait_for_notifications if self.platform == "amazon" else self.sim.wait_for_webhooks
        told: bool = wait(60)
        return told


def _stores(stack: ExitStack) -> list[Store]:
    ecwid = stack.enter_context(EcwidSimulator(store_id=1, name="Ecwid", time_scale=0.001))
    shopify = stack.enter_context(ShopifySimulator(name="Shopify", time_scale=0.001, restore_rate=1000.0))
    woo = stack.enter_context(WooCommerceSimulator(name="Woo", time_scale=0.001))
    amazon = stack.enter_context(
        AmazonSimulator(
            name="Amazon",
            accept_seconds=0.3,
            pending_seconds=2.0,
            report_seconds=0.1,
            orders_told_after=0.0,
            quota_scale=1000.0,
        )
    )
    for code in CODES:
        for store in (ecwid, shopify, woo):
            store.add_product(name=f"Thing {code}", sku=code, quantity=OPENING_UNITS)
        amazon.add_item(code, quantity=OPENING_UNITS)
    ecwid_credentials = {"store_id": "1", "token": ecwid.token, "client_secret": ecwid.client_secret}
    shopify_credentials = {"client_id": "sandbox-client-id", "client_secret": shopify.client_secret}
    woo_credentials = {"consumer_key": woo.consumer_key, "consumer_secret": woo.consumer_secret}
    return [
        Store("ecwid", ecwid, ecwid.base_url, ecwid_credentials),
        Store("shopify", shopify, shopify.base_url, shopify_credentials),
        Store("woocommerce", woo, woo.url, woo_credentials),
        Store("amazon", amazon, amazon.base_url, amazon.credentials, {"pace": "simulator"}),
    ]


@dataclass
class Merchant:
    installation: Installation
    stores: list[Store]
    left: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CODES, OPENING_UNITS))
    orders: int = 0

    def connect(self, store: Store) -> None:
        file = self.installation.folder / f"{store.platform}.json"
        file.write_text(json.dumps(store.credentials))
        facts = self.installation.connect_and_import(
            *(store.platform, "--name", store.platform, "--base-url", store.base_url),
            *("--credentials", str(file), "--mode", "live", "--warehouse", "MAIN"),
            *(text for name, value in store.options.items() for text in ("--option", f"{name}={value}")),
        )
        if store.platform == "ecwid":
            store.sim.set_webhook(facts["webhook_url"])

    def hurry(self) -> None:
        """Make polls and checks due that would come by themselves within minutes."""
        self.installation.python(
            "from channels.models import Channel, Listing; from django.utils import timezone\n"
            "now = timezone.now()\n"
            "Channel.objects.update(next_poll_at=now)\n"
            "Listing.objects.filter(check_due_at__gt=now).update(check_due_at=now)"
        )


@pytest.fixture
def merchant(tmp_path: Path) -> Iterator[Merchant]:
    with (
        database(tmp_path, os.environ.get("DATABASE_URL", "sqlite")) as url,
        ExitStack() as stack,
    ):
        installation = Installation(tmp_path, url, settings.REDIS_URL)
        try:
            merchant = Merchant(installation, _stores(stack))
            installation.python(
                "from django.utils import timezone; from inventory import operations\n"
                "from inventory.models import Sku, Warehouse\n"
                "w = Warehouse.objects.create(code='MAIN', name='Main')\n"
                f"for code in {CODES!r}:\n"
                "    operations.receive(sku=Sku.objects.create(code=code), warehouse=w, "
                f"units={OPENING_UNITS}, key=code, actor='test', now=timezone.now())"
            )
            installation.start_web()
            installation.start_worker()
            for store in merchant.stores:
                merchant.connect(store)
            wait_until(
                lambda: (
                    installation.query("SELECT count(*) FROM channels_listing WHERE accounted IS NOT NULL")
                    == [(4 * len(CODES),)]
                ),
                seconds=120,
                what="every listing of all four stores was read",
            )
            wait_until(
                lambda: (
                    installation.query("SELECT count(*) FROM channels_channel WHERE subscription_report NOT LIKE '{}'")
                    == [(4,)]
                    if url.startswith("sqlite")
                    else True
                ),
                seconds=60,
                what="subscriptions were made",
            )
            yield merchant
        finally:
            installation.stop()


def test_purchases_over_four_platforms_with_every_fault_on_converge(merchant: Merchant) -> None:
    chance = random.Random(7)
    for store in merchant.stores:
        for name, (probability, seconds) in FAULTS.items():
            if name in store.sim.faults.kinds:
                store.sim.faults.set(name, probability=probability, seconds=seconds)

    for number in range(PURCHASES):
        code, units, store = chance.choice(CODES), chance.choice((1, 1, 2)), chance.choice(merchant.stores)
        order_id = store.buy(code, units)
        merchant.left[code] -= units
        merchant.orders += 1
        if number % 20 == 0:
            store.cancel(order_id)
            merchant.left[code] += units
        time.sleep(0.02)  # buyers come one after the other
    for store in merchant.stores:
        store.sim.faults.clear()
    for store in merchant.stores:
        assert store.all_told()

    wanted = [merchant.left[code] for code in CODES]
    give_up_at = time.monotonic() + 120 + PURCHASES / 2
    while any(store.shows() != wanted for store in merchant.stores):
        assert time.monotonic() < give_up_at, {store.platform: store.shows() for store in merchant.stores} | {
            "wanted": wanted
        }
        merchant.hurry()
        time.sleep(1)
    available = merchant.installation.query(
        "SELECT available FROM inventory_stocklevel l JOIN inventory_sku s ON s.id = l.sku_id ORDER BY s.code"
    )
    assert [units for (units,) in available] == wanted
    assert merchant.installation.query("SELECT count(*) FROM channels_order") == [(merchant.orders,)]
    assert "adds up" in merchant.installation.verify()
