"""The sandbox: loaded beside what is real, kept apart from it, and cleared to the last row without touching it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.test import Client, override_settings
from django.utils import timezone

from channels import lanes, linking, mapping, modes, publishing, tasks
from channels.models import Channel, InboundEvent, Listing, Order, Sandbox
from channels.sandbox import clearing, hosting, loading
from dashboard.models import User
from inventory import operations, verify
from inventory.addresses import ForbiddenAddress, check_loopback
from inventory.models import AuditEntry, Movement, Sku, Warehouse
from sandbox import stand
from tests import factories
from tests.channels.core import world

pytestmark = pytest.mark.django_db

KEPT = {"AuditEntry", "Lane", "CallBudget", "Heartbeat", "OrmQ"}
# A signal is there until somebody has looked; the log of outgoing events tells what was sent.
KEPT |= {"StockSignal", "Event"}


@pytest.fixture(scope="module")
def stores() -> Iterator[list[stand.Stall]]:
    found = stand.stalls(seed="test", ports=[0, 0, 0])
    for stall in found:
        stall.simulator.start()
    yield found
    for stall in found:
        stall.simulator.stop()


def _load(stores: list[stand.Stall]) -> None:
    """Do what the host and the lane do after the click."""
    loading.request(actor="user:ana", now=timezone.now())
    Sandbox.objects.filter(pk=1).update(due_at=timezone.now())
    row = Sandbox.objects.get()
    row.told = stand.told(stores)
    row.save(update_fields=["told"])
    with lanes.held(loading.LANE) as lease:
        assert lease is not None
        clearing.work(lease)
    for channel in Channel.objects.filter(is_sandbox=True).order_by("pk"):
        tasks.run_lane(f"catalog:{channel.pk}")
        tasks.run_lane(f"inbox:{channel.pk}")  # the orders that it begins with
        if channel.mode == Channel.Mode.OBSERVE:
            publishing.spread_signals(now=timezone.now())
            tasks.run_lane(f"publish:{channel.pk}")


def _clear() -> None:
    clearing.request(actor="user:ana", now=timezone.now() - timedelta(seconds=5))
    with lanes.held(loading.LANE) as lease:
        assert lease is not None
        clearing.work(lease)


def _rows() -> dict[str, int]:
    """Count the rows of every table of ours."""
    ours = {"inventory", "channels", "reconciliation", "sources", "api"}
    return {
        model.__name__: model._default_manager.count()
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in ours and model.__name__ not in KEPT
    }


def _real() -> tuple[Channel, Sku]:
    """Make a store and a SKU that are real, with stock, an order and a history."""
    channel = factories.make_channel("Real store")
    sku = factories.make_sku("REAL-1", on_hand=7)
    factories.make_listing(channel, sku, quantity=7)
    operations.adjust(
        sku=sku, warehouse=factories.make_warehouse(), units=-2, reason="broken", key="real", actor="user:ana",
        now=timezone.now(),
    )  # fmt: skip
    return channel, sku


@override_settings(ALLOW_PRIVATE_HOSTS=False)
def test_loading_makes_stores_that_agree_and_clearing_leaves_nothing_of_them(
    stores: list[stand.Stall], queued: Callable[[], int]
) -> None:
    _real()
    before = _rows()

    _load(stores)

    row = Sandbox.objects.get()
    assert (row.state, row.problem) == ("loaded", "")
    channels = {channel.platform: channel for channel in Channel.objects.filter(is_sandbox=True)}
    assert {name: channel.mode for name, channel in channels.items()} == {
        "ecwid": "live",
        "shopify": "live",
        "woocommerce": "observe",
    }
    mapped = Listing.objects.filter(channel__is_sandbox=True, mapping="mapped").select_related("sku")
    assert mapped.count() > 60
    assert all(listing.sku is not None and listing.sku.is_sandbox for listing in mapped)
    differing = [
        listing
        for listing in Listing.objects.filter(channel=channels["woocommerce"], would_show__isnull=False)
        if listing.would_show != listing.accounted
    ]
    assert len(differing) == 1  # where a hand has slipped
    assert list(verify.differences()) == []

    ecwid = stores[0].simulator
    ecwid.buy(sku="TEE-MER-SLT-S", quantity=2)
    store = world.Store(sim=ecwid, channel=channels["ecwid"])
    store.poll()
    assert Order.objects.filter(channel=channels["ecwid"]).exists()

    _clear()

    assert not Sandbox.objects.exists()
    assert _rows() == before
    assert list(verify.differences()) == []
    assert AuditEntry.objects.filter(action="sandbox.clear").exists()  # what people did stays known


def test_it_is_loaded_once_and_says_what_is_in_the_way(stores: list[stand.Stall], queued: Callable[[], int]) -> None:
    factories.make_sku("TEE-MER-SLT-S", on_hand=4)

    _load(stores)

    row = Sandbox.objects.get()
    assert row.state == "failed"
    assert row.problem.startswith("You have a SKU with the code TEE-MER-SLT-S")
    assert not Channel.objects.exists()
    with pytest.raises(loading.CantLoad, match="loaded already"):
        loading.request(actor="user:ana", now=timezone.now())

    _clear()
    assert [sku.code for sku in Sku.objects.all()] == ["TEE-MER-SLT-S"]
    assert not Warehouse.objects.filter(is_sandbox=True).exists()


@pytest.fixture
def sandbox() -> tuple[Channel, Sku, Warehouse]:
    """A sandbox of one store, one SKU and one warehouse, as its rows are; and real ones beside it."""
    Sandbox.objects.create(pk=1, state="loaded", actor="user:ana", started_at=timezone.now())
    warehouse = Warehouse.objects.create(code="SANDBOX-MAIN", name="Sandbox", is_sandbox=True, priority=30_000)
    sku = Sku.objects.create(code="TOY", name="Toy", is_sandbox=True)
    factories.stock(sku, warehouse, on_hand=5)
    channel = factories.make_channel("Simulated", is_sandbox=True, warehouses=[warehouse])
    factories.make_listing(channel, sku, quantity=5)
    _real()
    return channel, sku, warehouse


def test_what_is_real_and_what_is_not_are_never_linked(sandbox: tuple[Channel, Sku, Warehouse]) -> None:
    channel, toy, warehouse = sandbox
    real_store, real_sku = Channel.objects.get(name="Real store"), Sku.objects.get(code="REAL-1")
    of_sandbox = factories.make_listing(channel, external_sku="REAL-1")
    of_real = factories.make_listing(real_store, external_sku="TOY")

    for each in (channel, real_store):
        linking.match(channel=each, now=timezone.now())
    assert set(Listing.objects.filter(pk__in=[of_sandbox.pk, of_real.pk]).values_list("mapping", flat=True)) == {
        "unmapped"
    }
    for listing, sku in ((of_sandbox, real_sku), (of_real, toy)):
        with pytest.raises(ValidationError, match="kept apart"):
            mapping.link(listing=listing, sku=sku, actor="user:ana", now=timezone.now())
    with pytest.raises(ValidationError, match="kept apart"):
        modes.set_warehouses(channel=real_store, warehouses=[warehouse], actor="user:ana", now=timezone.now())
    made = mapping.create_sku(
        listing=factories.make_listing(channel, external_sku="NEW-TOY"), actor="user:ana", now=timezone.now()
    )
    assert made.is_sandbox


def test_stock_that_crossed_over_keeps_everything_and_is_named(sandbox: tuple[Channel, Sku, Warehouse]) -> None:
    _channel, toy, warehouse = sandbox
    operations.transfer(
        sku=toy, source=warehouse, destination=factories.make_warehouse(), units=2, key="across", actor="user:ana",
        now=timezone.now(),
    )  # fmt: skip
    before = _rows()

    found = clearing.preview()
    with pytest.raises(clearing.CantClear):
        clearing.request(actor="user:ana", now=timezone.now())

    assert any("Stock of TOY was booked in Main warehouse" in sentence for sentence in found.obstacles)
    assert _rows() == before
    assert Channel.objects.get(is_sandbox=True).disconnected_at is None


def test_what_hangs_on_it_goes_with_it_and_nothing_else(sandbox: tuple[Channel, Sku, Warehouse]) -> None:
    channel, toy, _warehouse = sandbox
    InboundEvent.objects.create(channel=channel, delivery_id="1", body="{}", received_at=timezone.now())
    factories.make_discrepancy(Listing.objects.get(channel=channel), shows=9)
    factories.hold_back(2, sku=toy)
    real = {
        "movements": list(Movement.objects.filter(sku__code="REAL-1").values_list("key", flat=True)),
        "listings": list(Listing.objects.filter(channel__name="Real store").values_list("ref", flat=True)),
    }

    _clear()

    assert not Sku.objects.filter(code="TOY").exists()
    assert not Channel.objects.filter(name="Simulated").exists()
    assert real == {
        "movements": list(Movement.objects.values_list("key", flat=True)),
        "listings": list(Listing.objects.values_list("ref", flat=True)),
    }
    assert list(verify.differences()) == []


def test_stores_that_begin_again_are_accounted_for_anew(sandbox: tuple[Channel, Sku, Warehouse]) -> None:
    channel, _toy, _warehouse = sandbox
    Listing.objects.update(drift=3)

    hosting.begin_anew(now=timezone.now())

    simulated = Listing.objects.get(channel=channel)
    assert (simulated.accounted, simulated.drift) == (None, 0)
    assert Listing.objects.get(channel__name="Real store").drift == 3


def test_a_sandbox_store_may_only_listen_on_this_machine(sandbox: tuple[Channel, Sku, Warehouse]) -> None:
    assert check_loopback("http://127.0.0.1:8101/api/") == "http://127.0.0.1:8101/api"
    for address in ("http://10.0.0.1:80/", "https://127.0.0.1:1/", "http://127.0.0.1/", "http://a@127.0.0.1:1/", "x"):
        with pytest.raises(ForbiddenAddress):
            check_loopback(address)


@pytest.fixture
def browser(client: Client) -> Client:
    client.force_login(User.objects.create_user("ana", role="owner"))
    return client


def test_one_click_loads_and_one_click_clears(browser: Client, sandbox: tuple[Channel, Sku, Warehouse]) -> None:
    Sandbox.objects.all().delete()
    browser.post("/channels/sandbox/load/")
    page = browser.get("/channels/sandbox/").content.decode()
    assert "The sandbox is being loaded." in page

    Sandbox.objects.update(state="loaded")
    page = browser.get("/channels/sandbox/").content.decode()
    assert "Removes 1 stores with 1 listings and 0 orders, 1 SKUs, 1 warehouses and the 1 movements" in page

    browser.post("/channels/sandbox/")
    assert Sandbox.objects.get().state == "clearing"
    assert Channel.objects.get(is_sandbox=True).disconnected_at is not None


def test_the_host_starts_the_stores_hears_of_them_and_ends_them(
    queued: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosting, "close_old_connections", lambda: None)  # the test's own is in a transaction
    loading.request(actor="user:ana", now=timezone.now())
    host = hosting.Host()
    try:
        give_up_at = time.monotonic() + 60
        row: Any = None
        while row is None or row.told is None:
            assert time.monotonic() < give_up_at, "the stores never told where they listen"
            host._next_look = 0.0
            host.look()
            row = Sandbox.objects.get()
            time.sleep(0.1)
        assert len(row.ports) == 3
        assert host.process is not None
        started = host.process

        Sandbox.objects.all().delete()
        host._next_look = 0.0
        host.look()
        assert started.poll() is not None
    finally:
        host.stop()
