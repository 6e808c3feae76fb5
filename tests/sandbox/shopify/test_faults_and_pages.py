"""The faults on request, the control API, the pages, and the official Python library as a visitor."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests
import shopify

from sandbox import catalogue
from sandbox.shopify import ShopifySimulator
from tests.sandbox.shopify.conftest import VERSION, Admin
from tests.sandbox.shopify.test_quantities import SET, entry


def write(admin: Admin, shop: ShopifySimulator, key: str) -> requests.Response:
    level = shop.level("TEE")
    assert level is not None
    sent = {"name": "available", "reason": "correction", "quantities": [entry(shop, level.available - 1, None)]}
    return admin.send_query(SET, input=sent, key=key)


@pytest.mark.parametrize(
    ("fault", "left", "status"),
    [
        ("error_before", 10, 500),
        ("error_after", 9, 500),
        ("internal_before", 10, 200),
        ("internal_after", 9, 200),
        ("html", 10, 200),
        ("empty", 10, 200),
        ("plan_402", 10, 402),
        ("rate_limited", 10, 429),
        ("throttled", 10, 200),
    ],
)
def test_a_write_fails_before_or_after_it_is_applied(
    shop: ShopifySimulator, admin: Admin, fault: str, left: int, status: int
) -> None:
    shop.faults.set(fault, next=1)

    answer = write(admin, shop, "a")

    assert (answer.status_code, shop.quantity_of("TEE")) == (status, left)
    assert write(admin, shop, "b").json()["data"]["inventorySetQuantities"]["userErrors"] == []


def test_a_write_that_times_out_is_repeated_under_its_key(shop: ShopifySimulator, admin: Admin) -> None:
    shop.faults.set("timeout_after", next=1, seconds=0.01)
    sent = {"name": "available", "reason": "correction", "quantities": [entry(shop, 4, 10)]}

    with pytest.raises(requests.ConnectionError):
        admin.send_query(SET, input=sent, key="a")
    shop.buy("TEE")
    again = admin.send_query(SET, input=sent, key="a").json()

    assert again["data"]["inventorySetQuantities"]["userErrors"] == []
    assert shop.quantity_of("TEE") == 3


def control(shop: ShopifySimulator, method: str, path: str, **body: Any) -> Any:
    return requests.request(method, f"{shop.url}/_control/{path}", json=body, timeout=5).json()


def test_a_store_can_be_steered_over_http(shop: ShopifySimulator) -> None:
    place = control(shop, "POST", "locations", name="Loft")["location_id"]
    control(shop, "POST", "quantity", sku="TEE", location_id=place, quantity=5)
    order = control(shop, "POST", "buy", sku="TEE", quantity=2, test=True)["order"]
    line = order["line_items"][0]["id"]
    control(shop, "POST", f"orders/{order['id']}/ship")
    lines = [{"line_id": line, "quantity": 1, "restock_type": "RETURN"}]
    refunded = control(shop, "POST", f"orders/{order['id']}/refund", lines=lines)["order"]
    control(shop, "POST", "faults", stale={"next": 2})

    assert refunded["refunds"][0]["refund_line_items"][0]["restock_type"] == "return"
    assert control(shop, "GET", "faults")["faults"]["stale"]["next"] == 2
    assert control(shop, "GET", "state")["variants"][0]["sellable"] == 14
    assert control(shop, "POST", "buy", sku="TEE", quantity=99) == {"error": "Only 14 of Tee (TEE) left"}
    assert control(shop, "POST", "buy", sku="NONE") == {"error": "unknown: 'NONE'"}


def post(shop: ShopifySimulator, path: str, page: str = "/", **form: object) -> str:
    answer = requests.post(f"{shop.url}{path}", data=form, headers={"Referer": f"{shop.url}{page}"}, timeout=5)
    assert answer.history[0].status_code == 303
    return answer.text


def test_pages_buy_cancel_and_obey_their_strict_policy(shop: ShopifySimulator) -> None:
    variant = shop.variant("TEE")
    bought = post(shop, "/buy", variant_id=variant.id, quantity=3)
    order = next(iter(shop.shop.orders.values()))
    orders = post(shop, f"/orders/{order.id}/cancel", "/orders", restock="no")
    refused = post(shop, "/buy", variant_id=variant.id, quantity=30)

    assert "3 × Tee (TEE)" in bought
    assert 'data-sku="TEE" data-quantity="7"' in bought
    assert 'data-cancelled="yes"' in orders
    assert "cancelled without restocking" in orders
    assert "Only 7 of Tee (TEE) left" in refused
    for path in ("/", "/orders", "/webhooks", "/faults"):
        answer = requests.get(shop.url + path, timeout=5)
        assert "Simulated Shopify store" in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert re.search(r"<script|<style|\sstyle=|\son\w+=", answer.text) is None


def test_the_demo_catalogue_shows_on_its_page() -> None:
    with ShopifySimulator(catalogue=catalogue.store("demo-b")) as store:
        page = requests.get(store.url, timeout=5).text

    assert "Hearth &amp; Trail" in page
    assert 'data-buy="MUG-ENAM GRN"' in page


def test_shopifys_own_python_library_talks_to_it(shop: ShopifySimulator) -> None:
    shopify.ShopifyResource.set_site(f"{shop.url}/admin/api/{VERSION}")
    shopify.ShopifyResource.set_headers({"X-Shopify-Access-Token": shop.token})
    try:
        current = shopify.Shop.current()
        places = shopify.Location.find()
        answer = shopify.GraphQL().execute(
            "query($first: Int!) { locations(first: $first) { nodes { name } } }", {"first": 5}
        )
    finally:
        shopify.ShopifyResource.clear_session()

    assert (current.myshopify_domain, len(places)) == ("north.myshopify.com", 2)
    assert '"name": "Shop floor"' in answer
