"""One merchant on four platforms: a sale on any of them moves the other three."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import RequestFactory
from django.utils import timezone

from channels import catalog, connect, inbox, ingress, publishing, tasks
from channels.models import Channel, Listing
from inventory import operations, verify
from inventory.models import Sku, Warehouse
from sandbox.amazon import AmazonSimulator
from sandbox.ecwid import EcwidSimulator
from sandbox.shopify import ShopifySimulator
from sandbox.woocommerce import WooCommerceSimulator
from tests import factories
from tests.channels.core.world import pass_time, without_type

pytestmark = pytest.mark.django_db

PLATFORMS = ("ecwid", "shopify", "woocommerce", "amazon")
SKU, UNITS = "SHIRT-M", 20


@dataclass
class Shop:
    """One simulated store and its channel."""

    sim: Any
    channel: Channel
    heard: int = 0

    @property
    def shows(self) -> int | None:
        if self.channel.platform == "amazon":
            assert self.sim.settle()
        found: int | None = self.sim.quantity_of(SKU)
        return found

    def hear(self) -> None:
        """Bring everything that the store has told to the inbox, and work on it."""
        if self.channel.platform == "amazon":
            assert self.sim.wait_for_notifications(30)
            Channel.objects.filter(pk=self.channel.pk).update(next_queue_at=timezone.now())
            tasks.run_lane(f"queue:{self.channel.pk}")
        else:
            assert self.sim.wait_for_webhooks(30)
            deliveries = self.sim.deliveries[self.heard :]
            self.heard += len(deliveries)
            for delivery in deliveries:
                self._deliver(delivery.body, delivery.headers)
        tasks.run_lane(inbox.lane_of(self.channel.pk))

    def _deliver(self, body: str, headers: dict[str, str]) -> None:
        request = RequestFactory().post(
            "/webhooks/", data=body, content_type="application/json", headers=without_type(headers)
        )
        answer = ingress.webhook(request, platform=self.channel.platform, uuid=str(self.channel.uuid))
        assert answer.status_code == 200, answer.content

    def publish(self) -> None:
        tasks.run_lane(publishing.lane_of(self.channel.pk))
        if Listing.objects.filter(channel=self.channel, due_at__isnull=False).exists():
            assert self.shows is not None  # what was accepted has been done
            pass_time(self.channel, seconds=30)
            tasks.run_lane(publishing.lane_of(self.channel.pk))


def _ecwid(stack: ExitStack) -> tuple[Any, str, dict[str, str], dict[str, str]]:
    sim = stack.enter_context(EcwidSimulator(time_scale=0.00001, rate_limit=1_000_000))
    sim.add_product(name="Shirt", sku=SKU, quantity=UNITS)
    credentials = {"store_id": str(sim.store_id), "token": sim.token, "client_secret": sim.client_secret}
    return sim, sim.base_url, credentials, {}


def _shopify(stack: ExitStack) -> tuple[Any, str, dict[str, str], dict[str, str]]:
    sim = stack.enter_context(ShopifySimulator(sends_webhooks=False))
    sim.add_product(name="Shirt", sku=SKU, quantity=UNITS)
    return sim, sim.base_url, {"client_id": "sandbox-client-id", "client_secret": sim.client_secret}, {}


def _woocommerce(stack: ExitStack) -> tuple[Any, str, dict[str, str], dict[str, str]]:
    sim = stack.enter_context(WooCommerceSimulator(sends_webhooks=False))
    sim.add_product(name="Shirt", sku=SKU, quantity=UNITS)
    return sim, sim.url, {"consumer_key": sim.consumer_key, "consumer_secret": sim.consumer_secret}, {}


def _amazon(stack: ExitStack) -> tuple[Any, str, dict[str, str], dict[str, str]]:
    sim = stack.enter_context(
        AmazonSimulator(
            accept_seconds=0.02, pending_seconds=0.02, report_seconds=0.0, orders_told_after=0.0, quota_scale=10_000.0
        )
    )
    sim.add_item(SKU, quantity=UNITS)
    return sim, sim.base_url, sim.credentials, {"pace": "simulator"}


_START: dict[str, Callable[[ExitStack], tuple[Any, str, dict[str, str], dict[str, str]]]] = {
    "ecwid": _ecwid,
    "shopify": _shopify,
    "woocommerce": _woocommerce,
    "amazon": _amazon,
}


@pytest.fixture
def sku() -> Sku:
    return factories.make_sku(SKU)


@pytest.fixture
def shops(sku: Sku) -> Iterator[dict[str, Shop]]:
    """Give all four stores, connected, imported, matched and live, all showing what the ledger has."""
    warehouse = Warehouse.objects.create(code="MAIN", name="Main")
    operations.receive(sku=sku, warehouse=warehouse, units=UNITS, key="opening", actor="user:ana", now=timezone.now())
    ingress.forget()
    with ExitStack() as stack:
        shops = {}
        for name in PLATFORMS:
            sim, base_url, credentials, options = _START[name](stack)
            channel, _report = connect.connect(
                platform=name,
                name=name.title(),
                base_url=base_url,
                credentials=credentials,
                options=options,
                warehouses=[warehouse],
                actor="user:ana",
                now=timezone.now(),
                mode=Channel.Mode.LIVE,
            )
            tasks.check_subscriptions(channel, now=timezone.now())
            catalog.start_import(channel=channel, now=timezone.now())
            while channel.imports.filter(state="running").exists():
                channel.imports.update(due_at=timezone.now())
                tasks.run_lane(catalog.lane_of(channel))
            shops[name] = Shop(sim=sim, channel=Channel.objects.get(pk=channel.pk))
            shops[name].publish()
        yield shops
    ingress.forget()


@pytest.mark.parametrize("seller", PLATFORMS)
def test_a_sale_on_one_platform_moves_the_other_three(shops: dict[str, Shop], seller: str) -> None:
    assert {name: shop.shows for name, shop in shops.items()} == dict.fromkeys(PLATFORMS, UNITS)

    shops[seller].sim.buy(sku=SKU, quantity=3)
    shops[seller].hear()
    for shop in shops.values():
        shop.publish()

    assert {name: shop.shows for name, shop in shops.items()} == dict.fromkeys(PLATFORMS, UNITS - 3)
    assert set(Listing.objects.values_list("accounted", flat=True)) == {UNITS - 3}
    assert not list(verify.differences())
