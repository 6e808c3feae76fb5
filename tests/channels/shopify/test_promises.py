"""Shopify keeps the contract that every platform keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from channels.contract import ChannelEvent
from channels.platforms.shopify.platform import ShopifyPlatform
from channels.platforms.shopify.refs import PoolRef, read_pool_ref
from channels.platforms.shopify.subscriptions import TOPICS
from sandbox.shopify import ShopifySimulator
from tests.channels.promises import contract
from tests.channels.promises.shop import Shop
from tests.channels.shopify.conftest import SECRET, TOKEN


class ShopifyShop:
    secrets = (TOKEN, SECRET)

    def __init__(self, sim: ShopifySimulator, platform: ShopifyPlatform) -> None:
        self.sim, self.platform = sim, platform

    def add(self, sku: str, quantity: int) -> str:
        self.sim.add_product(sku=sku, quantity=quantity)
        return self._ref(sku)

    def add_untracked(self, sku: str) -> str:
        self.sim.add_product(sku=sku, unlimited=True)
        return self._ref(sku)

    def product_ref(self, ref: str) -> str:
        return read_pool_ref(ref).item

    def remove(self, ref: str) -> None:
        self.sim.delete_product(self.sim.variant(self._sku(ref)).product_id)

    def shows(self, ref: str) -> int | None:
        return self.sim.quantity_of(self._sku(ref))

    def set_by_hand(self, ref: str, quantity: int) -> None:
        self.sim.set_quantity(self._sku(ref), quantity)

    def buy(self, ref: str, units: int) -> str:
        return str(self.sim.buy(self._sku(ref), quantity=units).id)

    def cancel(self, order_ref: str) -> None:
        self.sim.cancel(int(order_ref))

    def break_next(self, fault: str) -> None:
        self.sim.faults.set(fault, next=1, seconds=0.0 if fault == "timeout_after" else None)

    def kill_access(self) -> None:
        self.sim.access.expire()

    def told(self) -> Sequence[ChannelEvent]:
        events: list[ChannelEvent] = []
        for headers, body in self.webhooks():
            self.platform.check_signature(headers, body)
            events += self.platform.parse_events(self.platform.read_delivery(headers, body).topic, body)
        return events

    def webhooks(self) -> Sequence[tuple[Mapping[str, str], bytes]]:
        return [(delivery.headers, delivery.body.encode()) for delivery in self.sim.deliveries]

    def _ref(self, sku: str) -> str:
        location = next(iter(self.sim.shop.locations))
        return str(PoolRef(str(self.sim.variant(sku).item_id), str(location)))

    def _sku(self, ref: str) -> str:
        item = int(read_pool_ref(ref).item)
        return next(each.sku for each in self.sim.shop.variants.values() if each.item_id == item)


@pytest.fixture
def promised(shop: ShopifySimulator, platform: ShopifyPlatform) -> Shop:
    # Nobody listens there: what was sent stands in the log.
    shop.faults.set("webhook_drop", probability=1)
    shop.subscribe("http://127.0.0.1:9/hook", *TOPICS)
    return ShopifyShop(shop, platform)


class TestPublishing(contract.PublishingContract):
    pass


class TestReading(contract.ReadingContract):
    pass


class TestOrders(contract.OrdersContract):
    pass


class TestWebhooks(contract.WebhookContract):
    pass


class TestLimits(contract.LimitsContract):
    pass


class TestErrors(contract.ErrorsContract):
    pass
