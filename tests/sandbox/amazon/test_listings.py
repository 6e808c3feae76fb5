from __future__ import annotations

from typing import Any

import pytest

from sandbox.amazon import AmazonSimulator
from tests.sandbox.amazon.world import DE, UK, Api, Clock, merchant


@pytest.mark.parametrize(("op", "days"), [("merge", 2), ("replace", None), ("add", None)])
def test_only_merge_keeps_the_handling_time(sim: AmazonSimulator, api: Api, op: str, days: int | None) -> None:
    answer = api.patch_item("TEE-M", merchant(7), op=op).json()

    record = sim.item("TEE-M").merchant
    assert record is not None
    assert (answer["status"], answer["issues"]) == ("ACCEPTED", [])
    assert (record.quantity, record.lead_time_to_ship_max_days) == (7, days)


def test_an_accepted_change_is_live_only_later(sim: AmazonSimulator, api: Api, clock: Clock) -> None:
    sim.options.accept_seconds = 60.0

    api.patch_item("TEE-M", merchant(7))
    submitted = api.item("TEE-M", "attributes")["attributes"]["fulfillment_availability"]
    at_first = api.quantity("TEE-M")
    clock.skip(61)

    assert (submitted[0]["quantity"], at_first, api.quantity("TEE-M")) == (7, 5, 7)


def test_one_quantity_for_all_marketplaces_but_attributes_of_each(sim: AmazonSimulator, api: Api) -> None:
    api.patch_item("TEE-M", merchant(9), place=UK)

    assert api.quantity("TEE-M") == 9
    assert api.item("TEE-M", "attributes")["attributes"]["fulfillment_availability"][0]["quantity"] == 5


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (merchant(-1), "90248"),
        ([{"quantity": 3}], "99022"),
        ([{"fulfillment_channel_code": "", "quantity": 3}], "99022"),
        ([{"fulfillment_channel_code": "DEFAULT", "lead_time_to_ship_max_days": 3}], "90220"),
        ([], "90220"),
    ],
)
def test_a_bad_value_is_answered_200_invalid(sim: AmazonSimulator, api: Api, value: Any, code: str) -> None:
    answer = api.patch_item("TEE-M", value)

    assert (answer.status_code, answer.json()["status"]) == (200, "INVALID")
    assert answer.json()["issues"][0]["code"] == code
    assert sim.quantity_of("TEE-M") == 5


def test_a_preview_saves_nothing(sim: AmazonSimulator, api: Api) -> None:
    good = api.patch_item("TEE-M", merchant(9), mode="VALIDATION_PREVIEW").json()
    bad = api.patch_item("TEE-M", merchant(-9), mode="VALIDATION_PREVIEW").json()

    assert (good["status"], bad["status"]) == ("VALID", "INVALID")
    assert sim.quantity_of("TEE-M") == 5


def test_what_is_no_patch_is_refused(sim: AmazonSimulator, api: Api) -> None:
    path = f"/listings/2021-08-01/items/{sim.seller_id}/TEE-M?marketplaceIds={DE}"
    camel = {"op": "merge", "path": "/attributes/fulfillmentAvailability", "value": merchant(1)}

    assert api.patch(path, json={"patches": [camel]}).status_code == 400
    assert api.patch(path, json={"productType": "PRODUCT", "patches": []}).status_code == 400
    assert api.patch(path, data="{}").status_code == 415
    assert api.patch(f"{path},{UK}", json={"productType": "PRODUCT", "patches": [camel]}).status_code == 400
    invalid = api.patch(path, json={"productType": "PRODUCT", "patches": [camel]}).json()
    assert (invalid["status"], invalid["issues"][0]["code"]) == ("INVALID", "90000900")
    wrong = api.patch(path, json={"productType": "SHIRT", "patches": [{**camel, "path": "/attributes/color"}]}).json()
    assert wrong["issues"][0]["code"] == "4000003"


@pytest.mark.parametrize(("knob", "codes"), [("second_record", ["AMAZON_EU", "DEFAULT"]), ("flip", ["DEFAULT"])])
def test_a_quantity_for_stock_at_amazon_makes_a_mess(
    sim: AmazonSimulator, api: Api, knob: Any, codes: list[str]
) -> None:
    sim.options.quantity_on_fba = knob
    sim.add_item("LAMP", held=8)

    api.patch_item("LAMP", merchant(3))

    found = api.item("LAMP")["fulfillmentAvailability"]
    assert [each["fulfillmentChannelCode"] for each in found] == codes


@pytest.mark.parametrize(("knob", "left"), [("overwritten", 7), ("kept", 5)])
def test_a_sale_while_a_quantity_is_processed(
    sim: AmazonSimulator, api: Api, clock: Clock, knob: Any, left: int
) -> None:
    sim.options.accept_seconds = 60.0
    sim.options.sales_while_processing = knob

    api.patch_item("TEE-M", merchant(7))
    sim.buy("TEE-M", 2)
    clock.skip(61)

    assert sim.quantity_of("TEE-M") == left


def test_search_by_sku_and_page_by_page(sim: AmazonSimulator, api: Api) -> None:
    for number in range(5):
        sim.add_item(f"S{number}", quantity=number)
    path = f"/listings/2021-08-01/items/{sim.seller_id}"
    asked = {"marketplaceIds": DE, "includedData": "fulfillmentAvailability", "sortBy": "sku", "sortOrder": "ASC"}

    some = api.get(path, params={**asked, "identifiers": "S3,S1,NONE", "identifiersType": "SKU"}).json()
    first = api.get(path, params={**asked, "pageSize": "4"}).json()
    token = first["pagination"]["nextToken"]
    last = api.get(path, params={**asked, "pageSize": "4", "pageToken": token}).json()
    changed = api.get(path, params={**asked, "pageSize": "3", "pageToken": token})

    assert [each["sku"] for each in some["items"]] == ["S1", "S3"]
    assert (first["numberOfResults"], [each["sku"] for each in first["items"]]) == (6, ["S0", "S1", "S2", "S3"])
    assert ([each["sku"] for each in last["items"]], "pagination" in last) == (["S4", "TEE-M"], False)
    assert changed.status_code == 400


def test_a_search_ends_at_its_limit(sim: AmazonSimulator, api: Api) -> None:
    sim.options.search_limit = 3
    for number in range(5):
        sim.add_item(f"S{number}", quantity=1)

    found = api.get(f"/listings/2021-08-01/items/{sim.seller_id}", params={"marketplaceIds": DE}).json()

    assert found["numberOfResults"] == len(found["items"]) == 3


@pytest.mark.parametrize("sku", ["A/B", "A B", "A+B", "A%B", "Ä,B"])
def test_a_sku_is_one_segment_of_the_path(sim: AmazonSimulator, api: Api, sku: str) -> None:
    sim.add_item(sku, quantity=3)

    assert api.patch_item(sku, merchant(4)).json()["sku"] == sku
    assert api.quantity(sku) == 4


def test_unknown_things_are_refused(sim: AmazonSimulator, api: Api) -> None:
    unknown = api.patch_item("NONE", merchant(1)).json()

    assert api.item("NONE")["errors"][0]["code"] == "NOT_FOUND"
    assert (unknown["status"], unknown["issues"][0]["code"]) == ("INVALID", "13013")
    assert api.get("/listings/2021-08-01/items/SOMEONE/TEE-M", params={"marketplaceIds": DE}).status_code == 403
    assert api.patch_item("TEE-M", merchant(1), place="A1VC38T7YXB528").status_code == 400
