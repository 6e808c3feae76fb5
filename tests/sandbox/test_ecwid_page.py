from __future__ import annotations

import re

import pytest
import requests

from sandbox import catalogue
from sandbox.ecwid import EcwidSimulator


def row(page: str, sku: str) -> dict[str, str]:
    """Return the data attributes of the first row of a SKU."""
    found = re.search(rf'<div class="pool" data-sku="{re.escape(sku)}"([^>]*)>', page)
    assert found, sku
    return dict(re.findall(r'data-([\w-]+)="([^"]*)"', found[1]))


def post(shop: EcwidSimulator, path: str, page: str = "/", **form: object) -> str:
    """Post a form as a browser does and return the page it leads to."""
    answer = requests.post(f"{shop.url}{path}", data=form, headers={"Referer": f"{shop.url}{page}"}, timeout=5)
    assert answer.status_code == 200
    assert answer.history[0].status_code == 303
    return answer.text


@pytest.mark.parametrize("path", ["/", "/orders", "/webhooks", "/faults"])
@pytest.mark.parametrize("name", ["demo-a", "empty"])
def test_every_page_obeys_its_strict_policy(path: str, name: str) -> None:
    with EcwidSimulator(catalogue=catalogue.store(name)) as shop:
        answer = requests.get(shop.url + path, timeout=5)

    assert answer.status_code == 200
    assert "Simulated Ecwid store" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert re.search(r"<script|<style|\sstyle=|\son\w+=", answer.text) is None


def test_buying_on_the_page_lowers_the_stock_and_shows_the_order() -> None:
    with EcwidSimulator(catalogue=catalogue.store("demo-a")) as shop:
        before = row(requests.get(shop.url, timeout=5).text, "BOT-STL-750")
        page = post(shop, "/buy", product_id=before["product-id"], combination_id=before["combination-id"], quantity=2)

        assert int(row(page, "BOT-STL-750")["quantity"]) == int(before["quantity"]) - 2
        assert "2 × Steel bottle (BOT-STL-750)" in page
        assert row(page, "SRV-GIFTWRAP")["quantity"] == "unlimited"
        assert 'data-buy="BOT-STL-750"' in page


def test_buying_too_much_is_refused_in_words(shop: EcwidSimulator, tee: tuple[int, int, int]) -> None:
    page = post(shop, "/buy", product_id=tee[0], combination_id=tee[1], quantity=4)

    assert "Only 3 of Tee (TEE-S) left" in page
    assert shop.quantity_of("TEE-S") == 3


def test_orders_can_be_changed_on_the_page(shop: EcwidSimulator, tee: tuple[int, int, int]) -> None:
    order = shop.buy(sku="TEE-S", quantity=2, payment_status="AWAITING_PAYMENT")

    post(shop, f"/orders/{order.id}/pay", "/orders")
    post(shop, f"/orders/{order.id}/ship", "/orders")
    post(shop, f"/orders/{order.id}/lines/{order.lines[0].id}", "/orders", quantity=1)
    after_edit = shop.quantity_of("TEE-S")
    page = post(shop, f"/orders/{order.id}/cancel", "/orders")

    assert after_edit == 1
    assert 'data-payment="CANCELLED" data-fulfilment="SHIPPED"' in page
    assert shop.quantity_of("TEE-S") == 2


def test_quantities_and_faults_can_be_set_on_the_page(shop: EcwidSimulator, tee: tuple[int, int, int]) -> None:
    post(shop, "/quantity", product_id=tee[0], combination_id=tee[2], quantity=-4)
    post(shop, "/unlimited", product_id=tee[0], combination_id=tee[1], unlimited="yes")
    page = post(shop, "/faults", "/faults", name="slow", next=2, percent=25, seconds=1.5)

    assert (shop.quantity_of("TEE-M"), shop.quantity_of("TEE-S")) == (-4, None)
    assert "armed" in page
    assert (shop.faults.get("slow").next, shop.faults.get("slow").probability) == (2, 0.25)


def test_texts_are_escaped(shop: EcwidSimulator) -> None:
    shop.add_product(sku='A"<b>', name="<script>alert(1)</script>", quantity=1)

    page = requests.get(shop.url, timeout=5).text

    assert "<script>" not in page
    assert 'data-sku="A&quot;&lt;b&gt;"' in page


def test_posts_from_other_sites_are_refused(shop: EcwidSimulator, tee: tuple[int, int, int]) -> None:
    answer = requests.post(f"{shop.url}/reset", headers={"Sec-Fetch-Site": "cross-site"}, timeout=5)

    assert answer.status_code == 403
    assert shop.quantity_of("TEE-S") == 3
