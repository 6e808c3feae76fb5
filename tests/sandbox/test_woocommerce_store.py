"""The simulated WooCommerce store: the public client library, the demo's goods, its page, its switches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import woocommerce

from sandbox import catalogue
from sandbox.refusals import OutOfStock
from sandbox.woocommerce import WooCommerceSimulator
from sandbox.woocommerce.access import Key
from tests.certificates import make_certificate


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def secure(certificate: tuple[str, str]) -> Iterator[WooCommerceSimulator]:
    with WooCommerceSimulator(certificate=certificate) as simulator:
        yield simulator


@pytest.fixture
def shop() -> Iterator[WooCommerceSimulator]:
    with WooCommerceSimulator(name="Corner", sends_webhooks=False) as simulator:
        yield simulator


def library(shop: WooCommerceSimulator, key: Key | None = None, **options: Any) -> Any:
    """Return WooCommerce's own Python client, which knows nothing of the simulator."""
    key = key or shop.access.first
    return woocommerce.API(url=shop.url, consumer_key=key.consumer_key, consumer_secret=key.consumer_secret, **options)


# The public client library


def test_the_public_library_sells_and_writes_by_http(shop: WooCommerceSimulator) -> None:
    """It signs its calls there."""
    api = library(shop)
    made = api.post("products", {"name": "Mug", "sku": "MUG", "manage_stock": True, "stock_quantity": 9}).json()
    order = api.post("orders", {"status": "processing", "line_items": [{"product_id": made["id"], "quantity": 2}]})
    api.put(f"products/{made['id']}", {"stock_quantity": 20})
    batch = api.post("products/batch", {"update": [{"id": made["id"], "stock_quantity": 21}, {"id": 9, "sku": "x"}]})
    listed = api.get("products", params={"sku": "mug", "per_page": 5})

    assert order.status_code == 201
    assert order.json()["line_items"][0]["meta_data"][0]["key"] == "_reduced_stock"
    assert [item.get("stock_quantity", item.get("error")) for item in batch.json()["update"]] == [
        21,
        {"code": "woocommerce_rest_product_invalid_id", "message": "Invalid ID.", "data": {"status": 400}},
    ]
    assert [item["stock_quantity"] for item in listed.json()] == [21]
    assert api.delete(f"products/{made['id']}", params={"force": True}).status_code == 200
    assert api.get(f"products/{made['id']}").status_code == 404


@pytest.mark.parametrize("in_query", [False, True])
def test_the_public_library_is_let_in_by_https(
    secure: WooCommerceSimulator, certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch, in_query: bool
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certificate[0])
    secure.options.strips_authorization = in_query

    answer = library(secure, query_string_auth=in_query).get("system_status")

    assert answer.json()["environment"]["version"] == "11.0.1"


# Lists


