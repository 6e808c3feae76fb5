from __future__ import annotations

import requests

from sandbox.ecwid import EcwidSimulator
from tests.sandbox.conftest import Api


def test_a_page_comes_in_the_documented_envelope(shop: EcwidSimulator, api: Api) -> None:
    for number in range(105):
        shop.add_product(sku=f"SKU-{number:03d}", quantity=number)

    first = api.get("/products", params={"sortBy": "ADDED_TIME_ASC"}).json()
    second = api.get("/products", params={"sortBy": "ADDED_TIME_ASC", "offset": "100"}).json()

    assert {name: first[name] for name in ("total", "count", "offset", "limit")} == {
        "total": 105,
        "count": 100,
        "offset": 0,
        "limit": 100,
    }
    assert (second["count"], second["offset"]) == (5, 100)
    skus = [item["sku"] for item in first["items"] + second["items"]]
    assert skus == [f"SKU-{number:03d}" for number in range(105)]


def test_the_default_order_shifts_when_something_changes(shop: EcwidSimulator, api: Api) -> None:
    first = shop.add_product(sku="A", quantity=1).id
    shop.add_product(sku="B", quantity=1)
    before = [item["sku"] for item in api.get("/products").json()["items"]]

    shop.set_quantity(first, quantity=5)

    assert before == ["B", "A"]
    assert [item["sku"] for item in api.get("/products").json()["items"]] == ["A", "B"]


def test_unlimited_stock_has_no_quantity_key_and_zero_has_one(shop: EcwidSimulator, api: Api) -> None:
    unlimited = shop.add_product(sku="WRAP", unlimited=True).id
    sold_out = shop.add_product(sku="NONE", quantity=0).id

    assert "quantity" not in api.get(f"/products/{unlimited}").json()
    assert api.get(f"/products/{unlimited}").json()["unlimited"] is True
    assert api.get(f"/products/{sold_out}").json()["quantity"] == 0
    assert api.get(f"/products/{sold_out}").json()["inStock"] is False


def test_combinations_are_a_bare_array_and_base_stock_is_not_their_sum(api: Api, tee: tuple[int, int, int]) -> None:
    product_id, small, medium = tee

    combinations = api.get(f"/products/{product_id}/combinations").json()

    assert [(each["id"], each["combinationNumber"], each["sku"], each["quantity"]) for each in combinations] == [
        (small, 1, "TEE-S", 3),
        (medium, 2, "TEE-M", 0),
    ]
    assert api.get(f"/products/{product_id}").json()["quantity"] == 67
    assert api.get(f"/products/{product_id}/combinations/{medium}").json()["inStock"] is False


def test_a_variation_without_sku_mirrors_the_base(shop: EcwidSimulator, api: Api) -> None:
    product = shop.add_product(sku="CND", quantity=9, variations=[{"options": {"Scent": "Cedar"}}])

    [variation] = api.get(f"/products/{product.id}/combinations").json()

    assert variation["quantity"] == 9
    assert "sku" not in variation


def test_response_fields_keep_only_what_they_name(api: Api, tee: tuple[int, int, int]) -> None:
    product_id, small, medium = tee

    page = api.get("/products", params={"responseFields": "total,items(id,combinations(id,sku))"}).json()

    assert page == {
        "total": 1,
        "items": [{"id": product_id, "combinations": [{"id": small, "sku": "TEE-S"}, {"id": medium, "sku": "TEE-M"}]}],
    }
    assert api.get(f"/products/{product_id}", params={"responseFields": "sku"}).json() == {"sku": "TEE"}
    assert api.get("/products", params={"responseFields": "items(id"}).status_code == 400


def test_search_filters(shop: EcwidSimulator, api: Api, tee: tuple[int, int, int]) -> None:
    gone = shop.add_product(sku="GONE", name="Brass lamp", quantity=0, enabled=False).id

    def skus(**params: str | int) -> list[str]:
        return sorted(item["sku"] for item in api.get("/products", params=params).json()["items"])

    assert skus(sku="TEE-M") == ["TEE"]
    assert skus(sku="tee-m") == []
    assert skus(productId=f"{tee[0]},{gone},1") == ["GONE", "TEE"]
    assert skus(enabled="false") == ["GONE"]
    assert skus(inStock="true") == ["TEE"]
    assert skus(keyword="lamp") == ["GONE"]
    assert skus(keyword="bra*") == ["GONE"]
    assert skus(updatedFrom="2999-01-01 00:00:00") == []


def test_search_lags_behind_the_product_when_asked_to() -> None:
    now = [1_000_000.0]
    with EcwidSimulator(clock=lambda: now[0], search_lag_seconds=5) as shop, Api(shop) as api:
        product_id = shop.add_product(sku="A", quantity=4).id
        shop.set_quantity(product_id, quantity=1)

        assert api.get(f"/products/{product_id}").json()["quantity"] == 1
        assert api.get("/products").json()["items"][0]["quantity"] == 4
        now[0] += 6
        assert api.get("/products").json()["items"][0]["quantity"] == 1


