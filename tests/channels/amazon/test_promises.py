"""Amazon keeps the contract that every platform keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from channels.contract import ChannelEvent
from channels.platforms.amazon.platform import AmazonPlatform
from sandbox.amazon import AmazonSimulator
from tests.channels.promises import contract
from tests.channels.promises.shop import Shop


class AmazonShop:
    def __init__(self, sim: AmazonSimulator, platform: AmazonPlatform) -> None:
        self.sim, self.platform = sim, platform
        self.secrets = (sim.access.client_secret, sim.access.refresh_token, "Atza|")
        platform.check_subscriptions(webhook_url="", last_event_at=None)

    def add(self, sku: str, quantity: int) -> str:
        return self.sim.add_item(sku, quantity=quantity, lead_days=3).sku

    def add_untracked(self, sku: str) -> str:
        """What Amazon ships has no quantity of the merchant's: the nearest that there is."""
        return self.sim.add_item(sku, held=9).sku

    def product_ref(self, ref: str) -> str:
        return ref

    def remove(self, ref: str) -> None:
        self.sim.delete_item(ref)

    def shows(self, ref: str) -> int | None:
        return self.sim.quantity_of(ref)

    def set_by_hand(self, ref: str, quantity: int) -> None:
        self.sim.set_quantity(ref, quantity)

    def buy(self, ref: str, units: int) -> str:
        return self.sim.buy(ref, units).id

    def cancel(self, order_ref: str) -> None:
        self.sim.cancel(order_ref)

    def break_next(self, fault: str) -> None:
        self.sim.faults.set(fault, next=1, seconds=0.0 if fault == "timeout_after" else None)

    def kill_access(self) -> None:
        self.sim.access.revoke()

    def told(self) -> Sequence[ChannelEvent]:
        assert self.sim.wait_for_notifications()
        messages = self.platform.receive()
        self.platform.forget([message.handle for message in messages])
        return [event for message in messages for event in self.platform.parse_events(message.topic, message.body)]

    def webhooks(self) -> Sequence[tuple[Mapping[str, str], bytes]]:
        return []


@pytest.fixture
def promised(sim: AmazonSimulator, platform: AmazonPlatform) -> Shop:
    return AmazonShop(sim, platform)


class TestPublishing(contract.PublishingContract):
    pass


class TestReading(contract.ReadingContract):
    def test_the_catalogue_tells_every_listing_once(self, promised: Shop) -> None:
        """As everywhere, but that what Amazon ships is neither counted nor unlimited: nothing is told of it."""
        refs = {promised.add(f"READ-{number}", number): number for number in range(7)}
        held = promised.add_untracked("READ-HELD")

        listings = {listing.ref: listing for listing in contract.whole_catalogue(promised)}

        assert {ref: listings[ref].quantity for ref in refs} == refs
        assert all(listings[ref].tracked and not listings[ref].unwritable_reason for ref in refs)
        assert (listings[held].tracked, listings[held].quantity) == (None, None)
        assert listings[held].unwritable_reason.startswith("Fulfilled by Amazon")


class TestOrders(contract.OrdersContract):
    pass


class TestHearing(contract.HearingContract):
    pass


class TestLimits(contract.LimitsContract):
    pass


class TestErrors(contract.ErrorsContract):
    pass
