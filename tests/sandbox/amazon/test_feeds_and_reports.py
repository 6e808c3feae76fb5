from __future__ import annotations

import csv
import gzip
import json
from typing import Any

import pytest

from sandbox.amazon import AmazonSimulator
from tests.amazon_models import load, needs_models
from tests.sandbox.amazon.world import DE, UK, Api, Clock, merchant

FEEDS, REPORTS = "/feeds/2021-06-30", "/reports/2021-06-30"
JSON = "application/json; charset=UTF-8"


def document(sim: AmazonSimulator, *messages: dict[str, Any], **header: Any) -> dict[str, Any]:
    return {
        "header": {"sellerId": sim.seller_id, "version": "2.0", **header},
        "messages": [{"messageId": number, **each} for number, each in enumerate(messages, 1)],
    }


def message(sku: str, quantity: int, *, op: str = "merge") -> dict[str, Any]:
    patch = {"op": op, "path": "/attributes/fulfillment_availability", "value": merchant(quantity)}
    return {"sku": sku, "operationType": "PATCH", "productType": "PRODUCT", "patches": [patch]}


def submit(api: Api, body: Any, *, kind: str = "JSON_LISTINGS_FEED") -> str:
    made = api.post(f"{FEEDS}/documents", json={"contentType": JSON}).json()
    put = api.put(
        made["url"],
        data=json.dumps(body).encode(),
        headers={"Content-Type": JSON, "x-amz-access-token": None},
    )
    assert put.status_code == 200
    asked = {"feedType": kind, "marketplaceIds": [DE], "inputFeedDocumentId": made["feedDocumentId"]}
    answer = api.post(f"{FEEDS}/feeds", json=asked)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["feedId"])


def fetch(api: Api, path: str) -> bytes:
    found = api.get(path).json()
    raw = api.get(found["url"], headers={"x-amz-access-token": None}).content
    return gzip.decompress(raw) if found.get("compressionAlgorithm") == "GZIP" else raw


def result_of(api: Api, feed: str) -> Any:
    return json.loads(
        fetch(api, f"{FEEDS}/documents/{api.get(f'{FEEDS}/feeds/{feed}').json()['resultFeedDocumentId']}")
    )


def test_a_feed_is_worked_on_and_tells_of_each_message(sim: AmazonSimulator, api: Api, clock: Clock) -> None:
    sim.add_item("CAP", quantity=1, lead_days=4)
    report = {"includedData": ["fulfillmentAvailability"], "apiVersion": "2021-08-01"}
    body = document(sim, message("TEE-M", 7), message("CAP", -2), message("NONE", 1), report=report)

    feed = submit(api, body)
    states = [api.get(f"{FEEDS}/feeds/{feed}").json()["processingStatus"]]
    for _ in range(2):
        clock.skip(61)
        states.append(api.get(f"{FEEDS}/feeds/{feed}").json()["processingStatus"])
    result = result_of(api, feed)

    assert states == ["IN_QUEUE", "IN_PROGRESS", "DONE"]
    assert [(each["messageId"], each["code"]) for each in result["issues"]] == [(2, "90248"), (3, "13013")]
    assert result["summary"] | {"itemSummary": None} == {
        "errors": 2,
        "warnings": 0,
        "messagesProcessed": 3,
        "messagesAccepted": 1,
        "messagesInvalid": 2,
        "itemSummary": None,
    }
    assert [each["sku"] for each in result["items"]] == ["TEE-M"]
    assert (sim.quantity_of("TEE-M"), sim.quantity_of("CAP")) == (7, 1)


def test_partial_update_loses_the_handling_time_and_delete_the_listing(
    sim: AmazonSimulator, api: Api, clock: Clock
) -> None:
    sim.add_item("CAP", quantity=1)
    partial = {
        "sku": "TEE-M",
        "operationType": "PARTIAL_UPDATE",
        "productType": "PRODUCT",
        "attributes": {"fulfillment_availability": merchant(9)},
    }

    submit(api, document(sim, partial, {"sku": "CAP", "operationType": "DELETE"}))
    clock.skip(121)

    record = sim.item("TEE-M").merchant
    assert record is not None
    assert (record.quantity, record.lead_time_to_ship_max_days) == (9, None)
    assert [each.sku for each in sim.store.items.all()] == ["TEE-M"]


@pytest.mark.parametrize(
    ("body", "code"),
    [({"messages": []}, "4002001"), ({"header": {"seller": {"sellerId": "X"}}, "messages": [1]}, "4002005")],
)
def test_a_document_as_a_whole_can_be_wrong(sim: AmazonSimulator, api: Api, clock: Clock, body: Any, code: str) -> None:
    feed = submit(api, body)
    clock.skip(121)

    result = result_of(api, feed)

    assert [each["code"] for each in result["issues"]] == [code]
    assert "messageId" not in result["issues"][0]
    assert result["summary"]["messagesProcessed"] == 0


