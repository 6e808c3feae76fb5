from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.ecwid import EcwidSimulator
from tests.sandbox.conftest import Api


def test_a_delta_moves_one_variation_only(shop: EcwidSimulator, api: Api, tee: tuple[int, int, int]) -> None:
    product_id, small, medium = tee

    answer = api.put(f"/products/{product_id}/combinations/{small}/inventory", json={"quantityDelta": -2})

    assert answer.json() == {"updateCount": 1}
    assert [shop.quantity(product_id), shop.quantity(product_id, small), shop.quantity(product_id, medium)] == [
        67,
        1,
        0,
    ]


def test_a_delta_below_zero_is_applied_with_a_warning(shop: EcwidSimulator, api: Api) -> None:
    product_id = shop.add_product(sku="A", quantity=15).id

    answer = api.put(f"/products/{product_id}/inventory", json={"quantityDelta": -20})

    assert answer.json() == {"updateCount": 1, "warning": "Product has negative stock."}
    assert api.get(f"/products/{product_id}").json()["quantity"] == -5


def test_a_variation_without_its_own_sku_refuses_stock_writes(shop: EcwidSimulator, api: Api) -> None:
    product = shop.add_product(sku="CND", quantity=9, variations=[{"options": {"Scent": "Cedar"}}])
    path = f"/products/{product.id}/combinations/{product.variations[0].id}"

    delta = api.put(f"{path}/inventory", json={"quantityDelta": -1})

    assert (delta.status_code, "errorCode" in delta.json()) == (400, False)
    assert api.put(path, json={"quantity": 3}).status_code == 400
    assert shop.quantity(product.id) == 9


def test_a_variation_with_the_sku_of_the_base_must_have_its_stock(shop: EcwidSimulator, api: Api) -> None:
    product = shop.add_product(sku="DUP", quantity=9, variations=[{"sku": "DUP", "options": {"Size": "S"}}])
    path = f"/products/{product.id}/combinations/{product.variations[0].id}"

    refused = [
        api.put(path, json={"quantity": 3}),
        api.put(f"{path}/inventory", json={"quantityDelta": -1}),
    ]
    api.put(f"/products/{product.id}/inventory", json={"quantityDelta": -1})

    assert [each.json()["errorCode"] for each in refused] == ["DIFFERENT_COMBINATION_STOCK"] * 2
    assert api.put(path, json={"quantity": 8}).json() == {"updateCount": 1}
    assert api.get(path).json()["quantity"] == 8


def test_an_absolute_write_leaves_other_fields_alone(shop: EcwidSimulator, api: Api) -> None:
    product_id = shop.add_product(sku="A", name="Lamp", quantity=15, price=3.5).id

    answer = api.put(f"/products/{product_id}", json={"quantity": 7, "unlimited": False})

    found = api.get(f"/products/{product_id}").json()
    assert answer.json() == {"updateCount": 1}
    assert (found["quantity"], found["name"], found["price"]) == (7, "Lamp", 3.5)


def test_switching_to_counted_stock_needs_unlimited_false(shop: EcwidSimulator, api: Api) -> None:
    product_id = shop.add_product(sku="A", unlimited=True).id

    api.put(f"/products/{product_id}", json={"quantity": 7})
    still_unlimited = api.get(f"/products/{product_id}").json()
    api.put(f"/products/{product_id}", json={"quantity": 7, "unlimited": False})

    assert still_unlimited["unlimited"] is True
    assert api.get(f"/products/{product_id}").json()["quantity"] == 7


def test_a_delta_on_unlimited_stock_follows_the_knob(shop: EcwidSimulator, api: Api) -> None:
    product_id = shop.add_product(sku="A", unlimited=True).id
    path = f"/products/{product_id}/inventory"

    assert api.put(path, json={"quantityDelta": -1}).json() == {"updateCount": 0}
    shop.options.delta_on_unlimited = "refuse"
    assert api.put(path, json={"quantityDelta": -1}).status_code == 400


