"""A merchant with one ledger and simulated Ecwid stores, and short words for what happens to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import RequestFactory
from django.utils import timezone

from channels import catalog, inbox, ingress, lanes, mapping, polling, publishing, readings, tasks
from channels.contract import Platform
from channels.models import Channel, InboundEvent, Listing, Order, OrderLine, Push
from channels.registry import opened
from inventory import ledger, verify
from inventory.models import Sku, StockLevel, StockSignal, Warehouse
from sandbox.ecwid import EcwidSimulator
from sandbox.ecwid.records import Order as ShopOrder
from tests import factories

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class Store:
    """One simulated store, connected as a channel. Its webhooks arrive when a test says so."""

    sim: EcwidSimulator
    channel: Channel
    heard: set[int] = field(default_factory=set)

    @contextmanager
    def platform(self) -> Iterator[Platform]:
        with opened(self.channel) as platform:
            yield platform

    def fresh(self) -> Channel:
        return Channel.objects.get(pk=self.channel.pk)

    # What comes in

    def import_catalogue(self) -> None:
        """Read the whole catalogue now."""
        catalog.start_import(channel=self.channel, now=timezone.now())
        tasks.run_lane(catalog.lane_of(self.channel))

    def deliver(self, *, replies: list[int] | None = None) -> int:
        """Bring the webhooks that the store has sent so far to our door; return how many there were."""
        new = [each for each in self.sim.deliveries if each.id not in self.heard]
        for each in new:
            self.heard.add(each.id)
            status = post_webhook(self.channel, each.body.encode(), each.headers)
            if replies is not None:
                replies.append(status)
        return len(new)

    def forget_webhooks(self) -> None:
        """Lose the webhooks that the store has sent so far."""
        self.heard.update(each.id for each in self.sim.deliveries)

    def hear(self) -> None:
        """Deliver all webhooks and work on them."""
        self.deliver()
        self.work_inbox()

    def work_inbox(self) -> bool:
        with self.platform() as platform, lanes.held(inbox.lane_of(self.channel.pk)) as lease:
            assert lease is not None
            found = inbox.work(self.fresh(), platform, lease)
        publishing.spread_signals(now=timezone.now())
        return found

    def poll(self) -> int:
        with self.platform() as platform:
            booked = polling.poll(self.fresh(), platform, now=timezone.now())
        publishing.spread_signals(now=timezone.now())
        return booked

    # What goes out

    def publish(self) -> None:
        """Publish until nothing is due."""
        publishing.spread_signals(now=timezone.now())
        tasks.run_lane(publishing.lane_of(self.channel.pk))

    def settle(self) -> None:
        """Let the waiting times pass, then publish: what is unknown is decided, what was postponed is tried again."""
        pass_time(self.channel)
        self.publish()

    # What there is

    def listing(self, sku: str) -> Listing:
        return Listing.objects.get(channel=self.channel, external_sku=sku, state=Listing.State.ACTIVE)

    def accounted(self, sku: str) -> int | None:
        return self.listing(sku).accounted

    def shows(self, sku: str) -> int | None:
        return self.sim.quantity_of(sku)

    def line(self, order: ShopOrder, number: int = 0) -> OrderLine:
        lines = OrderLine.objects.filter(order__channel=self.channel, order__ref=order.id).order_by("pk")
        line: OrderLine = lines[number]
        return line

    def order(self, order: ShopOrder) -> Order:
        return Order.objects.get(channel=self.channel, ref=order.id)

    def pushes(self, sku: str) -> list[tuple[str, int]]:
        """Return (state, delta) of the pushes to a listing, oldest first."""
        rows = Push.objects.filter(listing__channel=self.channel, listing__external_sku=sku).order_by("pk")
        return [(push.state, push.delta) for push in rows]

    def writes(self) -> list[Any]:
        """Return the bodies of the stock writes that the store was sent, oldest first."""
        return [call.body for call in self.sim.requests if call.path.endswith("/inventory") and call.method == "PUT"]


def post_webhook(channel: Channel, body: bytes, headers: Mapping[str, str]) -> int:
    """Bring a webhook to the channel's own address, past the middleware; return the status it is answered with."""
    uuid = str(channel.uuid)
    request = RequestFactory().post(
        f"/webhooks/ecwid/{uuid}/", data=body, content_type="application/json", headers=without_type(headers)
    )
    return ingress.webhook(request, platform="ecwid", uuid=uuid).status_code


