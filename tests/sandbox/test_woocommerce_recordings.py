"""What a real store answered, asked of the simulated one: statuses, error codes, and everything about stock."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from sandbox.woocommerce import WooCommerceSimulator
from sandbox.woocommerce.records import Product, Variation
from tests.certificates import make_certificate

Json = dict[str, Any]

RECORDED_AT = 1_795_237_425.0  # the clock of the recorded signatures
KEY, SECRET = "ck_152242b3b33db3cf072c8b6ec33b482c936cfebc", "cs_f2c3f7f47ae8b7aa051c3bcee04deb84cb98f75d"
PRODUCT = (
    *("id", "type", "status", "sku", "parent_id", "variations", "manage_stock", "stock_quantity", "stock_status"),
    *("backorders", "backorders_allowed", "backordered", "low_stock_amount"),
)
ORDER = ("id", "status", "number", "parent_id")
LINE = ("id", "product_id", "variation_id", "quantity", "sku", "name", "parent_name")
# Quantities that were set between two recorded exchanges: name of the second → product, units.
OFF_THE_RECORD = {"more than in stock through the API": (14, 2), "quantity 1.5": (14, 40)}
MARKS = ("_reduced_stock", "_restock_refunded_items")


def recordings() -> Path:
    folder = os.environ.get("EVENKEEL_CONTRACTS")
    if not folder:
        pytest.skip("needs the recordings of a real store beside the folder that EVENKEEL_CONTRACTS names")
    found = Path(folder).parent / "recordings" / "woocommerce"
    if not found.is_dir():
        pytest.skip(f"needs the recordings of a real store in {found}")
    return found


def story(name: str) -> list[Json]:
    exchanges: list[Json] = json.loads((recordings() / name).read_text())["exchanges"]
    return exchanges


def essence(value: object) -> object:
    """Return what of an answer is about stock, in a form that can be compared."""
    if isinstance(value, list):
        return [essence(each) for each in value]
    if not isinstance(value, dict):
        return value
    if {"code", "message", "data"} <= value.keys():
        data = value["data"]
        params = sorted(data.get("params", {}).items()) if isinstance(data, dict) else []
        return value["code"], data.get("status") if isinstance(data, dict) else data, params
    if "line_items" in value:
        lines = [{name: line.get(name) for name in LINE} | {"marks": marks(line)} for line in value["line_items"]]
        refunds = [each["id"] for each in value.get("refunds", [])]
        return {name: value[name] for name in ORDER if name in value} | {"lines": lines, "refunds": refunds}
    shown = {name: value[name] for name in PRODUCT if name in value}
    batch = {name: essence(value[name]) for name in ("create", "update", "delete") if name in value}
    return shown | batch | ({"error": essence(value["error"])} if "error" in value else {})


def marks(line: Json) -> Json:
    return {each["key"]: each["value"] for each in line["meta_data"] if each["key"] in MARKS}


def pages(headers: Any) -> Json:
    """Return the totals of a list, and which neighbours its page names."""
    totals = {name: headers[name] for name in ("X-WP-Total", "X-WP-TotalPages") if name in headers}
    return totals | {"links": [rel for rel in ("prev", "next") if f'rel="{rel}"' in headers.get("Link", "")]}


class Replay:
    """Sends recorded requests to a simulated store and compares the answers."""

    def __init__(self, shop: WooCommerceSimulator, chain: str) -> None:
        self.shop = shop
        self.session = requests.Session()
        self.session.trust_env = False  # the environment may name other authorities
        self.session.verify = chain
        self.others = {
            "read": shop.add_key("read"),
            "write": shop.add_key("write"),
            "nobody": shop.add_key(manages_shop=False),
        }

    def check(self, exchange: Json) -> None:
        expected = exchange["response"]
        answer = self.send(exchange)
        found, wanted = answer.json(), expected.get("body")

        assert answer.status_code == expected["status"], (exchange["name"], found)
        if wanted is not None:
            assert essence(found) == essence(wanted), exchange["name"]
        if isinstance(wanted, list) and "X-WP-Total" in expected.get("headers", {}):
            assert pages(answer.headers) == pages(expected["headers"]), exchange["name"]

    def send(self, exchange: Json) -> requests.Response:
        request = exchange["request"]
        split = urlsplit(request.get("url") or request["path"])
        headers = dict(request.get("headers") or {})
        body = request["raw_body"].encode() if "raw_body" in request else None
        return self.session.request(
            request["method"],
            f"{self.shop.url}{split.path}{'?' + split.query if split.query else ''}",
            auth=self.auth(exchange),
            headers=headers,
            data=body,
            json=request.get("json"),
            timeout=5,
        )

    def auth(self, exchange: Json) -> tuple[str, str] | None:
        said = exchange["request"].get("authorization") or ""
        if not said.startswith("Basic"):
            return None
        if "unknown key" in said:
            return "ck_" + "0" * 40, SECRET
        if "wrong secret" in said:
            return KEY, "cs_" + "0" * 40
        permission = said.rpartition("key permission: ")[2]
        who = "nobody" if "without shop rights" in exchange["name"] else permission
        key = self.others.get(who)
        return (key.consumer_key, key.consumer_secret) if key else (KEY, SECRET)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def secure(certificate: tuple[str, str]) -> Iterator[Replay]:
    with WooCommerceSimulator(
        consumer_key=KEY,
        consumer_secret=SECRET,
        certificate=certificate,
        home="https://127.0.0.1:8443",
        clock=lambda: RECORDED_AT,
    ) as shop:
        yield Replay(shop, certificate[0])


@pytest.fixture
def plain(certificate: tuple[str, str]) -> Iterator[Replay]:
    with WooCommerceSimulator(
        consumer_key=KEY, consumer_secret=SECRET, home="http://127.0.0.1:8098", clock=lambda: RECORDED_AT
    ) as shop:
        yield Replay(shop, certificate[0])


def test_keys_and_signatures_are_looked_at_as_recorded(secure: Replay, plain: Replay) -> None:
    secure.shop.store._ids = plain.shop.store._ids = itertools.count(13)
    for exchange in story("01-auth-and-errors.json"):
        url = exchange["request"].get("url") or ""
        is_plain = url.startswith("http://") or exchange["name"].startswith(("plain http", "OAuth parameters"))
        replay = plain if is_plain else secure
        replay.check(exchange)
        if exchange["request"]["method"] == "POST" and exchange["response"]["status"] == 201:
            secure.shop.add_product(id=13, sku="OA-1", unlimited=True)


def test_products_stock_writes_batches_and_orders_go_as_recorded(secure: Replay) -> None:
    stock_the_recorded_store(secure.shop)
    names = ("02-products-and-variations.json", "03-stock-writes.json", "04-batch.json", "05-orders-and-stock.json")

    for name in names:
        for exchange in story(name):
            if exchange["request"].get("json") or exchange["request"]["method"] in ("GET", "DELETE"):
                if exchange["name"] == "notes of the order":
                    continue  # texts for people; the simulator writes none
                if exchange["name"] in OFF_THE_RECORD:
                    product_id, quantity = OFF_THE_RECORD[exchange["name"]]
                    secure.shop.set_quantity(product_id, quantity=quantity)
                secure.check(exchange)


def stock_the_recorded_store(shop: WooCommerceSimulator) -> None:
    """Put into the store what the recorded one held, under the same ids."""
    simple = [
        (14, "MUG-BLUE", 40),
        (15, "mug-red", 3),
        (16, "PLATE 10/INCH", 0),
        (17, "LAMP-BO", 1),
        (18, "WRAP", None),
        (19, "", 9),
        (20, "EBOOK", None),
        (21, "VASE-D", 7),
        (22, "VASE-P", 7),
        (23, "AFF-1", None),
        (24, "SET-1", None),
        *((34 + number, f"BULK-0{number}", 100) for number in range(1, 9)),
    ]
    names = {14: "Blue Mug", 15: "Red Mug", 17: "Lamp (backorders)", 18: "Gift wrap", 41: "Bulk 07"}
    for number, sku, quantity in simple:
        product = Product(id=number, name=names.get(number, sku), sku=sku, price="1")
        product.manage_stock, product.stock_quantity = quantity is not None, quantity
        shop.store.products.put(product)
    products = {product.id: product for product in shop.store.products.all()}
    products[14].low_stock_amount = 5
    products[17].backorders = "notify"
    products[21].status, products[22].status = "draft", "private"
    products[23].type, products[24].type = "external", "grouped"
    tee = Product(id=25, name="T-Shirt", sku="TEE", type="variable")
    sizes = [(size, colour) for size in ("S", "M", "L") for colour in ("Black", "White")]
    for number, (size, colour) in enumerate(sizes, start=27):
        tee.variations.append(
            Variation(
                id=number,
                parent_id=25,
                sku=f"TEE-{size}-{colour[0]}",
                manage_stock=True,
                stock_quantity=10,
                price="20",
                attributes={"Size": size, "Colour": colour},
            )
        )
    hat = Product(
        id=26, name="Hat (parent stock)", sku="HAT", type="variable", manage_stock=True, stock_quantity=20, price="15"
    )
    for number, size in ((33, "S"), (34, "L")):
        hat.variations.append(Variation(id=number, parent_id=26, sku=f"HAT-{size}", attributes={"Size": size}))
    shop.store.products.put(tee)
    shop.store.products.put(hat)
    shop.store._ids = itertools.count(43)
    shop.store.orders.line_ids = itertools.count(2)
