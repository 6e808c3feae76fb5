from __future__ import annotations

from typing import Any

import pytest

from sandbox.ecwid import EcwidSimulator
from sandbox.ecwid.orders import Wanted
from sandbox.refusals import CannotBuy, OutOfStock
from tests.sandbox.conftest import Api


def test_a_purchase_lowers_the_pool_and_leaves_an_order(
    shop: EcwidSimulator, api: Api, tee: tuple[int, int, int]
) -> None:
    product_id, small, _ = tee

    order = shop.buy(product_id, small, quantity=2)

    found = api.get(f"/orders/{order.id}").json()
    [line] = found["items"]
    assert shop.quantity(product_id, small) == 1
    assert (found["id"], found["vendorOrderNumber"], found["internalId"]) == (order.id, order.id, order.internal_id)
    assert (found["paymentStatus"], found["fulfillmentStatus"], found["total"]) == ("PAID", "AWAITING_PROCESSING", 40.0)
    assert line["id"] > 2**32
    assert {name: line[name] for name in ("productId", "combinationId", "sku", "quantity", "quantityInStock")} == {
        "productId": product_id,
        "combinationId": small,
        "sku": "TEE-S",
        "quantity": 2,
        "quantityInStock": 3,
    }
    assert line["selectedOptions"][0]["value"] == "S"


def test_options_that_match_no_variation_sell_from_the_base(
    shop: EcwidSimulator, api: Api, tee: tuple[int, int, int]
) -> None:
    product_id, _, _ = tee

    order = shop.buy(lines=[Wanted(product_id=product_id, options={"Size": "XXL"})])

    [line] = api.get(f"/orders/{order.id}").json()["items"]
    assert "combinationId" not in line
    assert line["sku"] == "TEE"
    assert shop.quantity(product_id) == 66


def test_variations_without_sku_share_the_base_pool(shop: EcwidSimulator) -> None:
    product = shop.add_product(
        sku="CND", quantity=5, variations=[{"options": {"Scent": "Cedar"}}, {"options": {"Scent": "Rose"}}]
    )
    cedar, rose = (each.id for each in product.variations)

    with pytest.raises(OutOfStock):
        shop.buy(
            lines=[
                Wanted(product_id=product.id, combination_id=cedar, quantity=3),
                Wanted(product_id=product.id, combination_id=rose, quantity=3),
            ]
        )
    order = shop.buy(product.id, cedar, quantity=3)

    assert shop.quantity(product.id, rose) == 2
    assert order.lines[0].sku == "CND"


def test_sold_out_and_disabled_products_cannot_be_bought(shop: EcwidSimulator, tee: tuple[int, int, int]) -> None:
    product_id, _, medium = tee
    disabled = shop.add_product(sku="OFF", quantity=3, enabled=False).id

    with pytest.raises(OutOfStock):
        shop.buy(product_id, medium)
    with pytest.raises(CannotBuy):
        shop.buy(disabled)
    with pytest.raises(CannotBuy):
        shop.buy(product_id, quantity=0)

    assert shop.orders() == []


def test_a_pre_order_goes_below_zero_unless_the_store_forbids_it(shop: EcwidSimulator) -> None:
    product_id = shop.add_product(sku="TENT", quantity=0, preorder=True).id

    order = shop.buy(product_id)
    shop.options.allow_preorders = False

    assert (order.lines[0].is_preorder, shop.quantity(product_id)) == (True, -1)
    with pytest.raises(OutOfStock):
        shop.buy(product_id)


def test_unlimited_products_sell_without_a_count(shop: EcwidSimulator, api: Api) -> None:
    product_id = shop.add_product(sku="WRAP", unlimited=True).id

    order = shop.buy(product_id, quantity=500)

    assert shop.quantity(product_id) is None
    assert api.get(f"/orders/{order.id}").json()["items"][0]["quantityInStock"] == 0


