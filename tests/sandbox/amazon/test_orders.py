from __future__ import annotations

from typing import Any

import pytest

from sandbox.amazon import AmazonSimulator, Wanted
from sandbox.amazon.orders import WrongState
from sandbox.amazon.wire import iso
from sandbox.refusals import OutOfStock
from tests.sandbox.amazon.world import Api, Clock

LONG_AGO = "2020-01-01T00:00:00Z"


def test_an_order_takes_stock_while_it_is_pending(sim: AmazonSimulator, api: Api, clock: Clock) -> None:
    order = sim.buy("TEE-M", 2)
    pending = api.get(f"/orders/2026-01-01/orders/{order.id}", params={"includedData": "FULFILLMENT"}).json()["order"]
    clock.skip(1801)
    paid = api.get(f"/orders/2026-01-01/orders/{order.id}", params={"includedData": "FULFILLMENT"}).json()["order"]

    assert sim.quantity_of("TEE-M") == 3
    assert pending["fulfillment"]["fulfillmentStatus"] == "PENDING"
    assert pending["orderItems"][0]["quantityOrdered"] == 2
    assert pending["orderItems"][0]["fulfillment"] == {"quantityFulfilled": 0, "quantityUnfulfilled": 0}
    assert paid["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
    assert paid["orderItems"][0]["fulfillment"] == {"quantityFulfilled": 0, "quantityUnfulfilled": 2}


def test_status_is_told_only_when_asked_for(sim: AmazonSimulator, api: Api) -> None:
    order = sim.buy("TEE-M")

    bare = api.get(f"/orders/2026-01-01/orders/{order.id}").json()["order"]

    assert "fulfillment" not in bare
    assert "fulfillment" not in bare["orderItems"][0]
    assert "buyer" not in bare


def test_the_list_of_orders_is_two_minutes_late(sim: AmazonSimulator, api: Api, clock: Clock) -> None:
    order = sim.buy("TEE-M")
    at_once = api.orders(lastUpdatedAfter=LONG_AGO)
    too_new = api.orders(lastUpdatedAfter=LONG_AGO, lastUpdatedBefore=iso(clock() - 60))
    clock.skip(121)
    later = api.orders(lastUpdatedAfter=LONG_AGO)

    assert (at_once["orders"], "lastUpdatedBefore" in at_once) == ([], True)
    assert too_new["errors"][0]["code"] == "InvalidInput"
    assert [each["orderId"] for each in later["orders"]] == [order.id]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"lastUpdatedAfter": LONG_AGO, "createdAfter": LONG_AGO},
        {"lastUpdatedAfter": LONG_AGO, "createdBefore": LONG_AGO},
        {"lastUpdatedAfter": "yesterday"},
        {"lastUpdatedAfter": LONG_AGO, "maxResultsPerPage": "101"},
        {"lastUpdatedAfter": LONG_AGO, "includedData": "EVERYTHING"},
        {"lastUpdatedAfter": LONG_AGO, "paginationToken": "made-up"},
    ],
)
def test_senseless_searches_are_refused(api: Api, asked: dict[str, str]) -> None:
    assert api.get("/orders/2026-01-01/orders", params=asked).status_code == 400


def test_pages_need_the_same_question(sim: AmazonSimulator, api: Api, clock: Clock) -> None:
    sim.set_quantity("TEE-M", 50)
    ids = [sim.buy("TEE-M").id for _ in range(5)]
    clock.skip(200)
    asked = {"lastUpdatedAfter": LONG_AGO, "maxResultsPerPage": "2", "fulfilledBy": "MERCHANT"}

    found, token = [], ""
    while True:
        page = api.orders(**asked, **({"paginationToken": token} if token else {}))
        found += [each["orderId"] for each in page["orders"]]
        if "pagination" not in page:
            break
        token = page["pagination"]["nextToken"]
    changed = api.get("/orders/2026-01-01/orders", params={**asked, "fulfilledBy": "AMAZON", "paginationToken": token})

    assert sorted(found) == sorted(ids)
    assert changed.status_code == 400