def test_deleted_products_are_listed(shop: EcwidSimulator, api: Api) -> None:
    product_id = shop.add_product(sku="A", quantity=4).id
    assert api.delete(f"/products/{product_id}").json() == {"deleteCount": 1}

    answer = api.get("/products/deleted", params={"from_date": "2020-01-01", "limit": "100"}).json()

    assert (answer["total"], answer["items"][0]["id"]) == (1, product_id)
    assert api.get(f"/products/{product_id}").json()["errorCode"] == "PRODUCT_NOT_FOUND"


def test_profile_and_latest_stats(api: Api, tee: tuple[int, int, int]) -> None:
    profile = api.get("/profile").json()
    stats = api.get("/latest-stats", params={"productCountRequired": "true"}).json()

    assert profile["generalInfo"]["storeId"] == 1003
    assert profile["account"]["availableFeatures"] == ["API", "COMBINATIONS", "INVENTORY_TRACKING"]
    assert stats["productCount"] == 1
    assert stats["productsUpdated"].endswith(" +0000")


def test_no_location_key_is_ever_sent(shop: EcwidSimulator, api: Api, tee: tuple[int, int, int]) -> None:
    order = shop.buy(sku="TEE-S")

    assert "location" not in api.get("/products").text.lower()
    assert "location" not in api.get(f"/orders/{order.id}").text.lower()


def test_refusals_have_the_documented_codes(shop: EcwidSimulator, api: Api, tee: tuple[int, int, int]) -> None:
    def refusal(response: requests.Response) -> tuple[int, str]:
        return response.status_code, response.json().get("errorCode", "")

    assert refusal(api.get("/products", params={"limit": "many"})) == (400, "WRONG_PARAMETER")
    assert refusal(api.get("/products", params={"sortBy": "LUCK"})) == (400, "WRONG_PARAMETER")
    assert refusal(api.get("/products/1")) == (404, "PRODUCT_NOT_FOUND")
    assert refusal(api.get(f"/products/{tee[0]}/combinations/1")) == (404, "COMBINATION_NOT_FOUND")
    assert refusal(api.get("/orders/NOPE1")) == (404, "ORDER_NOT_FOUND")
    assert refusal(api.delete("/profile")) == (405, "METHOD_NOT_ALLOWED")
    assert refusal(api.get(f"{shop.base_url}/999/profile")) == (404, "STORE_NOT_FOUND")
    assert refusal(requests.get(f"{api.root}/profile", timeout=5)) == (403, "INVALID_API_TOKEN")
    assert refusal(requests.get(f"{api.root}/profile", params={"token": shop.token}, timeout=5)) == (
        403,
        "INVALID_API_TOKEN",
    )


def test_a_missing_scope_is_named() -> None:
    with EcwidSimulator(scopes=("read_catalog",)) as shop, Api(shop) as api:
        product_id = shop.add_product(sku="A", quantity=4).id

        answer = api.put(f"/products/{product_id}/inventory", json={"quantityDelta": -1})

        assert (answer.status_code, answer.json()["errorCode"]) == (403, "INSUFFICIENT_APP_SCOPE")
        assert "update_catalog" in answer.json()["errorMessage"]
        assert shop.quantity(product_id) == 4


def test_too_many_calls_get_429_until_the_window_has_passed() -> None:
    now = [1_000_000.0]
    with EcwidSimulator(clock=lambda: now[0], rate_limit=3) as shop, Api(shop) as api:
        statuses = [api.get("/profile").status_code for _ in range(3)]
        now[0] += 20
        refused = api.get("/profile")
        now[0] += 41
        allowed = api.get("/profile")

    assert statuses == [200, 200, 200]
    assert (refused.status_code, refused.json()["errorCode"], refused.headers["Retry-After"]) == (
        429,
        "RATE_LIMITED",
        "40",
    )
    assert allowed.status_code == 200


def test_hammering_with_a_dead_token_is_blocked_for_long(shop: EcwidSimulator, api: Api) -> None:
    shop.access.expire()

    statuses = [api.get("/profile").status_code for _ in range(21)]
    blocked = api.get("/profile")
    api.headers["Authorization"] = f"Bearer {shop.access.renew()}"

    assert statuses == [403] * 20 + [429]
    assert int(blocked.headers["Retry-After"]) > 3500
    assert api.get("/profile").status_code == 200


def test_a_plan_without_the_api_and_a_suspended_store() -> None:
    with EcwidSimulator(plan_has_api=False) as shop, Api(shop) as api:
        assert api.get("/products").json()["errorCode"] == "NOT_AVAILABLE_ON_CURRENT_PLAN"
    with EcwidSimulator(suspended=True) as shop, Api(shop) as api:
        assert api.get("/products").status_code == 402
        assert api.get("/products").json()["errorCode"] == "STORE_IS_SUSPENDED"
        assert api.get("/profile").json()["account"]["suspended"] is True
