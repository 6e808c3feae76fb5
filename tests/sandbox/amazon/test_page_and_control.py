from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from sandbox import catalogue
from sandbox.amazon import AmazonSimulator


@pytest.fixture
def shop() -> Any:
    with AmazonSimulator(catalogue=catalogue.store("demo-a"), held={"TNT-RDG-2": 9}) as sim:
        yield sim


def row(page: str, sku: str) -> dict[str, str]:
    found = re.search(rf'<div class="pool" data-sku="{re.escape(sku)}"([^>]*)>', page)
    assert found, sku
    return dict(re.findall(r'data-([\w-]+)="([^"]*)"', found[1]))


def post(sim: AmazonSimulator, path: str, page: str = "/", **form: object) -> str:
    answer = requests.post(f"{sim.url}{path}", data=form, headers={"Referer": f"{sim.url}{page}"}, timeout=5)
    assert answer.status_code == 200
    return answer.text


def control(sim: AmazonSimulator, method: str, path: str, **body: Any) -> Any:
    return requests.request(method, f"{sim.url}/_control/{path}", json=body, timeout=5).json()


def test_every_page_obeys_its_strict_policy(shop: AmazonSimulator) -> None:
    for path in ("/", "/orders", "/webhooks", "/faults"):
        answer = requests.get(shop.url + path, timeout=5)

        assert (answer.status_code, "Simulated Amazon store" in answer.text) == (200, True)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert re.search(r"<script|<style|\sstyle=|\son\w+=", answer.text) is None


def test_an_order_goes_its_way_on_the_page(shop: AmazonSimulator) -> None:
    before = int(row(requests.get(shop.url, timeout=5).text, "BOT-STL-750")["quantity"])
    page = post(shop, "/buy", sku="BOT-STL-750", quantity=2)
    order = shop.store.orders.all()[0]

    assert int(row(page, "BOT-STL-750")["quantity"]) == before - 2
    assert "2 × Steel bottle" in page
    assert "is not pending" in post(shop, f"/orders/{order.id}/confirm", "/orders") + post(
        shop, f"/orders/{order.id}/confirm", "/orders"
    )
    assert 'data-status="SHIPPED"' in post(shop, f"/orders/{order.id}/ship", "/orders")
    assert row(page, "TNT-RDG-2") == {"quantity": "9", "channel": "amazon"}
    assert "left" in post(shop, "/buy", sku="BOT-STL-750", quantity=9999)


def test_settings_faults_and_listings_change_on_the_page(shop: AmazonSimulator) -> None:
    post(shop, "/settings", "/faults", accept_seconds=3)
    post(shop, "/quantity", sku="BOT-STL-750", quantity=4)
    post(shop, "/convert", sku="TNT-RDG-2", to="merchant")
    post(shop, "/token/revoke", "/faults")
    page = post(shop, "/faults", "/faults", name="invalid", next=2, percent=25)

    assert "armed" in page
    assert shop.options.accept_seconds == 3
    assert (shop.quantity_of("BOT-STL-750"), shop.quantity_of("TNT-RDG-2")) == (4, 9)
    post(shop, "/reset", "/faults")
    assert (shop.options.accept_seconds, shop.quantity_of("TNT-RDG-2")) == (60, None)


def test_a_script_steers_the_account(shop: AmazonSimulator) -> None:
    order = control(shop, "POST", "buy", sku="BOT-STL-750", quantity=2)["order"]
    control(shop, "POST", f"orders/{order['orderId']}/confirm")
    shipped = control(shop, "POST", f"orders/{order['orderId']}/ship")["order"]
    control(shop, "POST", "quota", operation="getOrder", rate=1, burst=1)
    settings = control(shop, "POST", "settings", accept_seconds=0.5)
    state = control(shop, "GET", "state")

    assert shipped["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
    assert settings["accept_seconds"] == 0.5
    assert state["credentials"]["queue_url"] == shop.queue_url
    assert control(shop, "POST", "items", sku="NEW", quantity=3)["item"]["sku"] == "NEW"
    assert control(shop, "POST", "settings", luck=1)["error"].startswith("luck is not one of")
    assert control(shop, "POST", "buy", sku="NOTHING")["error"] == "The seller has no SKU NOTHING"


def test_the_demo_merchants_goods_are_listed_as_the_other_stores_show_them(shop: AmazonSimulator) -> None:
    shown = catalogue.available_units()

    listed = {item.sku: item.quantity for item in shop.store.items.all() if not item.is_held_by_amazon}

    assert "SRV-GIFTWRAP" not in listed
    assert {sku: shown[sku] for sku in listed} == listed
    assert all(item.merchant.lead_time_to_ship_max_days == 2 for item in shop.store.items.all() if item.merchant)