def test_partial_shipment_and_partial_cancellation(sim: AmazonSimulator, api: Api) -> None:
    sim.options.pending_seconds = 0.0
    sim.add_item("CAP", quantity=4)
    order = sim.buy(lines=[Wanted(sku="TEE-M", quantity=3), Wanted(sku="CAP", quantity=2)])
    tee, cap = order.items

    sim.ship(order.id, {tee.id: 2})
    partly = order.status
    sim.cancel(order.id, [cap.id])
    after_cancel = order.status
    sim.ship(order.id)

    assert (partly, after_cancel, order.status) == ("PARTIALLY_SHIPPED", "PARTIALLY_SHIPPED", "SHIPPED")
    assert (sim.quantity_of("TEE-M"), sim.quantity_of("CAP")) == (2, 4)
    with pytest.raises(WrongState):
        sim.cancel(order.id)


@pytest.mark.parametrize(("restocks", "left"), [(True, 5), (False, 3)])
@pytest.mark.parametrize(("shown", "ordered"), [("ordered", 2), ("zero", 0)])
def test_a_cancelled_order(sim: AmazonSimulator, api: Api, restocks: bool, left: int, shown: Any, ordered: int) -> None:
    sim.options.restocks_on_cancel = restocks
    sim.options.cancelled_quantity = shown
    order = sim.buy("TEE-M", 2)

    sim.cancel(order.id)

    told = api.get(f"/orders/2026-01-01/orders/{order.id}", params={"includedData": "FULFILLMENT"}).json()["order"]
    assert told["fulfillment"]["fulfillmentStatus"] == "CANCELLED"
    assert told["orderItems"][0]["quantityOrdered"] == ordered
    assert sim.quantity_of("TEE-M") == left


def test_what_amazon_ships_never_touches_the_merchants_number(sim: AmazonSimulator, api: Api, clock: Clock) -> None:
    sim.add_item("LAMP", held=8)
    order = sim.buy("LAMP", 3)
    clock.skip(130)
    lists = {by: api.orders(lastUpdatedAfter=LONG_AGO, fulfilledBy=by)["orders"] for by in ("AMAZON", "MERCHANT")}

    asked = {"granularityType": "Marketplace", "granularityId": sim.options.marketplaces[0], "details": "true"}
    held = api.get(
        "/fba/inventory/v1/summaries", params={**asked, "marketplaceIds": sim.options.marketplaces[0]}
    ).json()

    assert order.by_amazon
    assert ([each["orderId"] for each in lists["AMAZON"]], lists["MERCHANT"]) == ([order.id], [])
    [summary] = held["payload"]["inventorySummaries"]
    assert (summary["sellerSku"], summary["totalQuantity"]) == ("LAMP", 8)
    assert summary["inventoryDetails"]["fulfillableQuantity"] == 5


def test_pages_of_stock_at_amazon_die_quickly(sim: AmazonSimulator, api: Api, clock: Clock) -> None:
    for number in range(60):
        sim.add_item(f"F{number}", held=1)
    place = sim.options.marketplaces[0]
    asked = {"granularityType": "Marketplace", "granularityId": place, "marketplaceIds": place}
    path = "/fba/inventory/v1/summaries"

    token = api.get(path, params=asked).json()["pagination"]["nextToken"]
    rest = api.get(path, params={**asked, "nextToken": token}).json()
    clock.skip(31)
    late = api.get(path, params={**asked, "nextToken": token})

    assert len(rest["payload"]["inventorySummaries"]) == 10
    assert late.status_code == 400


def test_nobody_buys_what_is_not_there(sim: AmazonSimulator) -> None:
    with pytest.raises(OutOfStock):
        sim.buy("TEE-M", 6)
    with pytest.raises(OutOfStock):
        sim.buy(lines=[Wanted(sku="TEE-M", quantity=3), Wanted(sku="TEE-M", quantity=3)])

    assert sim.quantity_of("TEE-M") == 5
