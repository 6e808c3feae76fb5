from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox import catalogue
from sandbox.ecwid import EcwidSimulator

NAMES = ("demo-a", "demo-b")


def shown(description: catalogue.StoreDescription) -> dict[str, int]:
    """Return SKU → units for everything a described store counts and sells."""
    found: dict[str, int] = {}
    for product in description["products"]:
        own = [each for each in product.get("variations", []) if each.get("sku")]
        if product.get("unlimited"):
            continue
        if own:
            found |= {each.get("sku", ""): each.get("quantity", 0) for each in own}
        else:
            found[product.get("sku", "")] = product.get("quantity", 0)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_store_shows_what_is_on_hand_less_open_orders(name: str) -> None:
    available = catalogue.available_units()
    typed = {wrong: right for right, wrong in catalogue.MISTYPED_IN_B.items()}

    for sku, units in shown(catalogue.store(name)).items():
        assert units == available[typed.get(sku, sku)], sku


def test_open_orders_count_only_what_has_not_left() -> None:
    promised = catalogue.open_units()

    assert promised["MUG-ENAM-GRN"] == 4
    assert promised["CND-BEES"] == 6
    assert "TNT-RDG-2" not in promised
    assert "BOT-STL-750" not in promised


def test_the_merchant_is_believable() -> None:
    skus = catalogue.merchant_skus()
    codes = [sku["code"] for sku in skus]
    barcodes = [sku["barcode"] for sku in skus]

    assert len(codes) == len(set(codes)) >= 45
    assert len(set(barcodes)) == len(barcodes)
    assert all(len(barcode) == 13 and barcode.isdigit() for barcode in barcodes)
    assert {code for sku in skus for code in sku["on_hand"]} == set(catalogue.WAREHOUSES)
    assert [sku["code"] for sku in skus if not sku["tracked"]] == ["SRV-GIFTWRAP"]
    assert min(catalogue.available_units().values()) > 0


def test_the_stores_differ_where_they_should() -> None:
    a, b = (catalogue.store(name) for name in NAMES)
    ids = [{product["id"] for product in each["products"]} for each in (a, b)]
    codes = {sku["code"] for sku in catalogue.merchant_skus()}

    assert ids[0].isdisjoint(ids[1])
    assert set(shown(b)) - codes == {"MUG-ENAM GRN"}
    assert set(shown(a)) - codes == set()
    assert len(set(shown(a)) & set(shown(b))) > 35
    assert any(not product.get("enabled", True) for product in a["products"])


@pytest.mark.parametrize("name", NAMES)
def test_a_started_store_is_the_same_every_time(name: str) -> None:
    def picture() -> object:
        with EcwidSimulator(catalogue=catalogue.store(name)) as shop:
            state = shop.state()
        return (
            [
                (each["id"], each["sku"], [combination["id"] for combination in each["combinations"]])
                for each in state["products"]
            ],
            [(each["id"], each["paymentStatus"], [line["id"] for line in each["items"]]) for each in state["orders"]],
        )

    assert picture() == picture()


def test_a_reset_brings_everything_back() -> None:
    with EcwidSimulator(catalogue=catalogue.store("demo-a")) as shop:
        before = shop.state()["products"]
        order = shop.buy(sku="LMP-CAMP", quantity=5)
        shop.faults.set("html", next=3)
        shop.access.expire()

        shop.reset()

        def stock(products: list[dict[str, object]]) -> list[object]:
            return [(each["id"], each.get("quantity"), each["combinations"]) for each in products]

        assert stock(shop.state()["products"]) == stock(before)
        assert order.id not in {each.id for each in shop.orders()}
        assert not shop.faults.get("html").armed
        assert shop.token == "secret_sandbox"


def test_cancelling_an_order_of_the_history_restocks() -> None:
    with EcwidSimulator(catalogue=catalogue.store("demo-a")) as shop:
        before = shop.quantity_of("LMP-HEAD-400")
        order = next(each for each in shop.orders() if any(line.sku == "LMP-HEAD-400" for line in each.lines))

        shop.cancel(order.id)

        assert before is not None
        assert shop.quantity_of("LMP-HEAD-400") == before + 1


def test_a_store_can_be_described_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "store.json"
    path.write_text(json.dumps({"name": "Filed", "products": [{"name": "Cup", "sku": "CUP-☕", "quantity": 2}]}))

    with EcwidSimulator(catalogue=catalogue.store(str(path))) as shop:
        assert (shop.name, shop.quantity_of("CUP-☕")) == ("Filed", 2)