def test_dates_are_the_stores_unless_they_are_told_to_be_utc(shop: WooCommerceSimulator) -> None:
    api = library(shop)
    order = shop.buy(shop.add_product(name="Mug", quantity=5).id)
    before = (datetime.now(UTC) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S")

    def found(**params: str) -> list[int]:
        return [each["id"] for each in api.get("orders", params=params).json()]

    # In New York it is hours earlier: read as store time, five minutes ago lies in the future.
    assert found(modified_after=before) == []
    assert found(modified_after=f"{before}Z") == [order.id]
    assert found(modified_after=before, dates_are_gmt="true") == [order.id]
    stamped = api.get(f"orders/{order.id}").json()["date_modified_gmt"]
    assert found(modified_after=stamped, dates_are_gmt="true") == []


def test_a_head_tells_the_totals(secure: WooCommerceSimulator, certificate: tuple[str, str]) -> None:
    secure.reset()
    for number in range(12):
        secure.add_product(name=f"P{number}")

    with requests.Session() as session:
        session.trust_env = False
        session.auth, session.verify = (secure.consumer_key, secure.consumer_secret), certificate[0]
        secure.options.strips_authorization = False
        answer = session.head(f"{secure.url}/wp-json/wc/v3/products", timeout=5)

    assert (answer.headers["X-WP-Total"], answer.headers["X-WP-TotalPages"], answer.content) == ("12", "2", b"")


# Stock in the store front


def test_units_waiting_for_a_payment_are_kept_from_others_and_not_from_the_number(
    shop: WooCommerceSimulator,
) -> None:
    mug = shop.add_product(name="Mug", quantity=5)

    order = shop.buy(mug.id, quantity=4, status="pending")
    with pytest.raises(OutOfStock, match="Only 1 of Mug left"):
        shop.buy(mug.id, quantity=2)
    assert shop.quantity(mug.id) == 5

    shop.set_status(order.id, "processing")
    assert shop.quantity(mug.id) == 1


def test_a_plugin_of_fractions_makes_the_quantity_a_number(shop: WooCommerceSimulator) -> None:
    rope = shop.add_product(name="Rope", quantity=5)
    api = library(shop)
    refused = api.put(f"products/{rope.id}", {"stock_quantity": 2.5})

    shop.options.decimal_stock = True
    taken = api.put(f"products/{rope.id}", {"stock_quantity": 2.5})

    assert (refused.status_code, taken.json()["stock_quantity"]) == (400, 2.5)


# The demo


@pytest.mark.parametrize("name", ["demo-a", "demo-b"])
def test_the_demo_store_shows_what_the_merchant_has_available(name: str) -> None:
    shop = WooCommerceSimulator(catalogue=catalogue.store(name))
    shown = {}
    for code in catalogue.available_units():
        listed = catalogue.MISTYPED_IN_B.get(code, code) if name == "demo-b" else code
        if next(shop.store.products.sold_under(listed), None):
            shown[code] = shop.quantity_of(listed)

    assert shown == {code: units for code, units in catalogue.available_units().items() if code in shown}
    assert len(shown) >= 40
    marked = sum(line.reduced or 0 for order in shop.orders() for line in order.lines if order.completed_at is None)
    assert marked > 0


# The page and the control API


@pytest.fixture(scope="module")
def demo() -> Iterator[WooCommerceSimulator]:
    with WooCommerceSimulator(catalogue=catalogue.store("demo-a")) as simulator:
        yield simulator


@pytest.mark.parametrize("path", ["/", "/orders", "/webhooks", "/faults"])
def test_every_page_obeys_its_strict_policy(demo: WooCommerceSimulator, path: str) -> None:
    answer = requests.get(demo.url + path, timeout=5)

    assert answer.status_code == 200
    assert "Simulated WooCommerce store" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert re.search(r"<script|<style|\sstyle=|\son\w+=", answer.text) is None


def test_a_visitor_buys_and_a_merchant_works_on_the_page(demo: WooCommerceSimulator) -> None:
    product, variation = demo.store.products.find_sku("BOT-STL-750")
    own = variation.id if variation else product.id
    before = demo.quantity(own)
    assert before is not None

    def post(path: str, page: str = "/", **form: object) -> str:
        answer = requests.post(demo.url + path, data=form, headers={"Referer": demo.url + page}, timeout=5)
        assert answer.history[0].status_code == 303
        return answer.text

    bought = post("/buy", product_id=own, quantity=2)
    assert 'data-buy="BOT-STL-750"' in bought
    order = demo.orders()[0]
    assert demo.quantity(own) == before - 2
    assert 'data-status="cancelled"' in post(f"/orders/{order.id}/status", "/orders", status="cancelled")
    assert demo.quantity(own) == before
    assert "Only" in post("/buy", product_id=own, quantity=999)
    post("/quantity", product_id=own, quantity=3)
    assert demo.quantity(own) == 3
    post("/site", "/faults", manage_stock="yes", refuses_put="yes", restores_on_failed="yes")
    assert (demo.options.refuses_put, demo.options.decimal_stock) == (True, False)
    post("/reset", "/faults")
    assert demo.quantity(own) == before


def test_a_running_store_is_steered_by_its_control_api(shop: WooCommerceSimulator) -> None:
    def call(method: str, path: str, body: object = None) -> tuple[int, Any]:
        answer = requests.request(method, f"{shop.url}/_control/{path}", json=body, timeout=5)
        return answer.status_code, answer.json()

    product = call("POST", "products", {"name": "Mug", "sku": "MUG", "quantity": 5, "price": 9.5})[1]["product"]
    order = call("POST", "buy", {"sku": "MUG", "quantity": 2})[1]["order"]
    line = order["line_items"][0]["id"]
    steps = [
        call("POST", "quantity", {"sku": "MUG", "quantity": 7}),
        call("POST", f"orders/{order['id']}/lines/{line}", {"quantity": 1}),
        call("POST", f"orders/{order['id']}/refund", {"quantities": {str(line): 1}}),
        call("POST", "faults", {"slow": {"next": 1, "seconds": 0}}),
        call("POST", "options", {"permalinks": "plain"}),
        call("POST", "keys", {"permission": "read"}),
        call("DELETE", "keys"),
        call("POST", "keys/revive"),
        call("DELETE", f"orders/{order['id']}"),
        call("POST", f"orders/{order['id']}/restore"),
        call("DELETE", f"products/{product['id']}", {"force": True}),
        call("GET", "state"),
    ]
    refusals = [
        call("POST", "buy", {"sku": "NOPE"})[0],
        call("POST", "options", {"luck": 1})[0],
        call("POST", "quantity", {"product_id": "x"})[0],
        call("POST", f"orders/{order['id']}/status", {"status": "shipped"})[0],
        call("GET", "orders/999")[0],
    ]

    assert [status for status, _ in steps] == [200] * len(steps)
    assert steps[1][1]["order"]["line_items"][0]["quantity"] == 1
    assert steps[2][1]["order"]["status"] == "refunded"
    assert steps[-1][1]["products"] == []
    assert refusals == [404, 400, 400, 400, 404]


def test_faults_strike_as_named(shop: WooCommerceSimulator) -> None:
    mug = shop.add_product(name="Mug", quantity=5)
    api = library(shop)
    statuses: dict[str, tuple[int, object]] = {}
    for fault in ("error_before", "error_after", "firewall", "rate_limited", "html"):
        shop.faults.set(fault, next=1)
        answer = api.put(f"products/{mug.id}", {"stock_quantity": len(statuses)})
        statuses[fault] = answer.status_code, shop.quantity(mug.id)

    assert statuses == {
        "error_before": (500, 5),
        "error_after": (504, 1),
        "firewall": (403, 1),
        "rate_limited": (429, 1),
        "html": (200, 1),
    }
    shop.options.host_limit = 1
    assert [api.get("products").status_code for _ in range(2)] == [200, 429]