@pytest.mark.parametrize("delta", ["3", 1.5, True, None, 10**12])
def test_a_delta_must_be_an_integer(shop: EcwidSimulator, api: Api, delta: object) -> None:
    product_id = shop.add_product(sku="A", quantity=15).id

    answer = api.put(f"/products/{product_id}/inventory", json={"quantityDelta": delta})

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "WRONG_PARAMETER")
    assert shop.quantity(product_id) == 15


def test_bad_writes_change_nothing(shop: EcwidSimulator, api: Api) -> None:
    product_id = shop.add_product(sku="A", quantity=15).id
    shop.add_product(sku="B", quantity=1)
    path = f"/products/{product_id}"

    answers = [
        api.put(path, data='{"quantity": 1}', headers={"Content-Type": "text/plain"}),
        api.put(path, data="{", headers={"Content-Type": "application/json"}),
        api.put(path, json=[1]),
        api.put(path, json={"quantity": -1}),
        api.put(path, json={"quantity": 1, "enabled": "yes"}),
        api.put(path, json={"quantity": 1, "sku": "B"}),
        api.put(path, json={"quantity": 1, "locationInventory": {"1": 2}}),
    ]

    assert [each.status_code for each in answers] == [415, 400, 400, 400, 400, 409, 409]
    assert answers[5].json()["errorCode"] == "SKU_ALREADY_EXISTS"
    assert answers[6].json()["errorCode"] == "NOT_ALLOWED_TO_UPDATE_PARAMETER"
    assert shop.quantity(product_id) == 15


def test_combinations_are_stored_only_when_asked_to(shop: EcwidSimulator, api: Api, tee: tuple[int, int, int]) -> None:
    product_id, small, _ = tee
    body = {"combinations": [{"id": small, "quantity": 8}]}

    api.put(f"/products/{product_id}", json=body)
    ignored = shop.quantity(product_id, small)
    answer = api.put(
        f"/products/{product_id}",
        params={"saveCombinations": "true", "returnItem": "true", "responseFields": "item(id)"},
        json=body,
    )

    assert ignored == 3
    assert shop.quantity(product_id, small) == 8
    assert answer.json() == {"updateCount": 1, "item": {"id": product_id}}


def test_products_and_variations_can_be_made_and_removed(shop: EcwidSimulator, api: Api) -> None:
    product_id = api.post("/products", json={"name": "Lamp", "sku": "LMP", "quantity": 4}).json()["id"]
    options = [{"name": "Colour", "value": "Red"}]
    combination_id = api.post(
        f"/products/{product_id}/combinations", json={"options": options, "sku": "LMP-R", "quantity": 2}
    ).json()["id"]

    assert shop.quantity_of("LMP-R") == 2
    assert api.post("/products", json={"name": "Other", "sku": "LMP-R"}).status_code == 409
    assert api.delete(f"/products/{product_id}/combinations/{combination_id}").json() == {"deleteCount": 1}
    assert api.get(f"/products/{product_id}/combinations").json() == []


def test_a_recreated_variation_has_a_new_id(shop: EcwidSimulator, api: Api, tee: tuple[int, int, int]) -> None:
    product_id, small, _ = tee

    new_id = shop.recreate_variation(product_id, small)

    assert api.get(f"/products/{product_id}/combinations/{small}").json()["errorCode"] == "COMBINATION_NOT_FOUND"
    assert api.get(f"/products/{product_id}/combinations/{new_id}").json()["sku"] == "TEE-S"


def test_nothing_is_lost_between_buyers_and_api_writers(shop: EcwidSimulator) -> None:
    product_id = shop.add_product(sku="HOT", quantity=500).id
    shop.access.set_rate_limit(10_000)

    def write(_: int) -> None:
        with Api(shop) as api:
            for _ in range(25):
                assert api.put(f"/products/{product_id}/inventory", json={"quantityDelta": -1}).status_code == 200
                shop.buy(product_id)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))

    assert shop.quantity(product_id) == 500 - 2 * 8 * 25
    assert len(shop.orders()) == 200