@pytest.mark.parametrize(
    ("status", "left"), [("CANCELLED", 10), ("REFUNDED", 10), ("PARTIALLY_REFUNDED", 7), ("PAID", 7)]
)
def test_payment_statuses_restock_as_documented(shop: EcwidSimulator, api: Api, status: str, left: int) -> None:
    product_id = shop.add_product(sku="A", quantity=10).id
    order = shop.buy(product_id, quantity=3)

    answer = api.put(f"/orders/{order.id}", json={"paymentStatus": status})

    assert answer.json() == {"updateCount": 1}
    assert shop.quantity(product_id) == left


def test_a_cancelled_and_then_refunded_order_restocks_once(shop: EcwidSimulator) -> None:
    product_id = shop.add_product(sku="A", quantity=10).id
    order = shop.buy(product_id, quantity=3)

    shop.cancel(order.id)
    shop.refund(order.id)

    assert shop.quantity(product_id) == 10


def test_a_partial_refund_states_money_only(shop: EcwidSimulator, api: Api) -> None:
    product_id = shop.add_product(sku="A", quantity=10, price=8.0).id
    order = shop.buy(product_id, quantity=3)

    shop.refund(order.id, amount=5.0)

    found = api.get(f"/orders/{order.id}").json()
    assert (found["paymentStatus"], found["refundedAmount"], shop.quantity(product_id)) == (
        "PARTIALLY_REFUNDED",
        5.0,
        7,
    )
    assert found["refunds"][0]["source"] == "CP"


def test_edited_lines_do_not_move_stock(shop: EcwidSimulator, api: Api) -> None:
    first = shop.add_product(sku="A", quantity=10).id
    second = shop.add_product(sku="B", quantity=10).id
    order = shop.buy(lines=[Wanted(product_id=first, quantity=4), Wanted(product_id=second, quantity=1)])
    line_id = order.lines[0].id

    answer = api.put(f"/orders/{order.id}", json={"items": [{"id": line_id, "quantity": 1}]})

    found = api.get(f"/orders/{order.id}").json()["items"]
    assert answer.json() == {"updateCount": 1}
    assert [(each["id"], each["quantity"]) for each in found] == [(line_id, 1)]
    assert (shop.quantity(first), shop.quantity(second)) == (6, 9)


@pytest.mark.parametrize(("amount", "left"), [("current", 7), ("taken", 10)])
def test_cancelling_an_edited_order_follows_the_knob(amount: str, left: int) -> None:
    with EcwidSimulator(restock_amount=amount) as shop:
        product_id = shop.add_product(sku="A", quantity=10).id
        order = shop.buy(product_id, quantity=4)

        shop.edit_line(order.id, order.lines[0].id, 1)
        shop.cancel(order.id)

        assert shop.quantity(product_id) == left


KNOBS: list[tuple[dict[str, Any], str, list[str], list[int]]] = [
    ({}, "AWAITING_PAYMENT", ["PAID"], [7, 7]),
    ({"take_stock_at": "paid"}, "AWAITING_PAYMENT", ["PAID", "CANCELLED"], [10, 7, 10]),
    ({}, "INCOMPLETE", ["PAID"], [10, 7]),
    ({}, "PAID", ["CANCELLED", "PAID"], [7, 10, 7]),
    ({"take_again_on_reopen": False}, "PAID", ["CANCELLED", "PAID"], [7, 10, 10]),
]


@pytest.mark.parametrize(("knobs", "placed", "then", "left"), KNOBS)
def test_the_moment_of_taking_follows_the_knobs(
    knobs: dict[str, Any], placed: str, then: list[str], left: list[int]
) -> None:
    with EcwidSimulator(**knobs) as shop:
        product_id = shop.add_product(sku="A", quantity=10).id
        order = shop.buy(product_id, quantity=3, payment_status=placed)
        seen = [shop.quantity(product_id)]
        for status in then:
            shop.set_status(order.id, payment=status)
            seen.append(shop.quantity(product_id))

        assert seen == left


