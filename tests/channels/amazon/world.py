"""A merchant with one ledger, a simulated Amazon seller account and other stores, and short words for what happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from channels import catalog, inbox, lanes, mapping, polling, publishing, queueing, tasks
from channels.contract import ChannelError, Platform
from channels.models import Channel, Listing, Order, Push
from channels.registry import opened
from inventory.models import Sku
from sandbox.amazon import AmazonSimulator
from tests import factories
from tests.channels.core.world import pass_time

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@dataclass
class Account:
    """The simulated seller, connected as a channel. Its messages arrive when a test says so."""

    sim: AmazonSimulator
    channel: Channel

    @contextmanager
    def platform(self) -> Iterator[Platform]:
        with opened(self.fresh()) as platform:
            yield platform

    def fresh(self) -> Channel:
        return Channel.objects.get(pk=self.channel.pk)

    # What comes in

    def subscribe(self) -> None:
        tasks.check_subscriptions(self.fresh(), now=timezone.now())

    def import_catalogue(self) -> None:
        catalog.start_import(channel=self.channel, now=timezone.now())
        tasks.run_lane(catalog.lane_of(self.channel))

    def receive(self) -> bool:
        """Take in what is in the queue."""
        assert self.sim.wait_for_notifications()
        Channel.objects.filter(pk=self.channel.pk).update(next_queue_at=timezone.now())
        with self.platform() as platform, lanes.held(f"queue:{self.channel.pk}") as lease:
            assert lease is not None
            return queueing.work(self.fresh(), platform, lease)

    def hear(self) -> None:
        """Take in the messages and work on them."""
        while self.receive():
            pass
        with self.platform() as platform, lanes.held(inbox.lane_of(self.channel.pk)) as lease:
            assert lease is not None
            while inbox.work(self.fresh(), platform, lease):
                pass
        publishing.spread_signals(now=timezone.now())

    def hear_if_it_can(self) -> None:
        """Like ``hear``; a call that fails leaves the rest for later."""
        with suppress(ChannelError):
            self.hear()

    def poll(self) -> int:
        with self.platform() as platform:
            booked = polling.poll(self.fresh(), platform, now=timezone.now())
        publishing.spread_signals(now=timezone.now())
        return booked

    # What goes out

    def publish(self) -> None:
        """Publish, and let what was accepted be confirmed."""
        publishing.spread_signals(now=timezone.now())
        tasks.run_lane(publishing.lane_of(self.channel.pk))
        pass_time(self.channel, seconds=20)
        tasks.run_lane(publishing.lane_of(self.channel.pk))

    # What there is

    def listing(self, sku: str) -> Listing:
        return Listing.objects.get(channel=self.channel, ref=sku)

    def shows(self, sku: str) -> int | None:
        return self.sim.quantity_of(sku)

    def order(self, ref: str) -> Order:
        return Order.objects.get(channel=self.channel, ref=ref)

    def pushes(self, sku: str) -> list[tuple[str, int]]:
        rows = Push.objects.filter(listing__channel=self.channel, listing__ref=sku).order_by("pk")
        return [(push.state, push.delta) for push in rows]


def connect_account(sim: AmazonSimulator, name: str = "Amazon", **columns: Any) -> Account:
    columns.setdefault("started_at", timezone.now() - timedelta(minutes=5))
    options = {"pace": "simulator", **columns.pop("options", {})}
    channel = factories.make_channel(
        name,
        platform="amazon",
        base_url=sim.url,
        account_ref=sim.seller_id,
        credentials=sim.credentials,
        options=options,
        mode=columns.pop("mode", Channel.Mode.LIVE),
        **columns,
    )
    return Account(sim=sim, channel=channel)


def offer(account: Account, code: str, units: int, *, sku: Sku | None = None, **item: Any) -> Sku:
    """Put ``units`` of a SKU into the ledger and on sale at Amazon, mapped, read and in step."""
    made = sku or factories.make_sku(code, on_hand=units)
    account.sim.add_item(code, **({"quantity": units, "lead_days": 4} | item))
    account.import_catalogue()
    listing = account.listing(code)
    if listing.mapping != Listing.Mapping.MAPPED:
        mapping.link(listing=listing, sku=made, actor="user:ana", now=timezone.now())
    account.publish()
    return made
