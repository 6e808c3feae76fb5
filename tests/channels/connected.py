"""A simulated store of any platform that was connected as merchants do it, and short words for what happens to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.test import RequestFactory
from django.utils import timezone

from channels import catalog, inbox, ingress, lanes, polling, publishing, tasks
from channels.models import Channel, Listing, Push
from channels.registry import opened
from sandbox.webhooks import Delivery
from tests.channels.core.world import pass_time, without_type


@dataclass
class ConnectedStore:
    """A store and its channel. Its webhooks arrive when a test says so."""

    sim: Any
    channel: Channel
    heard: set[int] = field(default_factory=set)

    def fresh(self) -> Channel:
        return Channel.objects.get(pk=self.channel.pk)

    # What comes in

    def subscribe(self) -> None:
        with opened(self.fresh()) as platform:
            platform.check_subscriptions(webhook_url=self.channel.webhook_url, last_event_at=None)

    def sent(self) -> list[Delivery]:
        """Return the deliveries that were not brought to us yet."""
        assert self.sim.wait_for_webhooks()
        new = [each for each in self.sim.deliveries if each.id not in self.heard]
        self.heard |= {each.id for each in new}
        return new

    def deliver(self, delivery: Delivery, **headers: str) -> int:
        """Bring a delivery to the channel's own address; return the status it is answered with."""
        uuid = str(self.channel.uuid)
        request = RequestFactory().post(
            f"/webhooks/{self.channel.platform}/{uuid}/",
            data=delivery.body.encode(),
            content_type=delivery.headers["Content-Type"],
            headers=without_type({**delivery.headers, **headers}),
        )
        return ingress.webhook(request, platform=self.channel.platform, uuid=uuid).status_code

    def hear(self) -> None:
        """Deliver all webhooks and work on them."""
        for each in self.sent():
            assert self.deliver(each) == 200
        self.work_inbox()

    def work_inbox(self) -> None:
        with opened(self.fresh()) as platform, lanes.held(inbox.lane_of(self.channel.pk)) as lease:
            assert lease is not None
            inbox.work(self.fresh(), platform, lease)
        publishing.spread_signals(now=timezone.now())

    def poll(self) -> None:
        with opened(self.fresh()) as platform:
            polling.poll(self.fresh(), platform, now=timezone.now())
        publishing.spread_signals(now=timezone.now())

    def import_catalogue(self) -> None:
        catalog.start_import(channel=self.channel, now=timezone.now())
        tasks.run_lane(catalog.lane_of(self.channel))
        self.publish()

    # What goes out

    def publish(self) -> None:
        publishing.spread_signals(now=timezone.now())
        tasks.run_lane(publishing.lane_of(self.channel.pk))

    def settle(self) -> None:
        """Let the waiting times pass, then poll, check and publish."""
        self.poll()
        for _ in range(3):
            pass_time(self.channel)
            tasks.run_lane(f"check:{self.channel.pk}")
            self.publish()

    # What there is

    def listing(self, sku: str, **fields: Any) -> Listing:
        return Listing.objects.get(channel=self.channel, external_sku=sku, state=Listing.State.ACTIVE, **fields)

    def pushed(self, sku: str, **fields: Any) -> list[tuple[str, int]]:
        """Return (state, delta) of the pushes to a SKU's listings, oldest first; ``fields`` choose listings."""
        mine = Listing.objects.filter(channel=self.channel, external_sku=sku, **fields)
        rows = Push.objects.filter(listing__in=mine).order_by("pk")
        return [(push.state, push.delta) for push in rows]