@pytest.mark.parametrize(("restocks", "left"), [(False, 7), (True, 10)])
def test_returned_and_deleted_follow_the_knobs(restocks: bool, left: int) -> None:
    with EcwidSimulator(restock_on_delete=restocks, restock_on_returned=restocks) as shop:
        first = shop.add_product(sku="A", quantity=10).id
        second = shop.add_product(sku="B", quantity=10).id
        returned, deleted = shop.buy(first, quantity=3), shop.buy(second, quantity=3)

        shop.set_status(returned.id, fulfilment="RETURNED")
        shop.delete_order(deleted.id)

        assert (shop.quantity(first), shop.quantity(second)) == (left, left)


def test_an_order_placed_by_api_takes_stock_only_as_paid(shop: EcwidSimulator, api: Api) -> None:
    product_id = shop.add_product(sku="A", quantity=10).id
    items = [{"productId": product_id, "quantity": 2, "price": 5}]

    paid = api.post("/orders", json={"paymentStatus": "PAID", "email": "a@example.com", "items": items}).json()
    unpaid = api.post("/orders", json={"paymentStatus": "AWAITING_PAYMENT", "items": items}).json()
    after_both = shop.quantity(product_id)
    api.put(f"/orders/{unpaid['orderid']}", json={"paymentStatus": "PAID"})

    assert after_both == 8
    assert shop.quantity(product_id) == 6
    assert api.get(f"/orders/{paid['orderid']}").json()["internalId"] == paid["id"]


def test_order_search(shop: EcwidSimulator, api: Api) -> None:
    product_id = shop.add_product(sku="A", quantity=10).id
    paid = shop.buy(product_id, email="one@example.com")
    unpaid = shop.buy(product_id, payment_status="AWAITING_PAYMENT")
    cart = shop.buy(product_id, payment_status="INCOMPLETE")

    def ids(**params: str | int) -> list[str]:
        return [each["id"] for each in api.get("/orders", params=params).json()["items"]]

    assert ids() == [unpaid.id, paid.id]
    assert ids(paymentStatus="INCOMPLETE") == [cart.id]
    assert ids(paymentStatus="PAID,AWAITING_PAYMENT") == [unpaid.id, paid.id]
    assert ids(ids=paid.internal_id) == [paid.id]
    assert ids(email="one@example.com") == [paid.id]
    assert ids(limit=1, offset=1) == [paid.id]
    assert ids(updatedFrom=4_000_000_000) == []
    assert api.get("/orders", params={"paymentStatus": "SOLD"}).status_code == 400


def test_numeric_order_ids_follow_the_knob(shop: EcwidSimulator, api: Api) -> None:
    order = shop.buy(shop.add_product(sku="A", quantity=10).id)

    refused = api.get(f"/orders/{order.internal_id}")
    shop.options.numeric_order_ids = True

    assert (refused.status_code, refused.json()["errorCode"]) == (404, "ORDER_NOT_FOUND")
    assert api.get(f"/orders/{order.internal_id}").json()["id"] == order.id


def test_a_deleted_order_is_listed_as_such(shop: EcwidSimulator, api: Api) -> None:
    order = shop.buy(shop.add_product(sku="A", quantity=10).id)

    assert api.delete(f"/orders/{order.id}").json() == {"deleteCount": 1}

    [item] = api.get("/orders/deleted", params={"limit": 100}).json()["items"]
    assert (item["id"], item["orderId"]) == (order.internal_id, order.id)
    assert api.get(f"/orders/{order.id}").status_code == 404


def test_bad_order_writes_change_nothing(shop: EcwidSimulator, api: Api) -> None:
    product_id = shop.add_product(sku="A", quantity=10).id
    order = shop.buy(product_id, quantity=3)
    path = f"/orders/{order.id}"

    answers = [
        api.put(path, json={"paymentStatus": "GONE"}),
        api.put(path, json={"paymentStatus": "CANCELLED", "items": "none"}),
        api.put(path, json={"items": [{"id": order.lines[0].id, "quantity": 0}]}),
        api.put(path, json={"items": [{"id": order.lines[0].id, "quantity": 1.5}]}),
    ]

    assert [each.status_code for each in answers] == [400] * 4
    assert (shop.order(order.id).payment_status, shop.order(order.id).lines[0].quantity) == ("PAID", 3)
    assert shop.quantity(product_id) == 7