def without_type(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() != "content-type"}


def pass_time(channel: Channel, *, seconds: float = 900) -> None:
    """Make everything that waits on the channel's rows be due: as if ``seconds`` had passed."""
    back = timedelta(seconds=seconds)
    for listing in Listing.objects.filter(channel=channel):
        Listing.objects.filter(pk=listing.pk).update(
            due_at=listing.due_at and listing.due_at - back,
            check_due_at=listing.check_due_at and listing.check_due_at - back,
        )
    for push in Push.objects.filter(channel=channel, settled_at=None):
        Push.objects.filter(pk=push.pk).update(created_at=push.created_at - back)
    for event in InboundEvent.objects.filter(channel=channel, due_at__isnull=False):
        InboundEvent.objects.filter(pk=event.pk).update(due_at=(event.due_at or timezone.now()) - back)


def connect(sim: EcwidSimulator, name: str, *, mode: str = Channel.Mode.LIVE, **columns: Any) -> Store:
    """Return the store as a connected channel; it started long ago and its poll is not due by itself."""
    columns.setdefault("started_at", timezone.now() - timedelta(minutes=5))
    channel = factories.make_channel(
        name,
        base_url=sim.base_url,
        account_ref=str(sim.store_id),
        credentials={"store_id": str(sim.store_id), "token": sim.token, "client_secret": sim.client_secret},
        mode=mode,
        **columns,
    )
    return Store(sim=sim, channel=channel)


def sell(store: Store, code: str, units: int, *, sku: Sku | None = None, **product: Any) -> Sku:
    """Put ``units`` of a SKU into the ledger and on sale in the store, mapped, read and in step."""
    made = sku or factories.make_sku(code, on_hand=units)
    store.sim.add_product(sku=code, quantity=units, **product)
    _list(store, {code: made})
    return made


def sell_all(store: Store, codes: Iterable[str], units: int) -> dict[str, Sku]:
    """Do for all of them what ``sell`` does for one, and read the catalogue once; return the SKUs by code."""
    made = {code: factories.make_sku(code, on_hand=units) for code in codes}
    for code in made:
        store.sim.add_product(sku=code, quantity=units)
    _list(store, made)
    return made


def _list(store: Store, skus: Mapping[str, Sku]) -> None:
    store.import_catalogue()
    for code, sku in skus.items():
        listing = store.listing(code)
        if listing.mapping != Listing.Mapping.MAPPED:
            mapping.link(listing=listing, sku=sku, actor="user:ana", now=timezone.now())
    store.publish()
    store.forget_webhooks()


def receive(sku: Sku, units: int, *, warehouse: Warehouse | None = None) -> None:
    factories.stock(sku, warehouse or factories.make_warehouse(), on_hand=units)


def adjust(sku: Sku, units: int, *, warehouse: Warehouse | None = None) -> None:
    """Change on hand by hand, without a guard."""
    ledger.post(
        [
            ledger.Entry(
                key=f"hand:{timezone.now().timestamp()}:{units}",
                sku_id=sku.pk,
                warehouse_id=(warehouse or factories.make_warehouse()).pk,
                kind="adjustment",  # type: ignore[arg-type]
                on_hand=units,
            )
        ],
        actor="user:ana",
        now=timezone.now(),
        reason="by hand",
    )


def level(sku: Sku, warehouse: Warehouse | None = None) -> tuple[int, int]:
    """Return (on hand, reserved)."""
    found = StockLevel.objects.filter(sku=sku, warehouse=warehouse or factories.make_warehouse()).first()
    return (found.on_hand, found.reserved) if found else (0, 0)


def no_differences() -> bool:
    return list(verify.differences()) == []


def signals() -> int:
    return StockSignal.objects.count()


def anchor(store: Store, sku: str) -> None:
    """Read a listing and account for what it shows."""
    listing = store.listing(sku)
    with store.platform() as platform:
        read = readings.take(store.fresh(), platform, [listing], lease=None, now=timezone.now())
    readings.anchor(listing, read[listing.pk], now=timezone.now())
