"""A ledger without stock must not empty a shop: opening stock can be taken, and going live to zeros must be meant."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from channels import catalog, mapping_runs
from channels.models import Channel
from inventory import verify
from inventory.models import StockLevel, Warehouse
from sandbox.ecwid import EcwidSimulator
from tests.channels.web.conftest import work

pytestmark = pytest.mark.django_db


@pytest.fixture
def mapped(channel: Channel, sim: EcwidSimulator) -> Channel:
    """The store imported, its listings mapped to SKUs that have no stock; one mug of three is in an open order."""
    catalog.start_import(channel=channel, now=timezone.now())
    work(channel, "catalog")
    mapping_runs.finish(mapping_runs.create_missing_skus(channel=channel, actor="user:ana", now=timezone.now()))
    sim.buy(sku="MUG", quantity=1)
    Channel.objects.update(next_poll_at=timezone.now())
    work(channel, "inbox", "publish")
    return channel


def test_what_the_store_shows_becomes_the_opening_stock(
    browser: Client, mapped: Channel, main: Warehouse, sim: EcwidSimulator
) -> None:
    address = f"/channels/{mapped.uuid}/opening-stock/"
    assert "Take 2 counts" in browser.get(address).content.decode()

    browser.post(address, {"warehouse": main.pk})

    levels = {level.sku.code: level for level in StockLevel.objects.select_related("sku")}
    assert (levels["TEE-M"].on_hand, levels["TEE-M"].available) == (7, 7)
    assert (levels["MUG"].on_hand, levels["MUG"].available) == (3, 2)
    assert "There is nothing to take" in browser.get(address).content.decode()
    browser.post(f"/channels/{mapped.uuid}/mode/", {"mode": "live"})
    work(mapped, "publish")
    assert (sim.quantity_of("TEE-M"), sim.quantity_of("MUG")) == (7, 2)
    assert list(verify.differences()) == []


def test_a_warehouse_of_another_channel_is_refused(browser: Client, mapped: Channel) -> None:
    elsewhere = Warehouse.objects.create(code="ELSE", name="Elsewhere")

    browser.post(f"/channels/{mapped.uuid}/opening-stock/", {"warehouse": elsewhere.pk})

    assert not StockLevel.objects.filter(on_hand__gt=0).exists()


def test_going_live_to_zeros_must_be_meant(browser: Client, mapped: Channel, sim: EcwidSimulator) -> None:
    address = f"/channels/{mapped.uuid}/mode/"
    page = browser.get(address, {"mode": "live"}).content.decode()
    assert "Set 2 quantities to zero: they go off sale in the store." in page
    assert "Take what the store shows as opening stock" in page

    browser.post(address, {"mode": "live"})
    assert Channel.objects.get().mode == "observe"

    browser.post(address, {"mode": "live", "empties": "1"})
    work(mapped, "publish")
    assert Channel.objects.get().mode == "live"
    assert (sim.quantity_of("TEE-M"), sim.quantity_of("MUG")) == (0, 0)


def test_the_command_takes_it_too(channel: Channel, main: Warehouse, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_catalog", "North", "--create-skus", "--opening-stock", main.code)

    assert "2 SKUs have their opening stock." in capsys.readouterr().out
    assert set(StockLevel.objects.values_list("sku__code", "on_hand")) == {("TEE-M", 7), ("MUG", 3)}
