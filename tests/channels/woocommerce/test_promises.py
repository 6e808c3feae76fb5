"""WooCommerce keeps the contract that every platform keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from channels.contract import ChannelEvent
from channels.platforms.woocommerce.platform import WooCommercePlatform
from channels.platforms.woocommerce.refs import read_pool_ref
from sandbox.woocommerce import WooCommerceSimulator
from tests.channels.promises import contract
from tests.channels.promises.shop import Shop
from tests.channels.woocommerce.conftest import WEBHOOK_SECRET, Opener


def _id(ref: str) -> int:
    return read_pool_ref(ref).own_id


class WooCommerceShop:
    def __init__(self, sim: WooCommerceSimulator, platform: WooCommercePlatform) -> None:
        self.sim, self.platform = sim, platform
        self.secrets = (sim.consumer_key, sim.consumer_secret, WEBHOOK_SECRET)
        platform.check_subscriptions(webhook_url="https://evenkeel.example.com/hook", last_event_at=None)

    def add(self, sku: str, quantity: int) -> str:
        return f"p{self.sim.add_product(name=sku, sku=sku, quantity=quantity, price=9.5).id}"

    def add_untracked(self, sku: str) -> str:
        return f"p{self.sim.add_product(name=sku, sku=sku, unlimited=True).id}"

    def product_ref(self, ref: str) -> str:
        return str(_id(ref))

    def remove(self, ref: str) -> None:
        self.sim.trash_product(_id(ref), force=True)

    def shows(self, ref: str) -> int | None:
        quantity = self.sim.quantity(_id(ref))
        return None if quantity is None else int(quantity)

    def set_by_hand(self, ref: str, quantity: int) -> None:
        self.sim.set_quantity(_id(ref), quantity=quantity)

    def buy(self, ref: str, units: int) -> str:
        return str(self.sim.buy(_id(ref), quantity=units).id)

    def cancel(self, order_ref: str) -> None:
        self.sim.set_status(int(order_ref), "cancelled")

    def break_next(self, fault: str) -> None:
        self.sim.faults.set(fault, next=1, seconds=0.0 if fault == "timeout_after" else None)

    def kill_access(self) -> None:
        self.sim.access.revoke_all()

    def told(self) -> Sequence[ChannelEvent]:
        events: list[ChannelEvent] = []
        for headers, body in self.webhooks():
            lower = {name.lower(): value for name, value in headers.items()}
            delivery = self.platform.read_delivery(lower, body)
            if not delivery.is_ping:
                self.platform.check_signature(lower, body)
                kept = self.platform.kept_body(delivery.topic, body)
                events += self.platform.parse_events(delivery.topic, kept)
        return events

    def webhooks(self) -> Sequence[tuple[Mapping[str, str], bytes]]:
        self.sim.webhooks.run_queue()
        assert self.sim.wait_for_webhooks()
        return [(delivery.headers, delivery.body.encode()) for delivery in self.sim.deliveries]


@pytest.fixture
def promised(shop: WooCommerceSimulator, open_platform: Opener) -> Shop:
    return WooCommerceShop(shop, open_platform(shop))


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
