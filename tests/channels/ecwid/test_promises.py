"""Ecwid keeps the contract that every platform keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from channels.contract import ChannelEvent
from channels.platforms.ecwid.platform import EcwidPlatform
from channels.platforms.ecwid.refs import read_pool_ref
from sandbox.ecwid import EcwidSimulator
from tests.channels.ecwid.conftest import TOKEN, Opener
from tests.channels.promises import contract
from tests.channels.promises.shop import Shop


def _id(ref: str) -> int:
    return read_pool_ref(ref).product_id


class EcwidShop:
    def __init__(self, sim: EcwidSimulator, platform: EcwidPlatform) -> None:
        self.sim, self.platform = sim, platform
        self.secrets = (TOKEN, "sandbox_client_secret")

    def add(self, sku: str, quantity: int) -> str:
        return f"p{self.sim.add_product(name=sku, sku=sku, quantity=quantity).id}"

    def add_untracked(self, sku: str) -> str:
        return f"p{self.sim.add_product(name=sku, sku=sku, unlimited=True).id}"

    def product_ref(self, ref: str) -> str:
        return str(_id(ref))

    def remove(self, ref: str) -> None:
        self.sim.delete_product(_id(ref))

    def shows(self, ref: str) -> int | None:
        return self.sim.quantity(_id(ref))

    def set_by_hand(self, ref: str, quantity: int) -> None:
        self.sim.set_quantity(_id(ref), quantity=quantity)

    def buy(self, ref: str, units: int) -> str:
        return self.sim.buy(_id(ref), quantity=units).id

    def cancel(self, order_ref: str) -> None:
        self.sim.cancel(order_ref)

    def break_next(self, fault: str) -> None:
        self.sim.faults.set(fault, next=1, seconds=0.0 if fault == "timeout_after" else None)

    def kill_access(self) -> None:
        self.sim.access.expire()

    def told(self) -> Sequence[ChannelEvent]:
        events: list[ChannelEvent] = []
        for headers, body in self.webhooks():
            lower = {name.lower(): value for name, value in headers.items()}
            self.platform.check_signature(lower, body)
            events += self.platform.parse_events(self.platform.read_delivery(lower, body).topic, body)
        return events

    def webhooks(self) -> Sequence[tuple[Mapping[str, str], bytes]]:
        return [(delivery.headers, delivery.body.encode()) for delivery in self.sim.deliveries]


@pytest.fixture
def promised(shop: EcwidSimulator, open_platform: Opener) -> Shop:
    return EcwidShop(shop, open_platform(shop.base_url))


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
