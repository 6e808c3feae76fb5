from __future__ import annotations

import uuid
from typing import Any

from sandbox.ecwid import EcwidSimulator
from sandbox.server import wait_until
from tests.sandbox.conftest import Api


def delta(product_id: int, units: int, **more: Any) -> dict[str, Any]:
    body = {"quantityDelta": units}
    return {"path": f"/products/{product_id}/inventory", "method": "PUT", "body": body, **more}


def completed(api: Api, ticket: str, **params: str) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def done() -> bool:
        found.update(api.get("/batch", params={"ticket": ticket, **params}).json())
        return bool(found["status"] == "COMPLETED")

    assert wait_until(done, 5), found
    return found


def test_a_batch_is_performed_in_order_and_reported(shop: EcwidSimulator, api: Api) -> None:
    product_id = shop.add_product(sku="A", quantity=5).id

    ticket = api.post("/batch", json=[delta(product_id, -7, id="a"), delta(product_id, 1, id="b")]).json()["ticket"]

    assert completed(api, ticket) == {
        "status": "COMPLETED",
        "totalRequests": 2,
        "completedRequests": 2,
        "responses": [
            {
                "id": "a",
                "status": "COMPLETED",
                "httpStatusCode": 200,
                "httpStatusLine": "OK",
                "httpBody": {"updateCount": 1, "warning": "Product has negative stock."},
            },
            {
                "id": "b",
                "status": "COMPLETED",
                "httpStatusCode": 200,
                "httpStatusLine": "OK",
                "httpBody": {"updateCount": 1, "warning": "Product has negative stock."},
            },
        ],
    }
    assert shop.quantity(product_id) == -1


def test_the_first_failure_stops_the_rest_by_default(shop: EcwidSimulator, api: Api) -> None:
    product_id = shop.add_product(sku="A", quantity=5).id

    ticket = api.post("/batch", json=[delta(1, -1), delta(product_id, -1)]).json()["ticket"]

    responses = completed(api, ticket)["responses"]
    assert [each["status"] for each in responses] == ["FAILED", "NOT_EXECUTED"]
    assert responses[0]["httpBody"]["errorCode"] == "PRODUCT_NOT_FOUND"
    assert "httpStatusCode" not in responses[1]
    assert shop.quantity(product_id) == 5


def test_a_server_error_is_tried_five_times_when_failures_do_not_stop(shop: EcwidSimulator, api: Api) -> None:
    product_id = shop.add_product(sku="A", quantity=50).id
    shop.faults.set("error_after", next=5)

    # The creation itself is a write, and takes the first strike.
    refused = api.post("/batch", params={"stopOnFirstFailure": "false"}, json=[delta(1, -1), delta(product_id, -1)])

    assert refused.status_code == 500
    [ticket] = [each["ticket"] for each in api.get("/batch").json()["items"]]
    responses = completed(api, ticket)["responses"]
    assert [each["httpStatusCode"] for each in responses] == [404, 200]
    assert shop.quantity(product_id) == 45


def test_a_deduplication_key_returns_the_first_ticket_for_an_hour() -> None:
    now = [1_000_000.0]
    with EcwidSimulator(clock=lambda: now[0]) as shop, Api(shop) as api:
        product_id = shop.add_product(sku="A", quantity=5).id
        params = {"deduplicationKey": str(uuid.uuid4())}

        first = api.post("/batch", params=params, json=[delta(product_id, -1)]).json()["ticket"]
        repeated = api.post("/batch", params=params, json=[delta(product_id, -1)]).json()["ticket"]
        completed(api, first)
        quantity = shop.quantity(product_id)
        now[0] += 3601
        later = api.post("/batch", params=params, json=[delta(product_id, -1)]).json()["ticket"]

        assert (repeated, quantity) == (first, 4)
        assert later != first


def test_escaped_json_and_paths_with_a_query(shop: EcwidSimulator, api: Api) -> None:
    product_id = shop.add_product(sku="A", quantity=5).id
    entry = {"path": f"/products/{product_id}?responseFields=id", "method": "GET"}

    ticket = api.post("/batch", json=[entry]).json()["ticket"]

    assert completed(api, ticket, escapedJson="true")["responses"][0]["escapedHttpBody"] == f'{{"id": {product_id}}}'


def test_parallel_mode_performs_everything(shop: EcwidSimulator, api: Api) -> None:
    ids = [shop.add_product(sku=f"S{number}", quantity=5).id for number in range(20)]

    ticket = api.post(
        "/batch", params={"allowParallelMode": "true"}, json=[delta(each, -1, id=str(each)) for each in ids]
    ).json()["ticket"]

    assert [each["id"] for each in completed(api, ticket)["responses"]] == [str(each) for each in ids]
    assert {shop.quantity(each) for each in ids} == {4}


def test_bad_batches_are_refused(shop: EcwidSimulator, api: Api) -> None:
    entry = delta(1, -1)

    assert api.post("/batch", json=[entry] * 501).status_code == 400
    assert api.post("/batch", json={"requests": [entry]}).status_code == 400
    assert api.post("/batch", json=[{"path": "/products"}]).status_code == 400
    assert api.post("/batch", params={"deduplicationKey": "mine"}, json=[entry]).status_code == 400
    assert api.get("/batch", params={"ticket": "none"}).status_code == 404
    assert api.get("/batch", params={"status": "COMPLETED"}).json()["total"] == 0


def test_entries_need_their_own_scopes() -> None:
    with EcwidSimulator(scopes=("read_catalog",)) as shop, Api(shop) as api:
        product_id = shop.add_product(sku="A", quantity=5).id

        ticket = api.post("/batch", json=[delta(product_id, -1)]).json()["ticket"]

        assert completed(api, ticket)["responses"][0]["httpBody"]["errorCode"] == "INSUFFICIENT_APP_SCOPE"