def test_feeds_that_end_badly(sim: AmazonSimulator, api: Api, clock: Clock) -> None:
    sim.faults.set("feed_fatal", next=1)
    unlucky = submit(api, document(sim, message("TEE-M", 7)))
    retired = submit(api, {}, kind="POST_INVENTORY_AVAILABILITY_DATA")
    clock.skip(121)

    ended = [api.get(f"{FEEDS}/feeds/{feed}").json() for feed in (unlucky, retired)]

    assert [each["processingStatus"] for each in ended] == ["FATAL", "FATAL"]
    assert not any("resultFeedDocumentId" in each for each in ended)
    assert sim.quantity_of("TEE-M") == 5


def test_documents_live_five_minutes_and_take_what_was_announced(sim: AmazonSimulator, api: Api, clock: Clock) -> None:
    made = api.post(f"{FEEDS}/documents", json={"contentType": JSON}).json()
    plain = {"x-amz-access-token": None}

    with_token = api.put(made["url"], data=b"{}", headers={"Content-Type": JSON})
    other_type = api.put(made["url"], data=b"{}", headers={**plain, "Content-Type": "text/plain"})
    clock.skip(301)
    too_late = api.put(made["url"], data=b"{}", headers={**plain, "Content-Type": JSON})
    asked = {"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [DE], "inputFeedDocumentId": made["feedDocumentId"]}
    empty = api.post(f"{FEEDS}/feeds", json=asked)

    assert [each.status_code for each in (with_token, other_type, too_late, empty)] == [400, 403, 403, 400]


def test_the_sixth_feed_within_five_minutes_is_refused(sim: AmazonSimulator, api: Api, clock: Clock) -> None:
    sim.options.quota_scale = 1.0
    for _ in range(5):
        submit(api, document(sim, message("TEE-M", 7)))
    made = api.post(f"{FEEDS}/documents", json={"contentType": JSON}).json()
    api.put(made["url"], data=b"{}", headers={"Content-Type": JSON, "x-amz-access-token": None})
    asked = {"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [DE], "inputFeedDocumentId": made["feedDocumentId"]}

    sixth = api.post(f"{FEEDS}/feeds", json=asked)
    clock.skip(301)

    assert (sixth.status_code, sixth.json()["errors"][0]["code"]) == (429, "QuotaExceeded")
    assert api.post(f"{FEEDS}/feeds", json=asked).status_code == 202


def make_report(api: Api, clock: Clock, place: str = DE) -> Any:
    asked = {"reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": [place]}
    made = api.post(f"{REPORTS}/reports", json=asked).json()["reportId"]
    clock.skip(46)
    return api.get(f"{REPORTS}/reports/{made}").json()


def rows_of(api: Api, report: Any) -> list[dict[str, str]]:
    text = fetch(api, f"{REPORTS}/documents/{report['reportDocumentId']}").decode()
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


def test_a_report_lists_one_marketplace_and_is_served_again_for_hours(
    sim: AmazonSimulator, api: Api, clock: Clock
) -> None:
    sim.add_item("LAMP", held=8, marketplaces=[DE])
    first = rows_of(api, make_report(api, clock))
    elsewhere = rows_of(api, make_report(api, clock, UK))
    sim.set_quantity("TEE-M", 1)
    again = rows_of(api, make_report(api, clock))
    clock.skip(3600)
    fresh = rows_of(api, make_report(api, clock))

    shown = [(row["seller-sku"], row["quantity"], row["fulfillment-channel"]) for row in first]
    assert shown == [("TEE-M", "5", "DEFAULT"), ("LAMP", "", "AMAZON_EU")]
    assert [row["seller-sku"] for row in elsewhere] == ["TEE-M"]
    assert (again[0]["quantity"], fresh[0]["quantity"]) == ("5", "1")


def test_a_report_can_end_fatal(sim: AmazonSimulator, api: Api, clock: Clock) -> None:
    sim.faults.set("report_fatal", next=1)

    report = make_report(api, clock)

    assert (report["processingStatus"], "reportDocumentId" in report) == ("FATAL", False)


@needs_models
def test_amazons_own_sample_feed_is_understood(sim: AmazonSimulator, api: Api, clock: Clock) -> None:
    sample = load("feeds/listings-feed-schema-v2.example.json")
    sample["header"]["sellerId"] = sim.seller_id
    for letter in "ABCDE":
        sim.add_item(f"My-SKU-{letter}", quantity=1, lead_days=3, product_type="LUGGAGE")

    feed = submit(api, sample)
    clock.skip(121)

    assert result_of(api, feed)["summary"]["messagesAccepted"] == 5
    kept = {each.sku: each.merchant.lead_time_to_ship_max_days for each in sim.store.items.all() if each.merchant}
    assert kept == {"TEE-M": 2, "My-SKU-B": None, "My-SKU-C": 3, "My-SKU-D": None, "My-SKU-E": 3}
